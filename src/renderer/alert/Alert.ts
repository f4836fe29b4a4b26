/**
 * What an alert is about: a failure, a story that ended otherwise than it should, an analysis that came later, or
 * how many more there were. On the wire an alert is one JSON object: `version` 1, `alert` its kind, keys in snake_case, every field present.
 */

import * as Schema from "effect/Schema"
import {
  ErrorCode,
  type Failure,
  formatSnippet,
  formatTimeline,
  Location,
  Progress
} from "../../event/FailureReport.js"
import { timeOf } from "../../event/failureTime.js"
import type { FailureOccurred, StoryCompleted } from "../../event/NarrativeEvent.js"
import { PlainRecord } from "../../plain/PlainValue.js"
import { plainJson } from "../../plain/plainJson.js"
import { key, NullableText, Timestamp } from "../../plain/wireSchema.js"

const kind = <Wire extends string, Tag extends string>(wire: Wire, name: Tag) =>
  Schema.propertySignature(Schema.transformLiteral(wire, name)).pipe(Schema.fromKey("alert"))

/**
 * What went wrong.
 *
 * - `failed`: a story failed.
 * - `timeout`: a story failed with a timeout, or ended with that status.
 * - `partial`, `cancelled`: a story ended with that status.
 * - `handled`: the program handed over a failure it had handled (`Narrative.recordFailure`).
 *
 * @since 0.1.0
 * @category models
 */
export type AlertStatus = typeof AlertStatus.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const AlertStatus = Schema.Literal("failed", "timeout", "partial", "cancelled", "handled")

const version = Schema.Literal(1)

const ofStory = {
  version,
  /** The same at every attempt to deliver it: what arrives twice can be recognized. */
  id: Schema.String,
  status: AlertStatus,
  storyId: key(Schema.String, "story_id"),
  storyName: key(Schema.String, "story_name"),
  /** The names of the stories from the outermost down to this one, as far as they are known. */
  storyPath: key(Schema.Array(Schema.String), "story_path"),
  rootStoryId: key(Schema.String, "root_story_id"),
  parentStoryId: key(NullableText, "parent_story_id"),
  labels: PlainRecord,
  traceId: key(NullableText, "trace_id"),
  spanId: key(NullableText, "span_id"),
  /** UTC, in milliseconds since the epoch. */
  timestamp: Timestamp,
  sequence: Schema.Int,
  /** What makes two alerts the same one: that of the primary failure, or the story's name and status. */
  fingerprint: Schema.String,
  /** How many of this fingerprint there were so far, this one included, as far as they are remembered. */
  occurrences: Schema.Int,
  progress: Progress
}

/**
 * Another failure of the same cause.
 *
 * @since 0.1.0
 * @category models
 */
export interface AlsoFailed extends Schema.Schema.Type<typeof AlsoFailed> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const AlsoFailed = Schema.Struct({
  errorType: key(Schema.String, "error_type"),
  errorMessage: key(Schema.String, "error_message"),
  errorCode: key(ErrorCode, "error_code"),
  stageName: key(NullableText, "stage_name"),
  location: Schema.NullOr(Location),
  fingerprint: Schema.String
})

/**
 * A failure. Local variables are not part of it: chat rooms and webhooks have readers of their own.
 *
 * @since 0.1.0
 * @category models
 */
export interface FailureAlert extends Schema.Schema.Type<typeof FailureAlert> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const FailureAlert = Schema.Struct({
  _tag: kind("failure", "FailureAlert"),
  ...ofStory,
  stageName: key(NullableText, "stage_name"),
  stagePath: key(Schema.Array(Schema.String), "stage_path"),
  errorType: key(Schema.String, "error_type"),
  errorMessage: key(Schema.String, "error_message"),
  errorCode: key(ErrorCode, "error_code"),
  retryable: Schema.Boolean,
  location: Schema.NullOr(Location),
  snippet: key(NullableText, "source_snippet"),
  exactCause: key(Schema.String, "exact_cause"),
  exceptionChain: key(Schema.String, "exception_chain"),
  hint: NullableText,
  facts: PlainRecord,
  stageAttributes: key(PlainRecord, "stage_attributes"),
  timeline: key(Schema.String, "stage_timeline"),
  /** The analysis as text, where it was ready with the failure; one made in the background follows. */
  llmAnalysis: key(NullableText, "llm_analysis"),
  alsoFailed: key(Schema.Array(AlsoFailed), "also_failed")
})

/**
 * A story that ended `timeout`, `partial`, `cancelled` or `failed` without a failure that was reported.
 *
 * @since 0.1.0
 * @category models
 */
export interface StoryAlert extends Schema.Schema.Type<typeof StoryAlert> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const StoryAlert = Schema.Struct({
  _tag: kind("story", "StoryAlert"),
  ...ofStory,
  outcome: NullableText,
  durationSeconds: key(Schema.JsonNumber, "duration_seconds"),
  failedStages: key(Schema.Int, "failed_stages"),
  cancelledStages: key(Schema.Int, "cancelled_stages")
})

/**
 * Why a failure happened that was sent before, by an analysis that was made in the background. `failureId` is the `id`
 * of that alert.
 *
 * @since 0.1.0
 * @category models
 */
export interface AnalysisAlert extends Schema.Schema.Type<typeof AnalysisAlert> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const AnalysisAlert = Schema.Struct({
  _tag: kind("analysis", "AnalysisAlert"),
  version,
  id: Schema.String,
  failureId: key(Schema.String, "failure_id"),
  status: AlertStatus,
  storyId: key(Schema.String, "story_id"),
  storyName: key(Schema.String, "story_name"),
  storyPath: key(Schema.Array(Schema.String), "story_path"),
  timestamp: Timestamp,
  fingerprint: Schema.String,
  stageName: key(NullableText, "stage_name"),
  errorType: key(Schema.String, "error_type"),
  errorMessage: key(Schema.String, "error_message"),
  llmAnalysis: key(Schema.String, "llm_analysis"),
  /** From the failure's report to the analysis. */
  latencySeconds: key(Schema.JsonNumber, "latency_seconds")
})

/**
 * Alerts of one kind that were held back. `errorType` is `null` where a story ended without a failure.
 *
 * @since 0.1.0
 * @category models
 */
export interface HeldBack extends Schema.Schema.Type<typeof HeldBack> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const HeldBack = Schema.Struct({
  fingerprint: Schema.String,
  storyName: key(Schema.String, "story_name"),
  status: AlertStatus,
  stageName: key(NullableText, "stage_name"),
  errorType: key(NullableText, "error_type"),
  errorMessage: key(NullableText, "error_message"),
  count: Schema.Int
})

/**
 * How many alerts were held back between `since` and `until`, because they were the same as one sent before
 * (`duplicates`) or too many at once (`rate_limit`). `heldBack` names the first ten kinds of them; `count` is of all.
 *
 * @since 0.1.0
 * @category models
 */
export interface SummaryAlert extends Schema.Schema.Type<typeof SummaryAlert> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const SummaryAlert = Schema.Struct({
  _tag: kind("summary", "SummaryAlert"),
  version,
  id: Schema.String,
  reason: Schema.Literal("duplicates", "rate_limit"),
  count: Schema.Int,
  since: Timestamp,
  until: Timestamp,
  heldBack: key(Schema.Array(HeldBack), "held_back")
})

/**
 * What a destination is sent.
 *
 * @since 0.1.0
 * @category models
 */
export type Alert = OccurrenceAlert | AnalysisAlert | SummaryAlert

/**
 * An alert about one thing that happened.
 *
 * @since 0.1.0
 * @category models
 */
export type OccurrenceAlert = FailureAlert | StoryAlert

/**
 * The Schema of every alert. Its encoded side is the body a webhook is sent.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Alert = Schema.Union(FailureAlert, StoryAlert, AnalysisAlert, SummaryAlert)

const encode = Schema.encodeSync(Alert)

/** The alert as one line of JSON. */
export const toJson = (alert: Alert): string => plainJson(encode(alert))

/** What is known of a story beside the event at hand. */
export interface StoryContext {
  readonly path: ReadonlyArray<string>
  readonly labels: PlainRecord
}

const storyOf = (event: FailureOccurred | StoryCompleted, { labels, path }: StoryContext) => ({
  version: 1 as const,
  id: `${event.storyId}/${event.sequence}`,
  storyId: event.storyId,
  storyName: event.storyName,
  storyPath: path,
  rootStoryId: event.rootStoryId,
  parentStoryId: event.parentStoryId,
  labels,
  traceId: event.traceId,
  spanId: event.spanId,
  timestamp: timeOf(event),
  sequence: event.sequence,
  occurrences: 1,
  progress: event.progress
})

export const fromFailure = (event: FailureOccurred, context: StoryContext): FailureAlert => {
  const [failure, ...others] = event.failures
  return {
    _tag: "FailureAlert",
    ...storyOf(event, context),
    status: event.handled ? "handled" : failure.errorType === "TimeoutException" ? "timeout" : "failed",
    fingerprint: failure.fingerprint,
    stageName: failure.stageName,
    stagePath: failure.stagePath,
    errorType: failure.errorType,
    errorMessage: failure.errorMessage,
    errorCode: failure.errorCode,
    retryable: failure.retryable,
    location: failure.location,
    snippet: failure.snippet.length === 0 ? null : formatSnippet(failure.snippet),
    exactCause: failure.exactCause,
    exceptionChain: failure.exceptionChain,
    hint: failure.hint,
    facts: failure.facts,
    stageAttributes: failure.stageAttributes,
    timeline: formatTimeline(event),
    llmAnalysis: event.llmAnalysis,
    alsoFailed: others.map(alsoFailed)
  }
}

const alsoFailed = (failure: Failure): AlsoFailed => ({
  errorType: failure.errorType,
  errorMessage: failure.errorMessage,
  errorCode: failure.errorCode,
  stageName: failure.stageName,
  location: failure.location,
  fingerprint: failure.fingerprint
})

export const fromStory = (event: StoryCompleted, status: AlertStatus, context: StoryContext): StoryAlert => ({
  _tag: "StoryAlert",
  ...storyOf(event, context),
  status,
  fingerprint: `${event.storyName} ${status}`,
  outcome: event.outcome,
  durationSeconds: event.durationSeconds,
  failedStages: event.failedStages,
  cancelledStages: event.cancelledStages
})

/** What two alerts have in common of which the second need not be sent: all their failures, whichever came first. */
export const identityOf = (alert: OccurrenceAlert): string =>
  alert._tag === "StoryAlert"
    ? alert.fingerprint
    : [
        alert.status,
        ...new Set([alert.fingerprint, ...alert.alsoFailed.map(({ fingerprint }) => fingerprint)].toSorted())
      ].join(" ")
