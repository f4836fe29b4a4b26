/**
 * What changes how an analyzer is asked. Each takes an analyzer and gives another one, which asks it.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { FailureAnalysis } from "../event/FailureAnalysis.js"
import * as circuitBreaker from "../outbound/circuitBreaker.js"
import { RateLimit } from "../outbound/rateLimit.js"
import { retry } from "../outbound/retry.js"
import type { InvalidOption } from "../plain/InvalidOption.js"
import * as options from "../plain/options.js"
import * as redactor from "../redaction/redactor.js"
import { type Analyzer, errorOf } from "./Analyzer.js"
import type { AnalyzerError } from "./AnalyzerError.js"
import { AnalysisCache } from "./analysisCache.js"
import { AnalyzerFaults } from "./analyzerFaults.js"
import * as backgroundAnalyses from "./backgroundAnalyses.js"
import * as deriveAnalyzer from "./deriveAnalyzer.js"
import { askInTime } from "./timeLimit.js"

/** Data first: what a combinator that has optional options is called with. */
const isSelf = (args: IArguments): boolean => Predicate.hasProperty(args[0], "analyze")

const timeoutOf = options.decodeOrThrow(
  "FailureAnalyzer.withTimeout",
  Schema.Struct({ duration: options.positiveDuration })
)

export const withTimeout: {
  (duration: Duration.DurationInput): (self: Analyzer) => Analyzer
  (self: Analyzer, duration: Duration.DurationInput): Analyzer
} = dual(2, (self: Analyzer, given: Duration.DurationInput): Analyzer => {
  const { duration } = timeoutOf({ duration: given })
  const timeout = {
    reason: "Timeout",
    description: `no answer within ${Duration.format(duration)}`,
    advice: "Give FailureAnalyzer.withTimeout more time, or ask a faster model"
  } as const
  return deriveAnalyzer.derive(
    self,
    (report) => deriveAnalyzer.atMost(deriveAnalyzer.ask(self, report), duration, () => errorOf(self, timeout)),
    { bounded: true }
  )
})

/**
 * @since 0.1.0
 * @category models
 */
export interface RetryOptions {
  /** Which errors are worth another attempt (default: those that are `retryable`). */
  readonly while?: ((error: AnalyzerError) => boolean) | undefined
}

export const withRetry: {
  (schedule: Schedule.Schedule<unknown, AnalyzerError>, options?: RetryOptions): (self: Analyzer) => Analyzer
  (self: Analyzer, schedule: Schedule.Schedule<unknown, AnalyzerError>, options?: RetryOptions): Analyzer
} = dual(
  isSelf,
  (self: Analyzer, schedule: Schedule.Schedule<unknown, AnalyzerError>, given: RetryOptions = {}): Analyzer => {
    // What is no AnalyzerError at all, from an analyzer that does not keep to its types, is not retryable.
    const again = retry(schedule, given.while ?? ((error: AnalyzerError) => error?.retryable === true))
    // Each attempt may be bounded, but a server may ask for minutes in between.
    return deriveAnalyzer.derive(self, (report) => again(deriveAnalyzer.ask(self, report)), { bounded: false })
  }
)

/**
 * @since 0.1.0
 * @category models
 */
export interface CacheOptions {
  /** Most analyses remembered: 1 or more. */
  readonly capacity: number
  /** How long each is remembered (default: for good). */
  readonly timeToLive?: Duration.DurationInput | undefined
}

const cacheOf = options.decodeOrThrow(
  "FailureAnalyzer.withCache",
  Schema.Struct({
    capacity: options.wholeNumber(1),
    timeToLive: options.withDefault(options.positiveDuration, Duration.infinity)
  })
)

export const withCache: {
  (options: CacheOptions): (self: Analyzer) => Analyzer
  (self: Analyzer, options: CacheOptions): Analyzer
} = dual(2, (self: Analyzer, given: CacheOptions): Analyzer => {
  const { capacity, timeToLive } = cacheOf(given)
  const cache = new AnalysisCache(capacity, timeToLive)
  return deriveAnalyzer.derive(self, (report) => cache.ask(report, deriveAnalyzer.ask(self, report)))
})

export const withFallback: {
  (that: Analyzer): (self: Analyzer) => Analyzer
  (self: Analyzer, that: Analyzer): Analyzer
} = dual(2, (self: Analyzer, that: Analyzer): Analyzer => {
  const faults = new AnalyzerFaults(self, "Another analyzer was asked instead")
  return deriveAnalyzer.derive(
    self,
    (report) =>
      askInTime(self, report).pipe(
        Effect.catchAllCause((cause) => {
          if (Cause.isInterruptedOnly(cause)) return Effect.failCause(cause)
          return Effect.flatMap(redactor.current, (redactor) =>
            Effect.as(
              faults.report(cause, (text) => redactor.text(text)) ?? Effect.void,
              Option.none<FailureAnalysis>()
            )
          )
        }),
        Effect.flatMap((answer) => (Option.isSome(answer) ? Effect.succeed(answer) : askInTime(that, report)))
      ),
    { bounded: true }
  )
})

/**
 * @since 0.1.0
 * @category models
 */
export interface RateLimitOptions {
  /** Most requests within the interval: 1 or more. */
  readonly limit: number
  readonly interval: Duration.DurationInput
}

const rateLimitOf = options.decodeOrThrow(
  "FailureAnalyzer.withRateLimit",
  Schema.Struct({ limit: options.wholeNumber(1), interval: options.positiveDuration })
)

export const withRateLimit: {
  (options: RateLimitOptions): (self: Analyzer) => Analyzer
  (self: Analyzer, options: RateLimitOptions): Analyzer
} = dual(2, (self: Analyzer, given: RateLimitOptions): Analyzer => {
  const { interval, limit } = rateLimitOf(given)
  const refusal = {
    reason: "RateLimited",
    description: `not asked, since it was asked ${limit} time(s) within ${Duration.format(interval)}`,
    advice: "Raise the limit of FailureAnalyzer.withRateLimit, or put FailureAnalyzer.withCache behind it"
  } as const
  const rate = new RateLimit(limit, interval)
  return deriveAnalyzer.derive(self, (report) =>
    Effect.clockWith((clock) => {
      const retryAfter = rate.admit(clock.unsafeCurrentTimeMillis())
      return retryAfter === undefined ? deriveAnalyzer.ask(self, report) : errorOf(self, { ...refusal, retryAfter })
    })
  )
})

/**
 * @since 0.1.0
 * @category models
 */
export interface CircuitBreakerOptions {
  /** How many faults in a row open the circuit: 1 or more. */
  readonly failures: number
  /** How long the analyzer is not asked then. */
  readonly resetAfter: Duration.DurationInput
}

const circuitBreakerOf = options.decodeOrThrow(
  "FailureAnalyzer.withCircuitBreaker",
  Schema.Struct({ failures: options.wholeNumber(1), resetAfter: options.positiveDuration })
)

export const withCircuitBreaker: {
  (options: CircuitBreakerOptions): (self: Analyzer) => Analyzer
  (self: Analyzer, options: CircuitBreakerOptions): Analyzer
} = dual(2, (self: Analyzer, given: CircuitBreakerOptions): Analyzer => {
  const { failures, resetAfter } = circuitBreakerOf(given)
  const refusal = {
    reason: "CircuitOpen",
    description: `not asked, since it failed ${failures} time(s) in a row`,
    advice: `It is tried again ${Duration.format(resetAfter)} after the last fault; see the warnings before this one`
  } as const
  const circuit = new circuitBreaker.CircuitBreaker(circuitBreaker.consecutive(failures), resetAfter)
  return deriveAnalyzer.derive(self, (report) =>
    circuit.protect(deriveAnalyzer.ask(self, report), (retryAfter) => errorOf(self, { ...refusal, retryAfter }))
  )
})

/**
 * @since 0.1.0
 * @category models
 */
export interface BackgroundOptions {
  /** How many analyses are made at once (1 or more, default 2). */
  readonly concurrency?: number | undefined
  /** Most analyses under way or waiting (1 or more, default 64). Beyond it a failure gets none; it is counted as dropped. */
  readonly capacity?: number | undefined
  /** How long closing waits for what is under way (default 10 seconds). */
  readonly shutdownTimeout?: Duration.DurationInput | undefined
}

const backgroundOf = options.decode(
  "FailureAnalyzer.inBackground",
  Schema.Struct({
    concurrency: options.withDefault(options.wholeNumber(1), 2),
    capacity: options.withDefault(options.wholeNumber(1), 64),
    shutdownTimeout: options.withDefault(options.duration, Duration.seconds(10))
  })
)

export const inBackground: {
  (options?: BackgroundOptions): (self: Analyzer) => Effect.Effect<Analyzer, InvalidOption, Scope.Scope>
  (self: Analyzer, options?: BackgroundOptions): Effect.Effect<Analyzer, InvalidOption, Scope.Scope>
} = dual(isSelf, (self: Analyzer, given: BackgroundOptions = {}) =>
  Effect.map(Effect.flatMap(backgroundOf(given), backgroundAnalyses.make), (background) =>
    deriveAnalyzer.derive(self, (report) => deriveAnalyzer.ask(self, report), { background })
  )
)
