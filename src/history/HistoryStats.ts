/**
 * Figures about what a history holds.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { ErrorCode } from "../event/FailureReport.js"
import { key } from "../plain/wireSchema.js"
import { Timestamp } from "./StoryRecord.js"

/**
 * Exact percentiles of durations, in seconds: each is a duration that was measured (the nearest rank).
 *
 * @since 0.1.0
 * @category models
 */
export interface Durations extends Schema.Schema.Type<typeof Durations> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Durations = Schema.Struct({
  p50: Schema.JsonNumber,
  p95: Schema.JsonNumber,
  p99: Schema.JsonNumber,
  max: Schema.JsonNumber,
  mean: Schema.JsonNumber
})

/**
 * The stages of one name in the stories of one name. `durations` are of those that completed or failed, `null` without
 * any. `failureRate` is the share (0–1) of those that failed.
 *
 * @since 0.1.0
 * @category models
 */
export interface StageStats extends Schema.Schema.Type<typeof StageStats> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const StageStats = Schema.Struct({
  storyName: key(Schema.String, "story_name"),
  stageName: key(Schema.String, "stage_name"),
  count: Schema.Int,
  completed: Schema.Int,
  failed: Schema.Int,
  cancelled: Schema.Int,
  /** Without an end: running or interrupted. */
  open: Schema.Int,
  failureRate: key(Schema.JsonNumber, "failure_rate"),
  durations: Schema.NullOr(Durations)
})

const ByStatus = Schema.Struct({
  running: Schema.Int,
  success: Schema.Int,
  failed: Schema.Int,
  cancelled: Schema.Int,
  timeout: Schema.Int,
  partial: Schema.Int,
  interrupted: Schema.Int
})

/**
 * The stories of one name. `failureRate` is the share (0–1) of those ended that failed or timed out, or were cut off.
 *
 * @since 0.1.0
 * @category models
 */
export interface StoryStats extends Schema.Schema.Type<typeof StoryStats> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const StoryStats = Schema.Struct({
  storyName: key(Schema.String, "story_name"),
  count: Schema.Int,
  byStatus: key(ByStatus, "by_status"),
  failureRate: key(Schema.JsonNumber, "failure_rate"),
  durations: Schema.NullOr(Durations)
})

/**
 * Failures of one fingerprint: of one kind, at one place, represented by the newest one.
 *
 * @since 0.1.0
 * @category models
 */
export interface FailureGroup extends Schema.Schema.Type<typeof FailureGroup> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const FailureGroup = Schema.Struct({
  fingerprint: Schema.String,
  count: Schema.Int,
  firstAt: key(Timestamp, "first_at"),
  lastAt: key(Timestamp, "last_at"),
  lastStoryId: key(Schema.String, "last_story_id"),
  storyName: key(Schema.String, "story_name"),
  stageName: key(Schema.NullOr(Schema.String), "stage_name"),
  errorType: key(Schema.String, "error_type"),
  errorMessage: key(Schema.String, "error_message"),
  errorCode: key(ErrorCode, "error_code"),
  location: Schema.NullOr(Schema.String)
})

/**
 * Figures of the stories and stages that started, and of the failures that occurred, from `since` up to but without
 * `until`.
 *
 * @since 0.1.0
 * @category models
 */
export interface HistoryStats extends Schema.Schema.Type<typeof HistoryStats> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const HistoryStats = Schema.Struct({
  since: Timestamp,
  until: Timestamp,
  storyName: key(Schema.NullOr(Schema.String), "story_name"),
  count: Schema.Int,
  byStatus: key(ByStatus, "by_status"),
  /** The share (0–1) of the stories that ended, which failed, timed out or were cut off. */
  failureRate: key(Schema.JsonNumber, "failure_rate"),
  /** Stories started, in the mean. */
  storiesPerHour: key(Schema.JsonNumber, "stories_per_hour"),
  /** Most frequent first. */
  stories: Schema.Array(StoryStats),
  /** Those that took longest in all first. */
  stages: Schema.Array(StageStats),
  /** The stories that took longest, at most ten. */
  slowest: Schema.Array(
    Schema.Struct({
      storyId: key(Schema.String, "story_id"),
      storyName: key(Schema.String, "story_name"),
      startedAt: key(Timestamp, "started_at"),
      durationSeconds: key(Schema.JsonNumber, "duration_seconds")
    })
  ),
  failureCount: key(Schema.Int, "failure_count"),
  /** Most frequent first, at most twenty. */
  failures: Schema.Array(FailureGroup)
})
