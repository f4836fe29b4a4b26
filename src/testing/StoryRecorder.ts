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
import { fromEvents, type RecordedStage, type RecordedStory } from "./RecordedStory.js"
import { StoryAssertionError } from "./StoryAssertionError.js"
import * as StoryTree from "./StoryTree.js"

/**
 * What a test asks the recorder. An assertion that does not hold dies with a `StoryAssertionError` that shows what was
 * recorded instead.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** Everything told so far, in order. */
  readonly events: Effect.Effect<ReadonlyArray<NarrativeEvent>>
  /** The stories told of so far, sub-stories included, in order of starting. */
  readonly stories: Effect.Effect<ReadonlyArray<RecordedStory>>
  /** The analyses told so far: with their failures, and later on. */
  readonly analyses: Effect.Effect<ReadonlyArray<RecordedAnalysis>>
  /** Forgets everything told so far. */
  readonly clear: Effect.Effect<void>
  /** These stages completed, in this order, and no others: across all stories, or in the stories of one name. */
  readonly assertStagesCompleted: (
    names: ReadonlyArray<string>,
    options?: { readonly story?: string | undefined }
  ) => Effect.Effect<void>
  /** No story failed or timed out, and no failure was told, not even a handled one. A caught stage failure is none. */
  readonly assertNoFailure: Effect.Effect<void>
  /** A stage of this name failed, and its error is as described. */
  readonly assertStageFailed: (
    name: string,
    expected?: Omit<StoryTree.StageProperties, "status" | "exact">
  ) => Effect.Effect<void>
  /** A stage of this name was cancelled. */
  readonly assertStageCancelled: (
    name: string,
    expected?: Omit<StoryTree.StageProperties, "status" | "exact">
  ) => Effect.Effect<void>
  /** There is a story of this name, and it is as described. */
  readonly assertStory: (name: string, expected?: Omit<StoryTree.StoryProperties, "exact">) => Effect.Effect<void>
  /** There are stories, outermost ones, that these trees describe. */
  readonly assertTree: (
    expected: StoryTree.StoryExpectation | ReadonlyArray<StoryTree.StoryExpectation>
  ) => Effect.Effect<void>
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

interface Failed {
  readonly message: string
  readonly actual: unknown
  readonly expected: unknown
}

const serviceOf = (recording: Recording): Service => {
  /** The stack is taken where the assertion is written: that is the line the test runner shows. */
  const assertion = (
    check: (stories: ReadonlyArray<RecordedStory>) => Failed | undefined,
    caller?: (...args: never) => unknown
  ): Effect.Effect<void> => {
    const callSite: { stack?: string } = {}
    if (caller !== undefined) Error.captureStackTrace(callSite, caller)
    return Effect.suspend(() => {
      const stories = recording.stories
      const failed = check(stories)
      if (failed === undefined) return Effect.void
      const error = new StoryAssertionError({
        ...failed,
        message: `${failed.message}\n\n${indented(StoryTree.render(stories))}\n`
      })
      const frames = callSite.stack?.split("\n").slice(1) ?? []
      if (frames.length > 0) error.stack = [`${error.name}: ${error.message}`, ...frames].join("\n")
      return Effect.die(error)
    })
  }

  const assertStage = (
    status: RecordedStage["status"],
    name: string,
    expected: StoryTree.StageProperties,
    caller: (...args: never) => unknown
  ) =>
    assertion((stories) => {
      const stages = stories.flatMap((story) => story.stages.flatMap(withNested))
      const wanted = StoryTree.stage(name, { ...expected, status })
      if (stages.some((stage) => StoryTree.describes(wanted, stage))) return undefined
      return notFound("stage", name, wanted.properties, stages)
    }, caller)

  const service: Service = {
    events: Effect.sync(() => recording.events),
    stories: Effect.sync(() => recording.stories),
    analyses: Effect.sync(() => recording.events.flatMap(analysisIn)),
    clear: Effect.sync(() => recording.clear()),

    assertStagesCompleted: (names, options) =>
      assertion(() => {
        const completed = recording.events.flatMap((event) =>
          event._tag === "StageCompleted" && (options?.story ?? event.storyName) === event.storyName
            ? [event.stageName]
            : []
        )
        if (completed.length === names.length && completed.every((name, i) => name === names[i])) return undefined
        const where = options?.story === undefined ? "" : ` in the story "${options.story}"`
        return {
          message: `Expected these stages to complete${where}, in this order:\n  ${list(names)}\nbut it was:\n  ${list(completed)}`,
          actual: completed,
          expected: names
        }
      }, service.assertStagesCompleted),

    assertNoFailure: assertion((stories) => {
      const failures = stories.flatMap((story) => [
        ...[...story.handledFailures, ...(story.failure === undefined ? [] : [story.failure])].map(
          ({ failures: [primary] }) => `${story.name}: ${primary.errorType}: ${primary.errorMessage}`
        ),
        ...(story.failure === undefined && (story.status === "failed" || story.status === "timeout")
          ? [`${story.name}: ${story.status}`]
          : [])
      ])
      if (failures.length === 0) return undefined
      return {
        message: `Expected no failure, but there was:\n  ${failures.join("\n  ")}`,
        actual: failures,
        expected: []
      }
    }),

    assertStageFailed: (name, expected = {}) => assertStage("failed", name, expected, service.assertStageFailed),

    assertStageCancelled: (name, expected = {}) =>
      assertStage("cancelled", name, expected, service.assertStageCancelled),

    assertStory: (name, expected = {}) =>
      assertion((stories) => {
        if (stories.some((story) => StoryTree.describes(StoryTree.story(name, expected), story))) return undefined
        return notFound("story", name, expected, stories)
      }, service.assertStory),

    assertTree: (expected) =>
      assertion((stories) => {
        const found = StoryTree.difference(isList(expected) ? expected : [expected], stories)
        if (found === undefined) return undefined
        return {
          message: `The stories are not as expected; ✗ marks the differences:\n\n${found.sideBySide}\n\nAll that was recorded:`,
          actual: found.recorded,
          expected: found.expected
        }
      }, service.assertTree)
  }
  return service
}

const analysisIn = (event: NarrativeEvent): ReadonlyArray<RecordedAnalysis> => {
  if ((event._tag !== "FailureOccurred" && event._tag !== "AnalysisReady") || event.analysis === null) return []
  const late = event._tag === "AnalysisReady"
  const stageName = late ? event.stageName : event.failures[0].stageName
  return [{ ...event.analysis, storyName: event.storyName, stageName, late }]
}

const notFound = (
  what: "story" | "stage",
  name: string,
  expected: object,
  recorded: ReadonlyArray<RecordedStory | RecordedStage>
): Failed => {
  const named = recorded.filter((one) => one.name === name).map((one) => StoryTree.factsAbout(expected, one))
  const found = named.length === 0 ? `no ${what} has that name` : `it was ${named.map(properties).join(", ")}`
  return {
    message: `Expected a ${what} "${name}"${properties(expected) === "" ? "" : ` with ${properties(expected)}`}, but ${found}:`,
    actual: named.length === 1 ? named[0] : named,
    expected
  }
}

const properties = (values: object): string =>
  Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${value instanceof RegExp ? value : JSON.stringify(value)}`)
    .join(", ")

const withNested = (stage: RecordedStage): ReadonlyArray<RecordedStage> => [stage, ...stage.stages.flatMap(withNested)]

const list = (names: ReadonlyArray<string>): string => (names.length === 0 ? "(none)" : names.join(", "))

const indented = (text: string): string => text.replaceAll(/^/gm, "  ")

const isList = (
  value: StoryTree.StoryExpectation | ReadonlyArray<StoryTree.StoryExpectation>
): value is ReadonlyArray<StoryTree.StoryExpectation> => Array.isArray(value)
