/**
 * What can happen in a story besides its stages.
 */
import * as Schema from "effect/Schema"
import { PlainRecord, PlainValue } from "../plain/PlainValue.js"
import { key, NullableText } from "../plain/wireSchema.js"
import { OfStory } from "./correlationFields.js"
import { inSpan, inStory, Labels, tag } from "./eventFields.js"
import { FailureAnalysis } from "./FailureAnalysis.js"
import { FailureReport, Interruptor, Progress } from "./FailureReport.js"
import { Work } from "./WorkSummary.js"

/**
 * How a story ended.
 *
 * @since 0.1.0
 * @category models
 */
export type StoryStatus = typeof StoryStatus.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const StoryStatus = Schema.Literal("success", "failed", "cancelled", "timeout", "partial")

/**
 * @since 0.1.0
 * @category models
 */
export interface StoryStarted extends Schema.Schema.Type<typeof StoryStarted> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const StoryStarted = Schema.Struct({
  _tag: tag("StoryStarted"),
  ...inStory,
  ...inSpan,
  /** The `stageIndex` of the parent story's stage that a sub-story began in; `null` outside any. */
  parentStageIndex: key(Schema.NullOr(Schema.Int), "parent_stage_index"),
  totalStages: key(Schema.NullOr(Schema.Int), "total_stages"),
  /** Who asked for it; `null` where nothing is known. */
  correlation: OfStory,
  labels: Labels,
  attributes: PlainRecord,
  dryRun: key(Schema.Boolean, "dry_run")
})

/**
 * A line of `Effect.log*` written inside a story, when `Narrative.logger` is provided.
 *
 * @since 0.1.0
 * @category models
 */
export interface LogRecorded extends Schema.Schema.Type<typeof LogRecorded> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const LogRecorded = Schema.Struct({
  _tag: tag("LogRecorded"),
  ...inStory,
  stageName: key(NullableText, "stage_name"),
  stageIndex: key(Schema.NullOr(Schema.Int), "stage_index"),
  depth: Schema.NonNegativeInt,
  traceId: key(NullableText, "trace_id"),
  spanId: key(NullableText, "span_id"),
  level: Schema.Literal("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"),
  loggerName: key(Schema.String, "logger_name"),
  message: Schema.String,
  annotations: PlainRecord,
  cause: key(NullableText, "exc_text"),
  fiberId: key(Schema.String, "fiber_id")
})

/**
 * Something the program noted with `Narrative.note`.
 *
 * @since 0.1.0
 * @category models
 */
export interface EventRecorded extends Schema.Schema.Type<typeof EventRecorded> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const EventRecorded = Schema.Struct({
  _tag: tag("EventRecorded"),
  ...inStory,
  stageName: key(NullableText, "stage_name"),
  stageIndex: key(Schema.NullOr(Schema.Int), "stage_index"),
  depth: Schema.NonNegativeInt,
  traceId: key(NullableText, "trace_id"),
  spanId: key(NullableText, "span_id"),
  name: Schema.String,
  data: PlainValue
})

/**
 * A story failed, or the program handed over a failure it had handled (`handled`). Carries the whole
 * {@link FailureReport}. On the wire the primary failure's fields are also at the top level.
 *
 * @since 0.1.0
 * @category models
 */
export interface FailureOccurred extends Schema.Schema.Type<typeof FailureOccurred> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const FailureOccurred = Schema.Struct({
  _tag: tag("FailureOccurred"),
  ...FailureReport.fields,
  ...inStory,
  traceId: key(NullableText, "trace_id"),
  spanId: key(NullableText, "span_id"),
  handled: Schema.Boolean,
  /** Who asked for the story; `null` where nothing is known. */
  correlation: OfStory,
  /** The analysis as text. */
  llmAnalysis: key(NullableText, "llm_analysis"),
  analysis: Schema.NullOr(FailureAnalysis)
})

/**
 * An analysis that was made in the background is ready. The only event that may follow `StoryCompleted`.
 *
 * @since 0.1.0
 * @category models
 */
export interface AnalysisReady extends Schema.Schema.Type<typeof AnalysisReady> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const AnalysisReady = Schema.Struct({
  _tag: Schema.propertySignature(Schema.transformLiteral("LLMAnalysisReady", "AnalysisReady")).pipe(
    Schema.fromKey("event")
  ),
  ...inStory,
  stageName: key(NullableText, "stage_name"),
  traceId: key(NullableText, "trace_id"),
  spanId: key(NullableText, "span_id"),
  llmAnalysis: key(Schema.String, "llm_analysis"),
  analysis: FailureAnalysis,
  /** From the failure's report to the analysis. */
  latencySeconds: key(Schema.JsonNumber, "latency_seconds")
})

/**
 * The sub-story whose failure report already says why this story failed.
 *
 * @since 0.1.0
 * @category models
 */
export interface CausedBy extends Schema.Schema.Type<typeof CausedBy> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const CausedBy = Schema.Struct({
  storyId: key(Schema.String, "story_id"),
  storyName: key(Schema.String, "story_name"),
  stageName: key(NullableText, "stage_name"),
  errorType: key(Schema.String, "error_type")
})

/**
 * @since 0.1.0
 * @category models
 */
export interface StoryCompleted extends Schema.Schema.Type<typeof StoryCompleted> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const StoryCompleted = Schema.Struct({
  _tag: tag("StoryCompleted"),
  ...inStory,
  ...inSpan,
  status: StoryStatus,
  /** `true` for the status `success`, and for no other. */
  success: Schema.Boolean,
  outcome: NullableText,
  durationSeconds: key(Schema.JsonNumber, "duration_seconds"),
  progress: Progress,
  /** How many stages failed, caught or not. */
  failedStages: key(Schema.Int, "failed_stages"),
  cancelledStages: key(Schema.Int, "cancelled_stages"),
  /** Who asked for it; `null` where nothing is known. */
  correlation: OfStory,
  labels: Labels,
  attributes: PlainRecord,
  dryRun: key(Schema.Boolean, "dry_run"),
  causedBy: key(Schema.NullOr(CausedBy), "caused_by"),
  /** Who cancelled it, where its status is `cancelled`. */
  interruptors: Schema.optionalWith(Schema.Array(Interruptor), { default: () => [] }),
  /** The work recorded with `Work`, that of sub-stories included; `null` when there was none. */
  work: Schema.NullOr(Work)
})
