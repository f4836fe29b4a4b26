/**
 * Circuit breakers, one for each operation of each provider: what failed too often is not called for a while, so that neither the
 * caller nor who is called has to bear it.
 *
 * A circuit is closed while all is well. It opens when its policy says so, refuses every call for `resetAfter`, and then is half
 * open: it lets one call through, whose end closes it or opens it again. A refusal counts neither as a success nor as a failure,
 * nor does an interruption.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { CircuitBreaker, Narrative, Work } from "effect-narrative"
 *
 * declare const ask: Effect.Effect<string, Error>
 *
 * export const answer = ask.pipe(
 *   Work.providerCall({ operation: "chat", provider: "openai", model: "gpt-4o", circuitBreaker: true }),
 *   Effect.catchTag("CircuitBreakerOpenError", () => Effect.succeed("Please come back later")),
 *   Narrative.story("Answer"),
 *   Effect.provide(CircuitBreaker.layer({ tripPolicy: { failures: 5 }, resetAfter: "30 seconds" }))
 * )
 * ```
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Instruments from "../metrics/Instruments.js"
import * as circuits from "../outbound/circuitBreaker.js"
import type { InvalidOption } from "../plain/InvalidOption.js"
import * as options from "../plain/options.js"
import { attempt } from "../plain/untrusted.js"
import { type AnyFiber, now, withFiber } from "../runtime/fiber.js"
import * as recordings from "./recordings.js"
import { regionFor } from "./region.js"
import { measure, placeOf } from "./workContext.js"

/**
 * What a circuit is of: an operation (`chat`, `stt`) of a provider (`openai`).
 *
 * @since 0.1.0
 * @category models
 */
export interface Key {
  readonly operation: string
  readonly provider: string
}

/**
 * A call was refused. `retryAfter`: how long the circuit goes on refusing, as far as that is known.
 *
 * @since 0.1.0
 * @category errors
 */
export class CircuitBreakerOpenError extends Data.TaggedError("CircuitBreakerOpenError")<{
  readonly operation: string
  readonly provider: string
  readonly retryAfter: Duration.Duration
}> {
  override get message(): string {
    const { operation, provider, retryAfter } = this
    return `The circuit of ${operation} at ${provider} is open; try again in ${Duration.format(retryAfter)}`
  }
}

/**
 * @since 0.1.0
 * @category models
 */
export interface CircuitStats extends Key {
  readonly state: "closed" | "open" | "half-open"
  readonly retryAfter: Duration.Duration
}

/**
 * - `protect`: runs an effect unless its circuit refuses. Use it where you can: it cannot forget an end, or count one twice.
 * - `isOpen`, `recordSuccess`, `recordFailure`: the same by hand. `isOpen` of a half-open circuit is `false` for one caller, and `true` for
 *   every other one until that one recorded its end, or `resetAfter` has passed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  readonly isOpen: (key: Key) => Effect.Effect<boolean>
  readonly recordSuccess: (key: Key) => Effect.Effect<void>
  readonly recordFailure: (key: Key & { readonly reason?: string | undefined }) => Effect.Effect<void>
  readonly protect: <A, E, R>(
    self: Effect.Effect<A, E, R>,
    key: Key
  ) => Effect.Effect<A, E | CircuitBreakerOpenError, R>
  /** Of every circuit that was used, in the order of their last use. */
  readonly stats: Effect.Effect<ReadonlyArray<CircuitStats>>
}

/**
 * The circuit breakers in use. Without one nothing is refused.
 *
 * @since 0.1.0
 * @category services
 */
export class CircuitBreaker extends Context.Tag("effect-narrative/CircuitBreaker")<CircuitBreaker, Service>() {}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * When a closed circuit opens (default `{ failures: 5 }`): after so many failures in a row, or when at least `minimum` calls (default 10) ended
   * `within` the last while (default 1 minute) and that share of them failed (`rate`, 0–1).
   */
  readonly tripPolicy?:
    | { readonly failures: number }
    | {
        readonly rate: number
        readonly minimum?: number | undefined
        readonly within?: Duration.DurationInput | undefined
      }
    | undefined
  /** How long an open circuit refuses (default 30 seconds). */
  readonly resetAfter?: Duration.DurationInput | undefined
  /** Which errors count as failures (default: all). Others count neither way. */
  readonly isFailure?: ((error: unknown) => boolean) | undefined
  /** Most circuits kept (default 1,000); beyond it those unused for longest are forgotten. */
  readonly maxCircuits?: number | undefined
}

const Settings = Schema.Struct({
  tripPolicy: Schema.optionalWith(
    Schema.Union(
      Schema.Struct({ failures: options.wholeNumber(1) }),
      Schema.Struct({
        rate: options.share,
        minimum: options.withDefault(options.wholeNumber(1), 10),
        within: options.withDefault(options.positiveDuration, Duration.minutes(1))
      })
    ),
    { default: () => ({ failures: 5 }) }
  ),
  resetAfter: options.withDefault(options.positiveDuration, Duration.seconds(30)),
  isFailure: Schema.optional(options.functionOf<NonNullable<Options["isFailure"]>>("a function of an error")),
  maxCircuits: options.withDefault(options.wholeNumber(1), 1_000)
})

const decode = options.decode("CircuitBreaker", Settings)

const nameOf = ({ operation, provider }: Key): string => JSON.stringify([operation, provider])

const keyOf = (name: string): Key => {
  // Written by `nameOf`.
  const [operation, provider] = JSON.parse(name) as [string, string]
  return { operation, provider }
}

class CircuitBreakers implements Service {
  readonly #circuits: circuits.Circuits
  readonly #resetMillis: number
  readonly #isFailure: (error: unknown) => boolean

  constructor({ isFailure, maxCircuits, resetAfter, tripPolicy }: typeof Settings.Type) {
    const policy = () =>
      "failures" in tripPolicy
        ? circuits.consecutive(tripPolicy.failures)
        : circuits.rate(tripPolicy.rate, tripPolicy.minimum, tripPolicy.within)
    this.#circuits = new circuits.Circuits(() => new circuits.CircuitBreaker(policy(), resetAfter), maxCircuits)
    this.#resetMillis = Duration.toMillis(resetAfter)
    this.#isFailure = isFailure ?? (() => true)
  }

  isOpen(key: Key): Effect.Effect<boolean> {
    return step((fiber) => {
      const at = now(fiber)
      const admission = this.#circuits.get(nameOf(key), at).admit(at, this.#resetMillis)
      return admission === undefined ? refused(fiber, key, true) : Effect.succeed(false)
    })
  }

  recordSuccess(key: Key): Effect.Effect<void> {
    return step((fiber) => this.#change(fiber, key, undefined, (circuit, at) => circuit.record("success", at)))
  }

  recordFailure(key: Key & { readonly reason?: string | undefined }): Effect.Effect<void> {
    return step((fiber) => this.#change(fiber, key, key.reason, (circuit, at) => circuit.record("failure", at)))
  }

  protect<A, E, R>(self: Effect.Effect<A, E, R>, key: Key): Effect.Effect<A, E | CircuitBreakerOpenError, R> {
    return Effect.uninterruptibleMask((restore) =>
      withFiber((fiber): Effect.Effect<A, E | CircuitBreakerOpenError, R> => {
        const at = now(fiber)
        const circuit = this.#circuits.get(nameOf(key), at)
        const admission = circuit.admit(at)
        if (admission === undefined) {
          const error = new CircuitBreakerOpenError({ ...keyIn(key), retryAfter: circuit.retryAfter(at) })
          return Effect.zipRight(refused(fiber, key, undefined), Effect.fail(error))
        }
        return Effect.onExit(restore(self), (exit) =>
          withFiber((fiber) =>
            this.#changeOf(fiber, key, undefined, circuit, (at) => circuit.end(admission, this.#outcomeOf(exit), at))
          )
        )
      })
    )
  }

  get stats(): Effect.Effect<ReadonlyArray<CircuitStats>> {
    return Effect.clockWith((clock) =>
      Effect.sync(() => {
        const at = clock.unsafeCurrentTimeMillis()
        return this.#circuits
          .entries()
          .map(([name, circuit]) => ({ ...keyOf(name), state: circuit.state(at), retryAfter: circuit.retryAfter(at) }))
      })
    )
  }

  #outcomeOf(exit: Exit.Exit<unknown, unknown>): circuits.Outcome {
    const outcome = circuits.outcomeOf(exit)
    if (outcome !== "failure" || exit._tag === "Success" || exit.cause._tag !== "Fail") return outcome
    const { error } = exit.cause
    return attempt(() => this.#isFailure(error), true) ? "failure" : "ignored"
  }

  #change(
    fiber: AnyFiber,
    key: Key,
    reason: string | undefined,
    change: (circuit: circuits.CircuitBreaker, at: number) => void
  ): Effect.Effect<void> {
    const circuit = this.#circuits.get(nameOf(key), now(fiber))
    return this.#changeOf(fiber, key, reason, circuit, (at) => change(circuit, at))
  }

  #changeOf(
    fiber: AnyFiber,
    key: Key,
    reason: string | undefined,
    circuit: circuits.CircuitBreaker,
    change: (at: number) => void
  ): Effect.Effect<void> {
    const at = now(fiber)
    const before = circuit.openUntil
    change(at)
    const after = circuit.openUntil
    if (before === after) return Effect.void
    const isOpen = after !== undefined
    return announced(fiber, isOpen ? "circuit.opened" : "circuit.closed", key, {
      ...(isOpen ? { retry_after_ms: Math.max(0, after - at) } : {}),
      ...(reason === undefined ? {} : { reason })
    })
  }
}

const keyIn = ({ operation, provider }: Key): Key => ({ operation, provider })

const step = <A>(f: (fiber: AnyFiber) => Effect.Effect<A>): Effect.Effect<A> =>
  Effect.uninterruptible(withFiber((fiber) => f(fiber)))

/** Says in the story, and measures, what became of a circuit. */
const announced = (
  fiber: AnyFiber,
  name: string,
  key: Key,
  data: Readonly<Record<string, unknown>>
): Effect.Effect<void> => {
  const labels = [key.operation, key.provider, name.slice("circuit.".length)]
  measure(fiber, placeOf(fiber), Instruments.circuitTransitions, labels, 1)
  const here = regionFor(fiber)
  return (here && recordings.note(name, { ...keyIn(key), ...data })(here, fiber)) ?? Effect.void
}

const refused = <A>(fiber: AnyFiber, key: Key, value: A): Effect.Effect<A> =>
  Effect.as(announced(fiber, "circuit.refused", key, {}), value)

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (given: Options = {}): Effect.Effect<Service, InvalidOption> =>
  Effect.map(decode(given), (settings) => new CircuitBreakers(settings))

/**
 * Refuses nothing, and counts nothing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const none: Service = {
  isOpen: () => Effect.succeed(false),
  recordSuccess: () => Effect.void,
  recordFailure: () => Effect.void,
  protect: (self) => self,
  stats: Effect.succeed([])
}

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: Options): Layer.Layer<CircuitBreaker, InvalidOption> =>
  Layer.effect(CircuitBreaker, make(options))

const inUse: Effect.Effect<Service> = /* @__PURE__ */ Effect.map(
  Effect.serviceOption(CircuitBreaker),
  Option.getOrElse(() => none)
)

/**
 * Whether a call would be refused; see {@link Service}. `false` where there is no circuit breaker.
 *
 * @since 0.1.0
 * @category accessors
 */
export const isOpen = (key: Key): Effect.Effect<boolean> => Effect.flatMap(inUse, (breaker) => breaker.isOpen(key))

/**
 * @since 0.1.0
 * @category accessors
 */
export const recordSuccess = (key: Key): Effect.Effect<void> =>
  Effect.flatMap(inUse, (breaker) => breaker.recordSuccess(key))

/**
 * @since 0.1.0
 * @category accessors
 */
export const recordFailure = (key: Key & { readonly reason?: string | undefined }): Effect.Effect<void> =>
  Effect.flatMap(inUse, (breaker) => breaker.recordFailure(key))

/**
 * Runs an effect unless the circuit of its key refuses. Without a circuit breaker in the context nothing is refused.
 *
 * @since 0.1.0
 * @category combinators
 */
export const protect: {
  (key: Key): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | CircuitBreakerOpenError, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, key: Key): Effect.Effect<A, E | CircuitBreakerOpenError, R>
} = dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, key: Key) =>
  Effect.flatMap(inUse, (breaker) => breaker.protect(self, key))
)
