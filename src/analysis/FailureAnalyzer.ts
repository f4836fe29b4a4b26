/**
 * Who explains a failure: a language model, the rule book, or a program's own analyzer.
 *
 * A story uses the analyzer in its context, and never needs one. Whatever an analyzer does, the program ends as it would
 * have ended without it. Combinators take an analyzer or a Layer of one, and apply in the order they are written in:
 * `withTimeout` before `withRetry` limits each attempt, after it all of them together.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { FailureAnalysis } from "../event/FailureAnalysis.js"
import type { FailureReport } from "../event/FailureReport.js"
import { CircuitBreaker } from "../outbound/circuitBreaker.js"
import { RateLimit } from "../outbound/rateLimit.js"
import { text } from "../plain/PlainValue.js"
import * as redactor from "../redaction/redactor.js"
import type { AnalyzerError } from "./AnalyzerError.js"
import { AnalysisCache } from "./analysisCache.js"
import { countsOf } from "./analysisCounts.js"
import { analyses } from "./analysisRequest.js"
import { AnalyzerFaults } from "./analyzerFaults.js"
import * as backgroundAnalyses from "./backgroundAnalyses.js"
import * as deriveAnalyzer from "./deriveAnalyzer.js"
import * as requests from "./requests.js"
import { askInTime } from "./timeLimit.js"

export {
  /**
   * @since 0.1.0
   * @category errors
   */
  AnalyzerError,
  /**
   * @since 0.1.0
   * @category errors
   */
  type AnalyzerErrorReason
} from "./AnalyzerError.js"

/**
 * Explains a failure by its report, which is redacted already. `None` says that there is nothing to say.
 *
 * `name`, `model` and `endpoint` say who is asked, in warnings and in the errors of combinators.
 *
 * @since 0.1.0
 * @category models
 */
export interface Analyzer {
  readonly name?: string | undefined
  readonly model?: string | null | undefined
  /** Without credentials and query. */
  readonly endpoint?: string | null | undefined
  readonly analyze: (report: FailureReport) => Effect.Effect<Option.Option<FailureAnalysis>, AnalyzerError>
}

/**
 * @since 0.1.0
 * @category services
 */
export class FailureAnalyzer extends Context.Tag(requests.key)<FailureAnalyzer, Analyzer>() {}

// A story that meets an analyzer finds what asks it.
requests.set(analyses)

/**
 * An analyzer of one's own.
 *
 * @example
 * ```ts
 * import { Effect, Option } from "effect"
 * import { type FailureAnalysis, FailureAnalyzer } from "effect-narrative"
 *
 * const known = new Map<string, FailureAnalysis.FailureAnalysis>()
 *
 * const runbook = FailureAnalyzer.make(
 *   (report) => Effect.sync(() => Option.fromNullable(known.get(report.failures[0].fingerprint))),
 *   { name: "runbook" }
 * )
 *
 * export const RunbookLayer = FailureAnalyzer.layer(runbook)
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (analyze: Analyzer["analyze"], identity: Omit<Analyzer, "analyze"> = {}): Analyzer =>
  deriveAnalyzer.checked({ ...identity, analyze }, "FailureAnalyzer.make")

/**
 * The analyzer of everything the layer is provided to: a value, or an effect that makes one. Dies with a `TypeError` if
 * that is no analyzer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = <E = never, R = never>(
  analyzer: Analyzer | Effect.Effect<Analyzer, E, R>
): Layer.Layer<FailureAnalyzer, E, Exclude<R, Scope.Scope>> =>
  Layer.scoped(
    FailureAnalyzer,
    Effect.map(Effect.isEffect(analyzer) ? analyzer : Effect.succeed(analyzer), (analyzer) =>
      deriveAnalyzer.checked(analyzer, "FailureAnalyzer.layer")
    )
  )

/**
 * Failures are told without an analysis, whichever analyzer is provided further out.
 *
 * @since 0.1.0
 * @category layers
 */
export const none: Layer.Layer<FailureAnalyzer> = Layer.succeed(FailureAnalyzer, deriveAnalyzer.silent)

/**
 * An analyzer, or a Layer of one, as a combinator leaves it.
 *
 * @since 0.1.0
 * @category models
 */
export type Wrapped<Self> = Self extends Layer.Layer<infer Out, infer E, infer R> ? Layer.Layer<Out, E, R> : Analyzer

/**
 * What combinators apply to: an analyzer, or a Layer that provides one. A Layer makes the combinator's state anew each
 * time it is built.
 *
 * @since 0.1.0
 * @category models
 */
export type Wrappable = Analyzer | Layer.Layer<FailureAnalyzer, unknown, unknown>

/**
 * From analyzer to analyzer, and from Layer to Layer.
 *
 * @since 0.1.0
 * @category models
 */
export type Combinator = <Self extends Wrappable>(self: Self) => Wrapped<Self>

/** Both ways to call a combinator. Its settings are checked where it is called, before anything is asked. */
function eager<Settings extends ReadonlyArray<unknown>, Result>(
  check: (...settings: Settings) => (self: Wrappable) => Result
) {
  const isWrappable = (value: unknown): value is Wrappable =>
    Layer.isLayer(value) || (typeof value === "object" && value !== null && "analyze" in value)
  // That a Layer stays one, and provides what it did, is more than TypeScript can follow.
  return ((...args: ReadonlyArray<unknown>) =>
    isWrappable(args[0])
      ? check(...(args.slice(1) as unknown as Settings))(args[0])
      : check(...(args as unknown as Settings))) as never
}

const combinator = <Settings extends ReadonlyArray<unknown>>(
  check: (...settings: Settings) => (self: Analyzer) => Analyzer
) =>
  eager((...settings: Settings) => {
    const change = check(...settings)
    return (self) => deriveAnalyzer.change(self, FailureAnalyzer, change)
  })

const countIn = (combinator: string, name: string, value: number): number => {
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw new RangeError(
    `FailureAnalyzer.${combinator}: "${name}" has to be a whole number of 1 or more, not ${text(value)}`
  )
}

const durationIn = (combinator: string, name: string, value: Duration.DurationInput, least = 1): Duration.Duration => {
  const duration = Option.getOrUndefined(Duration.decodeUnknown(value))
  if (duration !== undefined && Duration.toNanos(duration)._tag === "None") return duration
  if (duration !== undefined && Duration.toMillis(duration) >= least) return duration
  throw new RangeError(
    `FailureAnalyzer.${combinator}: "${name}" has to be a duration${least > 0 ? " of a millisecond or more" : ""}, not ${text(value)}`
  )
}

/**
 * Fails with an `AnalyzerError` for the reason `Timeout` when there is no answer in time. What cannot be interrupted is
 * left behind.
 *
 * Without it a story waits as long as `RUNTIME_NARRATIVE_ANALYZER_TIMEOUT_SECONDS` says (default 30).
 *
 * @example
 * ```ts
 * import { pipe } from "effect"
 * import { FailureAnalyzer } from "effect-narrative"
 *
 * export const inTime = (analyzer: FailureAnalyzer.Analyzer) =>
 *   pipe(analyzer, FailureAnalyzer.withTimeout("12 seconds"), FailureAnalyzer.withCache({ capacity: 256 }))
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const withTimeout: {
  (duration: Duration.DurationInput): Combinator
  <Self extends Wrappable>(self: Self, duration: Duration.DurationInput): Wrapped<Self>
} = combinator((duration: Duration.DurationInput) => {
  const limit = durationIn("withTimeout", "duration", duration)
  const timeout = {
    reason: "Timeout",
    description: `no answer within ${Duration.format(limit)}`,
    advice: "Give FailureAnalyzer.withTimeout more time, or ask a faster model"
  } as const
  return (self) =>
    deriveAnalyzer.derive(
      self,
      (report) =>
        deriveAnalyzer.atMost(deriveAnalyzer.ask(self, report), limit, () => deriveAnalyzer.errorOf(self, timeout)),
      { bounded: true }
    )
})

/**
 * Asks again, as the schedule says, after an error that is `retryable`, or for which `while` holds. Where the server
 * said how long to wait (`retryAfter`), no sooner than that. All attempts together are limited as `withTimeout` says
 * where it stands behind this, else by `RUNTIME_NARRATIVE_ANALYZER_TIMEOUT_SECONDS` (default 30).
 *
 * @since 0.1.0
 * @category combinators
 */
export const withRetry: {
  (schedule: Schedule.Schedule<unknown, AnalyzerError>, options?: RetryOptions): Combinator
  <Self extends Wrappable>(
    self: Self,
    schedule: Schedule.Schedule<unknown, AnalyzerError>,
    options?: RetryOptions
  ): Wrapped<Self>
} = combinator((schedule: Schedule.Schedule<unknown, AnalyzerError>, options?: RetryOptions) => {
  const patient = Schedule.intersect(schedule, Schedule.identity<AnalyzerError>()).pipe(
    Schedule.modifyDelay(([, error], delay) => Duration.max(delay, error.retryAfter ?? Duration.zero))
  )
  // What is no AnalyzerError at all, from an analyzer that does not keep to its types, is not retryable.
  const isWorthIt = options?.while ?? ((error: AnalyzerError) => error?.retryable === true)
  return (self) =>
    deriveAnalyzer.derive(
      self,
      (report) => Effect.retry(deriveAnalyzer.ask(self, report), { schedule: patient, while: isWorthIt }),
      // Each attempt may be, but a server may ask to wait for a day in between.
      { bounded: false }
    )
})

/**
 * - `while`: which errors are worth another attempt (default: those that are `retryable`).
 *
 * @since 0.1.0
 * @category models
 */
export interface RetryOptions {
  readonly while?: ((error: AnalyzerError) => boolean) | undefined
}

/**
 * Remembers the last `capacity` analyses (1 or more), for `timeToLive` each (default: for good); what was not asked for
 * longest is forgotten first. Failures are the same if their primary failures agree in type, file, line and chain. Equal
 * failures at the same time make one call. Neither an error nor "nothing to say" is remembered.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withCache: {
  (options: CacheOptions): Combinator
  <Self extends Wrappable>(self: Self, options: CacheOptions): Wrapped<Self>
} = combinator((options: CacheOptions) => {
  const capacity = countIn("withCache", "capacity", options.capacity)
  const timeToLive = durationIn("withCache", "timeToLive", options.timeToLive ?? Duration.infinity)
  return (self) => {
    const cache = new AnalysisCache(capacity, timeToLive)
    return deriveAnalyzer.derive(self, (report) => cache.ask(report, deriveAnalyzer.ask(self, report)))
  }
})

/**
 * @since 0.1.0
 * @category models
 */
export interface CacheOptions {
  readonly capacity: number
  readonly timeToLive?: Duration.DurationInput | undefined
}

/**
 * Asks another analyzer where this one fails, breaks, or has nothing to say. Its faults are told as warnings at the 1st,
 * 2nd, 4th, 8th, …, since the other one's answers would hide them.
 *
 * Each of the two may take its own time, else as long as `RUNTIME_NARRATIVE_ANALYZER_TIMEOUT_SECONDS` says (default 30),
 * so that one that hangs does not keep the other from being asked.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withFallback: {
  (that: Analyzer): Combinator
  <E2, R2>(
    that: Layer.Layer<FailureAnalyzer, E2, R2>
  ): <Out, E, R>(self: Layer.Layer<Out | FailureAnalyzer, E, R>) => Layer.Layer<Out | FailureAnalyzer, E | E2, R | R2>
  <Self extends Wrappable>(self: Self, that: Analyzer): Wrapped<Self>
  <Out, E, R, E2, R2>(
    self: Layer.Layer<Out | FailureAnalyzer, E, R>,
    that: Layer.Layer<FailureAnalyzer, E2, R2>
  ): Layer.Layer<Out | FailureAnalyzer, E | E2, R | R2>
} = dual(2, (self: Wrappable, that: Wrappable) => {
  if (!Layer.isLayer(that))
    return deriveAnalyzer.change(self, FailureAnalyzer, (self) => orElse(self, that as Analyzer))
  // By another name, since both provide the same service.
  const those = Layer.map(that as Layer.Layer<FailureAnalyzer>, (context) =>
    Context.make(Fallback, Context.get(context, FailureAnalyzer))
  )
  // Not merged: the other one has to stay open for as long as this one may ask it.
  return Layer.map(Layer.provideMerge(self as Layer.Layer<FailureAnalyzer>, those), (context) =>
    Context.omit(Fallback)(
      Context.add(
        context,
        FailureAnalyzer,
        orElse(Context.get(context, FailureAnalyzer), Context.get(context, Fallback))
      )
    )
  )
})

class Fallback extends Context.Tag("effect-narrative/FailureAnalyzer/Fallback")<Fallback, Analyzer>() {}

const orElse = (self: Analyzer, that: Analyzer): Analyzer => {
  const faults = new AnalyzerFaults(self, "Another analyzer was asked instead")
  return deriveAnalyzer.derive(
    self,
    (report) =>
      askInTime(self, report).pipe(
        Effect.catchAllCause((cause) => {
          if (Cause.isInterruptedOnly(cause)) return Effect.failCause(cause)
          return Effect.flatMap(redactor.current, (redactor) =>
            Effect.as(faults.tell(cause, (text) => redactor.text(text)) ?? Effect.void, Option.none<FailureAnalysis>())
          )
        }),
        Effect.flatMap((answer) => (Option.isSome(answer) ? Effect.succeed(answer) : askInTime(that, report)))
      ),
    { bounded: true }
  )
}

/**
 * Asks at most `limit` times (1 or more) within any `interval`. What comes too soon fails with an `AnalyzerError` for
 * the reason `RateLimited`, whose `retryAfter` says how long to wait.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withRateLimit: {
  (options: RateLimitOptions): Combinator
  <Self extends Wrappable>(self: Self, options: RateLimitOptions): Wrapped<Self>
} = combinator((options: RateLimitOptions) => {
  const limit = countIn("withRateLimit", "limit", options.limit)
  const interval = durationIn("withRateLimit", "interval", options.interval)
  const refusal = {
    reason: "RateLimited",
    description: `not asked, since it was asked ${limit} time(s) within ${Duration.format(interval)}`,
    advice: "Raise the limit of FailureAnalyzer.withRateLimit, or put FailureAnalyzer.withCache behind it"
  } as const
  return (self) => {
    const rate = new RateLimit(limit, interval)
    return deriveAnalyzer.derive(self, (report) =>
      Effect.clockWith((clock) => {
        const retryAfter = rate.admit(clock.unsafeCurrentTimeMillis())
        return retryAfter === undefined
          ? deriveAnalyzer.ask(self, report)
          : deriveAnalyzer.errorOf(self, { ...refusal, retryAfter })
      })
    )
  }
})

/**
 * @since 0.1.0
 * @category models
 */
export interface RateLimitOptions {
  readonly limit: number
  readonly interval: Duration.DurationInput
}

/**
 * After `failures` faults in a row (1 or more) the analyzer is not asked for `resetAfter`: an `AnalyzerError` for the
 * reason `CircuitOpen` at once. Then one question is let through; its answer closes the circuit, another fault opens it
 * again. A question that is interrupted counts neither way, so put `withTimeout` before it.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withCircuitBreaker: {
  (options: CircuitBreakerOptions): Combinator
  <Self extends Wrappable>(self: Self, options: CircuitBreakerOptions): Wrapped<Self>
} = combinator((options: CircuitBreakerOptions) => {
  const failures = countIn("withCircuitBreaker", "failures", options.failures)
  const resetAfter = durationIn("withCircuitBreaker", "resetAfter", options.resetAfter)
  const refusal = {
    reason: "CircuitOpen",
    description: `not asked, since it failed ${failures} time(s) in a row`,
    advice: `It is tried again ${Duration.format(resetAfter)} after the last fault; see the warnings before this one`
  } as const
  return (self) => {
    const circuit = new CircuitBreaker(failures, resetAfter)
    return deriveAnalyzer.derive(self, (report) =>
      circuit.ask(deriveAnalyzer.ask(self, report), (retryAfter) =>
        deriveAnalyzer.errorOf(self, { ...refusal, retryAfter })
      )
    )
  }
})

/**
 * @since 0.1.0
 * @category models
 */
export interface CircuitBreakerOptions {
  readonly failures: number
  readonly resetAfter: Duration.DurationInput
}

/**
 * Tells failures at once, without an analysis, and the analysis when it is there, as an `AnalysisReady`, even after the
 * story has ended. Whichever is closed first waits for the analyses under way, as long as `shutdownTimeout` says: the
 * scope of this analyzer, or a renderer's layer that they are to be told to. So it does not matter in which order layers
 * are provided. What is not ready by then is abandoned, counted, and warned of.
 *
 * @example
 * ```ts
 * import { Layer } from "effect"
 * import { FailureAnalyzer } from "effect-narrative"
 *
 * export const later = <E, R>(analyzer: Layer.Layer<FailureAnalyzer.FailureAnalyzer, E, R>) =>
 *   analyzer.pipe(FailureAnalyzer.withTimeout("1 minute"), FailureAnalyzer.inBackground({ shutdownTimeout: "5 seconds" }))
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const inBackground: {
  (options?: BackgroundOptions): <Self extends Wrappable>(self: Self) => Backgrounded<Self>
  <Self extends Wrappable>(self: Self, options?: BackgroundOptions): Backgrounded<Self>
} = eager((options: BackgroundOptions = {}) => {
  const settings = {
    concurrency: countIn("inBackground", "concurrency", options.concurrency ?? 2),
    capacity: countIn("inBackground", "capacity", options.capacity ?? 64),
    shutdownTimeout: durationIn("inBackground", "shutdownTimeout", options.shutdownTimeout ?? "10 seconds", 0)
  }
  const make = (self: Analyzer) =>
    Effect.map(backgroundAnalyses.make(settings), (background) =>
      deriveAnalyzer.derive(self, (report) => deriveAnalyzer.ask(self, report), { background })
    )
  return (self: Wrappable) =>
    Layer.isLayer(self)
      ? Layer.flatMap(self as Layer.Layer<FailureAnalyzer>, (context) =>
          Layer.scopedContext(
            Effect.map(make(Context.get(context, FailureAnalyzer)), (analyzer) =>
              Context.add(context, FailureAnalyzer, analyzer)
            )
          )
        )
      : make(self as Analyzer)
})

/**
 * - `concurrency`: how many analyses are made at once (1 or more, default 2).
 * - `capacity`: most analyses under way or waiting (1 or more, default 64). Beyond it a failure gets none; it is counted
 *   as dropped.
 * - `shutdownTimeout`: how long closing waits for what is under way (default 10 seconds).
 *
 * @since 0.1.0
 * @category models
 */
export interface BackgroundOptions {
  readonly concurrency?: number | undefined
  readonly capacity?: number | undefined
  readonly shutdownTimeout?: Duration.DurationInput | undefined
}

/**
 * A Layer stays one; an analyzer needs a scope, in which its analyses are made.
 *
 * @since 0.1.0
 * @category models
 */
export type Backgrounded<Self> =
  Self extends Layer.Layer<infer Out, infer E, infer R>
    ? Layer.Layer<Out, E, R>
    : Effect.Effect<Analyzer, never, Scope.Scope>

/**
 * What became of the failures an analyzer was asked about:
 * `asked = ready + none + failed + abandoned + dropped + pending`, at any time.
 *
 * - `ready`: an analysis was told. `none`: there was nothing to say.
 * - `failed`: an error, a defect, or no answer in time.
 * - `abandoned`: the program was interrupted or ended first. `dropped`: not asked, because of `capacity`, or after the
 *   analyzer's scope was closed.
 *
 * @since 0.1.0
 * @category models
 */
export interface AnalyzerStats {
  readonly asked: number
  readonly ready: number
  readonly none: number
  readonly failed: number
  readonly abandoned: number
  readonly dropped: number
  readonly pending: number
}

/**
 * The counts of the analyzer in use here; `None` where there is none.
 *
 * @since 0.1.0
 * @category stats
 */
export const stats: Effect.Effect<Option.Option<AnalyzerStats>> = Effect.map(
  Effect.serviceOption(FailureAnalyzer),
  Option.map((analyzer) => countsOf(analyzer).current)
)
