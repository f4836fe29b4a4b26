// @effect-diagnostics multipleEffectProvide:off -- which layer is inside which is part of what is tested.
import * as v8 from "node:v8"
import * as vm from "node:vm"
import { assert, describe, it } from "@effect/vitest"
import { Data, Effect, Exit, Fiber, FastCheck as fc, Layer, Schedule, Scope, TestClock } from "effect"
import { renderersOf } from "../../src/delivery/rendererSet.js"
import { Instruments, Narrative, type NarrativeEvent, NarrativeMetrics, Renderer } from "../../src/index.js"
import { MetricRecorder } from "../../src/metrics/metricRecorder.js"
import { parse } from "../../src/metrics/metricsSettings.js"
import { InvalidOption } from "../../src/plain/InvalidOption.js"
import { otherWork } from "../../src/runtime/otherWork.js"
import { Narrator } from "../fixtures/events.js"
import { interpret, narrated, program } from "../laws/programs.js"
import { freshPrefix, readings, total } from "./readings.js"

class CsvError extends Data.TaggedError("CsvError")<{ readonly row: number }> {}

const recorderOf = (options: NarrativeMetrics.MetricsOptions) =>
  Effect.map(parse(options), (settings) => new MetricRecorder(settings))

const gc = (): void => {
  v8.setFlagsFromString("--expose-gc")
  vm.runInNewContext("gc")()
}

describe("NarrativeMetrics", () => {
  it.effect("every count is the number of events it is made of, whatever the program does", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(program, (self) => {
          const prefix = freshPrefix()
          const events: Array<NarrativeEvent.NarrativeEvent> = []
          const count = (...tags: ReadonlyArray<string>) => events.filter(({ _tag }) => tags.includes(_tag)).length
          const recorder = Renderer.layer(Renderer.make("events", (event) => void events.push(event)))
          const recorded = Narrative.retry(interpret(self, narrated), Schedule.recurs(1)).pipe(
            Narrative.stage("Retried"),
            Narrative.story("Law"),
            Effect.provide(Layer.merge(recorder, NarrativeMetrics.layer({ prefix }))),
            Effect.exit
          )
          return Effect.runPromise(
            Effect.gen(function* () {
              yield* recorded
              const ends = count("StageCompleted", "StageFailed", "StageCancelled")
              assert.strictEqual(yield* total(Instruments.stageDuration, prefix), ends)
              assert.strictEqual(yield* total(Instruments.stages, prefix), ends)
              assert.strictEqual(yield* total(Instruments.stages, prefix, { status: "failed" }), count("StageFailed"))
              assert.strictEqual(
                yield* total(Instruments.stages, prefix, { status: "cancelled" }),
                count("StageCancelled")
              )
              assert.strictEqual(yield* total(Instruments.stageRetries, prefix), count("StageRetried"))
              assert.strictEqual(yield* total(Instruments.storyDuration, prefix), count("StoryCompleted"))
              assert.strictEqual(yield* total(Instruments.stories, prefix), count("StoryCompleted"))
              assert.strictEqual(yield* total(Instruments.storyFailures, prefix), count("FailureOccurred"))
              assert.strictEqual(yield* total(Instruments.activeStories, prefix), 0)
            })
          )
        }),
        { numRuns: 60 }
      )
    )
  )

  it.effect("a story is counted under its name, its success, and the type of what failed", () => {
    const prefix = freshPrefix()
    return Effect.gen(function* () {
      yield* Effect.fail(new CsvError({ row: 7 })).pipe(Narrative.stage("Load"), Narrative.story("Import"), Effect.exit)
      yield* TestClock.adjust("2 seconds").pipe(Narrative.stage("Load"), Narrative.story("Import"))
      assert.sameDeepMembers(
        [...(yield* readings(Instruments.stories, prefix))],
        [
          { labels: { story_name: "Import", success: "false" }, value: 1 },
          { labels: { story_name: "Import", success: "true" }, value: 1 }
        ]
      )
      assert.deepStrictEqual(yield* readings(Instruments.storyFailures, prefix), [
        { labels: { story_name: "Import", error_type: "CsvError" }, value: 1 }
      ])
      const [stage] = yield* readings(Instruments.stageDuration, prefix)
      assert.deepStrictEqual(stage?.labels, { story_name: "Import", stage_name: "Load", unit: "s" })
      assert.deepStrictEqual([stage?.value, stage?.sum], [2, 2])
      assert.includeDeepMembers(
        [...(stage?.buckets ?? [])],
        [
          [0.001, 1],
          [1, 1],
          [2.5, 2],
          [Number.POSITIVE_INFINITY, 2]
        ]
      )
    }).pipe(Effect.provide([Renderer.layerNone, NarrativeMetrics.layer({ prefix })]))
  })

  it.effect("a failure that was handled is counted by itself", () => {
    const prefix = freshPrefix()
    return Effect.gen(function* () {
      yield* Effect.fail(new CsvError({ row: 7 })).pipe(
        Effect.catchAllCause(Narrative.recordFailure),
        Narrative.story("Import")
      )
      assert.strictEqual(yield* total(Instruments.handledFailures, prefix, { error_type: "CsvError" }), 1)
      assert.strictEqual(yield* total(Instruments.storyFailures, prefix), 0)
    }).pipe(Effect.provide([Renderer.layerNone, NarrativeMetrics.layer({ prefix })]))
  })

  it.effect("a story is active from its start to its end, and no longer than somebody counts", () =>
    Effect.gen(function* () {
      const prefix = freshPrefix()
      const scope = yield* Scope.make()
      yield* Layer.buildWithScope(NarrativeMetrics.layer({ prefix }), scope)
      const serving = yield* Effect.fork(Narrative.story(Effect.never, "Serve"))
      yield* Effect.yieldNow()
      assert.strictEqual(yield* total(Instruments.activeStories, prefix), 1)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(yield* total(Instruments.activeStories, prefix), 0)
      yield* Fiber.interrupt(serving)
      assert.strictEqual(yield* total(Instruments.activeStories, prefix), 0)
    }).pipe(Effect.provide(Renderer.layerNone))
  )

  it.effect("a dry run is not counted", () => {
    const prefix = freshPrefix()
    return Effect.gen(function* () {
      yield* Effect.ignore(Effect.fail("no")).pipe(Narrative.stage("Load"), Narrative.story("Import", { dryRun: true }))
      for (const instrument of [Instruments.stories, Instruments.stages, Instruments.activeStories]) {
        assert.strictEqual(yield* total(instrument, prefix), 0)
      }
    }).pipe(Effect.provide([Renderer.layerNone, NarrativeMetrics.layer({ prefix })]))
  })

  it.effect("only the labels of stories that were asked for become labels of metrics", () => {
    const prefix = freshPrefix()
    return Effect.gen(function* () {
      yield* Effect.void.pipe(
        Narrative.stage("Load"),
        Narrative.story("Import", { labels: { region: "eu", customer: "4711" } })
      )
      const [story] = yield* readings(Instruments.stories, prefix)
      assert.deepStrictEqual(story?.labels, { story_name: "Import", success: "true", region: "eu" })
      const [stage] = yield* readings(Instruments.stages, prefix)
      assert.strictEqual(stage?.labels["region"], "eu")
    }).pipe(Effect.provide([Renderer.layerNone, NarrativeMetrics.layer({ prefix, storyLabels: ["region"] })]))
  })

  it.effect(
    "a million story names are 200 series and one called other, and flat memory",
    () =>
      Effect.gen(function* () {
        const prefix = freshPrefix()
        const { renderer } = yield* recorderOf({ prefix })
        let heap = 0
        const narrator = new Narrator()
        // Copies of one: to make each from its parts takes longer than to count it.
        const [start, end] = [narrator.start(), narrator.end()]
        for (let i = 0; i < 1_000_000; i++) {
          if (i % 10_000 === 0) yield* otherWork
          const storyId = `${i}`
          const storyName = `Import ${i}`
          renderer.handle({ ...start, storyId, storyName, rootStoryId: storyId })
          renderer.handle({ ...end, storyId, storyName, rootStoryId: storyId })
          if (i === 100_000 || i === 999_999) {
            gc()
            const used = process.memoryUsage().heapUsed
            if (i === 999_999) assert.isBelow(used - heap, 2 * 1024 * 1024)
            heap = used
          }
        }
        const all = yield* readings(Instruments.stories, prefix)
        assert.strictEqual(all.length, 201)
        assert.strictEqual(yield* total(Instruments.stories, prefix), 1_000_000)
        assert.strictEqual(yield* total(Instruments.stories, prefix, { story_name: "other" }), 999_800)
        // Duration, count and active stories, of each story too many.
        assert.strictEqual(yield* total(Instruments.labelOverflow, prefix, { label: "story_name" }), 3 * 999_800)
      }),
    600_000
  )

  it.effect("combinations are bounded too", () =>
    Effect.gen(function* () {
      const prefix = freshPrefix()
      const { renderer } = yield* recorderOf({ prefix, maxLabelValues: 20, maxSeries: 50 })
      for (let i = 0; i < 20; i++) {
        const narrator = new Narrator(`Import ${i}`)
        for (let j = 0; j < 20; j++) renderer.handle(narrator.completed(narrator.stage(`Stage ${j}`)))
      }
      const all = yield* readings(Instruments.stageDuration, prefix)
      assert.strictEqual(all.length, 51)
      assert.strictEqual(yield* total(Instruments.stageDuration, prefix), 400)
      assert.strictEqual(
        yield* total(Instruments.stageDuration, prefix, { story_name: "other", stage_name: "other" }),
        350
      )
      assert.strictEqual(yield* total(Instruments.labelOverflow, prefix, { label: "combination" }), 700)
    })
  )

  it.effect("label values have no control characters and at most 128 characters", () =>
    Effect.gen(function* () {
      const prefix = freshPrefix()
      const { renderer } = yield* recorderOf({ prefix })
      for (const name of ["\u001b[31mred\u0000", "x".repeat(500), "\ud800", "\u202e"]) {
        renderer.handle(new Narrator(name).end())
      }
      const names = (yield* readings(Instruments.stories, prefix)).map(({ labels }) => labels["story_name"])
      assert.sameMembers(names, ["[31mred", "x".repeat(128), "\ufffd", "unknown"])
    })
  )

  it.effect("what is provided twice is counted once", () => {
    const prefix = freshPrefix()
    const metrics = () => NarrativeMetrics.layer({ prefix })
    return Effect.gen(function* () {
      yield* Effect.void.pipe(Narrative.story("Import"), Effect.provide(metrics()))
      assert.strictEqual(yield* total(Instruments.stories, prefix), 1)
      yield* Effect.void.pipe(Narrative.story("Import"))
      assert.strictEqual(yield* total(Instruments.stories, prefix), 2)
    }).pipe(Effect.provide([Renderer.layerNone, metrics(), metrics()]))
  })

  it.effect("one prefix has one set of settings at a time", () => {
    const prefix = freshPrefix()
    return Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.scoped(Layer.build(NarrativeMetrics.layer({ prefix, maxSeries: 1 }))))
      assert.include(error.message, "prefix")
      assert.include(error.message, "other settings")
    }).pipe(Effect.provide(NarrativeMetrics.layer({ prefix })))
  })

  it.effect("the default renderer stays where the program chose no other one", () => {
    const names = Effect.withFiberRuntime<ReadonlyArray<string>>((fiber) =>
      Effect.succeed(renderersOf(fiber).map(({ name }) => name))
    )
    const metrics = NarrativeMetrics.layer({ prefix: freshPrefix() })
    const chosen = Renderer.layer(Renderer.make("chosen", () => {}))
    return Effect.gen(function* () {
      const byDefault = yield* names
      assert.deepStrictEqual(yield* Effect.provide(names, metrics), [...byDefault, "metrics"])
      for (const layers of [
        Layer.merge(metrics, chosen),
        Layer.merge(chosen, metrics),
        Layer.provideMerge(metrics, chosen),
        Layer.provideMerge(chosen, metrics)
      ]) {
        assert.sameMembers([...(yield* Effect.provide(names, layers))], ["chosen", "metrics"])
      }
      assert.deepStrictEqual(yield* Effect.provide(Effect.provide(names, metrics), Renderer.layerNone), [
        "none",
        "metrics"
      ])
      assert.deepStrictEqual(yield* names, byDefault)
    })
  })

  it.scoped("what became of a renderer's events is counted, that of a queue when it is known", () => {
    const prefix = freshPrefix()
    const slow = Renderer.make("slow", () => Effect.sleep("500 millis"))
    const events = Renderer.buffered(slow, { capacity: 2, strategy: "dropping" })
    return Effect.gen(function* () {
      yield* Effect.forEach([1, 2, 3, 4], () => Effect.void.pipe(Narrative.stage("Load")), { discard: true }).pipe(
        Narrative.story("Import")
      )
      yield* TestClock.adjust("10 seconds")
      const count = (result: string) => total(Instruments.rendererEvents, prefix, { renderer: "slow", result })
      const [delivered, dropped, failed] = yield* Effect.all([count("delivered"), count("dropped"), count("failed")])
      assert.strictEqual(delivered + dropped, 10)
      assert.isAbove(dropped, 0)
      assert.isAbove(delivered, 0)
      assert.strictEqual(failed, 0)
    }).pipe(Effect.provide([Renderer.layerScoped(events), NarrativeMetrics.layer({ prefix })]))
  })

  for (const [options, said] of [
    [
      { prefix: "9lives" },
      'prefix takes letters, digits and _, in parts joined by ., not beginning with a digit, not "9lives"'
    ],
    [{ prefix: "my-app" }, 'not "my-app"'],
    [{ prefix: "" }, "prefix"],
    [{ prefix: "a..b" }, "prefix"],
    [{ maxLabelValues: 0 }, "maxLabelValues takes a whole number of 1 or more, not 0"],
    [{ maxLabelValues: Number.NaN }, "maxLabelValues"],
    [{ maxSeries: 1.5 }, "maxSeries takes a whole number of 1 or more, not 1.5"],
    [
      { storyLabels: ["story_name"] },
      'storyLabels[0] takes a name that is no label of metrics already, not "story_name"'
    ],
    [{ storyLabels: ["le"] }, "storyLabels"],
    [
      { storyLabels: ["team-name"] },
      'storyLabels[0] takes a name of letters, digits and _, not beginning with a digit or __, not "team-name"'
    ],
    [{ storyLabels: ["a", "a"] }, "storyLabels takes a list of at most 8 different names"],
    [{ buckets: { "story.duration": [] } }, "buckets"],
    [
      { buckets: { "story.duration": [1, 1] } },
      "buckets.story.duration takes 1 to 64 finite numbers that ascend, not [1,1]"
    ],
    [{ buckets: { "stage.duration": [1, Number.POSITIVE_INFINITY] } }, "buckets"],
    [{ buckets: { story: [1] } as object }, "buckets takes bounds by the name of a histogram: story.duration"]
  ] as const satisfies ReadonlyArray<readonly [NarrativeMetrics.MetricsOptions, string]>) {
    it.effect(`${JSON.stringify(options)} is an early error that names the setting`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Effect.scoped(Layer.build(NarrativeMetrics.layer(options))))
        assert.instanceOf(error, InvalidOption)
        assert.include(error.message, said)
      })
    )
  }

  it.effect("buckets can be chosen", () => {
    const prefix = freshPrefix()
    return Effect.gen(function* () {
      yield* Effect.void.pipe(Narrative.story("Import"))
      const [story] = yield* readings(Instruments.storyDuration, prefix)
      assert.deepStrictEqual(
        story?.buckets?.map(([bound]) => bound),
        [1, 2, Number.POSITIVE_INFINITY]
      )
    }).pipe(
      Effect.provide([Renderer.layerNone, NarrativeMetrics.layer({ prefix, buckets: { "story.duration": [1, 2] } })])
    )
  })
})
