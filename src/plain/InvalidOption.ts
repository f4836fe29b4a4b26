/**
 * The one error for an option that cannot be used, whichever module it belongs to.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * An option that cannot be used, or whose name is misspelt. A layer or an effect that takes options fails with it; a function that returns a plain
 * value throws it.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidOption extends Schema.TaggedError<InvalidOption>()("InvalidOption", {
  /** Whose option it is, such as `AlertRenderer`; absent where `setting` says all, as on a command line. */
  module: Schema.optional(Schema.String),
  /** The option, with the path to it: `rateLimit.alerts`, `patterns[1]`. */
  setting: Schema.String,
  /** What it takes. */
  expected: Schema.String,
  /** What it was given, as a text; absent where that may be secret. */
  given: Schema.optional(Schema.String),
  /** The option that was probably meant, where there is none of the name that `setting` is. */
  meant: Schema.optional(Schema.String),
  /** What to do about it. */
  advice: Schema.optional(Schema.String)
}) {
  override get message(): string {
    const where = this.module === undefined ? "" : `${this.module}: `
    if (this.meant !== undefined) return `${where}there is no option ${this.setting}. Did you mean ${this.meant}?`
    const given = this.given === undefined ? "" : `, not ${this.given}`
    const advice = this.advice === undefined ? "" : `. ${this.advice}`
    return `${where}${this.setting} takes ${this.expected}${given}${advice}`
  }
}
