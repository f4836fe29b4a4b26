/**
 * What a group of stages fails with.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Data from "effect/Data"

/**
 * Some stages of `Narrative.group` failed: each with its whole cause, under its name. Every other stage of the group
 * has run to its end.
 *
 * @since 0.1.0
 * @category errors
 */
export class StageGroupError<E = unknown> extends Data.TaggedError("StageGroupError")<{
  readonly failures: { readonly [stage: string]: Cause.Cause<E> }
}> {
  override get message(): string {
    const names = Object.keys(this.failures)
    return `${names.length} stage(s) of the group failed: ${names.join(", ")}`
  }
}
