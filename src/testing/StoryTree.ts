/**
 * What a test expects of recorded stories: a tree that checks what it mentions and nothing else.
 *
 * Stages and sub-stories that are not mentioned are allowed, unless `exact` is set. Siblings that ran concurrently may
 * be in any order; those that ran one after the other have to be mentioned in that order.
 *
 * @since 0.1.0
 */
import type { StoryStatus } from "../event/NarrativeEvent.js"
import type { PlainRecord } from "../plain/PlainValue.js"
import type { RecordedStage, RecordedStory } from "./RecordedStory.js"
import * as comparison from "./treeComparison.js"

/**
 * - `errorType`, `message`: of the failure, the primary one where there are several. A string of `message` has to be
 *   contained in it.
 * - `attributes`: those mentioned have to be there; nested records are treated likewise.
 * - `exact`: there are no other stages and sub-stories directly inside than those mentioned.
 *
 * @since 0.1.0
 * @category models
 */
export interface StageProperties {
  readonly kind?: string | undefined
  readonly status?: RecordedStage["status"] | undefined
  readonly errorType?: string | undefined
  readonly message?: string | RegExp | undefined
  readonly orphaned?: boolean | undefined
  readonly retries?: number | undefined
  readonly attributes?: PlainRecord | undefined
  readonly exact?: boolean | undefined
}

/**
 * See {@link StageProperties}. An `outcome` of `null` expects that there is none.
 *
 * @since 0.1.0
 * @category models
 */
export interface StoryProperties {
  readonly kind?: string | undefined
  readonly status?: StoryStatus | "running" | undefined
  readonly outcome?: string | null | undefined
  readonly errorType?: string | undefined
  readonly message?: string | RegExp | undefined
  readonly labels?: { readonly [name: string]: string } | undefined
  readonly attributes?: PlainRecord | undefined
  readonly dryRun?: boolean | undefined
  readonly exact?: boolean | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface StageExpectation {
  readonly _tag: "Stage"
  readonly name: string | RegExp
  readonly properties: StageProperties
  readonly children: ReadonlyArray<Expectation>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface StoryExpectation {
  readonly _tag: "Story"
  readonly name: string | RegExp
  readonly properties: StoryProperties
  readonly children: ReadonlyArray<Expectation>
}

/**
 * @since 0.1.0
 * @category models
 */
export type Expectation = StoryExpectation | StageExpectation

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
 * Where trees differ from what was expected: both as text, and side by side with the differing lines marked.
 *
 * @since 0.1.0
 * @category models
 */
export interface Difference {
  readonly expected: string
  readonly recorded: string
  readonly sideBySide: string
}

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
  comparison.describes

/**
 * Recorded stories as an indented text, a line for each story and stage.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render: (recorded: ReadonlyArray<RecordedStory>) => string = comparison.render

/**
 * What a recorded story or stage has to say about the properties an expectation mentions.
 *
 * @internal
 */
export const factsAbout: (
  properties: object,
  recorded: RecordedStory | RecordedStage
) => { readonly [name: string]: unknown } = comparison.factsAbout
