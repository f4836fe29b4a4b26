// @effect-diagnostics multipleEffectProvide:off -- how provided layers nest is what is tested here.
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Data, Effect, Fiber, FastCheck as fc, Layer, ManagedRuntime, Option, TestClock } from "effect"
import { FailureAnalyzer, JsonRenderer, Narrative, NarrativeEvent, Renderer } from "../../src/index.js"
import { analysisOf, counted, explains, gated, unreachable } from "../fixtures/analyzers.js"
import { assertWellFormed, observe } from "../laws/observed.js"
import { withWarnings } from "../renderer/rendererSuite.js"

class Broken extends Data.TaggedError("Broken")<{ readonly message: string }> {}

const fails = (message: string, name = "S") =>
  Effect.fail(new Broken({ message })).pipe(Narrative.stage("Load"), Narrative.story(name), Effect.exit)

const inBackground = (analyzer: FailureAnalyzer.Analyzer, options?: FailureAnalyzer.BackgroundOptions) =>
  FailureAnalyzer.layer(analyzer).pipe(
    FailureAnalyzer.mapLayerScoped(FailureAnalyzer.inBackground(options)),
    Layer.orDie
  )

const countsOf = (stats: Option.Option<FailureAnalyzer.AnalyzerStats>) => {
  const { asked, ...ended } = Option.getOrThrow(stats)
  assert.strictEqual(
    asked,
    Object.values(ended).reduce((sum, count) => sum + count),
    JSON.stringify(stats)
  )
  return Object.fromEntries(Object.entries({ asked, ...ended }).filter(([, count]) => count > 0))
}

describe("an analysis in the background", () => {
  it.effect("does not hold up its story, and is emitted when it is there", () =>
    Effect.gen(function* () {
      const { analyzer, open } = gated()
      const observed = observe()
      yield* Effect.gen(function* () {
        yield* fails("no row")
        assert.deepStrictEqual(
          observed.events.slice(-2).map((event) => event._tag),
          ["FailureOccurred", "StoryCompleted"]
        )
        yield* TestClock.adjust("3 seconds")
        yield* open
      }).pipe(Effect.provide(inBackground(analyzer)), Effect.provide(observed.layer))
      assertWellFormed(observed.events)
      const failure = observed.events.find((event) => event._tag === "FailureOccurred")
      assert.deepStrictEqual([failure?.analysis, failure?.llmAnalysis], [null, null])
      const ready = observed.events.at(-1)
      if (ready?._tag !== "AnalysisReady") return assert.fail("it was not recorded")
      assert.deepStrictEqual(ready.analysis, analysisOf("because no row"))
      assert.deepStrictEqual(
        [ready.stageName, ready.latencySeconds, ready.timestamp, ready.storyName],
        ["Load", 3, 3_000, "S"]
      )
    })
  )

  it.effect("is awaited when its layer closes, for as long as the shutdownTimeout says", () =>
    Effect.gen(function* () {
      const slow = counted(() => Effect.delay(Effect.succeedSome(analysisOf("because")), "9 seconds"))
      const observed = observe()
      const fiber = yield* fails("x").pipe(
        Effect.provide(inBackground(slow)),
        Effect.provide(observed.layer),
        Effect.fork
      )
      yield* TestClock.adjust("8 seconds")
      assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      assert.strictEqual(observed.events.at(-1)?._tag, "AnalysisReady")
    })
  )

  it.effect("is abandoned after the shutdownTimeout, counted, and warned of once", () =>
    withWarnings((warnings) =>
      Effect.gen(function* () {
        let interrupted = 0
        const hanging = counted(() => Effect.onInterrupt(Effect.never, () => Effect.sync(() => interrupted++)))
        const observed = observe()
        const program = Effect.gen(function* () {
          for (let i = 0; i < 5; i++) yield* fails("x")
          return yield* FailureAnalyzer.FailureAnalyzer
        })
        const fiber = yield* program.pipe(
          Effect.provide(inBackground(hanging, { concurrency: 3, shutdownTimeout: "2 seconds" })),
          Effect.provide(observed.layer),
          Effect.fork
        )
        yield* TestClock.adjust("2 seconds")
        const analyzer = yield* Fiber.join(fiber)
        const stats = yield* Effect.provideService(FailureAnalyzer.stats, FailureAnalyzer.FailureAnalyzer, analyzer)
        assert.deepStrictEqual(countsOf(stats), { asked: 5, abandoned: 5 })
        assert.strictEqual(interrupted, 3)
        assert.lengthOf(warnings, 1)
        assert.include(warnings[0], "test abandoned 5, not ready within the shutdownTimeout")
        assertWellFormed(observed.events)
      })
    )
  )

  it.effect("is not made beyond the capacity, nor more of them at once than the concurrency says", () =>
    withWarnings((warnings) =>
      Effect.gen(function* () {
        const { analyzer, open } = gated()
        const stats = yield* Effect.gen(function* () {
          for (let i = 0; i < 7; i++) yield* fails(`no ${i}`)
          yield* TestClock.adjust("1 second")
          assert.lengthOf(analyzer.asked, 2)
          assert.deepStrictEqual(countsOf(yield* FailureAnalyzer.stats), { asked: 7, dropped: 3, pending: 4 })
          yield* open
          while (countsOf(yield* FailureAnalyzer.stats)["pending"] !== undefined) yield* Effect.yieldNow()
          return yield* FailureAnalyzer.stats
        }).pipe(
          Effect.provide(inBackground(analyzer, { concurrency: 2, capacity: 4 })),
          Effect.provide(observe().layer)
        )
        assert.deepStrictEqual(countsOf(stats), { asked: 7, ready: 4, dropped: 3 })
        assert.lengthOf(warnings, 2, "at the 1st and the 2nd")
        assert.include(warnings[0], "the capacity of FailureAnalyzer.inBackground")
      })
    )
  )

  it.effect("is made of handled failures too, before or after the end of the story", () =>
    Effect.gen(function* () {
      const observed = observe(inBackground(explains()))
      yield* Narrative.recordFailure(Cause.fail(new Broken({ message: "undone" }))).pipe(
        Effect.zipRight(TestClock.adjust("1 second")),
        Narrative.story("S"),
        Effect.provide(observed.layer)
      )
      assertWellFormed(observed.events)
      assert.deepStrictEqual(
        observed.events.map((event) => event._tag),
        ["StoryStarted", "FailureOccurred", "AnalysisReady", "StoryCompleted"]
      )
    })
  )

  it.effect("may be asked for after its layer was closed: that is counted", () =>
    withWarnings((warnings) =>
      Effect.gen(function* () {
        const observed = observe()
        const analyzer = yield* Effect.provide(FailureAnalyzer.FailureAnalyzer, inBackground(explains()))
        const stats = yield* Effect.zipRight(fails("x"), FailureAnalyzer.stats).pipe(
          Effect.provideService(FailureAnalyzer.FailureAnalyzer, analyzer),
          Effect.provide(observed.layer)
        )
        assert.deepStrictEqual(countsOf(stats), { asked: 1, dropped: 1 })
        assert.lengthOf(warnings, 1)
      })
    )
  )

  it.effect("keeps what is around it: combinators may stand before and after", () =>
    Effect.gen(function* () {
      const analyzer = explains()
      const observed = observe(
        FailureAnalyzer.layer(analyzer).pipe(
          FailureAnalyzer.mapLayer(FailureAnalyzer.withTimeout("1 second")),
          FailureAnalyzer.mapLayerScoped(FailureAnalyzer.inBackground()),
          FailureAnalyzer.mapLayer(FailureAnalyzer.withCache({ capacity: 4 })),
          Layer.orDie
        )
      )
      const twice = Effect.zipRight(fails("x"), Effect.zipRight(TestClock.adjust(1), fails("x")))
      yield* Effect.provide(twice, observed.layer)
      assert.lengthOf(
        observed.events.filter((event) => event._tag === "AnalysisReady"),
        2
      )
      assert.lengthOf(analyzer.asked, 1)
    })
  )

  it.effect("is made of a plain analyzer in a scope", () =>
    Effect.gen(function* () {
      const observed = observe(Layer.orDie(FailureAnalyzer.layerScoped(FailureAnalyzer.inBackground(explains()))))
      yield* Effect.provide(fails("x"), observed.layer)
      assert.strictEqual(observed.events.at(-1)?._tag, "AnalysisReady")
    })
  )

  it.effect.prop(
    "is one of ready, none, failed, abandoned and dropped, whatever becomes of it",
    [
      fc.array(fc.constantFrom("answer", "nothing", "fail", "die", "slow", "hang"), { maxLength: 30 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 12 })
    ],
    ([behaviours, concurrency, capacity]) =>
      withWarnings(() =>
        Effect.gen(function* () {
          const answers: Readonly<Record<string, FailureAnalyzer.Analyzer["analyze"]>> = {
            answer: () => Effect.succeedSome(analysisOf("because")),
            nothing: () => Effect.succeedNone,
            fail: () => unreachable,
            die: () => Effect.die("x"),
            slow: () => Effect.delay(Effect.succeedSome(analysisOf("because")), "1 second"),
            hang: () => Effect.never
          }
          const analyzer = counted((report) =>
            (answers[report.failures[0].errorMessage] ?? answers["die"] ?? assert.fail("no such answer"))(report)
          )
          const observed = observe()
          const program = Effect.gen(function* () {
            for (const behaviour of behaviours) yield* fails(behaviour)
            countsOf(yield* FailureAnalyzer.stats)
            return yield* FailureAnalyzer.FailureAnalyzer
          })
          const fiber = yield* program.pipe(
            Effect.provide(inBackground(analyzer, { concurrency, capacity })),
            Effect.provide(observed.layer),
            Effect.fork
          )
          yield* TestClock.adjust("1 minute")
          const service = yield* Fiber.join(fiber)
          const stats = yield* Effect.provideService(FailureAnalyzer.stats, FailureAnalyzer.FailureAnalyzer, service)
          const counts = countsOf(stats)
          assert.strictEqual(counts["asked"] ?? 0, behaviours.length)
          assert.isUndefined(counts["pending"])
          assertWellFormed(observed.events)
          const recorded = observed.events.filter((event) => event._tag === "AnalysisReady").length
          assert.strictEqual(recorded, counts["ready"] ?? 0)
        })
      ),
    { fastCheck: { numRuns: 25 } }
  )
})

describe("an analysis in the background reaches a file", () => {
  const slowly = counted(({ failures: [primary] }) =>
    Effect.delay(Effect.succeedSome(analysisOf(`because ${primary.errorMessage}`)), "30 millis")
  )
  const analyzer = inBackground(slowly)
  const story = fails("no row")

  const ways: Readonly<Record<string, (file: Layer.Layer<never, unknown>) => Effect.Effect<unknown, unknown>>> = {
    "merged, the file first": (file) => Effect.provide(story, Layer.mergeAll(file, analyzer)),
    "merged, the analyzer first": (file) => Effect.provide(story, Layer.mergeAll(analyzer, file)),
    "in a list": (file) => Effect.provide(story, [analyzer, file]),
    "the file inside": (file) => story.pipe(Effect.provide(file), Effect.provide(analyzer)),
    "the file outside": (file) => story.pipe(Effect.provide(analyzer), Effect.provide(file)),
    "by provideMerge": (file) => Effect.provide(story, analyzer.pipe(Layer.provideMerge(file))),
    "by provideMerge the other way round": (file) => Effect.provide(story, file.pipe(Layer.provideMerge(analyzer))),
    "in a runtime": (file) =>
      Effect.promise(async () => {
        const runtime = ManagedRuntime.make(Layer.merge(file, analyzer))
        await runtime.runPromise(story)
        await runtime.dispose()
      }),
    "a filter of it": (file) =>
      story.pipe(Effect.provide(Layer.mergeAll(file, Renderer.layer(Renderer.make("other", () => {})), analyzer)))
  }
  for (const [way, run] of Object.entries(ways)) {
    it.scopedLive(`where the two are provided ${way}`, () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = `${yield* fs.makeTempDirectoryScoped()}/narrative.jsonl`
        yield* run(Layer.provide(JsonRenderer.layerFile({ path }), NodeFileSystem.layer))
        const lines = (yield* fs.readFileString(path)).trimEnd().split("\n")
        const events = yield* Effect.forEach(lines, NarrativeEvent.fromWire)
        assertWellFormed(events)
        const last = events.at(-1)
        assert.strictEqual(
          last?._tag === "AnalysisReady" ? last.llmAnalysis : last?._tag,
          "## Exact Why\nbecause no row"
        )
      }).pipe(Effect.provide(NodeFileSystem.layer))
    )
  }

  it.effect(
    "that is closed early is not waited for longer than the shutdownTimeout, and the others are still emitted",
    () =>
      Effect.gen(function* () {
        const { analyzer, open } = gated()
        const observed = observe()
        const early: Array<string> = []
        const inner = Renderer.layer(Renderer.make("early", (event) => void early.push(event._tag)))
        yield* Effect.gen(function* () {
          const fiber = yield* Effect.fork(Effect.provide(fails("x"), inner))
          yield* TestClock.adjust("3 seconds")
          assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
          yield* TestClock.adjust("1 second")
          yield* Fiber.join(fiber)
          yield* open
        }).pipe(
          Effect.provide(inBackground(analyzer, { shutdownTimeout: "4 seconds" })),
          Effect.provide(observed.layer)
        )
        assert.strictEqual(observed.events.at(-1)?._tag, "AnalysisReady")
        assert.deepStrictEqual(early.slice(-1), ["StoryCompleted"])
      })
  )

  it.effect("an analysis in the background is abandoned when every renderer it is for is gone", () =>
    withWarnings((warnings) =>
      Effect.gen(function* () {
        const hanging = counted(() => Effect.never)
        const program = Effect.gen(function* () {
          const only = Renderer.replace(Renderer.make("only", () => {}))
          const fiber = yield* Effect.fork(Effect.provide(fails("x"), only))
          yield* TestClock.adjust("10 seconds")
          yield* Fiber.join(fiber)
          return countsOf(yield* FailureAnalyzer.stats)
        })
        assert.deepStrictEqual(yield* Effect.provide(program, inBackground(hanging)), { asked: 1, abandoned: 1 })
        assert.lengthOf(warnings, 1)
      })
    )
  )
})
