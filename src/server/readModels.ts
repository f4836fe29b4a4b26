/**
 * What the read endpoints answer, as JSON: one Schema each, and the type of what is on the wire.
 *
 * Keys are in snake_case and times are UTC ISO-8601, as everywhere else. A browser program imports the types alone.
 */
import * as Schema from "effect/Schema"
import * as HistoryStats from "../history/HistoryStats.js"
import * as StoryRecord from "../history/StoryRecord.js"
import { PlainValue } from "../plain/PlainValue.js"
import { key } from "../plain/wireSchema.js"

export type { ReportData } from "../renderer/html/pageData.js"

const Nullable = <A, I>(schema: Schema.Schema<A, I>) => Schema.NullOr(schema)
const NullableText = Schema.NullOr(Schema.String)
const NullableNumber = Schema.NullOr(Schema.JsonNumber)
const Time = StoryRecord.Timestamp

/** A story in a list: `story_id`, `story_name`, `status`, `started_at`, `duration_seconds`, `failure`, `labels`, … */
export type StorySummaryJson = typeof StoryRecord.StorySummary.Encoded

/** `GET /api/v1/stories`. `next` is the `cursor` of the next page; `null` on the last. */
export const StoryList = Schema.Struct({
  stories: Schema.Array(StoryRecord.StorySummary),
  next: NullableText
})
export type StoryListJson = typeof StoryList.Encoded

/** `GET /api/v1/stories/:story_id`. */
export const Story = StoryRecord.StoryRecord
export type StoryJson = typeof Story.Encoded

/** `GET /api/v1/failures`. `next` is the `cursor` of the next page; `null` on the last. */
export const FailureList = Schema.Struct({
  failures: Schema.Array(StoryRecord.FailureSummary),
  next: NullableText
})
export type FailureListJson = typeof FailureList.Encoded
export type FailureJson = FailureListJson["failures"][number]

/** A label of the stories of a group of failures, such as a version, and the failures in stories that have it. */
const LabelCount = Schema.Struct({
  name: Schema.String,
  value: Schema.String,
  count: Schema.Int,
  firstAt: key(Time, "first_at"),
  lastAt: key(Time, "last_at")
})

/** Failures of one fingerprint. What is said of the failure itself is of the newest one. */
export const FailureGroup = Schema.Struct({
  fingerprint: Schema.String,
  count: Schema.Int,
  /** Those of them that were handled: their story did not fail with them. */
  handled: Schema.Int,
  /** In so many stories. */
  stories: Schema.Int,
  firstAt: key(Time, "first_at"),
  lastAt: key(Time, "last_at"),
  /** An example each: the story of the first and of the last of them. */
  firstStoryId: key(Schema.String, "first_story_id"),
  lastStoryId: key(Schema.String, "last_story_id"),
  storyName: key(Schema.String, "story_name"),
  stageName: key(NullableText, "stage_name"),
  errorType: key(Schema.String, "error_type"),
  errorMessage: key(Schema.String, "error_message"),
  errorCode: key(Schema.String, "error_code"),
  /** `file:line` */
  location: NullableText,
  /** So many in each part of the time that is looked at, of `bucket_seconds` each. */
  buckets: Schema.Array(Schema.Int),
  /** The labels of the stories of the newest 1,000 of them, by name and then by when they were seen first: 20 values of each. */
  labels: Schema.Array(LabelCount)
})

/** `GET /api/v1/failures/groups`, the most frequent first. */
export const FailureGroups = Schema.Struct({
  since: Time,
  until: Time,
  bucketSeconds: key(Schema.JsonNumber, "bucket_seconds"),
  /** Failures in all. */
  count: Schema.Int,
  /** Groups in all; `groups` has at most `limit` of them. */
  total: Schema.Int,
  groups: Schema.Array(FailureGroup)
})
export type FailureGroupsJson = typeof FailureGroups.Encoded
export type FailureGroupJson = typeof FailureGroup.Encoded

/** `GET /api/v1/stats`. */
export const Stats = HistoryStats.HistoryStats
export type StatsJson = typeof Stats.Encoded

/** A stage that is running. */
export const LiveStage = Schema.Struct({
  name: Schema.String,
  /** The names of the stages from the outermost down to this one. */
  path: Schema.Array(Schema.String),
  index: Schema.Int,
  kind: Schema.String,
  startedAt: key(Time, "started_at"),
  progress: Schema.NullOr(Schema.Struct({ done: Schema.JsonNumber, total: NullableNumber })),
  retries: Schema.Int
})
export type LiveStageJson = typeof LiveStage.Encoded

/** A story that is running. */
export const LiveStory = Schema.Struct({
  story: StoryRecord.StorySummary,
  /** Its stages up to now. */
  startedStages: key(Schema.Int, "started_stages"),
  completedStages: key(Schema.Int, "completed_stages"),
  failedStages: key(Schema.Int, "failed_stages"),
  /** Of the stages that it declared; `null` where it declared none. */
  percent: Schema.NullOr(Schema.Int),
  /** Those that are running, in their order of starting: the last 20. */
  stages: Schema.Array(LiveStage),
  /** When its last event was written. */
  lastEventAt: key(Schema.NullOr(Time), "last_event_at")
})
export type LiveStoryJson = typeof LiveStory.Encoded

/** A run that has no end. `life`: whether the process that it runs in is alive, where that can be seen from here. */
export const LiveRun = Schema.Struct({
  eventId: key(Schema.String, "event_id"),
  runId: key(Schema.String, "run_id"),
  agentName: key(Schema.String, "agent_name"),
  jobType: key(Schema.String, "job_type"),
  createdAt: key(Schema.NullOr(Time), "created_at"),
  updatedAt: key(Schema.NullOr(Time), "updated_at"),
  startTime: key(Schema.NullOr(Time), "start_time"),
  itemsDiscovered: key(NullableNumber, "items_discovered"),
  itemsSucceeded: key(NullableNumber, "items_succeeded"),
  itemsFailed: key(NullableNumber, "items_failed"),
  itemsSkipped: key(NullableNumber, "items_skipped"),
  parentRunId: key(NullableText, "parent_run_id"),
  /** The story that recorded it. */
  storyId: key(NullableText, "story_id"),
  life: Schema.Literal("alive", "dead", "unknown")
})
export type LiveRunJson = typeof LiveRun.Encoded

/** `GET /api/v1/live`: what runs now, the newest first. */
export const Live = Schema.Struct({
  at: Time,
  /** What happens after this moment follows from `GET /api/v1/events?after=…`, after the `recent` events before it. */
  cursor: Schema.Int,
  /** At most `limit`; sub-stories are not among them. */
  stories: Schema.Array(LiveStory),
  /** At most `limit`. */
  runs: Schema.Array(LiveRun)
})
export type LiveJson = typeof Live.Encoded

/** The `data` of an event of `GET /api/v1/events`; its `id` is `cursor`. */
export const Event = StoryRecord.HistoryEvent
export type EventJson = typeof Event.Encoded

/** One of what is compared. */
const Subject = Schema.Struct({
  /** As it was asked for. */
  id: Schema.String,
  kind: Schema.Literal("story", "run"),
  name: Schema.String,
  status: Schema.String,
  startedAt: key(Time, "started_at"),
  durationSeconds: key(NullableNumber, "duration_seconds"),
  /** `null` for a run without a story. */
  storyId: key(NullableText, "story_id"),
  /** The `event_id` of a run. */
  eventId: key(NullableText, "event_id")
})

/** A value of every one of what is compared, in the order in which they were asked for; `null` where one has none. */
const ComparedField = Schema.Struct({
  /** Where it belongs. */
  section: Schema.Literal("outcome", "labels", "attributes", "correlation", "work", "run"),
  name: Schema.String,
  values: Schema.Array(PlainValue),
  differs: Schema.Boolean
})

/** A stage as it was in one of what is compared. */
const ComparedCell = Schema.Struct({
  index: Schema.Int,
  status: Schema.String,
  /** Since its story began. */
  offsetSeconds: key(Schema.JsonNumber, "offset_seconds"),
  durationSeconds: key(NullableNumber, "duration_seconds"),
  retries: Schema.Int,
  errorType: key(NullableText, "error_type"),
  errorMessage: key(NullableText, "error_message"),
  attributes: Schema.Record({ key: Schema.String, value: PlainValue })
})

/** What is not the same of a stage in all of them. A duration: the longest is over 1.2 times the shortest, and 10 ms more. */
const Difference = Schema.Literal("presence", "status", "duration", "retries", "error", "attributes")

const ComparedStage = Schema.Struct({
  name: Schema.String,
  /** The names of the stages from the outermost down to this one. */
  path: Schema.Array(Schema.String),
  depth: Schema.Int,
  /** Of the stages of its name beside each other, the how many-th it is: from 1. */
  occurrence: Schema.Int,
  /** The row of the stage around it; `null` for an outermost one. */
  parent: Schema.NullOr(Schema.Int),
  cells: Schema.Array(Nullable(ComparedCell)),
  differs: Schema.Array(Difference)
})

/** `GET /api/v1/compare?id=…&id=…`. */
export const Comparison = Schema.Struct({
  subjects: Schema.Array(Subject),
  fields: Schema.Array(ComparedField),
  /** Aligned by path and order: each row is one stage in as many of them as have it. */
  stages: Schema.Array(ComparedStage),
  /** Stages that the rows leave out, of each of them: at most 5,000 rows. */
  omitted: Schema.Array(Schema.Int)
})
export type ComparisonJson = typeof Comparison.Encoded
export type ComparedStageJson = ComparisonJson["stages"][number]
export type ComparedFieldJson = ComparisonJson["fields"][number]
export type ComparedSubjectJson = ComparisonJson["subjects"][number]

/** An estimate, and the interval that holds the true value at 95 % confidence. */
const Estimate = Schema.Struct({ estimate: Schema.JsonNumber, low: Schema.JsonNumber, high: Schema.JsonNumber })

/** The stories, or the stages of one name, of a group. */
const Distribution = Schema.Struct({
  count: Schema.Int,
  failed: Schema.Int,
  failureRate: key(Schema.JsonNumber, "failure_rate"),
  /** Of those that have an end. */
  durations: Schema.NullOr(HistoryStats.Durations),
  /** The durations at 0, 2.5, 5, … 100 %: 41 of them, in seconds; empty without any. */
  quantiles: Schema.Array(Schema.JsonNumber)
})

/** How the durations and failures of group `b` differ from those of `a`. `null`: too few to say. */
const GroupDifference = Schema.Struct({
  /** Median of `b` less that of `a`, in seconds: bootstrap. */
  medianSeconds: key(Schema.NullOr(Estimate), "median_seconds"),
  /** Median of `b` by that of `a`: bootstrap. */
  medianRatio: key(Schema.NullOr(Estimate), "median_ratio"),
  /** That both were drawn from one distribution of durations: Mann–Whitney, two-sided. */
  durationPValue: key(NullableNumber, "duration_p_value"),
  /** How often one of `b` takes longer than one of `a`, 0–1: 0.5 for no difference. */
  probabilityLonger: key(NullableNumber, "probability_longer"),
  /** Share of failures of `b` less that of `a`: Newcombe's interval. */
  failureRate: key(Schema.NullOr(Estimate), "failure_rate"),
  /** That both have one rate of failures: Fisher's exact test, two-sided. */
  failurePValue: key(NullableNumber, "failure_p_value"),
  /** `clear` below 0.01, `likely` below 0.05, otherwise `none`; `unknown` where there are too few. Of the smaller p value. */
  certainty: Schema.Literal("clear", "likely", "none", "unknown")
})

/** `GET /api/v1/compare/groups?a.label.version=1&b.label.version=2`: filters of stories, each parameter with `a.` or `b.`. */
export const GroupComparison = Schema.Struct({
  a: Distribution,
  b: Distribution,
  difference: GroupDifference,
  /** The edges of a histogram of both, in seconds, and how many of each group are between two of them. */
  histogram: Schema.Struct({
    edges: Schema.Array(Schema.JsonNumber),
    a: Schema.Array(Schema.Int),
    b: Schema.Array(Schema.Int)
  }),
  /** The stages of both, those that differ most surely first. */
  stages: Schema.Array(
    Schema.Struct({
      storyName: key(Schema.String, "story_name"),
      stageName: key(Schema.String, "stage_name"),
      a: Distribution,
      b: Distribution,
      difference: GroupDifference
    })
  ),
  /** Whether a group has more than the newest 5,000 stories, which alone are looked at. */
  sampled: Schema.Struct({ a: Schema.Boolean, b: Schema.Boolean })
})
export type GroupComparisonJson = typeof GroupComparison.Encoded
export type DistributionJson = GroupComparisonJson["a"]
export type GroupDifferenceJson = GroupComparisonJson["difference"]
