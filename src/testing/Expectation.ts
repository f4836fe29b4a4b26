/**
 * What a test expects of recorded stories, and how the recorded ones differ from it.
 *
 * @since 0.1.0
 */
import type { StoryStatus } from "../event/NarrativeEvent.js"
import type { PlainRecord } from "../plain/PlainValue.js"
import type { RecordedStage, RecordedStory } from "./RecordedStory.js"

/**
 * What is expected of a stage. What is not mentioned is not checked.
 *
 * @since 0.1.0
 * @category models
 */
export interface StageProperties {
  readonly kind?: string | undefined
  readonly status?: RecordedStage["status"] | undefined
  /** The type of the failure, of the primary one where there are several. */
  readonly errorType?: string | undefined
  /** The message of the failure. A string has to be contained in it. */
  readonly message?: string | RegExp | undefined
  /** Whether the stage was still running as its story ended. */
  readonly orphaned?: boolean | undefined
  /** How often it was tried again. */
  readonly retries?: number | undefined
  /** Those mentioned have to be there; nested records are treated likewise. */
  readonly attributes?: PlainRecord | undefined
  /** There are no other stages and sub-stories directly inside than those mentioned. */
  readonly exact?: boolean | undefined
}

/**
 * What is expected of a story. What is not mentioned is not checked.
 *
 * @since 0.1.0
 * @category models
 */
export interface StoryProperties {
  readonly kind?: string | undefined
  readonly status?: StoryStatus | "running" | undefined
  /** `null` expects that there is none. */
  readonly outcome?: string | null | undefined
  /** The type of the failure that the story ended with, the primary one where there are several. */
  readonly errorType?: string | undefined
  /** The message of that failure. A string has to be contained in it. */
  readonly message?: string | RegExp | undefined
  /** Those mentioned have to be there. */
  readonly labels?: { readonly [name: string]: string } | undefined
  /** Those mentioned have to be there; nested records are treated likewise. */
  readonly attributes?: PlainRecord | undefined
  readonly dryRun?: boolean | undefined
  /** There are no other stages and sub-stories directly inside than those mentioned. */
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
  /** Why it is expected: shown where it is not met. */
  readonly clue?: string | undefined
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
  /** Why it is expected: shown where it is not met. */
  readonly clue?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export type Expectation = StoryExpectation | StageExpectation

/**
 * One way in which recorded stories are not as expected:
 *
 * - `Missing`: nothing that was recorded is what was expected.
 * - `Unexpected`: it was recorded where an `exact` expectation has no room for it.
 * - `PropertyDiffers`: it is there, and one of its properties is another.
 * - `OutOfOrder`: it is there, and had ended before one began that was to come before it.
 *
 * @since 0.1.0
 * @category models
 */
export type Mismatch = Missing | Unexpected | PropertyDiffers | OutOfOrder

/**
 * @since 0.1.0
 * @category models
 */
export interface Missing {
  readonly _tag: "Missing"
  /** The names of the expectations around it, outermost first, and its own. */
  readonly path: ReadonlyArray<string>
  readonly expected: Expectation
  readonly clue: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Unexpected {
  readonly _tag: "Unexpected"
  readonly path: ReadonlyArray<string>
  readonly recorded: RecordedStory | RecordedStage
  /** Of the expectation that is exact. */
  readonly clue: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface PropertyDiffers {
  readonly _tag: "PropertyDiffers"
  readonly path: ReadonlyArray<string>
  /** The property's name, such as `status`. */
  readonly property: string
  readonly expected: unknown
  readonly actual: unknown
  readonly clue: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface OutOfOrder {
  readonly _tag: "OutOfOrder"
  readonly path: ReadonlyArray<string>
  readonly recorded: RecordedStory | RecordedStage
  readonly clue: string | undefined
}

/**
 * Where trees differ from what was expected: as a list, both as text, and side by side with the differing lines marked.
 *
 * @since 0.1.0
 * @category models
 */
export interface Difference {
  readonly mismatches: ReadonlyArray<Mismatch>
  readonly expected: string
  readonly recorded: string
  readonly sideBySide: string
}
