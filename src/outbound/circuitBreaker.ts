/**
 * What keeps something that failed too often from being tried for a while.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"

/** Decides when a closed circuit opens. It is mutable, and belongs to one circuit. */
export interface TripPolicy {
  readonly onSuccess: () => void
  /** Whether the circuit opens with this failure. */
  readonly onFailure: () => boolean
  /** The circuit opened or closed: what was counted says nothing about now. */
  readonly reset: () => void
}

/** Opens the circuit after so many failures in a row. */
export const consecutive = (failures: number): TripPolicy => {
  let inARow = 0
  return {
    onSuccess: () => {
      inARow = 0
    },
    onFailure: () => {
      inARow += 1
      return inARow >= failures
    },
    reset: () => {
      inARow = 0
    }
  }
}

/** Mutable on purpose: each change of it is one synchronous step of a fiber. */
export class CircuitBreaker {
  /** In milliseconds since the epoch; `undefined` while the circuit is closed. */
  #openUntil: number | undefined
  #probing = false
  /** Counts openings and closings: what began before the last of them says nothing about now. */
  #turn = 0

  constructor(
    readonly policy: TripPolicy,
    readonly resetAfter: Duration.Duration
  ) {}

  /**
   * Runs the effect while the circuit is closed, and one at a time when it is half open. Otherwise it is refused, which
   * counts neither as a success nor as a failure; nor does an interruption.
   */
  protect<A, E, R, E2>(
    self: Effect.Effect<A, E, R>,
    refuse: (retryAfter: Duration.Duration) => E2
  ): Effect.Effect<A, E | E2, R> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.clockWith((clock): Effect.Effect<A, E | E2, R> => {
        const now = clock.unsafeCurrentTimeMillis()
        if (this.#openUntil !== undefined) {
          if (this.#probing || now < this.#openUntil) {
            return Effect.fail(refuse(Duration.millis(Math.max(0, this.#openUntil - now))))
          }
          this.#probing = true
        }
        const turn = this.#turn
        return Effect.onExit(restore(self), (exit) =>
          Effect.sync(() => {
            if (turn === this.#turn) this.#record(exit, clock.unsafeCurrentTimeMillis())
          })
        )
      })
    )
  }

  #record(exit: Exit.Exit<unknown, unknown>, now: number): void {
    const isProbe = this.#probing
    this.#probing = false
    if (exit._tag === "Failure" && Cause.isInterruptedOnly(exit.cause)) return
    if (exit._tag === "Success") {
      this.policy.onSuccess()
      this.#turnTo(undefined)
    } else if (this.policy.onFailure() || isProbe) this.#turnTo(now + Duration.toMillis(this.resetAfter))
  }

  #turnTo(openUntil: number | undefined): void {
    if (openUntil === this.#openUntil) return
    this.#openUntil = openUntil
    this.policy.reset()
    this.#turn += 1
  }
}
