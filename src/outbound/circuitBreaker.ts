/**
 * What keeps something that failed too often from being tried for a while.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"

/** Decides when a closed circuit opens. It is mutable, and belongs to one circuit. Times are in milliseconds. */
export interface TripPolicy {
  readonly onSuccess: (now: number) => void
  /** Whether the circuit opens with this failure. */
  readonly onFailure: (now: number) => boolean
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

/** In how many parts the time of a rate is counted: it forgets one of them at a time. */
const parts = 10

/** Opens the circuit when at least `minimum` calls ended `within` the last while, and at least `rate` of them failed. */
export const rate = (rate: number, minimum: number, within: Duration.Duration): TripPolicy => {
  const length = Math.max(1, Duration.toMillis(within) / parts)
  const counts = new Map<number, { total: number; failed: number }>()
  const at = (now: number) => {
    const part = Math.floor(now / length)
    // Later parts, too: the system's time may have been set back.
    for (const key of counts.keys()) if (key <= part - parts || key > part) counts.delete(key)
    const known = counts.get(part) ?? { total: 0, failed: 0 }
    counts.set(part, known)
    return known
  }
  return {
    onSuccess: (now) => {
      at(now).total += 1
    },
    onFailure: (now) => {
      const here = at(now)
      here.total += 1
      here.failed += 1
      let [total, failed] = [0, 0]
      for (const part of counts.values()) {
        total += part.total
        failed += part.failed
      }
      return total >= minimum && failed >= rate * total
    },
    reset: () => counts.clear()
  }
}

export type State = "closed" | "open" | "half-open"

/** What the end of a call says. */
export type Outcome = "success" | "failure" | "ignored"

/** Leave to call, to be handed back with the call's end. */
export interface Admission {
  readonly turn: number
}

/** Mutable on purpose: each change of it is one synchronous step of a fiber. */
export class CircuitBreaker {
  /** In milliseconds since the epoch; `undefined` while the circuit is closed. */
  #openUntil: number | undefined
  /** Until when the one call that a half-open circuit lets through may take; `undefined` while there is none. */
  #probeUntil: number | undefined
  /** Counts openings and closings: what began before the last of them says nothing about now. */
  #turn = 0

  constructor(
    readonly policy: TripPolicy,
    readonly resetAfter: Duration.Duration
  ) {}

  state(now: number): State {
    return this.#openUntil === undefined ? "closed" : now < this.#openUntil ? "open" : "half-open"
  }

  /** In milliseconds since the epoch; `undefined` while the circuit is closed. */
  get openUntil(): number | undefined {
    return this.#openUntil
  }

  /** How long the circuit goes on refusing, as far as that is known. */
  retryAfter(now: number): Duration.Duration {
    return Duration.millis(Math.max(0, (this.#openUntil ?? now) - now))
  }

  /**
   * Leave to make one call; `undefined` where it is refused, which changes nothing. Of a half-open circuit one at a time has it,
   * until its end, or for as long as `probeFor` says.
   */
  admit(now: number, probeFor = Number.POSITIVE_INFINITY): Admission | undefined {
    const state = this.state(now)
    if (state === "open") return undefined
    if (state === "half-open") {
      if (this.#probeUntil !== undefined && now < this.#probeUntil) return undefined
      this.#probeUntil = now + probeFor
    }
    return { turn: this.#turn }
  }

  /** The end of a call that had leave. */
  end({ turn }: Admission, outcome: Outcome, now: number): void {
    if (turn !== this.#turn) return
    const isProbe = this.#probeUntil !== undefined
    this.#probeUntil = undefined
    if (outcome === "ignored") return
    if (outcome === "success") {
      this.policy.onSuccess(now)
      this.#turnTo(undefined)
    } else if (this.policy.onFailure(now) || isProbe) this.#turnTo(now + Duration.toMillis(this.resetAfter))
  }

  /** The end of a call by hand. Of an open circuit it is that of a call that began before: it says nothing about now. */
  record(outcome: Outcome, now: number): void {
    if (this.#openUntil === undefined || this.#probeUntil !== undefined) this.end({ turn: this.#turn }, outcome, now)
  }

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
        const admission = this.admit(now)
        if (admission === undefined) return Effect.fail(refuse(this.retryAfter(now)))
        return Effect.onExit(restore(self), (exit) =>
          Effect.sync(() => this.end(admission, outcomeOf(exit), clock.unsafeCurrentTimeMillis()))
        )
      })
    )
  }

  #turnTo(openUntil: number | undefined): void {
    if (openUntil === this.#openUntil) return
    this.#openUntil = openUntil
    this.policy.reset()
    this.#turn += 1
  }
}

/** An interruption says nothing of what was called. */
export const outcomeOf = (exit: Exit.Exit<unknown, unknown>): Outcome =>
  exit._tag === "Success" ? "success" : Cause.isInterruptedOnly(exit.cause) ? "ignored" : "failure"

/** Circuits by name, as many as `max`: beyond it the one unused for longest is forgotten, of the closed ones if there are any. */
export class Circuits {
  readonly #circuits = new Map<string, CircuitBreaker>()

  constructor(
    readonly make: () => CircuitBreaker,
    readonly max: number
  ) {}

  get(name: string, now: number): CircuitBreaker {
    const known = this.#circuits.get(name)
    if (known === undefined) this.#makeRoom(now)
    const circuit = known ?? this.make()
    // The order of a Map is that of insertion: the first one is unused for longest.
    this.#circuits.delete(name)
    this.#circuits.set(name, circuit)
    return circuit
  }

  entries(): ReadonlyArray<readonly [name: string, circuit: CircuitBreaker]> {
    return Array.from(this.#circuits)
  }

  #makeRoom(now: number): void {
    if (this.#circuits.size < this.max) return
    let oldest: string | undefined
    for (const [name, circuit] of this.#circuits) {
      oldest ??= name
      if (circuit.state(now) === "closed") {
        oldest = name
        break
      }
    }
    if (oldest !== undefined) this.#circuits.delete(oldest)
  }
}
