/**
 * What a narrator takes and gives.
 */
import type { StoryStatus } from "../event/NarrativeEvent.js"
import type { StoryOptions } from "../narration/Options.js"
import type { Story } from "../narration/Story.js"
import type { Correlation } from "../tracing/Correlation.js"
import type { Narrated } from "./follow.js"

/**
 * Calls a function as a story or stage: `(name, f)`, or `(name, options, f)`.
 *
 * It ends when the function ends: a Promise when it is settled, a generator when it is done, a stream of Node's when it
 * has ended or was closed; a generator or stream that is forgotten is cancelled when it is collected as garbage, or the narrator
 * disposed of. That of a generator function begins with the first value that is asked for. A thenable that is no Promise, as a
 * query that has not begun, is begun, and its Promise given.
 *
 * @since 0.1.0
 * @category models
 */
export interface Run<in Options> {
  <A>(name: string, f: () => A): Narrated<A>
  <A>(name: string, options: Options, f: () => A): Narrated<A>
}

/**
 * How a story ends that was begun with `open`.
 *
 * @since 0.1.0
 * @category models
 */
export interface StoryEnd {
  /** What the story failed with: it is reported, unless the story ends otherwise than failed or timed out. */
  readonly error?: unknown
  /** How it ended (default: `failed` with an error, else `success`). */
  readonly status?: StoryStatus | undefined
  /** A short result label: `200 OK`. */
  readonly outcome?: string | undefined
  /** What is known of the story by now. */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined
}

/**
 * A story that was begun and does not end with a function: a request that ends when its response was sent, for instance.
 *
 * @since 0.1.0
 * @category models
 */
export interface OpenStory {
  /** The story; `undefined` where narration is switched off. */
  readonly story: Story | undefined
  /** Calls a function inside the story, any number of times. */
  readonly run: <A>(f: () => A) => A
  /** Ends the story, the first time; later calls do nothing. */
  readonly end: (end?: StoryEnd) => void
}

/**
 * @since 0.1.0
 * @category models
 */
export interface NarratorStoryOptions extends StoryOptions {
  /** Who asked for it: what the headers of a request said, for instance. Added to what holds where the story begins. */
  readonly correlation?: Correlation | undefined
}
