/**
 * An error in short, for logs and tables: its code from a short list, its type, its message, and whether trying again may help.
 *
 * @example
 * ```ts
 * import { ErrorSummary } from "effect-narrative"
 *
 * const summary = ErrorSummary.summarize(new Error("Stage timed out after 30000ms"))
 * export const text = ErrorSummary.format(summary)
 * ```
 *
 * @since 0.1.0
 */
import * as errorSummary from "../cause/errorSummary.js"

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  ErrorSummary
} from "../cause/errorSummary.js"

/**
 * The summary of any value that was thrown or failed with. It never throws. Its message is not redacted.
 *
 * @since 0.1.0
 * @category constructors
 */
export const summarize: (error: unknown) => errorSummary.ErrorSummary = errorSummary.summarize

/**
 * `TIMEOUT: Stage timed out after 30000ms`.
 *
 * @since 0.1.0
 * @category formatting
 */
export const format: (summary: errorSummary.ErrorSummary) => string = errorSummary.format

/**
 * A summary as the patch of a run's stages that Stageflow makes of one: `{ failure: { error } }`.
 *
 * @since 0.1.0
 * @category formatting
 */
export const toStagesPatch = (
  summary: errorSummary.ErrorSummary
): { readonly failure: { readonly error: errorSummary.ErrorSummary } } => ({ failure: { error: summary } })
