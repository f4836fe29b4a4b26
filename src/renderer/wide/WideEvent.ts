/**
 * One record for each stage and each story, with everything beside it that a query may ask for: nothing has to be joined.
 */
import * as Schema from "effect/Schema"
import { OfStory } from "../../event/correlationFields.js"
import { ErrorCode, Interruptor, Progress } from "../../event/FailureReport.js"
import { StoryStatus } from "../../event/NarrativeEvent.js"
import { PlainRecord, PlainValue } from "../../plain/PlainValue.js"
import { key, NullableText, Timestamp } from "../../plain/wireSchema.js"

const kind = <Wire extends string, Tag extends string>(wire: Wire, name: Tag) =>
  Schema.propertySignature(Schema.transformLiteral(wire, name)).pipe(Schema.fromKey("event"))

const Seconds = Schema.JsonNumber

/**
 * How many log lines there were of each level, where `Narrative.logger` makes events of them.
 *
 * @since 0.1.0
 * @category models
 */
export interface LogCounts extends Schema.Schema.Type<typeof LogCounts> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const LogCounts = Schema.Struct({
  trace: Schema.Int,
  debug: Schema.Int,
  info: Schema.Int,
  warn: Schema.Int,
  error: Schema.Int,
  fatal: Schema.Int
})

/**
 * Something the program noted with `Narrative.note`.
 *
 * @since 0.1.0
 * @category models
 */
export interface WideNote extends Schema.Schema.Type<typeof WideNote> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const WideNote = Schema.Struct({ name: Schema.String, data: PlainValue })

const ofStory = {
  storyId: key(Schema.String, "story_id"),
  storyName: key(Schema.String, "story_name"),
  storyKind: key(Schema.String, "story_kind"),
  rootStoryId: key(Schema.String, "root_story_id"),
  parentStoryId: key(NullableText, "parent_story_id"),
  traceId: key(NullableText, "trace_id"),
  spanId: key(NullableText, "span_id"),
  /** That of the event which ended it. */
  sequence: Schema.Int,
  /** Who asked for the story; `null` where nothing is known. */
  correlation: OfStory,
  /** The story's. */
  labels: PlainRecord,
  /** Of a story, as they were at its end; of a stage, its own over those the story began with. */
  attributes: PlainRecord,
  dryRun: key(Schema.Boolean, "dry_run"),
  /** UTC, in milliseconds since the epoch. */
  startedAt: key(Timestamp, "started_at"),
  retries: Schema.Int,
  logs: LogCounts,
  /** The first 20. */
  notes: Schema.Array(WideNote),
  notesOmitted: key(Schema.Int, "notes_omitted"),
  errorType: key(NullableText, "error_type"),
  errorMessage: key(NullableText, "error_message"),
  errorCode: key(Schema.NullOr(ErrorCode), "error_code"),
  retryable: Schema.NullOr(Schema.Boolean),
  progress: Progress,
  /** What came before was not seen: the renderer was provided later, or too many were open. Counts are of what was. */
  incomplete: Schema.Boolean
}

/**
 * A stage that ended. `attempts` is 1 for one that was never tried again; `done` and `total` are what it last said of
 * its own progress.
 *
 * @since 0.1.0
 * @category models
 */
export interface StageWide extends Schema.Schema.Type<typeof StageWide> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const StageWide = Schema.Struct({
  _tag: kind("stage.wide", "StageWide"),
  ...ofStory,
  stageName: key(Schema.String, "stage_name"),
  stageIndex: key(Schema.Int, "stage_index"),
  stagePath: key(Schema.Array(Schema.String), "stage_path"),
  parentStageName: key(NullableText, "parent_stage_name"),
  parentStageIndex: key(Schema.NullOr(Schema.Int), "parent_stage_index"),
  depth: Schema.Int,
  stageKind: key(Schema.String, "stage_kind"),
  status: Schema.Literal("completed", "failed", "cancelled"),
  endedAt: key(Timestamp, "ended_at"),
  durationSeconds: key(Seconds, "duration_seconds"),
  /** From the story's start to the stage's; `null` where the story's was not seen. */
  offsetSeconds: key(Schema.NullOr(Seconds), "offset_seconds"),
  attempts: Schema.Int,
  retryReason: key(NullableText, "retry_reason"),
  retryWaitSeconds: key(Seconds, "retry_wait_seconds"),
  done: Schema.NullOr(Schema.JsonNumber),
  total: Schema.NullOr(Schema.JsonNumber),
  orphaned: Schema.Boolean,
  interruptors: Schema.Array(Interruptor)
})

/**
 * A stage as its story's record has it.
 *
 * @since 0.1.0
 * @category models
 */
export interface StageResult extends Schema.Schema.Type<typeof StageResult> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const StageResult = Schema.Struct({
  name: Schema.String,
  index: Schema.Int,
  depth: Schema.Int,
  status: Schema.Literal("completed", "failed", "cancelled"),
  durationSeconds: key(Seconds, "duration_seconds"),
  retries: Schema.Int,
  errorType: key(NullableText, "error_type")
})

/**
 * A story that ended; or one that had not when the renderer closed or evicted it (`unfinished`): `endedAt` and
 * `durationSeconds` are `null` then.
 *
 * @since 0.1.0
 * @category models
 */
export interface StoryWide extends Schema.Schema.Type<typeof StoryWide> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const StoryWide = Schema.Struct({
  _tag: kind("story.wide", "StoryWide"),
  ...ofStory,
  status: Schema.Literal(...StoryStatus.literals, "unfinished"),
  success: Schema.Boolean,
  outcome: NullableText,
  endedAt: key(Schema.NullOr(Timestamp), "ended_at"),
  durationSeconds: key(Schema.NullOr(Seconds), "duration_seconds"),
  stagesCompleted: key(Schema.Int, "stages_completed"),
  stagesFailed: key(Schema.Int, "stages_failed"),
  stagesCancelled: key(Schema.Int, "stages_cancelled"),
  /** In order of ending: the first 50 and the last 200. */
  stages: Schema.Array(StageResult),
  stagesOmitted: key(Schema.Int, "stages_omitted"),
  /** Where it failed, and why. `null` where a sub-story's report says it. */
  failedStageName: key(NullableText, "failed_stage_name"),
  exactCause: key(NullableText, "exact_cause"),
  fingerprint: NullableText,
  failures: Schema.Int,
  handledFailures: key(Schema.Int, "handled_failures"),
  causedByStoryId: key(NullableText, "caused_by_story_id")
})

/**
 * The Schema of every record. Its encoded side is a line.
 *
 * @since 0.1.0
 * @category schemas
 */
export const WideEvent = Schema.Union(StageWide, StoryWide)

/**
 * @since 0.1.0
 * @category models
 */
export type WideEvent = StageWide | StoryWide
