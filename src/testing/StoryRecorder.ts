/**
 * Records the stories of a test, and says in one line what they should have been.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Renderer from "../delivery/Renderer.js"
import type { FailureAnalysis } from "../event/FailureAnalysis.js"
import type { NarrativeEvent } from "../event/NarrativeEvent.js"
import * as checks from "./checks.js"
import type { StageProperties, StoryExpectation, StoryProperties } from "./Expectation.js"
import { fromEvents, type RecordedStory } from "./RecordedStory.js"

/**
 * What a test asks the recorder. An assertion that does not hold dies with a `StoryAssertionError` that shows what was
 * recorded instead.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** Every event so far, in order. */
  readonly events: Effect.Effect<ReadonlyArray<NarrativeEvent>>
  /** The stories so far, sub-stories included, in order of starting. */
  readonly stories: Effect.Effect<ReadonlyArray<RecordedStory>>
  /** The analyses so far: with their failures, and later on. */
  readonly analyses: Effect.Effect<ReadonlyArray<RecordedAnalysis>>
  /** Forgets everything recorded so far. */
  readonly clear: Effect.Effect<void>
  /** These stages completed, in this order, and no others: across all stories, or in the stories of one name. */
  readonly assertStagesCompleted: (
    names: ReadonlyArray<string>,
    options?: { readonly story?: string | undefined }
  ) => Effect.Effect<void>
  /** No story failed or timed out, and no failure was reported, not even a handled one. A caught stage failure is none. */
  readonly assertNoFailure: Effect.Effect<void>
  /** A stage of this name failed, and its error is as described. */
  readonly assertStageFailed: (
    name: string,
    expected?: Omit<StageProperties, "status" | "exact">
  ) => Effect.Effect<void>
  /** A stage of this name was cancelled. */
  readonly assertStageCancelled: (
    name: string,
    expected?: Omit<StageProperties, "status" | "exact">
  ) => Effect.Effect<void>
  /** There is a story of this name, and it is as described. */
  readonly assertStory: (name: string, expected?: Omit<StoryProperties, "exact">) => Effect.Effect<void>
  /** There are stories, outermost ones, that these trees describe. */
  readonly assertTree: (expected: StoryExpectation | ReadonlyArray<StoryExpectation>) => Effect.Effect<void>
}

/**
 * An analysis of a failure. `late`: it came as an `AnalysisReady`, after its failure.
 *
 * @since 0.1.0
 * @category models
 */
export interface RecordedAnalysis extends FailureAnalysis {
  readonly storyName: string
  readonly stageName: string | null
  readonly late: boolean
}

/**
 * A renderer that replaces every other one, and remembers.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Narrative } from "effect-narrative"
 * import { StoryRecorder, StoryTree } from "effect-narrative/testing"
 *
 * const program = Effect.void.pipe(Narrative.stage("Load CSV"), Narrative.story("Import Customers"))
 *
 * const test = Effect.gen(function* () {
 *   const recorder = yield* StoryRecorder
 *   yield* program
 *   yield* recorder.assertStagesCompleted(["Load CSV"])
 *   yield* recorder.assertTree(StoryTree.story("Import Customers", { status: "success" }))
 * }).pipe(Effect.provide(StoryRecorder.layer))
 *
 * Effect.runPromise(test)
 * ```
 *
 * @since 0.1.0
 * @category tags
 */
export class StoryRecorder extends Context.Tag("effect-narrative/StoryRecorder")<StoryRecorder, Service>() {
  /** A recorder of its own for everything the layer is provided to. */
  static readonly layer: Layer.Layer<StoryRecorder> = Layer.unwrapEffect(
    Effect.sync(() => {
      const recording = new Recording()
      return Layer.merge(
        Layer.succeed(StoryRecorder, serviceOf(recording)),
        Renderer.replace(Renderer.make("recorder", (event) => recording.add(event)))
      )
    })
  )
}

class Recording {
  #events: Array<NarrativeEvent> = []

  add(event: NarrativeEvent): void {
    this.#events.push(event)
  }

  clear(): void {
    this.#events = []
  }

  get events(): ReadonlyArray<NarrativeEvent> {
    return this.#events.slice()
  }

  get stories(): ReadonlyArray<RecordedStory> {
    return fromEvents(this.#events)
  }
}

const serviceOf = (recording: Recording): Service => {
  /** The stack is taken where the assertion is written: that is the line the test runner shows. */
  const assertion = (
    check: (stories: ReadonlyArray<RecordedStory>) => checks.Failed | undefined,
    caller?: (...args: never) => unknown
  ): Effect.Effect<void> => {
    const callSite: { stack?: string } = {}
    if (caller !== undefined) Error.captureStackTrace(callSite, caller)
    return Effect.suspend(() => {
      const stories = recording.stories
      const failed = check(stories)
      return failed === undefined ? Effect.void : Effect.die(checks.errorOf(failed, stories, callSite.stack))
    })
  }

  const service: Service = {
    events: Effect.sync(() => recording.events),
    stories: Effect.sync(() => recording.stories),
    analyses: Effect.sync(() => recording.events.flatMap(analysisIn)),
    clear: Effect.sync(() => recording.clear()),
    assertStagesCompleted: (names, options) =>
      assertion(() => checks.stagesCompleted(recording.events, names, options?.story), service.assertStagesCompleted),
    assertNoFailure: assertion(checks.noFailure),
    assertStageFailed: (name, expected) =>
      assertion((stories) => checks.stageIs(stories, "failed", name, expected), service.assertStageFailed),
    assertStageCancelled: (name, expected) =>
      assertion((stories) => checks.stageIs(stories, "cancelled", name, expected), service.assertStageCancelled),
    assertStory: (name, expected) =>
      assertion((stories) => checks.storyIs(stories, name, expected), service.assertStory),
    assertTree: (expected) => assertion((stories) => checks.treeIs(stories, expected), service.assertTree)
  }
  return service
}

const analysisIn = (event: NarrativeEvent): ReadonlyArray<RecordedAnalysis> => {
  if ((event._tag !== "FailureOccurred" && event._tag !== "AnalysisReady") || event.analysis === null) return []
  const late = event._tag === "AnalysisReady"
  const stageName = late ? event.stageName : event.failures[0].stageName
  return [{ ...event.analysis, storyName: event.storyName, stageName, late }]
}
