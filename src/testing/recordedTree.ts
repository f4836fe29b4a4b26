/**
 * Recorded stories and stages as the nodes of a tree: what is in them, and what they say of the properties expected.
 */
import * as Equal from "effect/Equal"
import type { Expectation } from "./Expectation.js"
import type { RecordedStage, RecordedStory } from "./RecordedStory.js"

export type Recorded = RecordedStory | RecordedStage

/** The stories whose parents were not recorded. */
export const outermost = (recorded: ReadonlyArray<RecordedStory>): ReadonlyArray<RecordedStory> => {
  const ids = new Set(recorded.map((story) => story.id))
  return recorded.filter((story) => story.parentStoryId === undefined || !ids.has(story.parentStoryId))
}

const byBeginning = (a: Recorded, b: Recorded): number => a.began - b.began

/** What is directly inside, and nowhere deeper. */
export const directlyIn = (node: Recorded): ReadonlyArray<Recorded> =>
  [
    ...node.stages,
    ...(node._tag === "Stage" ? node.stories : node.stories.filter((story) => story.beganInStage === undefined))
  ].sort(byBeginning)

/** A sub-story may be expected in its parent story without a word about the stage it began in. */
export const expectableIn = (node: Recorded): ReadonlyArray<Recorded> =>
  [...node.stages, ...node.stories].sort(byBeginning)

/** Whether a node is what an expectation says of it itself, whatever is inside. */
export const describes = (expected: Expectation, recorded: Recorded): boolean =>
  expected._tag === recorded._tag &&
  isNamed(expected.name, recorded.name) &&
  mentionsOf(expected, recorded).every((mention) => mention.holds)

/** A property that an expectation mentions. */
export interface Mention {
  readonly name: string
  readonly expected: unknown
  readonly recorded: unknown
  readonly holds: boolean
}

export const mentionsOf = (expected: Expectation, recorded: Recorded): ReadonlyArray<Mention> => {
  const actual = factsOf(recorded)
  return Object.entries(expected.properties)
    .filter(([name, value]) => name !== "exact" && value !== undefined)
    .map(([name, value]) => ({
      name,
      expected: value,
      recorded: actual[name],
      holds: name === "message" ? isSaid(value, actual[name]) : contains(value, actual[name])
    }))
}

export const factsOf = (node: Recorded): { readonly [name: string]: unknown } => {
  if (node._tag === "Stage") return { ...node, message: node.errorMessage }
  const primary = node.failure?.failures[0]
  return {
    ...node,
    outcome: node.outcome ?? null,
    errorType: primary?.errorType ?? node.causedBy?.errorType,
    message: primary?.errorMessage
  }
}

export const factsAbout = (properties: object, node: Recorded): { readonly [name: string]: unknown } => {
  const facts = factsOf(node)
  return Object.fromEntries(Object.keys(properties).map((name) => [name, facts[name] ?? null]))
}

export const isNamed = (expected: string | RegExp, name: string): boolean =>
  typeof expected === "string" ? expected === name : new RegExp(expected).test(name)

const isSaid = (expected: unknown, message: unknown): boolean =>
  typeof message === "string" &&
  (expected instanceof RegExp ? new RegExp(expected).test(message) : message.includes(String(expected)))

/** Records contain at least the fields expected; everything else is equal. */
const contains = (expected: unknown, actual: unknown): boolean => {
  if (Array.isArray(expected)) {
    return (
      Array.isArray(actual) &&
      actual.length === expected.length &&
      expected.every((value, i) => contains(value, actual[i]))
    )
  }
  if (typeof expected !== "object" || expected === null) return Equal.equals(expected, actual)
  if (typeof actual !== "object" || actual === null || Array.isArray(actual)) return false
  const fields = new Map<string, unknown>(Object.entries(actual))
  return Object.entries(expected).every(([name, value]) => fields.has(name) && contains(value, fields.get(name)))
}
