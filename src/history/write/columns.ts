/**
 * Events as the cells of rows.
 */
import * as Schema from "effect/Schema"
import { FailureAnalysis } from "../../event/FailureAnalysis.js"
import { Interruptor } from "../../event/FailureReport.js"
import {
  type AnalysisReady,
  CausedBy,
  type FailureOccurred,
  type NarrativeEvent,
  type StageEnded,
  type StageEvent,
  type StoryCompleted,
  toWire
} from "../../event/NarrativeEvent.js"
import { Work } from "../../event/WorkSummary.js"
import type { PlainRecord } from "../../plain/PlainValue.js"
import type { Cell } from "../database/bulkInsert.js"
import { nameOf } from "../database/eventNames.js"

export type StoryCells = Array<Cell>
export type StageCells = Array<Cell>

/** The columns, in the order of the cells; `key` or `story_key` stands before them. */
export const storyColumns = [
  "id",
  "name",
  "kind",
  "root_story_id",
  "parent_story_id",
  "parent_stage_index",
  "status",
  "outcome",
  "started_at",
  "ended_at",
  "duration_seconds",
  "declared_stages",
  "percent",
  "completed_stages",
  "total_stages",
  "failed_stages",
  "cancelled_stages",
  "dry_run",
  "trace_id",
  "span_id",
  "labels",
  "attributes",
  "caused_by",
  "work",
  "writer_id"
] as const

export const stageColumns = [
  "stage_index",
  "parent_index",
  "story_name",
  "name",
  "path",
  "kind",
  "status",
  "started_at",
  "ended_at",
  "duration_seconds",
  "retries",
  "progress_done",
  "progress_total",
  "error_type",
  "error_message",
  "error_code",
  "retryable",
  "orphaned",
  "interruptors",
  "trace_id",
  "span_id",
  "attributes"
] as const

export const failureColumns = [
  "story_id",
  "sequence",
  "occurred_at",
  "story_name",
  "stage_name",
  "error_type",
  "error_code",
  "error_message",
  "retryable",
  "handled",
  "location",
  "fingerprint",
  "exact_cause",
  "llm_analysis",
  "analysis",
  "report"
] as const

export const eventColumns = ["sequence", "recorded_at", "event", "stage_index", "data"] as const

const at = <Column extends string>(columns: ReadonlyArray<Column>) =>
  Object.fromEntries(columns.map((column, i) => [column, i])) as { readonly [C in Column]: number }

export const stageAt = at(stageColumns)
export const storyAt = at(storyColumns)

const encodeAnalysis = Schema.encodeSync(Schema.parseJson(FailureAnalysis))
export const encodeInterruptors = Schema.encodeSync(Schema.parseJson(Schema.Array(Interruptor)))
export const encodeWork = Schema.encodeSync(Schema.parseJson(Work))
export const encodeCausedBy = Schema.encodeSync(Schema.parseJson(CausedBy))

export const storyCells = (event: NarrativeEvent, kind: string, startedAt: number, writer: number): StoryCells => [
  event.storyId,
  event.storyName,
  kind,
  event.rootStoryId,
  event.parentStoryId,
  null,
  "running",
  null,
  timestamp(startedAt),
  null,
  null,
  null,
  null,
  null,
  null,
  0,
  0,
  0,
  null,
  null,
  null,
  null,
  null,
  null,
  writer
]

export const stageCells = (event: StageEvent): StageCells => {
  const started = event._tag === "StageStarted"
  // Unless the database knows better: the start was in an earlier batch, or was lost.
  const startedAt = "durationSeconds" in event ? startOf(event) : event.timestamp
  return [
    event.stageIndex,
    event.parentStageIndex,
    event.storyName,
    event.stageName,
    event.stagePath.length === 1 ? null : JSON.stringify(event.stagePath),
    event.kind,
    "running",
    timestamp(startedAt),
    null,
    null,
    0,
    null,
    null,
    null,
    null,
    null,
    null,
    0,
    null,
    event.traceId,
    event.spanId,
    started ? recordCell(event.attributes) : null
  ]
}

export const startOf = (event: StageEnded | StoryCompleted): number =>
  Math.min(Math.max(0, event.timestamp - event.durationSeconds * 1_000), event.timestamp)

export const failureCells = (event: FailureOccurred): ReadonlyArray<Cell> => {
  const [primary] = event.failures
  const { location } = primary
  return [
    event.storyId,
    event.sequence,
    timestamp(event.timestamp),
    event.storyName,
    primary.stageName,
    primary.errorType,
    primary.errorCode,
    primary.errorMessage,
    primary.retryable ? 1 : 0,
    event.handled ? 1 : 0,
    location === null ? null : `${location.file}:${location.line}`,
    primary.fingerprint,
    primary.exactCause,
    event.llmAnalysis,
    event.analysis === null ? null : encodeAnalysis(event.analysis),
    toWire(event)
  ]
}

/** How an analysis that came later is written. */
export const analysisCell = (event: AnalysisReady): string => encodeAnalysis(event.analysis)

export const eventCells = (event: NarrativeEvent): ReadonlyArray<Cell> => [
  event.sequence,
  timestamp(event.timestamp),
  nameOf(event._tag),
  "stageIndex" in event ? event.stageIndex : null,
  dataCell(event)
]

/** What no other row holds. */
const dataCell = (event: NarrativeEvent): string | null => {
  switch (event._tag) {
    case "LogRecorded":
    case "EventRecorded":
      return toWire(event)
    case "StageRetried":
      return JSON.stringify({ attempt: event.attempt, delay_seconds: event.delaySeconds, reason: event.reason })
    case "StageProgressed":
      return JSON.stringify({ done: event.done, total: event.total })
    default:
      return null
  }
}

export const recordCell = (record: PlainRecord): string | null => {
  for (const _ in record) return JSON.stringify(record)
  return null
}

// Many events of one millisecond follow each other.
let lastMillis = Number.NaN
let lastText = ""

/** @internal */
export const timestamp = (millis: number): string => {
  const whole = Math.trunc(millis)
  if (whole !== lastMillis) {
    lastMillis = whole
    lastText = new Date(whole).toISOString()
  }
  return lastText
}
