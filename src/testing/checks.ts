/**
 * What each assertion checks, and how it says what was recorded instead.
 */
import type { NarrativeEvent } from "../event/NarrativeEvent.js"
import type { Mismatch, StageProperties, StoryExpectation, StoryProperties } from "./Expectation.js"
import type { RecordedStage, RecordedStory } from "./RecordedStory.js"
import { StoryAssertionError } from "./StoryAssertionError.js"
import * as StoryTree from "./StoryTree.js"

/** Why an assertion does not hold. */
export interface Failed {
  readonly message: string
  readonly actual: unknown
  readonly expected: unknown
  readonly mismatches?: ReadonlyArray<Mismatch>
}

/** The error of an assertion that was written where `stack` says. */
export const errorOf = (
  failed: Failed,
  stories: ReadonlyArray<RecordedStory>,
  stack: string | undefined
): StoryAssertionError => {
  const recorded = StoryTree.render(stories).replaceAll(/^/gm, "  ")
  const error = new StoryAssertionError({ ...failed, message: `${failed.message}\n\n${recorded}\n` })
  const frames = stack?.split("\n").slice(1) ?? []
  if (frames.length > 0) error.stack = [`${error.name}: ${error.message}`, ...frames].join("\n")
  return error
}

export const stagesCompleted = (
  events: ReadonlyArray<NarrativeEvent>,
  names: ReadonlyArray<string>,
  story: string | undefined
): Failed | undefined => {
  const completed = events.flatMap((event) =>
    event._tag === "StageCompleted" && (story ?? event.storyName) === event.storyName ? [event.stageName] : []
  )
  if (completed.length === names.length && completed.every((name, i) => name === names[i])) return undefined
  const where = story === undefined ? "" : ` in the story "${story}"`
  return {
    message: `Expected these stages to complete${where}, in this order:\n  ${list(names)}\nbut it was:\n  ${list(completed)}`,
    actual: completed,
    expected: names
  }
}

export const noFailure = (stories: ReadonlyArray<RecordedStory>): Failed | undefined => {
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
}

export const stageIs = (
  stories: ReadonlyArray<RecordedStory>,
  status: RecordedStage["status"],
  name: string,
  expected: StageProperties = {}
): Failed | undefined => {
  const stages = stories.flatMap((story) => story.stages.flatMap(withNested))
  const wanted = StoryTree.stage(name, { ...expected, status })
  if (stages.some((stage) => StoryTree.describes(wanted, stage))) return undefined
  return notFound("stage", name, wanted.properties, stages)
}

export const storyIs = (
  stories: ReadonlyArray<RecordedStory>,
  name: string,
  expected: StoryProperties = {}
): Failed | undefined =>
  stories.some((story) => StoryTree.describes(StoryTree.story(name, expected), story))
    ? undefined
    : notFound("story", name, expected, stories)

export const treeIs = (
  stories: ReadonlyArray<RecordedStory>,
  expected: StoryExpectation | ReadonlyArray<StoryExpectation>
): Failed | undefined => {
  const found = StoryTree.difference(isList(expected) ? expected : [expected], stories)
  if (found === undefined) return undefined
  return {
    message: `The stories are not as expected; ✗ marks the differences:\n\n${found.sideBySide}\n\nAll that was recorded:`,
    actual: found.recorded,
    expected: found.expected,
    mismatches: found.mismatches
  }
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

// `Array.isArray` does not narrow a ReadonlyArray out of a union.
const isList = (value: StoryExpectation | ReadonlyArray<StoryExpectation>): value is ReadonlyArray<StoryExpectation> =>
  Array.isArray(value)
