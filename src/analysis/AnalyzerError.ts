/**
 * Why an analyzer has no answer, and what would help.
 */
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"

/**
 * Why there is no analysis.
 *
 * - `Misconfigured`: a setting is missing or wrong (no model, no key).
 * - `Unreachable`: no connection, or one that broke.
 * - `Timeout`: no answer in time.
 * - `Unauthorized`: status 401 or 403.
 * - `NotFound`: status 404, mostly an unknown model or a wrong address.
 * - `RateLimited`: status 429, or the analyzer's own rate limit.
 * - `Refused`: any other status that is no success, or a model that declined to answer.
 * - `InvalidAnswer`: an answer that cannot be read: not of the API's form, empty, or too long.
 * - `CircuitOpen`: not asked, since it failed too often just before.
 * - `Unknown`: anything else.
 *
 * @since 0.1.0
 * @category errors
 */
export type AnalyzerErrorReason =
  | "Misconfigured"
  | "Unreachable"
  | "Timeout"
  | "Unauthorized"
  | "NotFound"
  | "RateLimited"
  | "Refused"
  | "InvalidAnswer"
  | "CircuitOpen"
  | "Unknown"

/**
 * An analyzer gave no answer. `description` says what happened, `advice` which setting would help; both go into one log
 * warning, and so hold no secret.
 *
 * @since 0.1.0
 * @category errors
 */
export class AnalyzerError extends Data.TaggedError("AnalyzerError")<{
  readonly reason: AnalyzerErrorReason
  readonly analyzer: string
  readonly model: string | null
  /** The address that was asked, without its credentials and query; `null` where there is none. */
  readonly endpoint: string | null
  readonly description: string
  readonly advice: string
  readonly status?: number | undefined
  /** What the server asked to wait before the next attempt. */
  readonly retryAfter?: Duration.Duration | undefined
  readonly cause?: unknown
}> {
  override get message(): string {
    const asked = [this.model === null ? "" : ` (${this.model})`, this.endpoint === null ? "" : ` at ${this.endpoint}`]
    return `${this.analyzer}${asked.join("")}: ${this.description}. ${this.advice}`
  }

  /** Whether the same question may be answered later. */
  get retryable(): boolean {
    return (
      this.reason === "Unreachable" ||
      this.reason === "Timeout" ||
      this.reason === "RateLimited" ||
      this.reason === "CircuitOpen" ||
      (this.reason === "Refused" && this.status !== undefined && this.status >= 500)
    )
  }
}
