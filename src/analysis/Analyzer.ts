/**
 * What an analyzer is, for everything that is one, combines them or asks one.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { FailureAnalysis } from "../event/FailureAnalysis.js"
import type { FailureReport } from "../event/FailureReport.js"
import { textOf } from "../plain/untrusted.js"
import { AnalyzerError } from "./AnalyzerError.js"
import * as requests from "./requests.js"

/**
 * What an analyzer answers. `None` says that there is nothing to say.
 *
 * @since 0.1.0
 * @category models
 */
export type Answer = Effect.Effect<Option.Option<FailureAnalysis>, AnalyzerError>

/**
 * Explains a failure by its report, which is redacted already.
 *
 * @since 0.1.0
 * @category models
 */
export interface Analyzer {
  /** Who is asked, in warnings and in the errors of combinators. */
  readonly name?: string | undefined
  readonly model?: string | null | undefined
  /** Without credentials and query. */
  readonly endpoint?: string | null | undefined
  readonly analyze: (report: FailureReport) => Answer
}

/**
 * The analyzer that stories ask.
 *
 * @since 0.1.0
 * @category services
 */
export class FailureAnalyzer extends Context.Tag(requests.key)<FailureAnalyzer, Analyzer>() {}

/**
 * What became of the failures an analyzer was asked about:
 * `asked = ready + none + failed + abandoned + dropped + pending`, at any time.
 *
 * @since 0.1.0
 * @category models
 */
export interface AnalyzerStats {
  readonly asked: number
  /** An analysis was emitted. */
  readonly ready: number
  /** There was nothing to say. */
  readonly none: number
  /** An error, a defect, or no answer in time. */
  readonly failed: number
  /** The program was interrupted or ended first. */
  readonly abandoned: number
  /** Not asked, because of `capacity`, or after the analyzer's scope was closed. */
  readonly dropped: number
  readonly pending: number
}

/**
 * Who an analyzer is, for what has to name it.
 *
 * @internal
 */
export const identityOf = (analyzer: Analyzer) => ({
  analyzer: textOf(analyzer, "name") ?? "failure analyzer",
  model: textOf(analyzer, "model") ?? null,
  endpoint: textOf(analyzer, "endpoint") ?? null
})

/**
 * An error of a combinator around an analyzer, in the analyzer's name.
 *
 * @internal
 */
export const errorOf = (
  analyzer: Analyzer,
  error: Pick<AnalyzerError, "reason" | "description" | "advice"> & Partial<Pick<AnalyzerError, "retryAfter">>
): AnalyzerError => new AnalyzerError({ ...identityOf(analyzer), ...error })
