/**
 * How long a server asks to be left alone.
 */
import * as Duration from "effect/Duration"

/** Longest a server is waited for; one that wants more is not asked again. */
export const longestWait = Duration.minutes(5)

const number = /^\d{1,9}(?:\.\d{1,9})?$/

/** `Retry-After` in seconds or as a date; `retry-after-ms` where a server is more exact. */
export const retryAfterOf = (
  headers: { readonly [name: string]: string | undefined },
  now: number
): Duration.Duration | undefined => {
  const millis = headers["retry-after-ms"]?.trim() ?? ""
  if (number.test(millis)) return Duration.millis(Number(millis))
  const text = headers["retry-after"]?.trim() ?? ""
  if (number.test(text)) return Duration.seconds(Number(text))
  // Not what else `Date.parse` takes for a date, such as a number.
  const at = /[A-Za-z]{3}/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? undefined : Duration.millis(Math.max(0, at - now))
}
