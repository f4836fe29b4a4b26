/**
 * What is known about a failure: every failure in the cause, where each came from, and what had succeeded before.
 *
 * Keys and nesting on the wire are those log pipelines know (`location`, `stack_frames`, `exception_chain`, …).
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { PlainRecord } from "../plain/PlainValue.js"
import { key, Timestamp } from "../plain/wireSchema.js"
import { ErrorDetails } from "./errorDetails.js"
import { Location, SnippetLine, StackFrame } from "./stackFrame.js"

export { details, ErrorDetails, type ErrorDetailsInput } from "./errorDetails.js"
export { FrameOrigin, Location, SnippetLine, StackFrame } from "./stackFrame.js"

/**
 * How far a story has come. `percent` is 0–100, rounded down; `totalStages` is the declared number, or the number of
 * stages started so far.
 *
 * @since 0.1.0
 * @category models
 */
export interface Progress extends Schema.Schema.Type<typeof Progress> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Progress = Schema.Struct({
  percent: Schema.Int,
  completedStages: key(Schema.Int, "completed_stages"),
  totalStages: key(Schema.Int, "total_stages")
})

/**
 * Who interrupted a stage: a fiber, and the story and stage that fiber was in, where known.
 *
 * @since 0.1.0
 * @category models
 */
export interface Interruptor extends Schema.Schema.Type<typeof Interruptor> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Interruptor = Schema.Struct({
  fiberId: key(Schema.String, "fiber_id"),
  storyName: key(Schema.NullOr(Schema.String), "story_name"),
  stageName: key(Schema.NullOr(Schema.String), "stage_name")
})

/**
 * One stage in the report's timeline. `durationSeconds` is `null` while the stage is running.
 *
 * @since 0.1.0
 * @category models
 */
export interface TimelineEntry extends Schema.Schema.Type<typeof TimelineEntry> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const TimelineEntry = Schema.Struct({
  name: Schema.String,
  index: Schema.Int,
  depth: Schema.NonNegativeInt,
  status: Schema.Literal("running", "completed", "failed", "cancelled"),
  durationSeconds: key(Schema.NullOr(Schema.JsonNumber), "duration_seconds")
})

/**
 * What kind of failure it is, read through its wrappers from tags, names, codes and HTTP statuses.
 *
 * @since 0.1.0
 * @category models
 */
export type ErrorCode = typeof ErrorCode.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const ErrorCode = Schema.Literal(
  "TIMEOUT",
  "CIRCUIT_OPEN",
  "RATE_LIMITED",
  "INVALID_INPUT",
  "NOT_FOUND",
  "UNAUTHORIZED",
  "CONFLICT",
  "UNAVAILABLE",
  "CANCELLED",
  "UNKNOWN"
)

/**
 * How a place was found, so that a guess is never mistaken for a fact:
 *
 * - `app_frame`: the innermost line of the app on the stack of the error, or of an error it came from.
 * - `effect`: the effect that failed, where what waited for it is written behind it; `called`: a guess at it, by what the line
 *   of the waiting generator calls.
 * - `generator`: the `yield*` at which the nearest generator of the app was waiting.
 * - `span`: where the nearest span of the app is made; `stage`: where the stage, or the story, is made.
 * - `bundle`: the innermost line of a bundle without a source map that is not known to be a library's.
 * - `innermost_frame`: the innermost line, of a library other than Effect; `unknown`: nothing is known.
 *
 * @since 0.1.0
 * @category models
 */
export type LocationReason = typeof LocationReason.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const LocationReason = Schema.Literal(
  "app_frame",
  "effect",
  "called",
  "generator",
  "span",
  "stage",
  "bundle",
  "innermost_frame",
  "unknown"
)

/**
 * An error behind a failure. `depth` is 1 for what the failure itself came from, 2 for what that came from, and so on.
 * `relation` is `cause` for what an error came from, `member` for one of several that it gathers (an `AggregateError`, a
 * `SuppressedError`). `stackFrames` are its calls that the failure's own list does not have.
 *
 * @since 0.1.0
 * @category models
 */
export interface CausingError extends Schema.Schema.Type<typeof CausingError> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const CausingError = Schema.Struct({
  depth: Schema.NonNegativeInt,
  relation: Schema.Literal("cause", "member"),
  errorType: key(Schema.String, "error_type"),
  errorMessage: key(Schema.String, "error_message"),
  location: Schema.NullOr(Location),
  snippet: key(Schema.Array(SnippetLine), "source_snippet_lines"),
  stackFrames: key(Schema.Array(StackFrame), "stack_frames")
})

/**
 * A span that a failure passed, and where it is made, as far as that is known. `kind` marks the stages among them.
 *
 * @since 0.1.0
 * @category models
 */
export interface PassedSpan extends Schema.Schema.Type<typeof PassedSpan> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const PassedSpan = Schema.Struct({
  name: Schema.String,
  kind: Schema.Literal("span", "stage"),
  location: Schema.NullOr(Location),
  /** Of a span that the app makes: what it says of its work. */
  attributes: Schema.optionalWith(PlainRecord, { default: () => ({}) })
})

/**
 * One failure of a cause.
 *
 * - `path`: where in the cause it is: `∥L`/`∥R` for the sides of a parallel cause, `→L`/`→R` for those of a
 *   sequential one, `[0]` for an entry of a list of errors, empty for a cause that is a single failure.
 * - `kind`: `fail` is an expected, typed error; `die` is a defect.
 * - `stagePath`: the names of the stages around the failure, outermost first; empty outside any stage.
 * - `failedAt`: when it failed, in milliseconds since the epoch: the end of the stage it came from, or of the story where it
 *   came from none. `null` in what an earlier version wrote.
 * - `location`, `locationReason`: the innermost line of the app that one would change, and how it was found. Of an error
 *   that wraps another, that is where the innermost one was made; `ownLocation` is then where the error itself was made,
 *   else `null`.
 * - `spans`: the spans that the failure passed on its way to the story, innermost first.
 * - `causes`: the errors that it came from and those it gathers, depth first.
 * - `details`: what the error, or the first of its causes that does, says of itself by the property {@link details}.
 * - `errorCode`, `retryable`: what kind of failure it is, and whether trying again may help.
 * - `facts`: what the error and its causes say in fields of their own: a code, a status, a path, an address.
 * - `hint`: what the error itself says helps; else what usually does, by the rule of the rule book named in `rule`. Both
 *   are `null` where nothing is known.
 * - `fingerprint`: 16 hexadecimal digits, the same for failures of one kind at one place: of the error's type, its file
 *   and function, and its chain without the parts that vary (numbers, ids, quoted text).
 * - `stageAttributes`: what was annotated on the stage it came from.
 *
 * @since 0.1.0
 * @category models
 */
export interface Failure extends Schema.Schema.Type<typeof Failure> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Failure = Schema.Struct({
  path: Schema.String,
  kind: Schema.Literal("fail", "die"),
  errorType: key(Schema.String, "error_type"),
  errorMessage: key(Schema.String, "error_message"),
  stageName: key(Schema.NullOr(Schema.String), "stage_name"),
  stagePath: key(Schema.Array(Schema.String), "stage_path"),
  failedAt: Schema.optionalWith(Schema.NullOr(Timestamp), { default: () => null }).pipe(Schema.fromKey("failed_at")),
  location: Schema.NullOr(Location),
  locationReason: key(LocationReason, "primary_frame_reason"),
  ownLocation: key(Schema.NullOr(Location), "own_location"),
  spans: Schema.Array(PassedSpan),
  stackFrames: key(Schema.Array(StackFrame), "stack_frames"),
  stackSummary: key(Schema.String, "compressed_stack_summary"),
  hiddenFrameCount: key(Schema.Int, "hidden_frame_count"),
  stackText: key(Schema.String, "traceback_text"),
  stackTruncated: key(Schema.Boolean, "traceback_truncated"),
  snippet: key(Schema.Array(SnippetLine), "source_snippet_lines"),
  exceptionChain: key(Schema.String, "exception_chain"),
  causes: Schema.Array(CausingError),
  exactCause: key(Schema.String, "exact_cause"),
  errorCode: key(ErrorCode, "error_code"),
  retryable: Schema.Boolean,
  facts: PlainRecord,
  details: Schema.NullOr(ErrorDetails),
  hint: Schema.NullOr(Schema.String),
  rule: Schema.NullOr(Schema.String),
  fingerprint: Schema.String,
  stageAttributes: key(PlainRecord, "stage_attributes")
})

/**
 * Everything that is known of a failed story. `storyName` is `null` for a failure outside any story. `diagnosticsTruncated` says that describing took too long and was cut;
 * `redactedValues` counts what was hidden. `failures` holds the parallel and sequential failures of the cause in its
 * order, each once; the first is the primary one. `timeline` is in order of starting; `timelineOmitted` stages between
 * its first and its last are counted only.
 *
 * @since 0.1.0
 * @category models
 */
export interface FailureReport extends Schema.Schema.Type<typeof FailureReport> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const FailureReport = Schema.Struct({
  storyName: key(Schema.NullOr(Schema.String), "story_name"),
  diagnosticsMode: key(Schema.Literal("lean", "rich"), "diagnostics_mode"),
  diagnosticsTruncated: key(Schema.Boolean, "diagnostics_truncated"),
  redactedValues: key(Schema.Int, "redaction_removed_keys"),
  failures: Schema.NonEmptyArray(Failure),
  interruptors: Schema.Array(Interruptor),
  timeline: Schema.Array(TimelineEntry),
  timelineOmitted: key(Schema.Int, "timeline_omitted"),
  progress: Progress
})

/**
 * The timeline as one line, e.g. `Load CSV=completed (0.012s) | Insert Records=failed (0.001s)`. `duration` is how
 * durations are written.
 *
 * @since 0.1.0
 * @category combinators
 */
export const formatTimeline = (
  report: Pick<FailureReport, "timeline" | "timelineOmitted">,
  duration: (seconds: number) => string = (seconds) => `${seconds.toFixed(3)}s`
): string => {
  const entries = report.timeline.map((entry) =>
    entry.durationSeconds === null
      ? `${entry.name}=${entry.status}`
      : `${entry.name}=${entry.status} (${duration(entry.durationSeconds)})`
  )
  if (report.timelineOmitted > 0) {
    const gap = report.timeline.findIndex((entry, i) => entry.index !== i)
    entries.splice(gap < 0 ? entries.length : gap, 0, `… ${report.timelineOmitted} more …`)
  }
  return entries.join(" | ")
}

/**
 * The snippet as text, a line each, the failing one marked with `>`.
 *
 * @since 0.1.0
 * @category combinators
 */
export const formatSnippet = (snippet: ReadonlyArray<SnippetLine>): string => {
  const width = Math.max(...snippet.map((line) => String(line.line).length), 0)
  return snippet
    .map((line) => `${line.failing ? ">" : " "} ${String(line.line).padStart(width)} | ${line.text}`)
    .join("\n")
}
