// @effect-diagnostics globalErrorInEffectFailure:off -- plain errors are what users fail with, too.
import { assert, describe, it } from "@effect/vitest"
import { Data, Effect, Fiber, Layer, TestClock } from "effect"
import { EventSink, Instruments, Narrative, NarrativeMetrics, Work } from "../../src/index.js"
import { atEveryOperation } from "../fixtures/interruptingScheduler.js"
import { assertWellFormed, observe } from "../laws/observed.js"
import { freshPrefix, total } from "../metrics/readings.js"

class Busy extends Data.TaggedError("Busy")<{ readonly status: number }> {}

type Data_ = Readonly<Record<string, unknown>>

const collecting = () => {
  const events: Array<{ readonly type: string; readonly data: Data_ }> = []
  const layer = EventSink.layer(EventSink.make("collecting", (type, data) => void events.push({ type, data })))
  const tools = () => events.filter(({ type }) => type.startsWith("tool."))
  const find = (type: string): Data_ => events.find((event) => event.type === type)?.data ?? {}
  return { events, find, layer, tools }
}

const later = <A, E>(self: Effect.Effect<A, E>, time: `${number} seconds`) =>
  Effect.fork(self).pipe(
    Effect.tap(() => TestClock.adjust(time)),
    Effect.flatMap(Fiber.await)
  )

describe("A tool", () => {
  it.effect("is invoked, started and completed, with what it was given and gave", () =>
    Effect.gen(function* () {
      const { find, layer, tools } = collecting()
      yield* Effect.sleep("1 second").pipe(
        Effect.as(["Fjord", "Tundra"]),
        Work.tool("find_hotels", {
          callId: "call-1",
          behavior: "practice",
          arguments: { city: "Bergen" },
          output: (found) => `${found.length} hotels`,
          artifacts: (found) => found.length
        }),
        Narrative.stage("llm"),
        Narrative.story("Answer", { id: "run-1" }),
        Effect.provide(layer),
        (self) => later(self, "2 seconds")
      )
      assert.deepStrictEqual(
        tools().map(({ type }) => type),
        ["tool.invoked", "tool.started", "tool.completed"]
      )
      const base = { tool_name: "find_hotels", action_id: "call-1", pipeline_run_id: "run-1", stage: "llm" }
      assert.deepInclude(find("tool.invoked"), { ...base, behavior: "practice", payload_summary: '{"city":"Bergen"}' })
      assert.deepInclude(find("tool.completed"), {
        ...base,
        duration_ms: 1_000,
        output_summary: "2 hotels",
        artifacts_count: 2
      })
    })
  )

  it.effect("fails with what is known of the error, and is cancelled when it is interrupted", () =>
    Effect.gen(function* () {
      const { find, layer } = collecting()
      yield* new Busy({ status: 503 }).pipe(
        Work.tool("a"),
        Effect.ignore,
        Narrative.story("Answer"),
        Effect.provide(layer)
      )
      assert.deepInclude(find("tool.failed"), { tool_name: "a", error_code: "UNAVAILABLE", error_type: "Busy" })
      yield* Effect.fail("odd").pipe(Work.tool("b"), Effect.ignore, Narrative.story("Answer"), Effect.provide(layer))
      yield* Effect.never.pipe(
        Work.tool("c"),
        Effect.timeoutOption("1 second"),
        Narrative.story("Answer"),
        Effect.provide(layer),
        (self) => later(self, "2 seconds")
      )
      assert.deepInclude(find("tool.cancelled"), { tool_name: "c", reason: "interrupted", duration_ms: 1_000 })
    })
  )

  it.effect("has the error code of Stageflow where no other is known", () =>
    Effect.gen(function* () {
      const { find, layer } = collecting()
      yield* Effect.fail("odd").pipe(Work.tool("b"), Effect.ignore, Narrative.story("Answer"), Effect.provide(layer))
      assert.strictEqual(find("tool.failed")["error_code"], "execution_error")
    })
  )

  it.effect("ends exactly once, interrupted at whichever operation, and so does its undoing", () => {
    const observed = observe()
    const program = Effect.yieldNow().pipe(
      Work.tool("transfer", { arguments: { amount: 5 }, output: () => "done" }),
      Effect.zipRight(Effect.yieldNow().pipe(Work.undo({ name: "transfer" }))),
      Narrative.story("Answer")
    )
    return Effect.gen(function* () {
      const operations = yield* atEveryOperation(program, () =>
        Effect.sync(() => {
          assertWellFormed(observed.events)
          assert.deepStrictEqual(observed.openSpans(), [])
        })
      )
      assert.isAbove(operations, 15)
      const begun = observed.events.filter((event) => event._tag === "StageStarted" && event.kind === "undo").length
      const said = observed.events.filter((event) => event._tag === "EventRecorded").length
      assert.isAbove(begun, 3)
      assert.strictEqual(said, begun, "each undoing says once what became of it")
    }).pipe(Effect.provide(observed.layer))
  })

  it.effect("lets no secret of its arguments or its output out", () =>
    Effect.gen(function* () {
      const { events, layer } = collecting()
      const secret = "hunter2-of-the-north"
      const observed = observe()
      yield* Effect.succeed({ token: secret, said: `it was ${secret}` }).pipe(
        Work.tool("login", {
          arguments: { password: secret, said: `use ${secret}` },
          output: (result) => result,
          captureContent: true
        }),
        Effect.zipRight(Work.toolDenied({ name: "login", reason: `not with ${secret}`, behavior: "practice" })),
        Effect.zipRight(
          Effect.fail(new RangeError(`cannot undo ${secret}`)).pipe(Work.undo({ name: "login" }), Effect.ignore)
        ),
        Narrative.story("Answer"),
        Effect.provide(Layer.merge(observed.layer, layer))
      )
      assert.isAbove(events.length, 6)
      assert.notInclude(JSON.stringify(events), secret)
      assert.notInclude(JSON.stringify(observed.events), secret)
    })
  )

  it.effect("is denied, undone, and fails to be undone, each with its own event", () =>
    Effect.gen(function* () {
      const { find, layer } = collecting()
      const at = { name: "transfer", callId: "call-2", performedAt: new Date(60_000) }
      yield* Effect.gen(function* () {
        yield* Work.toolDenied({
          ...at,
          reason: "behavior_not_allowed",
          behavior: "free",
          allowedBehaviors: ["practice"]
        })
        yield* Effect.void.pipe(Work.undo(at))
        yield* Effect.fail(new RangeError("already settled")).pipe(
          Work.undo({ ...at, reason: "rollback" }),
          Effect.ignore
        )
      }).pipe(Narrative.story("Answer"), Effect.provide(layer))
      const base = { tool_name: "transfer", action_id: "call-2" }
      const done = { ...base, original_action_timestamp: "1970-01-01T00:01:00.000Z" }
      assert.deepInclude(find("tool.denied"), {
        ...base,
        reason: "behavior_not_allowed",
        behavior: "free",
        allowed_behaviors: ["practice"]
      })
      assert.deepInclude(find("tool.undone"), { ...done, duration_ms: 0 })
      assert.deepInclude(find("tool.undo_failed"), { ...done, error_message: "already settled", reason: "rollback" })
    })
  )

  it.effect("costs nothing but its span outside a story", () =>
    Effect.gen(function* () {
      const { events, layer } = collecting()
      const result = yield* Effect.succeed(42).pipe(Work.tool("find"), Effect.provide(layer))
      assert.deepStrictEqual([result, events], [42, []])
    })
  )
})

describe("Work.layerPrices", () => {
  const call = (model: string) => ({ operation: "chat", provider: "openai", model })
  const prices = {
    "gpt-4o": { prompt: 2.5, completion: 10, cached: 1.25 },
    "gpt-4o-mini": { prompt: 1, completion: 2 }
  }
  const costOf = (self: Effect.Effect<unknown>) => {
    const prefix = freshPrefix()
    return self.pipe(
      Narrative.story("Answer"),
      Effect.provide(Layer.merge(NarrativeMetrics.layer({ prefix }), Work.layerPrices(prices))),
      Effect.zipRight(total(Instruments.costUsd, prefix))
    )
  }
  const tokens = { prompt: 1_000_000, completion: 100_000, cached: 400_000 }

  it.effect("gives a call the cost of its tokens, cached ones at their own price", () =>
    Effect.gen(function* () {
      const cost = yield* costOf(Effect.void.pipe(Work.providerCall({ ...call("gpt-4o"), usage: () => tokens })))
      assert.closeTo(cost, 0.6 * 2.5 + 0.4 * 1.25 + 0.1 * 10, 1e-9)
    })
  )

  it.effect("knows a dated model by the longest name it begins with, and no other model", () =>
    Effect.gen(function* () {
      const used = { prompt: 1_000_000, completion: 0 }
      const of = (model: string) => costOf(Effect.void.pipe(Work.providerCall({ ...call(model), usage: () => used })))
      assert.strictEqual(yield* of("gpt-4o-2024-08-06"), 2.5)
      assert.strictEqual(yield* of("gpt-4o-mini-2024-07-18"), 1)
      assert.strictEqual(yield* of("gpt-4omega"), 0)
      assert.strictEqual(yield* of("toString"), 0)
    })
  )

  it.effect("adds nothing to a cost that the call says itself", () =>
    Effect.gen(function* () {
      const usage = () => tokens
      assert.strictEqual(
        yield* costOf(Effect.void.pipe(Work.providerCall({ ...call("gpt-4o"), usage, cost: () => 0.5 }))),
        0.5
      )
      assert.strictEqual(
        yield* costOf(Work.recordCost("gpt-4o", 0.25).pipe(Work.providerCall({ ...call("gpt-4o"), usage }))),
        0.25
      )
    })
  )
})
