/**
 * What a history returns: stories, stages, failures and events as they were emitted. As JSON, keys are in snake_case and
 * times are UTC ISO-8601, as on the wire of events.
 *
 * @since 0.1.0
 */
import { identity } from "effect/Function"
import * as Schema from "effect/Schema"
import { OfStory } from "../event/correlationFields.js"
import { FailureAnalysis } from "../event/FailureAnalysis.js"
import { ErrorCode, Interruptor, Progress } from "../event/FailureReport.js"
import {
  CausedBy,
  EventRecorded,
  FailureOccurred,
  LogRecorded,
  StageRetried,
  StoryStarted
} from "../event/NarrativeEvent.js"
import { Work } from "../event/WorkSummary.js"
import { PlainRecord, PlainValue } from "../plain/PlainValue.js"
import { key, NullableText } from "../plain/wireSchema.js"
import { eventNames } from "./database/eventNames.js"

/**
 * UTC in milliseconds since the epoch; as JSON, ISO-8601 of a fixed width.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Timestamp = Schema.transform(Schema.String, Schema.JsonNumber, {
  strict: true,
  decode: (text) => Date.parse(text),
  encode: (millis) => new Date(millis).toISOString()
})

/**
 * The state of a story. `interrupted`: it has no end, and the process it ran in is gone.
 *
 * @since 0.1.0
 * @category models
 */
export type StoryState = typeof StoryState.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const StoryState = Schema.Literal(
  "running",
  "success",
  "failed",
  "cancelled",
  "timeout",
  "partial",
  "interrupted"
)

/**
 * The state of a stage. `interrupted`: it was open when its story was cut off.
 *
 * @since 0.1.0
 * @category models
 */
export type StageState = typeof StageState.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const StageState = Schema.Literal("running", "completed", "failed", "cancelled", "interrupted")

/**
 * The process a story ran in. `lastSeenAt`: when it last wrote that it is alive.
 *
 * @since 0.1.0
 * @category models
 */
export interface Writer extends Schema.Schema.Type<typeof Writer> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Writer = Schema.Struct({
  host: Schema.String,
  pid: Schema.Int,
  startedAt: key(Timestamp, "started_at"),
  lastSeenAt: key(Timestamp, "last_seen_at")
})

/**
 * A story without its stages. `endedAt` and `durationSeconds` are `null` for one that has no end. `failure` is the one
 * it ended with, in short.
 *
 * @since 0.1.0
 * @category models
 */
export interface StorySummary extends Schema.Schema.Type<typeof StorySummary> {}

const summary = {
  id: key(Schema.String, "story_id"),
  name: key(Schema.String, "story_name"),
  kind: Schema.String,
  rootStoryId: key(Schema.String, "root_story_id"),
  parentStoryId: key(NullableText, "parent_story_id"),
  /** The stage of its parent story that it began in. */
  parentStageIndex: key(Schema.NullOr(Schema.Int), "parent_stage_index"),
  status: StoryState,
  outcome: NullableText,
  startedAt: key(Timestamp, "started_at"),
  endedAt: key(Schema.NullOr(Timestamp), "ended_at"),
  durationSeconds: key(Schema.NullOr(Schema.JsonNumber), "duration_seconds"),
  /** As its end has it; `null` for a story that has no end. */
  progress: Schema.NullOr(Progress),
  declaredStages: key(Schema.NullOr(Schema.Int), "declared_stages"),
  failedStages: key(Schema.Int, "failed_stages"),
  cancelledStages: key(Schema.Int, "cancelled_stages"),
  dryRun: key(Schema.Boolean, "dry_run"),
  labels: StoryStarted.fields.labels,
  failure: Schema.NullOr(
    Schema.Struct({
      stageName: key(NullableText, "stage_name"),
      errorType: key(Schema.String, "error_type"),
      errorMessage: key(Schema.String, "error_message")
    })
  )
}

/**
 * @since 0.1.0
 * @category schemas
 */
export const StorySummary = Schema.Struct(summary)

/**
 * A stage, with the stages inside it, in their order of starting. `endedAt` and `durationSeconds` are `null` for
 * one that has no end, and what is known of an error for one that has not failed; `lastProgress` is what
 * `Narrative.progress` reported last.
 *
 * @since 0.1.0
 * @category models
 */
export interface StageRecord extends Schema.Schema.Type<typeof stageFields> {
  readonly stages: ReadonlyArray<StageRecord>
}

/**
 * A stage as JSON holds it.
 *
 * @since 0.1.0
 * @category models
 */
export interface StageEncoded extends Schema.Schema.Encoded<typeof stageFields> {
  readonly stages: ReadonlyArray<StageEncoded>
}

const stageFields = Schema.Struct({
  name: key(Schema.String, "stage_name"),
  index: key(Schema.Int, "stage_index"),
  parentStageIndex: key(Schema.NullOr(Schema.Int), "parent_stage_index"),
  path: key(Schema.Array(Schema.String), "stage_path"),
  depth: Schema.Int,
  kind: Schema.String,
  traceId: key(NullableText, "trace_id"),
  spanId: key(NullableText, "span_id"),
  status: StageState,
  startedAt: key(Timestamp, "started_at"),
  endedAt: key(Schema.NullOr(Timestamp), "ended_at"),
  durationSeconds: key(Schema.NullOr(Schema.JsonNumber), "duration_seconds"),
  retries: Schema.Int,
  lastProgress: key(
    Schema.NullOr(Schema.Struct({ done: Schema.JsonNumber, total: Schema.NullOr(Schema.JsonNumber) })),
    "last_progress"
  ),
  errorType: key(NullableText, "error_type"),
  errorMessage: key(NullableText, "error_message"),
  errorCode: key(Schema.NullOr(ErrorCode), "error_code"),
  retryable: Schema.NullOr(Schema.Boolean),
  orphaned: Schema.Boolean,
  interruptors: Schema.Array(Interruptor),
  attributes: PlainRecord
})

// Looked into by encoding them. Were they checked here, too, a stage would be looked at once for each one around it.
const encodable = Schema.declare((value): value is ReadonlyArray<StageRecord> => Array.isArray(value), {
  identifier: "Stages",
  arbitrary: () => (fc) => fc.constant([])
})

const stagesWithin = Schema.transform(
  Schema.Array(
    Schema.suspend((): Schema.Schema<StageRecord, StageEncoded> => StageRecord).annotations({ identifier: "Stage" })
  ),
  encodable,
  { strict: true, decode: identity, encode: identity }
)

/**
 * @since 0.1.0
 * @category schemas
 */
export const StageRecord: Schema.Schema<StageRecord, StageEncoded> = Schema.Struct({
  ...stageFields.fields,
  stages: stagesWithin
})

/**
 * A failure in short: what a list of failures shows. `location` reads `file:line`. `analyzed` when there is an analysis.
 *
 * @since 0.1.0
 * @category models
 */
export interface FailureSummary extends Schema.Schema.Type<typeof FailureSummary> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const FailureSummary = Schema.Struct({
  storyId: key(Schema.String, "story_id"),
  storyName: key(Schema.String, "story_name"),
  stageName: key(NullableText, "stage_name"),
  occurredAt: key(Timestamp, "occurred_at"),
  /** Recorded with `Narrative.recordFailure`: the story did not fail with it. */
  handled: Schema.Boolean,
  errorType: key(Schema.String, "error_type"),
  errorMessage: key(Schema.String, "error_message"),
  errorCode: key(ErrorCode, "error_code"),
  retryable: Schema.Boolean,
  location: NullableText,
  fingerprint: Schema.String,
  exactCause: key(Schema.String, "exact_cause"),
  analyzed: Schema.Boolean
})

/**
 * A failure with everything that was known about it: its report, locals and snippets included, and its analysis,
 * whenever that came.
 *
 * @since 0.1.0
 * @category models
 */
export interface FailureRecord extends Schema.Schema.Type<typeof FailureRecord> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const FailureRecord = Schema.Struct({
  ...FailureSummary.fields,
  report: FailureOccurred,
  analysis: Schema.NullOr(FailureAnalysis),
  /** The analysis as text. */
  llmAnalysis: key(NullableText, "llm_analysis"),
  /** From the report to an analysis that was made in the background. */
  analysisSeconds: key(Schema.NullOr(Schema.JsonNumber), "analysis_seconds")
})

/**
 * Everything kept of a story.
 *
 * @since 0.1.0
 * @category models
 */
export interface StoryRecord extends Schema.Schema.Type<typeof StoryRecord> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const StoryRecord = Schema.Struct({
  ...summary,
  traceId: key(NullableText, "trace_id"),
  spanId: key(NullableText, "span_id"),
  /** Who asked for it; `null` where nothing is known. */
  correlation: OfStory,
  attributes: PlainRecord,
  causedBy: key(Schema.NullOr(CausedBy), "caused_by"),
  /** `null` when it has none. */
  work: Schema.NullOr(Work),
  writer: Writer,
  /** The outermost stages, in their order of starting. */
  stages: Schema.Array(StageRecord),
  /** Stages between the first 1,000 and the last 9,000, which are counted only. */
  stagesOmitted: key(Schema.Int, "stages_omitted"),
  /** In their order; the handled ones too. */
  failures: Schema.Array(FailureRecord),
  logs: Schema.Array(LogRecorded),
  notes: Schema.Array(EventRecorded),
  /** The first 10,000, as far as the history keeps them one by one; each stage counts all of its own. */
  retries: Schema.Array(StageRetried),
  /** Log lines and notes before the last 10,000, which are counted only. */
  eventsOmitted: key(Schema.Int, "events_omitted"),
  /** Its direct sub-stories, in their order of starting. */
  stories: Schema.Array(StorySummary)
})

/**
 * One event as it is followed live. What does not belong to an event's kind is `null`. `cursor` is what to follow from.
 *
 * @since 0.1.0
 * @category models
 */
export interface HistoryEvent extends Schema.Schema.Type<typeof HistoryEvent> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const HistoryEvent = Schema.Struct({
  cursor: Schema.Int,
  event: Schema.Literal(...eventNames),
  storyId: key(Schema.String, "story_id"),
  storyName: key(Schema.String, "story_name"),
  rootStoryId: key(Schema.String, "root_story_id"),
  parentStoryId: key(NullableText, "parent_story_id"),
  timestamp: Timestamp,
  sequence: Schema.Int,
  stageName: key(NullableText, "stage_name"),
  /** The names of the stages from the outermost down to the one it happened in; empty outside any. */
  stagePath: key(Schema.Array(Schema.String), "stage_path"),
  stageIndex: key(Schema.NullOr(Schema.Int), "stage_index"),
  depth: Schema.Int,
  /** Of a story's or a stage's end. */
  durationSeconds: key(Schema.NullOr(Schema.JsonNumber), "duration_seconds"),
  /** Of a story's end. */
  status: Schema.NullOr(StoryState),
  outcome: NullableText,
  /** Of a failed stage, and of a failure. */
  errorType: key(NullableText, "error_type"),
  errorMessage: key(NullableText, "error_message"),
  /** Of a log line. */
  level: NullableText,
  /** A log line's text, a note's name, a retry's reason. */
  message: NullableText,
  /** A log line's annotations, a note's data, a retry's attempt and delay, a progress. */
  data: PlainValue
})
