/**
 * What explains a failure: a language model, the rule book, or a program's own analyzer.
 *
 * A story uses the analyzer in its context, and never needs one. Whatever an analyzer does, the program ends as it would
 * have ended without it.
 *
 * Combinators take an analyzer, and apply in the order in which you write them: `withTimeout` before `withRetry` limits
 * each attempt, after it all of them together. {@link mapLayer} applies one to the analyzer that a Layer provides. An
 * option that cannot be used is an `InvalidOption`: the combinator throws it, `mapLayer` fails with it.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { InvalidOption } from "../plain/InvalidOption.js"
import * as options from "../plain/options.js"
import { type Analyzer, type AnalyzerStats, FailureAnalyzer } from "./Analyzer.js"
import type { AnalyzerError } from "./AnalyzerError.js"
import { countsOf } from "./analysisCounts.js"
import { analyses } from "./analysisRequest.js"
import * as combinators from "./combinators.js"
import * as deriveAnalyzer from "./deriveAnalyzer.js"
import * as requests from "./requests.js"

export {
  /**
   * @since 0.1.0
   * @category models
   */
  type Analyzer,
  /**
   * @since 0.1.0
   * @category models
   */
  type AnalyzerStats,
  /**
   * @since 0.1.0
   * @category models
   */
  type Answer,
  /**
   * @since 0.1.0
   * @category services
   */
  FailureAnalyzer
} from "./Analyzer.js"
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
export type {
  /**
   * @since 0.1.0
   * @category models
   */
  BackgroundOptions,
  /**
   * @since 0.1.0
   * @category models
   */
  CacheOptions,
  /**
   * @since 0.1.0
   * @category models
   */
  CircuitBreakerOptions,
  /**
   * @since 0.1.0
   * @category models
   */
  RateLimitOptions,
  /**
   * @since 0.1.0
   * @category models
   */
  RetryOptions
} from "./combinators.js"

// A story that meets an analyzer finds what asks it.
requests.set(analyses)

/**
 * An analyzer of your own.
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
 * Has nothing to say about anything, and is not even asked.
 *
 * @since 0.1.0
 * @category constructors
 */
export const none: Analyzer = deriveAnalyzer.silent

/**
 * The analyzer of everything the layer is provided to.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (analyzer: Analyzer): Layer.Layer<FailureAnalyzer> => layerScoped(Effect.succeed(analyzer))

/**
 * {@link layer}, for a scoped effect that makes an analyzer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerScoped = <E, R>(
  analyzer: Effect.Effect<Analyzer, E, R>
): Layer.Layer<FailureAnalyzer, E, Exclude<R, Scope.Scope>> =>
  Layer.scoped(
    FailureAnalyzer,
    Effect.map(analyzer, (analyzer) => deriveAnalyzer.checked(analyzer, "FailureAnalyzer.layer"))
  )

/**
 * Failures are reported without an analysis, whichever analyzer is provided further out.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerNone: Layer.Layer<FailureAnalyzer> = Layer.succeed(FailureAnalyzer, none)

/**
 * Changes the analyzer that a Layer provides; the Layer's other services stay. State, such as a cache, is made anew each
 * time the Layer is built.
 *
 * @example
 * ```ts
 * import { flow, Layer } from "effect"
 * import { FailureAnalyzer } from "effect-narrative"
 *
 * export const inTime = <E, R>(analyzer: Layer.Layer<FailureAnalyzer.FailureAnalyzer, E, R>) =>
 *   analyzer.pipe(
 *     FailureAnalyzer.mapLayer(
 *       flow(FailureAnalyzer.withTimeout("12 seconds"), FailureAnalyzer.withCache({ capacity: 256 }))
 *     )
 *   )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const mapLayer = (f: (self: Analyzer) => Analyzer) => mapLayerScoped((self) => options.attempt(() => f(self)))

/**
 * {@link mapLayer}, for a scoped effect, such as {@link inBackground}.
 *
 * @example
 * ```ts
 * import { Layer } from "effect"
 * import { FailureAnalyzer } from "effect-narrative"
 *
 * export const later = <E, R>(analyzer: Layer.Layer<FailureAnalyzer.FailureAnalyzer, E, R>) =>
 *   analyzer.pipe(FailureAnalyzer.mapLayerScoped(FailureAnalyzer.inBackground({ shutdownTimeout: "5 seconds" })))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const mapLayerScoped =
  <E2, R2>(f: (self: Analyzer) => Effect.Effect<Analyzer, E2, R2>) =>
  <Out, E, R>(
    self: Layer.Layer<Out | FailureAnalyzer, E, R>
  ): Layer.Layer<Out | FailureAnalyzer, E | E2, R | Exclude<R2, Scope.Scope>> =>
    Layer.flatMap(self, (context) =>
      Layer.scopedContext(
        Effect.map(f(Context.get(context, FailureAnalyzer)), (analyzer) =>
          Context.add(context, FailureAnalyzer, analyzer)
        )
      )
    )

/**
 * {@link withFallback}, for an analyzer that another Layer provides. It stays open for as long as this one may ask it.
 *
 * @since 0.1.0
 * @category layers
 */
export const withFallbackLayer =
  <E2, R2>(that: Layer.Layer<FailureAnalyzer, E2, R2>) =>
  <Out, E, R>(self: Layer.Layer<Out | FailureAnalyzer, E, R>): Layer.Layer<Out | FailureAnalyzer, E | E2, R | R2> =>
    // Not merged: what is built first is closed last.
    Layer.flatMap(that, (those) =>
      Layer.map(self, (context) =>
        Context.add(
          context,
          FailureAnalyzer,
          combinators.withFallback(Context.get(context, FailureAnalyzer), Context.get(those, FailureAnalyzer))
        )
      )
    )

/**
 * Fails with an `AnalyzerError` for the reason `Timeout` when there is no answer in time. What cannot be interrupted is
 * left behind.
 *
 * Without it a story waits as long as `RUNTIME_NARRATIVE_ANALYZER_TIMEOUT_SECONDS` says (default 30).
 *
 * @since 0.1.0
 * @category combinators
 */
export const withTimeout: {
  (duration: Duration.DurationInput): (self: Analyzer) => Analyzer
  (self: Analyzer, duration: Duration.DurationInput): Analyzer
} = combinators.withTimeout

/**
 * Asks again, as the schedule says, after an error that is `retryable`, or for which `while` holds. Where the server
 * said how long to wait (`retryAfter`), no sooner than that; a server that wants more than five minutes is not asked
 * again. All attempts together are limited as a `withTimeout` behind this says, else by
 * `RUNTIME_NARRATIVE_ANALYZER_TIMEOUT_SECONDS` (default 30).
 *
 * @since 0.1.0
 * @category combinators
 */
export const withRetry: {
  (
    schedule: Schedule.Schedule<unknown, AnalyzerError>,
    options?: combinators.RetryOptions
  ): (self: Analyzer) => Analyzer
  (self: Analyzer, schedule: Schedule.Schedule<unknown, AnalyzerError>, options?: combinators.RetryOptions): Analyzer
} = combinators.withRetry

/**
 * Remembers the last `capacity` analyses, for `timeToLive` each; what was not asked for longest is forgotten first.
 * Failures are the same if their primary failures agree in type, file, line and chain. Equal failures at the same time
 * make one call. Neither an error nor "nothing to say" is remembered.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withCache: {
  (options: combinators.CacheOptions): (self: Analyzer) => Analyzer
  (self: Analyzer, options: combinators.CacheOptions): Analyzer
} = combinators.withCache

/**
 * Asks another analyzer where this one fails, breaks, or has nothing to say. Its faults are logged as warnings at the 1st,
 * 2nd, 4th, 8th, …, since the other one's answers would hide them.
 *
 * Each of the two may take its own time, else as long as `RUNTIME_NARRATIVE_ANALYZER_TIMEOUT_SECONDS` says (default 30),
 * so that one that hangs does not keep the other from being asked.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withFallback: {
  (that: Analyzer): (self: Analyzer) => Analyzer
  (self: Analyzer, that: Analyzer): Analyzer
} = combinators.withFallback

/**
 * Asks at most `limit` times within any `interval`. What comes too soon fails with an `AnalyzerError` for the reason
 * `RateLimited`, which says how long to wait.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withRateLimit: {
  (options: combinators.RateLimitOptions): (self: Analyzer) => Analyzer
  (self: Analyzer, options: combinators.RateLimitOptions): Analyzer
} = combinators.withRateLimit

/**
 * After `failures` faults in a row the analyzer is not asked for `resetAfter`: an `AnalyzerError` for the reason
 * `CircuitOpen` at once. Then one question is let through; its answer closes the circuit, another fault opens it again. A
 * question that is interrupted counts neither way, so put `withTimeout` before it.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withCircuitBreaker: {
  (options: combinators.CircuitBreakerOptions): (self: Analyzer) => Analyzer
  (self: Analyzer, options: combinators.CircuitBreakerOptions): Analyzer
} = combinators.withCircuitBreaker

/**
 * Reports failures at once, without an analysis, and the analysis when it is ready, as an `AnalysisReady`, even after the
 * story has ended. Whichever is closed first waits for the analyses under way, as long as `shutdownTimeout` says: the
 * scope of this analyzer, or the layer of a renderer that they are to be delivered to. So the order in which layers are
 * provided makes no difference. What is not ready by then is abandoned, counted, and logged.
 *
 * @since 0.1.0
 * @category combinators
 */
export const inBackground: {
  (options?: combinators.BackgroundOptions): (self: Analyzer) => Effect.Effect<Analyzer, InvalidOption, Scope.Scope>
  (self: Analyzer, options?: combinators.BackgroundOptions): Effect.Effect<Analyzer, InvalidOption, Scope.Scope>
} = combinators.inBackground

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
