/**
 * What users pass to stories, stages and programs.
 */
import type { Teardown } from "@effect/platform/Runtime"
import type * as Layer from "effect/Layer"

/**
 * @since 0.1.0
 * @category models
 */
export interface StoryOptions {
  /** What this story is, where "story" says too little: `pipeline`, `request`, `agent`, … */
  readonly kind?: string | undefined
  /**
   * How many stages are expected, a whole number of 0 or more; makes progress true at every stage's end. Can be set
   * later with `Narrative.setTotalStages`.
   */
  readonly totalStages?: number | undefined
  /** Few keys with few values each, since they become labels of metrics: at most 32, of at most 256 characters. */
  readonly labels?: Readonly<Record<string, string>> | undefined
  /** Anything worth knowing: span attributes, shown in failure reports. */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined
  /** Whether this is a dry run: stand-ins take the place of what they stand in for, and no failure counts. */
  readonly dryRun?: boolean | undefined
  /** The story's id. The `IdGenerator` makes one otherwise, and where the given one is longer than 256 characters or holds a secret. */
  readonly id?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface StageOptions {
  /** What this stage is, where "stage" says too little: `tool`, `provider`, `query`, … */
  readonly kind?: string | undefined
  /** Anything worth knowing: span attributes, shown in failure reports. */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface GroupOptions {
  /** How many of the stages run at once (default: all). */
  readonly concurrency?: number | "unbounded" | undefined
  /** The kind of each stage. */
  readonly kind?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface RetryOptions<in E> {
  /** What to say of the error that made a retry necessary (default: its type and message). */
  readonly reason?: ((error: E) => string) | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface MainOptions {
  /**
   * The renderers, diagnostics and redaction of the whole program, a failure outside any story included. What is
   * provided to the program itself is already closed when the program has failed.
   */
  readonly layer?: Layer.Layer<never, unknown> | undefined
  /**
   * Makes the program one story of this name, around all that happens in it. It begins when something does: a program that
   * only prints its help, or refuses its arguments, has no story. Its renderers are those of `layer`.
   */
  readonly story?: string | undefined
  /** Keeps Effect's default logger instead of the pretty one. */
  readonly disablePrettyLogger?: boolean | undefined
  /** Decides the exit code. */
  readonly teardown?: Teardown | undefined
}
