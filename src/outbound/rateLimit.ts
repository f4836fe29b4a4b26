/**
 * So many calls within any interval of a given length, and no more. (Effect's `RateLimiter` makes a call wait; this one
 * refuses it, and says how long to wait.)
 */
import * as Duration from "effect/Duration"

export class RateLimit {
  /** When the calls of the last interval were made, in milliseconds since the epoch. */
  #admitted: Array<number> = []

  constructor(
    readonly limit: number,
    readonly interval: Duration.Duration
  ) {}

  /** Nothing if one more may be made now; otherwise how long until then. */
  admit(now: number): Duration.Duration | undefined {
    const since = now - Duration.toMillis(this.interval)
    this.#admitted = this.#admitted.filter((at) => at > since)
    const [first] = this.#admitted
    if (first !== undefined && this.#admitted.length >= this.limit) return Duration.millis(first - since)
    this.#admitted.push(now)
    return undefined
  }
}
