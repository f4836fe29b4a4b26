/**
 * So many questions within any interval of a given length, and no more.
 */
import * as Duration from "effect/Duration"

export class RateLimit {
  /** When the questions of the last interval were asked, in milliseconds since the epoch. */
  #asked: Array<number> = []

  constructor(
    readonly limit: number,
    readonly interval: Duration.Duration
  ) {}

  /** Nothing if one more may be asked now; otherwise how long until then. */
  admit(now: number): Duration.Duration | undefined {
    const since = now - Duration.toMillis(this.interval)
    this.#asked = this.#asked.filter((at) => at > since)
    const [first] = this.#asked
    if (first !== undefined && this.#asked.length >= this.limit) return Duration.millis(first - since)
    this.#asked.push(now)
    return undefined
  }
}
