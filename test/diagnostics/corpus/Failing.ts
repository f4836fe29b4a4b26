/**
 * A program that fails, and what its report has to say. The comment `@name` is on the line that one would change.
 */
import type { Effect } from "effect"

export interface Failing {
  readonly program: Effect.Effect<unknown, unknown>
  readonly type: string
  /** What the exact cause, or the message where there is no more to say, has to match. */
  readonly cause: RegExp
  /** What has to be among the variables in rich mode: the value that decides. */
  readonly value?: Readonly<Record<string, unknown>>
}
