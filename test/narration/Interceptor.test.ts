// @effect-diagnostics multipleEffectProvide:off -- how provided layers nest is what is tested here.
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Fiber } from "effect"
import { Interceptor, Narrative } from "../../src/index.js"
import { atEveryOperation } from "../fixtures/interruptingScheduler.js"
import { withWarnings } from "../renderer/rendererSuite.js"

const noting = (said: Array<string>, name: string, priority?: number): Interceptor.Interceptor => ({
  name,
  priority,
  before: (stage) => Effect.sync(() => void said.push(`${name} before ${stage.name}`)),
  onError: (stage) => Effect.sync(() => void said.push(`${name} error ${stage.name}`)),
  after: (stage, exit) => Effect.sync(() => void said.push(`${name} after ${stage.name} ${exit._tag}`))
})

const stage = <A, E>(self: Effect.Effect<A, E>) => self.pipe(Narrative.stage("llm"), Narrative.story("Answer"))

describe("Interceptors", () => {
  it.effect("run around a stage, the lowest priority outside, whatever layer they come from", () =>
    Effect.gen(function* () {
      const said: Array<string> = []
      yield* stage(Effect.sync(() => void said.push("work"))).pipe(
        Effect.provide(Interceptor.layer(noting(said, "default"), noting(said, "first", 1))),
        Effect.provide(Interceptor.layer(noting(said, "middle", 40)))
      )
      assert.deepStrictEqual(said, [
        "first before llm",
        "middle before llm",
        "default before llm",
        "work",
        "default after llm Success",
        "middle after llm Success",
        "first after llm Success"
      ])
    })
  )

  it.effect("hear of an error before the end, once each", () =>
    Effect.gen(function* () {
      const said: Array<string> = []
      const exit = yield* Effect.exit(
        stage(Effect.fail("busy")).pipe(Effect.provide(Interceptor.layer(noting(said, "one"))))
      )
      assert.strictEqual(exit._tag === "Failure" && Cause.pretty(exit.cause), "Error: busy")
      assert.deepStrictEqual(said, ["one before llm", "one error llm", "one after llm Failure"])
    })
  )

  it.effect("know the stage that they run around, nested ones too, and outside any story", () =>
    Effect.gen(function* () {
      const seen: Array<Interceptor.Stage> = []
      const layer = Interceptor.layer({ name: "see", before: (stage) => Effect.sync(() => void seen.push(stage)) })
      const inner = Effect.void.pipe(Narrative.stage("inner", { kind: "query" }))
      yield* inner.pipe(Narrative.stage("outer"), Narrative.story("Answer", { id: "run-1" }), Effect.provide(layer))
      yield* inner.pipe(Effect.provide(layer))
      assert.deepStrictEqual(seen[1], {
        name: "inner",
        kind: "query",
        storyId: "run-1",
        storyName: "Answer",
        path: ["outer", "inner"]
      })
      assert.deepInclude(seen[2], { storyId: null, path: ["inner"] })
    })
  )

  it.effect("that fail are isolated; one whose `before` failed has no `after`", () =>
    withWarnings((warnings) =>
      Effect.gen(function* () {
        const said: Array<string> = []
        const faulty: Interceptor.Interceptor = {
          ...noting(said, "faulty"),
          before: () => {
            throw new Error("thrown")
          }
        }
        const late: Interceptor.Interceptor = { name: "late", after: () => Effect.fail("no") }
        const result = yield* stage(Effect.succeed(42)).pipe(Effect.provide(Interceptor.layer(faulty, late)))
        assert.strictEqual(result, 42)
        assert.deepStrictEqual(said, [])
        assert.deepStrictEqual(
          warnings.map((warning) => /"(\w+)"/.exec(warning)?.[1]),
          ["faulty", "late"]
        )
      })
    )
  )

  it.effect("that are critical keep a stage from its work", () =>
    Effect.gen(function* () {
      let ran = false
      const layer = Interceptor.layer({ name: "auth", critical: true, before: () => Effect.fail("denied") })
      const work = stage(
        Effect.sync(() => {
          ran = true
        })
      )
      const cause = yield* work.pipe(Effect.provide(layer), Effect.sandbox, Effect.flip)
      const [defect] = Array.from(Cause.defects(cause))
      assert.instanceOf(defect, Interceptor.InterceptorRejected)
      assert.isFalse(ran)
    })
  )

  it.effect("have one end for each beginning, interrupted at whichever operation", () =>
    Effect.gen(function* () {
      const said: Array<string> = []
      const layer = Interceptor.layer(noting(said, "one"), noting(said, "two", 1))
      const operations = yield* atEveryOperation(stage(Effect.yieldNow()), () =>
        Effect.sync(() => {
          for (const name of ["one", "two"]) {
            const of = (what: string) => said.filter((line) => line.startsWith(`${name} ${what}`)).length
            assert.strictEqual(of("after"), of("before"))
            assert.strictEqual(of("error"), 0)
          }
        })
      ).pipe(Effect.provide(layer))
      assert.isAbove(operations, 20)
      assert.isAbove(said.length, 40)
    })
  )

  it.effect("leave a stage interruptible", () =>
    Effect.gen(function* () {
      const said: Array<string> = []
      const fiber = yield* stage(Effect.never).pipe(Effect.provide(Interceptor.layer(noting(said, "one"))), Effect.fork)
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(said, ["one before llm", "one after llm Failure"])
    })
  )
})
