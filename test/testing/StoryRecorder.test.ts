import { assert, describe, it } from "@effect/vitest"
import { Cause, Data, Effect, Exit, Fiber, Layer, TestClock } from "effect"
import * as FailureAnalyzer from "../../src/analysis/FailureAnalyzer.js"
import * as Renderer from "../../src/delivery/Renderer.js"
import * as Narrative from "../../src/Narrative.js"
import { StoryAssertionError, StoryRecorder, StoryTree } from "../../src/testing/index.js"
import { analysisOf, explains } from "../fixtures/analyzers.js"

class CsvError extends Data.TaggedError("CsvError")<{ readonly row: number }> {
  override get message() {
    return `bad row ${this.row}`
  }
}

const importing = Effect.void.pipe(
  Narrative.stage("Load CSV"),
  Effect.zipRight(Narrative.stage(Effect.void, "Insert Records")),
  Narrative.story("Import Customers")
)

const failing = Effect.void.pipe(
  Narrative.stage("Load CSV"),
  Effect.zipRight(Narrative.stage(new CsvError({ row: 7 }), "Validate Data")),
  Narrative.story("Import Customers")
)

/** Runs an assertion that must not hold, and gives its error. */
const failureOf = (assertion: Effect.Effect<void>) =>
  Effect.map(Effect.exit(assertion), (exit) => {
    const error = Exit.isFailure(exit) && Cause.isDieType(exit.cause) ? exit.cause.defect : undefined
    if (!(error instanceof StoryAssertionError)) throw new Error("expected the assertion to fail")
    return error
  })

const recorded = <A, E>(test: (recorder: StoryRecorder["Type"]) => Effect.Effect<A, E>) =>
  Effect.provide(Effect.flatMap(StoryRecorder, test), StoryRecorder.layer)

describe("StoryRecorder", () => {
  it.effect("knows the stages that completed, in order", () =>
    recorded((recorder) =>
      Effect.gen(function* () {
        yield* importing
        yield* recorder.assertStagesCompleted(["Load CSV", "Insert Records"])
        yield* recorder.assertStagesCompleted(["Load CSV", "Insert Records"], { story: "Import Customers" })
        yield* recorder.assertStagesCompleted([], { story: "Another" })
        const error = yield* failureOf(recorder.assertStagesCompleted(["Insert Records", "Load CSV"]))
        assert.deepStrictEqual(error.actual, ["Load CSV", "Insert Records"])
        assert.deepStrictEqual(error.expected, ["Insert Records", "Load CSV"])
        assert.include(error.message, "stage Load CSV: completed")
        assert.include(error.stack, "StoryRecorder.test.ts")
      })
    )
  )

  it.effect("knows that nothing failed", () =>
    recorded((recorder) =>
      Effect.gen(function* () {
        yield* importing
        yield* recorder.assertNoFailure
        yield* recorder.assertStory("Import Customers", { status: "success" })
        yield* Effect.exit(failing)
        const error = yield* failureOf(recorder.assertNoFailure)
        assert.include(error.message, "CsvError: bad row 7")
      })
    )
  )

  it.effect("does not take a stage failure that was caught for a failure", () =>
    recorded((recorder) =>
      Effect.gen(function* () {
        yield* new CsvError({ row: 1 }).pipe(Narrative.stage("Load"), Effect.ignore, Narrative.story("Import"))
        yield* recorder.assertNoFailure
        yield* recorder.assertStageFailed("Load")
      })
    )
  )

  it.effect("knows which stage failed, and how", () =>
    recorded((recorder) =>
      Effect.gen(function* () {
        yield* Effect.exit(failing)
        yield* recorder.assertStageFailed("Validate Data", { errorType: "CsvError", message: /row \d+/ })
        yield* recorder.assertStageFailed("Validate Data", { message: "bad" })
        yield* recorder.assertStory("Import Customers", { status: "failed", errorType: "CsvError" })
        const wrongType = yield* failureOf(recorder.assertStageFailed("Validate Data", { errorType: "SqlError" }))
        assert.include(wrongType.message, 'it was errorType "CsvError"')
        const completed = yield* failureOf(recorder.assertStageFailed("Load CSV"))
        assert.include(completed.message, 'it was status "completed"')
        const unknown = yield* failureOf(recorder.assertStageFailed("Load"))
        assert.include(unknown.message, "no stage has that name")
      })
    )
  )

  it.effect("knows which stage was cancelled", () =>
    recorded((recorder) =>
      Effect.gen(function* () {
        const running = yield* Effect.fork(Effect.never.pipe(Narrative.stage("Wait"), Narrative.story("Import")))
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(
          (yield* recorder.stories).map((story) => story.status),
          ["running"]
        )
        yield* Fiber.interrupt(running)
        yield* recorder.assertStageCancelled("Wait")
        yield* recorder.assertStory("Import", { status: "cancelled" })
      })
    )
  )

  it.effect("knows the tree, concurrent stages and sub-stories included", () =>
    recorded((recorder) =>
      Effect.gen(function* () {
        const agent = (name: string) =>
          Effect.yieldNow().pipe(
            Effect.zipRight(Narrative.story(Effect.void, `${name}'s story`)),
            Narrative.stage(name)
          )
        yield* Effect.all([agent("Planner"), agent("Critic")], { concurrency: 2 }).pipe(
          Narrative.stage("Agents"),
          Narrative.story("Review")
        )
        yield* recorder.assertTree(
          StoryTree.story("Review", { status: "success", exact: true }, [
            StoryTree.stage("Agents", { exact: true }, [
              StoryTree.stage("Critic", { exact: true }, [StoryTree.story("Critic's story")]),
              StoryTree.stage("Planner", { exact: true }, [StoryTree.story("Planner's story")])
            ])
          ])
        )
        const error = yield* failureOf(
          recorder.assertTree(StoryTree.story("Review", [StoryTree.stage("Agents", [StoryTree.stage("Judge")])]))
        )
        assert.include(error.message, "✗     stage Judge")
        assert.isString(error.actual)
        assert.isString(error.expected)
      })
    )
  )

  it.effect("replaces every other renderer", () =>
    Effect.gen(function* () {
      let narrated = 0
      const other = Renderer.layer(Renderer.make("other", () => void narrated++))
      yield* Effect.provide(importing, Layer.provideMerge(StoryRecorder.layer, other))
      assert.strictEqual(narrated, 0)
    })
  )

  it.effect("has every event, and forgets them when asked to", () =>
    recorded((recorder) =>
      Effect.gen(function* () {
        yield* importing
        assert.deepStrictEqual(
          (yield* recorder.events).map((event) => event._tag),
          ["StoryStarted", "StageStarted", "StageCompleted", "StageStarted", "StageCompleted", "StoryCompleted"]
        )
        yield* recorder.clear
        assert.isEmpty(yield* recorder.events)
        assert.include((yield* failureOf(recorder.assertStory("Import Customers"))).message, "nothing was recorded")
      })
    )
  )

  it.effect("has the analyses, those that came late among them", () =>
    Effect.gen(function* () {
      const analyzer = explains()
      const both = Effect.gen(function* () {
        const recorder = yield* StoryRecorder
        yield* Effect.exit(failing).pipe(Effect.provide(FailureAnalyzer.layer(analyzer)))
        yield* Effect.exit(failing).pipe(
          Effect.provide(
            FailureAnalyzer.layer(analyzer).pipe(FailureAnalyzer.mapLayerScoped(FailureAnalyzer.inBackground()))
          )
        )
        return yield* recorder.analyses
      })
      const place = { storyName: "Import Customers", stageName: "Validate Data" }
      const analysis = { ...analysisOf("because bad row 7"), ...place }
      assert.deepStrictEqual(yield* Effect.provide(both, StoryRecorder.layer), [
        { ...analysis, late: false },
        { ...analysis, late: true }
      ])
    })
  )

  it.effect("records each test for itself", () =>
    Effect.gen(function* () {
      yield* recorded(() => importing)
      yield* recorded((recorder) => Effect.map(recorder.events, (events) => assert.isEmpty(events)))
    })
  )
})
