/**
 * Records as lines of JSON, their keys written out by hand: encoding by Schema costs more than ten times as much, for
 * each stage.
 */
import { type Correlation, wireNames } from "../../event/correlationFields.js"
import { plainJson } from "../../plain/plainJson.js"
import type { StageWide, StoryWide, WideEvent } from "./WideEvent.js"

export const encode = (record: WideEvent): string => plainJson(toRecord(record))

/** The record as its line has it. */
export const toRecord = (record: WideEvent): ReturnType<typeof stage> | ReturnType<typeof story> =>
  record._tag === "StageWide" ? stage(record) : story(record)

const time = (millis: number): string => new Date(millis).toISOString()

const correlation = (known: Correlation) =>
  Object.fromEntries((Object.keys(known) as Array<keyof Correlation>).map((field) => [wireNames[field], known[field]]))

const head = (record: WideEvent) => ({
  story_id: record.storyId,
  story_name: record.storyName,
  story_kind: record.storyKind,
  root_story_id: record.rootStoryId,
  parent_story_id: record.parentStoryId,
  trace_id: record.traceId,
  span_id: record.spanId,
  sequence: record.sequence,
  correlation: record.correlation === null ? null : correlation(record.correlation),
  labels: record.labels,
  attributes: record.attributes,
  dry_run: record.dryRun,
  started_at: time(record.startedAt),
  retries: record.retries,
  logs: record.logs,
  notes: record.notes,
  notes_omitted: record.notesOmitted,
  error_type: record.errorType,
  error_message: record.errorMessage,
  error_code: record.errorCode,
  retryable: record.retryable,
  progress: {
    percent: record.progress.percent,
    completed_stages: record.progress.completedStages,
    total_stages: record.progress.totalStages
  },
  incomplete: record.incomplete
})

const stage = (record: StageWide) => ({
  event: "stage.wide",
  ...head(record),
  stage_name: record.stageName,
  stage_index: record.stageIndex,
  stage_path: record.stagePath,
  parent_stage_name: record.parentStageName,
  parent_stage_index: record.parentStageIndex,
  depth: record.depth,
  stage_kind: record.stageKind,
  status: record.status,
  ended_at: time(record.endedAt),
  duration_seconds: record.durationSeconds,
  offset_seconds: record.offsetSeconds,
  attempts: record.attempts,
  retry_reason: record.retryReason,
  retry_wait_seconds: record.retryWaitSeconds,
  done: record.done,
  total: record.total,
  orphaned: record.orphaned,
  interruptors: record.interruptors.map(({ fiberId, stageName, storyName }) => ({
    fiber_id: fiberId,
    story_name: storyName,
    stage_name: stageName
  }))
})

const story = (record: StoryWide) => ({
  event: "story.wide",
  ...head(record),
  status: record.status,
  success: record.success,
  outcome: record.outcome,
  ended_at: record.endedAt === null ? null : time(record.endedAt),
  duration_seconds: record.durationSeconds,
  stages_completed: record.stagesCompleted,
  stages_failed: record.stagesFailed,
  stages_cancelled: record.stagesCancelled,
  stages: record.stages.map(({ depth, durationSeconds, errorType, index, name, retries, status }) => ({
    name,
    index,
    depth,
    status,
    duration_seconds: durationSeconds,
    retries,
    error_type: errorType
  })),
  stages_omitted: record.stagesOmitted,
  failed_stage_name: record.failedStageName,
  exact_cause: record.exactCause,
  fingerprint: record.fingerprint,
  failures: record.failures,
  handled_failures: record.handledFailures,
  caused_by_story_id: record.causedByStoryId
})
