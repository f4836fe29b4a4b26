import { assert, describe, it } from "@effect/vitest"
import {
  Cause,
  ConfigProvider,
  Data,
  Deferred,
  Duration,
  Effect,
  Fiber,
  Layer,
  Logger,
  Option,
  pipe,
  Schedule,
  TestClock,
  Tracer
} from "effect"
import { Diagnostics, FailureAnalyzer, Narrative, type NarrativeEvent, Renderer } from "../../src/index.js"
import { analysisOf, counted, explains, gated, hostile, unreachable } from "../fixtures/analyzers.js"
import { assertWellFormed, observe } from "../laws/observed.js"
import { withWarnings } from "../renderer/rendererSuite.js"

class Broken extends Data.TaggedError("Broken")<{ readonly message: string }> {}

type Tagged<Tag> = Extract<NarrativeEvent.NarrativeEvent, { readonly _tag: Tag }>

const fails = (message: string) => Effect.fail(new Broken({ message }))

/** Runs a program to its end, and what it emitted. */
const recorded = <A, E>(
  self: Effect.Effect<A, E>,
  analyzer: FailureAnalyzer.Analyzer,
  ...layers: ReadonlyArray<Layer.Layer<never>>
) =>
  Effect.gen(function* () {
    const observed = observe(Layer.succeed(FailureAnalyzer.FailureAnalyzer, analyzer), ...layers)
    const exit = yield* Effect.exit(self).pipe(Effect.provide(observed.layer))
    assertWellFormed(observed.events)
    const all = <Tag extends NarrativeEvent.NarrativeEvent["_tag"]>(tag: Tag) =>
      observed.events.filter((event): event is Tagged<Tag> => event._tag === tag)
    return { exit, all, events: observed.events }
  })

describe("a failing story with an analyzer in its context", () => {
  it.effect("reports the analysis with the failure, and ends after it", () =>
    Effect.gen(function* () {
      const analyzer = explains()
      const { all, events, exit } = yield* recorded(
        fails("no row").pipe(Narrative.stage("Load"), Narrative.story("Import")),
        analyzer
      )
      const [failure] = all("FailureOccurred")
      assert.deepStrictEqual(failure?.analysis, analysisOf("because no row"))
      assert.strictEqual(failure?.llmAnalysis, "## Exact Why\nbecause no row")
      assert.deepStrictEqual(
        events.map((event) => event._tag),
        ["StoryStarted", "StageStarted", "StageFailed", "FailureOccurred", "StoryCompleted"]
      )
      assert.strictEqual(analyzer.asked[0]?.storyName, "Import")
      assert.strictEqual((yield* Effect.flip(exit)).message, "no row")
    })
  )

  it.effect("asks once for all failures of a cause, and not again in the stories around it", () =>
    Effect.gen(function* () {
      const analyzer = explains()
      const all = Effect.all([fails("first"), fails("second")], { concurrency: "unbounded", mode: "validate" })
      const { all: events } = yield* recorded(
        all.pipe(Narrative.story("Sub"), Narrative.story("Middle"), Narrative.story("Root")),
        analyzer
      )
      assert.lengthOf(analyzer.asked, 1)
      assert.lengthOf(events("FailureOccurred"), 1)
      assert.deepStrictEqual(
        events("StoryCompleted").map((event) => event.causedBy?.storyName),
        [undefined, "Sub", "Sub"]
      )
    })
  )

  it.effect("asks about a handled failure too, and goes on after the answer", () =>
    Effect.gen(function* () {
      const program = Narrative.recordFailure(Cause.fail(new Broken({ message: "undone" }))).pipe(
        Effect.zipRight(Effect.succeed(1)),
        Narrative.stage("Compensate"),
        Narrative.story("Order")
      )
      const { all, events } = yield* recorded(program, explains())
      assert.strictEqual(all("FailureOccurred")[0]?.analysis?.exactWhy, "because undone")
      assert.deepStrictEqual(
        events.map((event) => event._tag),
        ["StoryStarted", "StageStarted", "FailureOccurred", "StageCompleted", "StoryCompleted"]
      )
    })
  )

  it.effect("reports a handled failure without analysis when the story ends before it is there", () =>
    Effect.gen(function* () {
      const { analyzer, open } = gated()
      const program = Effect.gen(function* () {
        const recording = yield* Effect.forkDaemon(Narrative.recordFailure(Cause.fail("undone")))
        yield* Effect.yieldNow()
        return recording
      }).pipe(
        Narrative.story("Order"),
        Effect.flatMap((recording) => Effect.zipRight(open, Fiber.join(recording)))
      )
      const { all, events } = yield* recorded(program, analyzer)
      assert.deepStrictEqual(
        all("FailureOccurred").map((event) => event.analysis),
        [null]
      )
      assert.strictEqual(events.at(-1)?._tag, "StoryCompleted")
      assert.lengthOf(analyzer.asked, 1)
    })
  )

  it.effect("counts no analysis into any duration or time it reports", () =>
    Effect.gen(function* () {
      const slow = counted(() => Effect.as(TestClock.adjust("7 seconds"), Option.some(analysisOf("because"))))
      const program = Effect.gen(function* () {
        yield* TestClock.adjust("1 second")
        yield* Narrative.recordFailure(Cause.fail("handled")).pipe(Narrative.stage("Records"))
        yield* TestClock.adjust("1 second").pipe(Effect.zipRight(fails("x")), Narrative.story("Sub"), Effect.ignore)
      }).pipe(Narrative.stage("Outer"), Narrative.story("Root"))
      const { all } = yield* recorded(program, slow)
      assert.deepStrictEqual(
        all("StageCompleted").map(({ durationSeconds, stageName }) => [stageName, durationSeconds]),
        [
          ["Records", 0],
          ["Outer", 2]
        ]
      )
      const [sub, root] = all("StoryCompleted")
      assert.deepStrictEqual([sub?.durationSeconds, root?.durationSeconds], [1, 2])
      assert.strictEqual(all("FailureOccurred")[1]?.timestamp, sub?.timestamp)
      assert.strictEqual(sub?.timestamp, 9_000)
    })
  )

  it.effect("ends at once, without analysis, when it is interrupted while it waits", () =>
    Effect.gen(function* () {
      let interrupted = 0
      const hanging = counted(() => Effect.onInterrupt(Effect.never, () => Effect.sync(() => interrupted++)))
      const observed = observe(FailureAnalyzer.layer(hanging))
      const fiber = yield* Effect.fork(fails("x").pipe(Narrative.story("S"), Effect.provide(observed.layer)))
      while (hanging.asked.length === 0) yield* Effect.yieldNow()
      const exit = yield* Fiber.interrupt(fiber)
      assertWellFormed(observed.events)
      assert.deepStrictEqual(
        observed.events.map((event) => event._tag),
        ["StoryStarted", "FailureOccurred", "StoryCompleted"]
      )
      assert.isTrue(exit._tag === "Failure" && Option.isSome(Cause.failureOption(exit.cause)), "its error is kept")
      yield* Effect.yieldNow()
      assert.strictEqual(interrupted, 1)
    })
  )

  it.effect("does not wait for one that cannot be interrupted, either", () =>
    Effect.gen(function* () {
      const stubborn = counted(() => Effect.uninterruptible(Effect.never))
      const observed = observe(FailureAnalyzer.layer(stubborn))
      const fiber = yield* Effect.fork(fails("x").pipe(Narrative.story("S"), Effect.provide(observed.layer)))
      while (stubborn.asked.length === 0) yield* Effect.yieldNow()
      yield* Fiber.interrupt(fiber)
      assertWellFormed(observed.events)
      assert.lengthOf(observed.events, 3)
    })
  )

  it.effect("keeps no other fiber in it while it waits", () =>
    Effect.gen(function* () {
      const { analyzer, open } = gated()
      const late = yield* Deferred.make<void>()
      const program = Effect.gen(function* () {
        yield* Deferred.await(late).pipe(
          Effect.zipRight(Effect.void.pipe(Narrative.stage("Late"))),
          Effect.ensuring(open),
          Effect.forkDaemon
        )
        return yield* fails("x")
      }).pipe(Narrative.story("S"))
      const waiting = Effect.gen(function* () {
        while (analyzer.asked.length === 0) yield* Effect.yieldNow()
        yield* Deferred.succeed(late, undefined)
      })
      const { all } = yield* recorded(Effect.zipLeft(Effect.exit(program), waiting, { concurrent: true }), analyzer)
      assert.lengthOf(all("StageStarted"), 0)
      assert.lengthOf(all("FailureOccurred"), 1)
    })
  )

  it.effect("asks no analyzer without a renderer, in a dry run, and where FailureAnalyzer.layerNone is provided", () =>
    Effect.gen(function* () {
      const analyzer = explains()
      const story = fails("x").pipe(Narrative.story("S"))
      yield* recorded(story.pipe(Effect.provide(Renderer.layerNone)), analyzer)
      yield* recorded(
        story.pipe(Effect.provide(Layer.merge(Renderer.layerNone, Layer.fresh(Renderer.layerNone)))),
        analyzer
      )
      yield* recorded(story.pipe(Effect.provide(Narrative.disabled)), analyzer)
      yield* recorded(Narrative.dryRun(Effect.zipRight(Narrative.recordFailure(Cause.fail("x")), story)), analyzer)
      yield* recorded(story.pipe(Effect.provide(FailureAnalyzer.layerNone)), analyzer)
      assert.lengthOf(analyzer.asked, 0)
    })
  )

  it.effect("asks for no analysis of success or interruption", () =>
    Effect.gen(function* () {
      const analyzer = explains()
      yield* recorded(Effect.void.pipe(Narrative.story("S")), analyzer)
      yield* recorded(Effect.interrupt.pipe(Narrative.story("S")), analyzer)
      yield* recorded(fails("x").pipe(Narrative.stage("Caught"), Effect.ignore, Narrative.story("S")), analyzer)
      assert.lengthOf(analyzer.asked, 0)
    })
  )

  it.effect("records nothing of what the analyzer narrates, logs or traces", () =>
    Effect.gen(function* () {
      const spans: Array<string> = []
      const native = yield* Effect.tracer
      const tracer = Tracer.make({
        context: (f) => f(),
        span: (name, ...rest) => {
          spans.push(name)
          return native.span(name, ...rest)
        }
      })
      const parents: Array<Option.Option<unknown>> = []
      const talkative = counted(() =>
        Effect.option(Effect.currentParentSpan).pipe(
          Effect.tap((span) => Effect.sync(() => parents.push(span))),
          Effect.zipRight(Effect.log("thinking")),
          Effect.withSpan("http.client POST"),
          Narrative.stage("Ask"),
          Narrative.story("Analysis"),
          Effect.zipRight(Effect.option(Effect.currentParentSpan)),
          Effect.tap((span) => Effect.sync(() => parents.push(span))),
          Effect.zipRight(Narrative.note("answered")),
          Effect.as(Option.none())
        )
      )
      const recorded: Array<string> = []
      const layer = Layer.mergeAll(
        FailureAnalyzer.layer(talkative),
        Layer.setTracer(tracer),
        Renderer.replace(Renderer.make("tags", (event) => void recorded.push(event._tag))),
        Narrative.logger,
        Logger.remove(Logger.defaultLogger)
      )
      yield* fails("x").pipe(Narrative.stage("A"), Narrative.story("S"), Effect.exit, Effect.provide(layer))
      assert.deepStrictEqual(recorded, [
        "StoryStarted",
        "StageStarted",
        "StageFailed",
        "FailureOccurred",
        "StoryCompleted"
      ])
      assert.deepStrictEqual(spans, ["S", "A"])
      assert.isTrue(Option.isNone(parents[1] ?? assert.fail("it was asked")))
    })
  )

  it.effect("reports analyses without the secrets of the story, and not without end", () =>
    Effect.gen(function* () {
      const leaking = counted(() =>
        Effect.succeedSome({
          ...analysisOf(`the password k-0123456789 is wrong`),
          targetedFix: "x".repeat(10_000_000),
          evidence: Array.from({ length: 10_000 }, (_, i) => ({
            text: `k-0123456789 ${i}`,
            cites: [{ id: "F1", text: "y".repeat(1_000_000) }]
          }))
        })
      )
      const { all } = yield* recorded(
        Narrative.annotate("password", "k-0123456789").pipe(Effect.zipRight(fails("x")), Narrative.story("S")),
        leaking
      )
      const text = all("FailureOccurred")[0]?.llmAnalysis ?? assert.fail("no analysis")
      assert.include(text, "the password <redacted> is wrong")
      assert.notInclude(text, "k-0123456789")
      assert.include(text, "(+9992000 characters)")
      assert.isBelow(text.length, 34_000)
    })
  )

  it.effect("asks without a value that has become a secret since it was reported", () =>
    Effect.gen(function* () {
      const analyzer = explains()
      const key = "k-0123456789"
      yield* recorded(
        Narrative.annotate("order", { of: [`o ${key}`] }).pipe(
          Effect.zipRight(Narrative.annotate("password", key)),
          Effect.zipRight(fails(`${key} is wrong`)),
          Narrative.stage(`Log in by ${key}`),
          Narrative.story(`Shop ${key}`)
        ),
        analyzer
      )
      const asked = JSON.stringify(analyzer.asked)
      assert.notInclude(asked, key)
      for (const text of ["Shop <redacted>", "Log in by <redacted>", "o <redacted>", "<redacted> is wrong"]) {
        assert.include(asked, text)
      }
    })
  )

  it.effect("waits 30 seconds for an analyzer without a limit, and no longer", () =>
    Effect.gen(function* () {
      const hanging = counted(() => Effect.never)
      yield* withWarnings((warnings) =>
        Effect.gen(function* () {
          const fiber = yield* Effect.fork(recorded(fails("x").pipe(Narrative.story("S")), hanging))
          yield* TestClock.adjust("29 seconds")
          assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
          yield* TestClock.adjust("1 second")
          const { all } = yield* Fiber.join(fiber)
          assert.strictEqual(all("FailureOccurred")[0]?.analysis, null)
          assert.include(warnings[0], "RUNTIME_NARRATIVE_ANALYZER_TIMEOUT_SECONDS")
        })
      )
    })
  )

  const within = (setting: string) =>
    Layer.setConfigProvider(ConfigProvider.fromMap(new Map([["RUNTIME_NARRATIVE_ANALYZER_TIMEOUT_SECONDS", setting]])))

  it.effect("waits as long as the environment says", () =>
    Effect.gen(function* () {
      const hanging = counted(() => Effect.uninterruptible(Effect.never))
      const fiber = yield* Effect.fork(
        withWarnings(() => recorded(fails("x").pipe(Narrative.story("S")), hanging, within("2.5")))
      )
      yield* TestClock.adjust("2499 millis")
      assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(fiber)
    })
  )

  it.effect("waits as long as withTimeout says, whatever the environment does", () =>
    Effect.gen(function* () {
      const patient = FailureAnalyzer.withTimeout(
        counted(() => Effect.never),
        "2 minutes"
      )
      const fiber = yield* Effect.fork(
        withWarnings(() => recorded(fails("x").pipe(Narrative.story("S")), patient, within("1")))
      )
      yield* TestClock.adjust("119 seconds")
      assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
    })
  )

  it.effect("waits no longer for attempts, however long a server asks to wait between them", () =>
    Effect.gen(function* () {
      const busy = counted(
        () => new FailureAnalyzer.AnalyzerError({ ...unreachable, reason: "RateLimited", retryAfter: Duration.days(1) })
      )
      const again = pipe(busy, FailureAnalyzer.withTimeout("5 seconds"), FailureAnalyzer.withRetry(Schedule.recurs(3)))
      const fiber = yield* Effect.fork(withWarnings(() => recorded(fails("x").pipe(Narrative.story("S")), again)))
      yield* TestClock.adjust("30 seconds")
      assert.isTrue(Option.isSome(yield* Fiber.poll(fiber)))
      assert.lengthOf(busy.asked, 1)
      yield* Fiber.join(fiber)
    })
  )

  it.effect("asks a fallback where the first one hangs, and lets either take the time it was given", () =>
    Effect.gen(function* () {
      const hanging = counted(() => Effect.never)
      for (const [first, seconds] of [
        [hanging, 30],
        [FailureAnalyzer.withTimeout(hanging, "60 seconds"), 60]
      ] as const) {
        const either = FailureAnalyzer.withFallback(first, explains())
        const fiber = yield* Effect.fork(withWarnings(() => recorded(fails("x").pipe(Narrative.story("S")), either)))
        yield* TestClock.adjust(`${seconds - 1} seconds`)
        assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
        yield* TestClock.adjust("1 second")
        const { all } = yield* Fiber.join(fiber)
        assert.deepStrictEqual(all("FailureOccurred")[0]?.analysis, analysisOf("because x"))
      }
    })
  )

  it.effect("warns of a limit in the environment that is none, naming it and what it takes", () =>
    Effect.gen(function* () {
      for (const setting of ["soon", "0", "-1", "", "Infinity", "1e9"]) {
        yield* withWarnings((warnings) =>
          Effect.gen(function* () {
            yield* recorded(fails("x").pipe(Narrative.story("S")), explains(), within(setting))
            assert.lengthOf(warnings, 1)
            assert.include(warnings[0], "RUNTIME_NARRATIVE_ANALYZER_TIMEOUT_SECONDS takes a number of seconds above 0")
            assert.include(warnings[0], `not "${setting}"`)
          })
        )
      }
    })
  )

  it.effect("warns of an analyzer's errors at the 1st, 2nd, 4th, 8th, with what would help and no secret", () =>
    withWarnings((warnings) =>
      Effect.gen(function* () {
        const analyzer = FailureAnalyzer.make(
          () =>
            new FailureAnalyzer.AnalyzerError({ ...unreachable, description: "Bearer abcdefghijklmnop0123 is refused" })
        )
        const story = fails("x").pipe(Narrative.story("S"), Effect.exit)
        yield* recorded(Effect.repeatN(story, 8), analyzer)
        assert.lengthOf(warnings, 4)
        for (const warning of warnings) {
          assert.include(warning, "(llama3) at http://localhost:11434: Bearer <redacted> is refused. Start Ollama")
        }
      })
    )
  )

  it.effect("counts what became of every question", () =>
    Effect.gen(function* () {
      for (const [what, analyzer] of hostile) {
        const program = Effect.zipRight(Effect.exit(fails("x").pipe(Narrative.story("S"))), FailureAnalyzer.stats)
        const { exit } = yield* withWarnings(() => recorded(program, analyzer))
        const { asked, pending, ...ended } = Option.getOrThrow(yield* exit)
        assert.isAbove(asked, 0, what)
        assert.strictEqual(pending, 0, what)
        assert.strictEqual(
          asked,
          Object.values(ended).reduce((sum, count) => sum + count),
          what
        )
      }
    })
  )

  it.effect(
    "finds the analyzer that it is provided, and the analysis of a Layer that fails is the program's error",
    () =>
      Effect.gen(function* () {
        const failing = FailureAnalyzer.layerScoped(Effect.fail(unreachable))
        assert.strictEqual(
          yield* Effect.flip(Effect.provide(fails("x").pipe(Narrative.story("S")), failing)),
          unreachable as never
        )
      })
  )

  it("is reported by Effect.runSync, too, if the analyzer takes no time, and ends without analysis if it does", () => {
    const slow = counted(() => Effect.delay(Effect.succeedNone, "1 minute"))
    for (const [analyzer, background, tags] of [
      [explains(), false, ["FailureOccurred with an analysis", "StoryCompleted"]],
      [slow, false, ["FailureOccurred", "StoryCompleted"]],
      [explains(), true, ["FailureOccurred", "StoryCompleted", "AnalysisReady with an analysis"]],
      [slow, true, ["FailureOccurred", "StoryCompleted"]]
    ] as const) {
      const observed = observe(Logger.remove(Logger.defaultLogger))
      const layer = FailureAnalyzer.layer(analyzer)
      // `runSync` itself is what this is about.
      const exit = Effect.runSyncExit(
        fails("x").pipe(
          Narrative.story("S"),
          Effect.provide(
            Layer.merge(
              observed.layer,
              background ? FailureAnalyzer.mapLayerScoped(FailureAnalyzer.inBackground())(layer) : layer
            )
          )
        )
      )
      assert.deepStrictEqual(
        observed.events
          .slice(1)
          .map((event) =>
            "analysis" in event && event.analysis !== null ? `${event._tag} with an analysis` : event._tag
          ),
        [...tags]
      )
      assert.isTrue(exit._tag === "Failure" && Cause.isFailType(exit.cause), String(exit))
    }
  })
})

describe("what the analyzer is asked", () => {
  it.live("is the report, redacted as it is reported", () =>
    Effect.gen(function* () {
      const analyzer = explains()
      yield* recorded(
        Effect.gen(function* () {
          const apiKey = "k-0123456789"
          yield* Effect.yieldNow()
          return yield* fails(`cannot use ${apiKey}`)
        }).pipe(Narrative.stage("Call"), Narrative.story("S")),
        analyzer
      ).pipe(Effect.provide(Diagnostics.layer({ mode: "rich" })))
      const { snippet, failures, ...rest } = { snippet: undefined, ...analyzer.asked[0] }
      assert.strictEqual(failures?.[0].errorMessage, "cannot use <redacted>")
      assert.notInclude(JSON.stringify([snippet, failures, rest]), "k-0123456789")
    })
  )
})
