/**
 * What a test expects of recorded stories: a tree that checks what it mentions and nothing else.
 *
 * Stages and sub-stories that are not mentioned are allowed, unless `exact` is set. Siblings that ran concurrently may
 * be in any order; those that ran one after the other have to be mentioned in that order.
 *
 * @since 0.1.0
 */
import * as Fn from "effect/Function"
import type {
  Difference,
  Expectation,
  StageExpectation,
  StageProperties,
  StoryExpectation,
  StoryProperties
} from "./Expectation.js"
import type { RecordedStage, RecordedStory } from "./RecordedStory.js"
import * as recordedTree from "./recordedTree.js"
import * as comparison from "./treeComparison.js"
import * as treeText from "./treeText.js"

export type {
  Difference,
  Expectation,
  Mismatch,
  Missing,
  OutOfOrder,
  PropertyDiffers,
  StageExpectation,
  StageProperties,
  StoryExpectation,
  StoryProperties,
  Unexpected
} from "./Expectation.js"

/**
 * Expects a story. Inside another expectation: a sub-story.
 *
 * @example
 * ```ts
 * import { StoryTree } from "effect-narrative/testing"
 *
 * StoryTree.story("Import", { status: "failed" }, [
 *   StoryTree.stage("Load CSV"),
 *   StoryTree.stage("Insert", { status: "failed", errorType: "SqlError" }, [StoryTree.stage("Open Transaction")])
 * ])
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const story: {
  (name: string | RegExp, children?: ReadonlyArray<Expectation>): StoryExpectation
  (name: string | RegExp, properties: StoryProperties, children?: ReadonlyArray<Expectation>): StoryExpectation
} = (
  name: string | RegExp,
  second: StoryProperties | ReadonlyArray<Expectation> = [],
  children: ReadonlyArray<Expectation> = []
): StoryExpectation =>
  isList(second)
    ? { _tag: "Story", name, properties: {}, children: second }
    : { _tag: "Story", name, properties: second, children }

/**
 * Expects a stage.
 *
 * @since 0.1.0
 * @category constructors
 */
export const stage: {
  (name: string | RegExp, children?: ReadonlyArray<Expectation>): StageExpectation
  (name: string | RegExp, properties: StageProperties, children?: ReadonlyArray<Expectation>): StageExpectation
} = (
  name: string | RegExp,
  second: StageProperties | ReadonlyArray<Expectation> = [],
  children: ReadonlyArray<Expectation> = []
): StageExpectation =>
  isList(second)
    ? { _tag: "Stage", name, properties: {}, children: second }
    : { _tag: "Stage", name, properties: second, children }

// `Array.isArray` does not narrow a ReadonlyArray out of a union.
const isList = (value: object): value is ReadonlyArray<Expectation> => Array.isArray(value)

/**
 * Says why something is expected. The text is shown where it is not met.
 *
 * @example
 * ```ts
 * import { StoryTree } from "effect-narrative/testing"
 *
 * StoryTree.clue(StoryTree.stage("Insert", { retries: 1 }), "the first insert meets the lock")
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const clue: {
  (text: string): <E extends Expectation>(self: E) => E
  <E extends Expectation>(self: E, text: string): E
} = Fn.dual(2, <E extends Expectation>(self: E, text: string): E => ({ ...self, clue: text }))

/**
 * Compares expectations with the stories that no recorded story is the parent of. `undefined` if they match.
 *
 * @since 0.1.0
 * @category comparing
 */
export const difference: (
  expected: ReadonlyArray<StoryExpectation>,
  recorded: ReadonlyArray<RecordedStory>
) => Difference | undefined = comparison.difference

/**
 * Whether a recorded story or stage is what an expectation says of it itself, whatever is inside.
 *
 * @since 0.1.0
 * @category comparing
 */
export const describes: (expected: Expectation, recorded: RecordedStory | RecordedStage) => boolean =
  recordedTree.describes

/**
 * Recorded stories as an indented text, a line for each story and stage.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render: (recorded: ReadonlyArray<RecordedStory>) => string = treeText.render

/**
 * What a recorded story or stage has to say about the properties an expectation mentions.
 *
 * @internal
 */
export const factsAbout: (
  properties: object,
  recorded: RecordedStory | RecordedStage
) => { readonly [name: string]: unknown } = recordedTree.factsAbout
