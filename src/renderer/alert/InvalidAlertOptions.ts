import * as Data from "effect/Data"
import { clip, text } from "../../plain/PlainValue.js"

/**
 * A setting of the alerts that cannot be used. `given` is left out where it may be secret.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidAlertOptions extends Data.TaggedError("InvalidAlertOptions")<{
  readonly setting: string
  readonly expected: string
  readonly given?: unknown
}> {
  override get message(): string {
    const given = "given" in this ? `, not ${clip(text(this.given), 200)}` : ""
    return `AlertRenderer: ${this.setting} has to be ${this.expected}${given}`
  }
}
