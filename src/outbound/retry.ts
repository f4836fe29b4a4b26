/**
 * Trying again: as often as a schedule says, and no sooner than the server asked for.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"

/** Longest a server is waited for; one that asks for more is not asked again. */
const longestWait = Duration.minutes(5)

/** An error that may say how long the server asked to wait. */
interface Refusal {
  readonly retryAfter?: Duration.Duration | null | undefined
}

/** Repeats what failed, for as long as `schedule` goes on and `mayHelp` holds of the error. */
export const retry =
  <E extends Refusal>(schedule: Schedule.Schedule<unknown, E>, mayHelp: (error: E) => boolean) =>
  <A, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.retry(self, {
      schedule: Schedule.modifyDelay(Schedule.passthrough(schedule), (error, delay) =>
        Duration.max(delay, waitOf(error))
      ),
      while: (error) => mayHelp(error) && Duration.lessThanOrEqualTo(waitOf(error), longestWait)
    })

// An analyzer that does not keep to its types may fail with anything.
const waitOf = (error: Refusal | null | undefined): Duration.Duration => {
  const wait = error?.retryAfter
  return Duration.isDuration(wait) ? wait : Duration.zero
}

const number = /^\d{1,9}(?:\.\d{1,9})?$/

/** What a server asks for: `Retry-After` in seconds or as a date; `retry-after-ms` where it is more exact. */
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
