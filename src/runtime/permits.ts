/**
 * At most so many at once, of which none is lost.
 *
 * Effect's `Semaphore` takes its permit before the region begins that gives it back: a fiber that yields between the two, and is
 * interrupted there, keeps the permit, and whoever asks for it later waits forever. Here a permit is taken in the region.
 */
import * as Effect from "effect/Effect"

type Restore = <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** @internal */
export class Permits {
  #free: number
  readonly #waiting = new Set<() => void>()

  constructor(permits: number) {
    this.#free = permits
  }

  /** Runs an effect with a permit, which is given back however it ends. */
  run<A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return this.hold((restore) => restore(self))
  }

  /** The same for what is interruptible only where it says so. */
  hold<A, E, R>(use: (restore: Restore) => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.zipRight(this.#take(restore), Effect.ensuring(use(restore), this.#release))
    )
  }

  #take(restore: Restore): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.#free === 0) return Effect.zipRight(restore(this.#turn), this.#take(restore))
      this.#free -= 1
      return Effect.void
    })
  }

  /** Whoever is interrupted when it was its turn leaves it to the next. */
  readonly #turn = Effect.async<void>((resume) => {
    const wake = () => resume(Effect.void)
    this.#waiting.add(wake)
    return Effect.sync(() => this.#waiting.delete(wake))
  }).pipe(Effect.onInterrupt(() => this.#wakeNext))

  readonly #wakeNext = Effect.sync(() => {
    if (this.#free === 0) return
    for (const wake of this.#waiting) {
      this.#waiting.delete(wake)
      return wake()
    }
  })

  readonly #release = Effect.suspend(() => {
    this.#free += 1
    return this.#wakeNext
  })
}
