/**
 * A run as it is kept: who did what, when, with what result.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { PlainValue } from "../plain/PlainValue.js"
import { key, Timestamp } from "../plain/wireSchema.js"
import { statuses, statusOf } from "./runColumns.js"

/**
 * How a run is, or how it ended.
 *
 * @since 0.1.0
 * @category models
 */
export type RunStatus = typeof RunStatus.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const RunStatus = Schema.Literal(...statuses)

/**
 * Reads a status as other programs write it, too: `failure` and `error` are `failed`, `completed` and `succeeded` are
 * `success`, `canceled` is `cancelled`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parseStatus: (word: unknown) => RunStatus | undefined = statusOf

const text = <Wire extends string>(wire: Wire) => key(Schema.NullOr(Schema.String), wire)
const count = <Wire extends string>(wire: Wire) => key(Schema.NullOr(Schema.NonNegativeInt), wire)
const time = <Wire extends string>(wire: Wire) => key(Schema.NullOr(Timestamp), wire)

/**
 * Times are UTC, in milliseconds since the epoch. Every column is there; what is not known is `null`.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunRecord extends Schema.Schema.Type<typeof RunRecord> {}

/**
 * Its wire form has the columns of the table `agent_runs` for keys.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RunRecord = Schema.Struct({
  /** What distinguishes this run from all others: what is written twice by one id is one run. */
  eventId: key(Schema.String, "event_id"),
  /** What people and other programs call it. */
  runId: key(Schema.String, "run_id"),
  createdAt: time("created_at"),
  updatedAt: time("updated_at"),
  startTime: time("start_time"),
  endTime: time("end_time"),
  agentName: key(Schema.String, "agent_name"),
  agentOwner: text("agent_owner"),
  jobType: key(Schema.String, "job_type"),
  status: RunStatus,
  product: Schema.NullOr(Schema.String),
  productFamily: text("product_family"),
  platform: Schema.NullOr(Schema.String),
  subdomain: Schema.NullOr(Schema.String),
  website: Schema.NullOr(Schema.String),
  websiteSection: text("website_section"),
  itemName: text("item_name"),
  itemsDiscovered: count("items_discovered"),
  itemsSucceeded: count("items_succeeded"),
  itemsFailed: count("items_failed"),
  itemsSkipped: count("items_skipped"),
  durationMs: count("duration_ms"),
  inputSummary: text("input_summary"),
  outputSummary: text("output_summary"),
  sourceRef: text("source_ref"),
  targetRef: text("target_ref"),
  errorSummary: text("error_summary"),
  errorDetails: text("error_details"),
  gitRepo: text("git_repo"),
  gitBranch: text("git_branch"),
  gitCommitHash: text("git_commit_hash"),
  gitRunTag: text("git_run_tag"),
  gitCommitSource: text("git_commit_source"),
  gitCommitAuthor: text("git_commit_author"),
  gitCommitTimestamp: time("git_commit_timestamp"),
  host: Schema.NullOr(Schema.String),
  environment: Schema.NullOr(Schema.String),
  triggerType: text("trigger_type"),
  metrics: key(PlainValue, "metrics_json"),
  context: key(PlainValue, "context_json"),
  apiPosted: key(Schema.Boolean, "api_posted"),
  apiPostedAt: time("api_posted_at"),
  apiRetryCount: key(Schema.NonNegativeInt, "api_retry_count"),
  insightId: text("insight_id"),
  parentRunId: text("parent_run_id"),
  storyId: text("story_id"),
  process: Schema.NullOr(Schema.String)
})

/**
 * Something that happened in a run.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunEvent extends Schema.Schema.Type<typeof RunEvent> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const RunEvent = Schema.Struct({
  id: Schema.String,
  runId: key(Schema.String, "run_id"),
  type: key(Schema.String, "event_type"),
  timestamp: Timestamp,
  payload: PlainValue
})
