/**
 * Everything that can happen in a story, and how it is written on a line of JSON.
 *
 * An event is a plain, immutable, JSON-safe object: attributes are copied when they are given, so a renderer may keep
 * an event as long as it likes. On the wire (`toWire`) keys are in snake_case, every field is present, the tag is
 * `event`, and times are UTC ISO-8601; `fromWire` reads it back.
 *
 * @since 0.1.0
 */
import type * as Either from "effect/Either"
import type { ParseError } from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { PlainRecord, PlainValue } from "../plain/PlainValue.js"
import { json, key, NullableText, Timestamp } from "../plain/wireSchema.js"
import { FailureAnalysis } from "./FailureAnalysis.js"
import { ErrorCode, FailureReport, Interruptor, Progress } from "./FailureReport.js"
import { Work } from "./Work.js"
import * as wire from "./wire.js"

const tag = <Tag extends string>(name: Tag) => key(Schema.Literal(name), "event")

// Built on PlainRecord, which keeps a key named `__proto__`; `Schema.Record` would lose it.
const Labels = Schema.declare(
  (value): value is { readonly [key: string]: string } =>
    Schema.is(PlainRecord)(value) && Object.values(value).every(Predicate.isString),
  {
    identifier: "Labels",
    arbitrary: () => (fc) => fc.dictionary(fc.string(), fc.string()),
    jsonSchema: { type: "object", additionalProperties: { type: "string" } }
  }
)

const inStory = {
  storyId: key(Schema.String, "story_id"),
  storyName: key(Schema.String, "story_name"),
  rootStoryId: key(Schema.String, "root_story_id"),
  parentStoryId: key(NullableText, "parent_story_id"),
  /** UTC, in milliseconds since the epoch. */
  timestamp: Timestamp,
  /** 0, 1, 2, … within the story, without gaps. */
  sequence: Schema.Int
}

const inSpan = {
  kind: Schema.String,
  traceId: key(NullableText, "trace_id"),
  spanId: key(NullableText, "span_id")
}

const ofStage = {
  stageName: key(Schema.String, "stage_name"),
  /** The 0-based order of starting within the story, nested stages included. */
  stageIndex: key(Schema.Int, "stage_index"),
  /** The names of the stages from the outermost down to this one. */
  stagePath: key(Schema.Array(Schema.String), "stage_path"),
  parentStageName: key(NullableText, "parent_stage_name"),
  /** The `stageIndex` of the stage around this one; `null` for a stage that stands in no other. */
  parentStageIndex: key(Schema.NullOr(Schema.Int), "parent_stage_index"),
  /** 0 for a stage that stands in no other. */
  depth: Schema.NonNegativeInt,
  ...inSpan
}

const endOfStage = {
  durationSeconds: key(Schema.JsonNumber, "duration_seconds"),
  attributes: PlainRecord,
  progress: Progress
}

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
  labels: Labels,
  attributes: PlainRecord,
  dryRun: key(Schema.Boolean, "dry_run")
})

/**
 * @since 0.1.0
 * @category models
 */
export interface StageStarted extends Schema.Schema.Type<typeof StageStarted> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const StageStarted = Schema.Struct({
  _tag: tag("StageStarted"),
  ...inStory,
  ...ofStage,
  attributes: PlainRecord
})

/**
 * How far a long stage has come. `total` is `null` while it is unknown.
 *
 * @since 0.1.0
 * @category models
 */
export interface StageProgressed extends Schema.Schema.Type<typeof StageProgressed> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const StageProgressed = Schema.Struct({
  _tag: tag("StageProgressed"),
  ...inStory,
  ...ofStage,
  done: Schema.JsonNumber,
  total: Schema.NullOr(Schema.JsonNumber)
})

/**
 * A stage is about to be tried again. `attempt` is the number of the coming attempt (the first retry is attempt 2),
 * `delaySeconds` the wait before it, `reason` the error that made it necessary.
 *
 * @since 0.1.0
 * @category models
 */
export interface StageRetried extends Schema.Schema.Type<typeof StageRetried> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const StageRetried = Schema.Struct({
  _tag: tag("StageRetried"),
  ...inStory,
  ...ofStage,
  attempt: Schema.Int,
  delaySeconds: key(Schema.JsonNumber, "delay_seconds"),
  reason: Schema.String
})

/**
 * @since 0.1.0
 * @category models
 */
export interface StageCompleted extends Schema.Schema.Type<typeof StageCompleted> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const StageCompleted = Schema.Struct({
  _tag: tag("StageCompleted"),
  ...inStory,
  ...ofStage,
  ...endOfStage
})

/**
 * A stage failed. Whether the story fails with it is told by `FailureOccurred`: a failure that is caught has none.
 *
 * @since 0.1.0
 * @category models
 */
export interface StageFailed extends Schema.Schema.Type<typeof StageFailed> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const StageFailed = Schema.Struct({
  _tag: tag("StageFailed"),
  ...inStory,
  ...ofStage,
  ...endOfStage,
  errorType: key(Schema.String, "error_type"),
  errorMessage: key(Schema.String, "error_message"),
  errorCode: key(ErrorCode, "error_code"),
  retryable: Schema.Boolean
})

/**
 * A stage was interrupted; `orphaned` when it was still running as its story ended.
 *
 * @since 0.1.0
 * @category models
 */
export interface StageCancelled extends Schema.Schema.Type<typeof StageCancelled> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const StageCancelled = Schema.Struct({
  _tag: tag("StageCancelled"),
  ...inStory,
  ...ofStage,
  ...endOfStage,
  orphaned: Schema.Boolean,
  interruptors: Schema.Array(Interruptor)
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
 * {@link FailureReport}. On the wire the primary failure's fields also stand at the top level.
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
 * The sub-story whose failure report already told why this story failed.
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
  labels: Labels,
  attributes: PlainRecord,
  dryRun: key(Schema.Boolean, "dry_run"),
  causedBy: key(Schema.NullOr(CausedBy), "caused_by"),
  /** The work told of with `Narrative.metrics`, that of sub-stories included; `null` when there was none. */
  work: Schema.NullOr(Work)
})

/**
 * The Schema of every event. Its encoded side is the wire form as a JSON object, less the convenience copies that
 * {@link toWire} adds to `FailureOccurred`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const NarrativeEvent = Schema.Union(
  StoryStarted,
  StageStarted,
  StageProgressed,
  StageRetried,
  StageCompleted,
  StageFailed,
  StageCancelled,
  LogRecorded,
  EventRecorded,
  FailureOccurred,
  AnalysisReady,
  StoryCompleted
)

/**
 * Anything that can happen in a story.
 *
 * @since 0.1.0
 * @category models
 */
export type NarrativeEvent =
  | StoryStarted
  | StageStarted
  | StageProgressed
  | StageRetried
  | StageCompleted
  | StageFailed
  | StageCancelled
  | LogRecorded
  | EventRecorded
  | FailureOccurred
  | AnalysisReady
  | StoryCompleted

/**
 * An event that belongs to one stage.
 *
 * @since 0.1.0
 * @category models
 */
export type StageEvent = StageStarted | StageProgressed | StageRetried | StageEnded

/**
 * The three ways a stage ends.
 *
 * @since 0.1.0
 * @category models
 */
export type StageEnded = StageCompleted | StageFailed | StageCancelled

/**
 * @since 0.1.0
 * @category guards
 */
export const isStageEnded = (event: NarrativeEvent): event is StageEnded =>
  event._tag === "StageCompleted" || event._tag === "StageFailed" || event._tag === "StageCancelled"

/**
 * The event as one line of JSON, without a line break.
 *
 * @since 0.1.0
 * @category encoding
 */
export const toWire: (event: NarrativeEvent) => string = wire.encode

/**
 * Reads one line of JSON back into the event it was written from.
 *
 * @since 0.1.0
 * @category decoding
 */
export const fromWire: (line: string) => Either.Either<NarrativeEvent, ParseError> = Schema.decodeEither(
  json(NarrativeEvent)
)
