import { assert, describe, it } from "@effect/vitest"
import { Array, Effect, Exit, Fiber, FastCheck as fc, Layer, Logger, Option, Schedule, TestClock } from "effect"
import { FailureAnalyzer, Narrative, Renderer } from "../../src/index.js"
import { hostile as analyzers } from "../fixtures/analyzers.js"
import { shape } from "./exits.js"
import { assertWellFormed, keepsContext, observe } from "./observed.js"
import { bare, interpret, narrated, program, programWithoutRaces } from "./programs.js"

const never: Renderer.Renderer = Renderer.make("hangs", () => Effect.never)

/** Renderers that do everything a renderer should not. */
const hostile: ReadonlyArray<readonly [string, Layer.Layer<never>]> = [
  [
    "throws",
    Renderer.layer(
      Renderer.make("throws", () => {
        throw new Error("renderer")
      })
    )
  ],
  ["throws nothing", Renderer.layer(Renderer.make("throws nothing", () => Promise.reject(undefined) as never))],
  ["dies", Renderer.layer(Renderer.make("dies", () => Effect.die("renderer")))],
  ["fails", Renderer.layer(Renderer.make("fails", () => Effect.fail("renderer") as Effect.Effect<never, never>))],
  ["interrupts itself", Renderer.layer(Renderer.make("interrupts itself", () => Effect.interrupt))],
  ["is slow", Renderer.layer(Renderer.make("is slow", () => Effect.yieldNow().pipe(Effect.repeatN(5))))],
  [
    "hangs behind a buffer that drops",
    Renderer.layerScoped(Renderer.buffered(never, { capacity: 2, strategy: "dropping", shutdownTimeout: 0 }))
  ],
  [
    "hangs behind a buffer that slides",
    Renderer.layerScoped(Renderer.buffered(never, { capacity: 2, strategy: "sliding", shutdownTimeout: 0 }))
  ],
  [
    "dies behind a buffer that makes wait",
    Renderer.layerScoped(
      Renderer.buffered(
        Renderer.make("dies", () => Effect.die("renderer")),
        { capacity: 1, strategy: "suspend", shutdownTimeout: 0 }
      )
    )
  ],
  [
    "has a filter that throws",
    Renderer.layer(
      Renderer.filter(never, () => {
        throw new Error("filter")
      })
    )
  ],
  [
    "narrates and logs itself",
    Renderer.layer(
      Renderer.make("narrates", () =>
        Effect.log("from the renderer").pipe(Narrative.stage("Of the renderer"), Narrative.story("Of the renderer"))
      )
    )
  ]
]

/** In a fiber of its own, which ends only when those it forked have ended. */
const alone = <A, E>(self: Effect.Effect<A, E>): Effect.Effect<Exit.Exit<A, E>> =>
  Effect.flatMap(Effect.forkDaemon(self), Fiber.await)

const quiet = Logger.replace(Logger.defaultLogger, Logger.none)

describe("narration never changes the program", () => {
  for (const [what, layer] of hostile) {
    it.live.prop(
      `when a renderer ${what}: same exit, same context, the other renderers get every event`,
      [programWithoutRaces],
      ([tree]) =>
        Effect.gen(function* () {
          const observed = observe(layer, Narrative.logger)
          const exit = yield* keepsContext(Narrative.story(interpret(tree, narrated), "Random")).pipe(
            alone,
            Effect.provide(observed.layer)
          )
          assertWellFormed(observed.events)
          assert.deepStrictEqual(observed.openSpans(), [])
          assert.strictEqual(shape(exit), shape(yield* alone(interpret(tree, bare))))
        }).pipe(Effect.provide(quiet), Effect.timeout("10 seconds")),
      { fastCheck: { numRuns: 50 }, timeout: 300_000 }
    )
  }

  for (const [what, analyzer] of analyzers) {
    for (const where of ["inline", "in the background"] as const) {
      it.live.prop(
        `when the analyzer, ${where}, ${what}: same exit, same context, every end is emitted`,
        [programWithoutRaces],
        ([tree]) =>
          Effect.gen(function* () {
            const given = Layer.succeed(FailureAnalyzer.FailureAnalyzer, analyzer)
            const layer =
              where === "inline"
                ? given
                : Layer.orDie(FailureAnalyzer.mapLayerScoped(FailureAnalyzer.inBackground())(given))
            const observed = observe(layer)
            const [exit, stats] = yield* keepsContext(Narrative.story(interpret(tree, narrated), "Random")).pipe(
              alone,
              Effect.zip(FailureAnalyzer.stats),
              Effect.provide(observed.layer)
            )
            assertWellFormed(observed.events)
            assert.deepStrictEqual(observed.openSpans(), [])
            assert.strictEqual(shape(exit), shape(yield* alone(interpret(tree, bare))))
            const { asked, ...ended } = Option.getOrThrow(stats)
            assert.strictEqual(
              asked,
              Object.values(ended).reduce((sum, count) => sum + count, 0)
            )
          }).pipe(Effect.provide(quiet), Effect.timeout("10 seconds")),
        { fastCheck: { numRuns: 6 }, timeout: 300_000 }
      )
    }
  }

  it.live.prop(
    "nor do stages inside Effect's own concurrency, where nothing interrupts",
    [fc.array(program, { minLength: 1, maxLength: 4 })],
    ([trees]) =>
      Effect.gen(function* () {
        const run = (recording: typeof bare) =>
          alone(Effect.forEach(trees, (tree) => Effect.exit(interpret(tree, recording)), { concurrency: "unbounded" }))
        const observed = observe()
        const exit = yield* Narrative.story(run(narrated), "Concurrent").pipe(Effect.provide(observed.layer))
        assertWellFormed(observed.events)
        assert.strictEqual(shape(Exit.flatten(Exit.succeed(exit))), shape(yield* run(bare)))
      }),
    { fastCheck: { numRuns: 200 }, timeout: 300_000 }
  )
})

describe("a renderer's faults", () => {
  it.effect("a renderer's faults are counted, and warned of at the 1st, 2nd, 4th and 8th", () =>
    Effect.gen(function* () {
      const warnings: globalThis.Array<string> = []
      const logger = Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ logLevel, message }) => void warnings.push(`${logLevel.label} ${Array.ensure(message)[0]}`))
      )
      const stats = yield* Effect.zipRight(
        Effect.void.pipe(Narrative.stage("Any"), Effect.repeatN(3), Narrative.story("Faulty")),
        Renderer.stats
      ).pipe(
        Effect.provide(
          Layer.mergeAll(
            logger,
            Narrative.logger,
            Renderer.replace(
              Renderer.make("faulty", () => {
                throw new Error("boom")
              })
            )
          )
        )
      )
      assert.deepStrictEqual(
        warnings,
        globalThis.Array.from({ length: 4 }, () => `WARN Renderer "faulty" failed; the program goes on`)
      )
      assert.deepStrictEqual(stats, [
        { name: "faulty", emitted: 10, delivered: 0, dropped: {}, failed: 10, pending: 0 }
      ])
    })
  )

  it.effect("a renderer that fails has timeouts and races that work", () =>
    Effect.gen(function* () {
      const timed: globalThis.Array<string> = []
      const renderer = Renderer.make("timed", (event) =>
        Effect.never.pipe(
          Effect.timeoutOption("1 second"),
          Effect.zipRight(Effect.sync(() => void timed.push(event._tag)))
        )
      )
      const fiber = yield* Effect.void.pipe(
        Narrative.story("Timed"),
        Effect.provide(Renderer.replace(renderer)),
        Effect.fork
      )
      yield* TestClock.adjust("1 second").pipe(Effect.repeat(Schedule.recurs(3)))
      yield* fiber
      assert.deepStrictEqual(timed, ["StoryStarted", "StoryCompleted"])
    })
  )

  it.effect("the time that a renderer takes is no part of a stage's duration", () =>
    Effect.gen(function* () {
      const durations: globalThis.Array<number> = []
      const slow = Renderer.make("slow", (event) => {
        if (event._tag === "StageCompleted") durations.push(event.durationSeconds)
        return TestClock.adjust("10 seconds")
      })
      yield* Effect.void.pipe(
        Narrative.stage("Empty"),
        Narrative.story("Slowly delivered"),
        Effect.provide(Renderer.replace(slow))
      )
      assert.deepStrictEqual(durations, [0])
    })
  )
})
