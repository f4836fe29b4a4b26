/**
 * A clock on which a month passes in a minute: when there is nothing else to do, it goes on to the next end of a sleep.
 */
import { Clock, Duration, Effect } from "effect"

interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

export class VirtualClock {
  readonly #sleepers: Array<Sleeper> = []
  #isAdvancing = false

  constructor(
    /** Milliseconds since the epoch. */
    public now: number
  ) {}

  /** Goes on to a moment, if it is not past. */
  goTo(moment: number): void {
    this.now = Math.max(this.now, moment)
  }

  readonly clock: Clock.Clock = {
    ...Clock.make(),
    unsafeCurrentTimeMillis: () => Math.floor(this.now),
    unsafeCurrentTimeNanos: () => BigInt(Math.round(this.now * 1_000)) * 1_000n,
    currentTimeMillis: Effect.sync(() => Math.floor(this.now)),
    currentTimeNanos: Effect.sync(() => BigInt(Math.round(this.now * 1_000)) * 1_000n),
    sleep: (duration) => this.#sleep(Duration.toMillis(duration))
  }

  #sleep(millis: number): Effect.Effect<void> {
    return Effect.async((resume) => {
      const sleeper: Sleeper = { at: this.now + millis, wake: () => resume(Effect.void) }
      this.#sleepers.push(sleeper)
      this.#sleepers.sort((a, b) => a.at - b.at)
      this.#advance()
      return Effect.sync(() => {
        const at = this.#sleepers.indexOf(sleeper)
        if (at >= 0) this.#sleepers.splice(at, 1)
      })
    })
  }

  #advance(): void {
    if (this.#isAdvancing) return
    this.#isAdvancing = true
    setImmediate(() => {
      this.#isAdvancing = false
      const next = this.#sleepers.shift()
      if (next === undefined) return
      this.goTo(next.at)
      next.wake()
      if (this.#sleepers.length > 0) this.#advance()
    })
  }
}
