/**
 * Events as rows: what each event writes into which columns.
 */
import { failureTime } from "../../event/failureTime.js"
import type {
  FailureOccurred,
  NarrativeEvent,
  StageEnded,
  StageEvent,
  StoryCompleted,
  StoryStarted
} from "../../event/NarrativeEvent.js"
import { toWire } from "../../event/NarrativeEvent.js"
import * as wire from "../../event/wire.js"
import { time } from "../database/columns.js"
import { nameOf } from "../database/eventNames.js"
import type * as tables from "../database/tables.js"
import { type Cells, failures, stages, stories } from "../database/tables.js"

/** `key` is given by the database. */
export type StoryRow = Omit<Cells<typeof tables.stories>, "key">
export type StageRow = Cells<typeof tables.stages>
/** `id` is given by the database, and what an analysis that comes later writes. */
export type FailureRow = Omit<Cells<typeof tables.failures>, "id" | "analysis_seconds">
/** `id` is given by the database. */
export type EventRow = Omit<Cells<typeof tables.events>, "id">

/** The key of a story that has no row yet. It is put in before the row is written. */
export const noKey = 0

/** A story of which nothing is known but what this event says of it. */
export const storyRow = (event: NarrativeEvent, kind: string, startedAt: number, writer: number): StoryRow => ({
  id: event.storyId,
  name: event.storyName,
  kind,
  root_story_id: event.rootStoryId,
  parent_story_id: event.parentStoryId,
  parent_stage_index: null,
  status: "running",
  outcome: null,
  started_at: time.encode(startedAt),
  ended_at: null,
  duration_seconds: null,
  declared_stages: null,
  percent: null,
  completed_stages: null,
  total_stages: null,
  failed_stages: 0,
  cancelled_stages: 0,
  dry_run: 0,
  trace_id: null,
  span_id: null,
  labels: null,
  attributes: null,
  caused_by: null,
  work: null,
  writer_id: writer,
  correlation: null
})

/** What a story's start knows of it. */
export const startStory = (row: StoryRow, event: StoryStarted): void => {
  row.parent_stage_index = event.parentStageIndex
  row.declared_stages = event.totalStages
  row.dry_run = event.dryRun ? 1 : 0
  row.trace_id = event.traceId
  row.span_id = event.spanId
  row.correlation = stories.correlation.encode(event.correlation)
  row.labels = stories.labels.encode(event.labels)
  row.attributes = stories.attributes.encode(event.attributes)
}

/** What a story's end knows of it. */
export const endStory = (row: StoryRow, event: StoryCompleted): void => {
  row.status = event.status
  row.outcome = event.outcome
  row.ended_at = time.encode(event.timestamp)
  row.duration_seconds = event.durationSeconds
  row.percent = event.progress.percent
  row.completed_stages = event.progress.completedStages
  row.total_stages = event.progress.totalStages
  row.failed_stages = event.failedStages
  row.cancelled_stages = event.cancelledStages
  row.dry_run = event.dryRun ? 1 : 0
  row.labels = stories.labels.encode(event.labels)
  row.attributes = stories.attributes.encode(event.attributes)
  row.caused_by = stories.caused_by.encode(event.causedBy)
  row.work = stories.work.encode(event.work)
  row.correlation = stories.correlation.encode(event.correlation)
}

/** What {@link endStory} writes: of a story whose row is there already, nothing else is changed. */
export const storyEndColumns = [
  "status",
  "outcome",
  "ended_at",
  "duration_seconds",
  "percent",
  "completed_stages",
  "total_stages",
  "failed_stages",
  "cancelled_stages",
  "dry_run",
  "labels",
  "attributes",
  "caused_by",
  "work",
  "correlation"
] as const satisfies ReadonlyArray<keyof StoryRow>

/** A stage of which nothing is known but where it is. */
export const stageRow = (event: StageEvent): StageRow => ({
  story_key: noKey,
  stage_index: event.stageIndex,
  parent_index: event.parentStageIndex,
  story_name: event.storyName,
  name: event.stageName,
  path: event.stagePath.length === 1 ? null : stages.path.encode(event.stagePath),
  kind: event.kind,
  status: "running",
  // Unless the database knows better: the start was in an earlier batch, or was lost.
  started_at: time.encode("durationSeconds" in event ? startOf(event) : event.timestamp),
  ended_at: null,
  duration_seconds: null,
  retries: 0,
  progress_done: null,
  progress_total: null,
  error_type: null,
  error_message: null,
  error_code: null,
  retryable: null,
  orphaned: 0,
  interruptors: null,
  trace_id: event.traceId,
  span_id: event.spanId,
  attributes: null
})

/** What an event of a stage knows of it. */
export const changeStage = (row: StageRow, event: StageEvent): void => {
  switch (event._tag) {
    case "StageStarted":
      row.attributes = stages.attributes.encode(event.attributes)
      return
    case "StageProgressed":
      row.progress_done = event.done
      row.progress_total = event.total
      return
    case "StageRetried":
      row.retries += 1
      return
    default:
      endStage(row, event)
  }
}

const endStage = (row: StageRow, event: StageEnded): void => {
  row.ended_at = time.encode(event.timestamp)
  row.duration_seconds = event.durationSeconds
  row.attributes = stages.attributes.encode(event.attributes)
  switch (event._tag) {
    case "StageCompleted":
      row.status = "completed"
      return
    case "StageFailed":
      row.status = "failed"
      row.error_type = event.errorType
      row.error_message = event.errorMessage
      row.error_code = event.errorCode
      row.retryable = event.retryable ? 1 : 0
      return
    case "StageCancelled":
      row.status = "cancelled"
      row.orphaned = event.orphaned ? 1 : 0
      row.interruptors = stages.interruptors.encode(event.interruptors.length === 0 ? null : event.interruptors)
  }
}

/** What a stage's end writes over what a row of an earlier batch has. */
export const stageEndColumns = [
  "status",
  "ended_at",
  "duration_seconds",
  "error_type",
  "error_message",
  "error_code",
  "retryable",
  "orphaned",
  "interruptors"
] as const satisfies ReadonlyArray<keyof StageRow>

export const startOf = (event: StageEnded | StoryCompleted): number =>
  Math.min(Math.max(0, event.timestamp - event.durationSeconds * 1_000), event.timestamp)

export const failureRow = (event: FailureOccurred): FailureRow => {
  const [primary] = event.failures
  const { location } = primary
  return {
    story_key: noKey,
    story_id: event.storyId,
    sequence: event.sequence,
    occurred_at: time.encode(failureTime(event)),
    story_name: event.storyName,
    stage_name: primary.stageName,
    error_type: primary.errorType,
    error_code: primary.errorCode,
    error_message: primary.errorMessage,
    retryable: primary.retryable ? 1 : 0,
    handled: event.handled ? 1 : 0,
    location: location === null ? null : `${location.file}:${location.line}`,
    fingerprint: primary.fingerprint,
    exact_cause: primary.exactCause,
    llm_analysis: event.llmAnalysis,
    analysis: failures.analysis.encode(event.analysis),
    report: toWire(event)
  }
}

export const eventRow = (event: NarrativeEvent): EventRow => ({
  story_key: noKey,
  sequence: event.sequence,
  recorded_at: time.encode(event.timestamp),
  event: nameOf(event._tag),
  stage_index: "stageIndex" in event ? event.stageIndex : null,
  data: dataOf(event)
})

/** What of the event no other row holds, or holds only until something later is written over it. */
const dataOf = (event: NarrativeEvent): string | null => {
  switch (event._tag) {
    case "LogRecorded":
    case "EventRecorded":
    case "AnalysisReady":
      return toWire(event)
    case "StoryStarted":
      return `{"labels":${JSON.stringify(event.labels)},"attributes":${JSON.stringify(event.attributes)}}`
    case "StageStarted":
      return stages.attributes.encode(event.attributes)
    case "StageRetried":
      return JSON.stringify({ attempt: event.attempt, delay_seconds: event.delaySeconds, reason: event.reason })
    case "StageProgressed":
      return JSON.stringify({ done: event.done, total: event.total })
    case "StageCompleted":
    case "StageFailed":
    case "StageCancelled": {
      const { completedStages, percent, totalStages } = event.progress
      const where = event._tag === "StageFailed" ? `,"location":${wire.location(event.location)}` : ""
      return `{"percent":${percent},"completed_stages":${completedStages},"total_stages":${totalStages}${where}}`
    }
    case "StoryCompleted": {
      const interruptors = stages.interruptors.encode(event.interruptors)
      return event.interruptors.length === 0 ? null : `{"interruptors":${interruptors}}`
    }
    case "FailureOccurred":
      return null
  }
}
