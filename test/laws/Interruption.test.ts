import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, FiberId, FastCheck as fc, Layer, Logger, Scheduler } from "effect"
import { FailureAnalyzer, Narrative, Renderer } from "../../src/index.js"
import { otherWork } from "../../src/runtime/otherWork.js"
import { explains } from "../fixtures/analyzers.js"
import { shape } from "./exits.js"
import { assertWellFormed, keepsContext, observe } from "./observed.js"
import { atOnce, bare, interpret, narrated, program } from "./programs.js"

type AnyFiber = Fiber.RuntimeFiber<unknown, unknown>

/**
 * At the `at`th operation of all fibers together, lets the running fiber yield, and interrupts meanwhile the first fiber
 * it saw or the one that was running: what another fiber could do at that point.
 */
class InterruptingScheduler implements Scheduler.Scheduler {
  #base = new Scheduler.MixedScheduler(2048)
  #root: AnyFiber | undefined
  #due: AnyFiber | undefined
  operations = 0
  constructor(
    readonly at: number,
    readonly whom: "root" | "running"
  ) {}
  scheduleTask(task: Scheduler.Task, priority: number) {
    const due = this.#due
    this.#due = undefined
    due?.unsafeInterruptAsFork(FiberId.none)
    this.#base.scheduleTask(task, priority)
  }
  shouldYield(fiber: AnyFiber): number | false {
    this.#root ??= fiber
    if (++this.operations !== this.at) return this.#base.shouldYield(fiber)
    this.#due = this.whom === "root" ? this.#root : fiber
    return 0
  }
}

/** Awaits a fiber; a hang fails at once rather than at the end of the test's time. */
const awaited = <A, E>(self: Effect.Effect<A, E>): Effect.Effect<Exit.Exit<A, E>> =>
  Effect.forkDaemon(self).pipe(
    Effect.flatMap(Fiber.await),
    Effect.timeoutFail({ duration: "5 seconds", onTimeout: () => new Error("the program hangs") }),
    Effect.orDie
  )

const side = Effect.gen(function* () {
  yield* Effect.yieldNow().pipe(Narrative.stage("Load"))
  yield* Narrative.note("between")
  yield* atOnce([
    Effect.yieldNow().pipe(Narrative.stage("Inner 1"), Effect.uninterruptible),
    Effect.yieldNow().pipe(Narrative.stage("Inner 2"), Narrative.stage("Outer 2")),
    Effect.fail("nope").pipe(Narrative.stage("Fails"), Effect.ignore),
    Effect.yieldNow().pipe(Narrative.story("Sub Story"))
  ]).pipe(Narrative.stage("Parallel"))
  return 42
})

const inside = Effect.gen(function* () {
  yield* Effect.scoped(
    Effect.zipRight(Narrative.storyScoped("Scoped"), Narrative.stage(Effect.yieldNow(), "In Scoped"))
  )
  yield* Effect.yieldNow().pipe(Effect.provide(Narrative.layerStory("Layered")))
  yield* Effect.fail("once").pipe(
    Narrative.retry({ times: 1 }),
    Effect.ignore,
    Narrative.timeout("1 second"),
    Narrative.stage("Retried")
  )
  return 42
})

const nested = Effect.zipRight(side, inside).pipe(Narrative.story("Nested"))

const failing = Effect.gen(function* () {
  yield* Narrative.recordFailure(Cause.fail("handled")).pipe(Narrative.stage("Records"))
  yield* Effect.fail("nope").pipe(Narrative.story("Failing Story"), Effect.ignore, Narrative.stage("Fails"))
  return 42
}).pipe(Narrative.story("Failing"))

const atEveryOperation = (
  whom: "root" | "running",
  { layers = [], program = nested }: { layers?: ReadonlyArray<Layer.Layer<never>>; program?: typeof nested } = {}
) =>
  Effect.gen(function* () {
    let interrupted = 0
    for (let at = 1; ; at++) {
      yield* otherWork
      const observed = observe(...layers)
      const scheduler = new InterruptingScheduler(at, whom)
      const exit = yield* keepsContext(program).pipe(
        Effect.withScheduler(scheduler),
        awaited,
        Effect.provide(observed.layer)
      )
      assertWellFormed(observed.events)
      assert.deepStrictEqual(observed.openSpans(), [], `interrupted at ${at}`)
      if (Exit.isFailure(exit)) {
        assert.isTrue(Cause.isInterruptedOnly(exit.cause), `${at}: ${Cause.pretty(exit.cause)}`)
        interrupted += 1
      } else {
        assert.strictEqual(exit.value, 42)
      }
      if (scheduler.operations < at) return interrupted
    }
  })

describe("interruption at every operation", () => {
  it.live(
    "a program interrupted at any operation: every start has one end, every span ends, the context is restored",
    () =>
      Effect.gen(function* () {
        assert.isAbove(yield* atEveryOperation("root"), 100)
      }),
    300_000
  )

  it.live(
    "any fiber interrupted at any operation: every start has one end, every span ends, the context is restored",
    () =>
      Effect.gen(function* () {
        assert.isAbove(yield* atEveryOperation("running"), 100)
      }),
    300_000
  )

  // Twice as many operations take four times as long.
  for (const [what, half] of [
    ["stages and a story", side],
    ["what ends a scope, a layer and a retry", inside]
  ] as const) {
    it.live(
      `${what}, interrupted with renderers that throw, die, fail and wait: every start has one end, every span ends, the context is restored`,
      () =>
        Effect.gen(function* () {
          const hostile = [
            Renderer.make("throws", () => {
              throw new Error("renderer")
            }),
            Renderer.make("dies", () => Effect.die("renderer")),
            Renderer.make("fails", () => Effect.fail("renderer") as unknown as Effect.Effect<void>),
            Renderer.make("waits", () => Effect.yieldNow())
          ]
          // Thousands of warnings: printing them takes a third of the time.
          const layers = [Logger.remove(Logger.defaultLogger), ...hostile.map((renderer) => Renderer.layer(renderer))]
          const program = half.pipe(Narrative.story("Half"))
          assert.isAbove(yield* atEveryOperation("root", { layers, program }), 100)
        })
    )
  }

  const analyzer = FailureAnalyzer.layer(explains())

  for (const [what, layer] of [
    ["waits for the analyses of its failures", analyzer],
    [
      "has its failures explained in the background",
      analyzer.pipe(FailureAnalyzer.mapLayerScoped(FailureAnalyzer.inBackground()), Layer.orDie)
    ]
  ] as const) {
    it.live(
      `a program that ${what} and is interrupted: every start has one end, every span ends, the context is restored`,
      () =>
        Effect.gen(function* () {
          assert.isAbove(yield* atEveryOperation("root", { layers: [layer], program: failing }), 40)
        }),
      300_000
    )
  }

  it.live.prop(
    "random programs, interrupted, emit well-formed events; uninterrupted they exit as they do without narration",
    [program, fc.integer({ min: 1, max: 150 }), fc.constantFrom("root" as const, "running" as const)],
    ([tree, at, whom]) =>
      Effect.gen(function* () {
        const observed = observe()
        const scheduler = new InterruptingScheduler(at, whom)
        const exit = yield* keepsContext(Narrative.story(interpret(tree, narrated), "Random")).pipe(
          Effect.withScheduler(scheduler),
          awaited,
          Effect.provide(observed.layer)
        )
        assertWellFormed(observed.events)
        assert.deepStrictEqual(observed.openSpans(), [])
        if (scheduler.operations < at) {
          const plain = yield* awaited(interpret(tree, bare))
          assert.strictEqual(shape(exit), shape(plain))
        }
      }),
    { timeout: 300_000, fastCheck: { numRuns: 1_000 } }
  )
})
