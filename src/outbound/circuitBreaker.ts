/**
 * What keeps an analyzer that failed too often from being asked for a while.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type { AnalyzerError } from "../analysis/AnalyzerError.js"
import type { Answer } from "../analysis/deriveAnalyzer.js"

/** Mutable on purpose: each change of it is one synchronous step of a fiber. */
export class CircuitBreaker {
  /** In a row, while the circuit is closed. */
  #failures = 0
  /** In milliseconds since the epoch; `undefined` while the circuit is closed. */
  #openUntil: number | undefined
  #probing = false
  /** Counts openings and closings: a question asked before the last of them says nothing about now. */
  #turn = 0

  constructor(
    readonly failures: number,
    readonly resetAfter: Duration.Duration
  ) {}

  ask(analyze: Answer, refuse: (retryAfter: Duration.Duration) => AnalyzerError): Answer {
    return Effect.uninterruptibleMask((restore) =>
      Effect.clockWith((clock) => {
        const now = clock.unsafeCurrentTimeMillis()
        if (this.#openUntil !== undefined) {
          if (this.#probing || now < this.#openUntil) {
            return Effect.fail(refuse(Duration.millis(Math.max(0, this.#openUntil - now))))
          }
          this.#probing = true
        }
        const turn = this.#turn
        return Effect.onExit(restore(analyze), (exit) =>
          Effect.sync(() => {
            if (turn === this.#turn) this.#learn(exit, clock.unsafeCurrentTimeMillis())
          })
        )
      })
    )
  }

  #learn(exit: Exit.Exit<unknown, unknown>, now: number): void {
    const isProbe = this.#probing
    this.#probing = false
    // A question that was interrupted has no answer, neither good nor bad.
    if (exit._tag === "Failure" && Cause.isInterruptedOnly(exit.cause)) return
    this.#failures = exit._tag === "Success" ? 0 : this.#failures + 1
    if (exit._tag === "Success") this.#turnTo(undefined)
    else if (isProbe || this.#failures >= this.failures) this.#turnTo(now + Duration.toMillis(this.resetAfter))
  }

  #turnTo(openUntil: number | undefined): void {
    if (openUntil === this.#openUntil) return
    this.#openUntil = openUntil
    this.#failures = 0
    this.#turn += 1
  }
}
