/**
 * Events read back as they were told: a row of `events`, and what its story, its stage and its failure know of it. Not kept
 * is how far the story had come at a stage's end, where the story's last progress stands.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { NarrativeEvent } from "../../event/NarrativeEvent.js"
import { parseJson } from "../../plain/wireSchema.js"
import { DamagedRow, damaged, numberOf, optionalNumber, pathOf, type ReadRow, wholeOf } from "./decodeColumns.js"

/** The events of the rows that meet the condition on `events AS e` and `stories AS s`, in order, each with its cursor. */
export const told = (
  sql: SqlClient.SqlClient,
  condition: Fragment,
  limit: number
): Effect.Effect<ReadonlyArray<{ readonly cursor: number; readonly event: NarrativeEvent }>, SqlError> =>
  Effect.map(
    sql<ReadRow>`SELECT ${sql.literal(columns)}
      FROM events AS e
      JOIN stories AS s ON s.key = e.story_key
      LEFT JOIN stages AS t ON t.story_key = e.story_key AND t.stage_index = e.stage_index
      LEFT JOIN failures AS f ON f.story_key = e.story_key AND (
        (e.event = 'FailureOccurred' AND f.sequence = e.sequence) OR
        (e.event = 'LLMAnalysisReady' AND f.id = (SELECT max(a.id) FROM failures AS a
          WHERE a.story_key = e.story_key AND a.analysis_seconds IS NOT NULL)))
      WHERE ${condition} ORDER BY e.id LIMIT ${limit}`,
    (rows) =>
      rows.map((row) => {
        const event = decode(wireOf(row))
        if (Either.isRight(event)) return { cursor: wholeOf(row["cursor"]), event: event.right }
        throw damaged(String(row["event"]), event.left)
      })
  )

const columns = `e.id AS cursor, e.event, e.sequence, e.recorded_at, e.stage_index, e.data,
  s.id AS story_id, s.name AS story_name, s.root_story_id, s.parent_story_id, s.parent_stage_index, s.kind AS story_kind,
  s.status, s.outcome, s.duration_seconds AS story_seconds, s.declared_stages, s.percent, s.completed_stages,
  s.total_stages, s.failed_stages, s.cancelled_stages, s.dry_run, s.trace_id AS story_trace_id,
  s.span_id AS story_span_id, s.labels, s.attributes AS story_attributes, s.caused_by, s.work,
  t.name AS stage_name, t.path AS stage_path, t.parent_index, t.kind AS stage_kind, t.duration_seconds AS stage_seconds,
  t.error_type, t.error_message, t.error_code, t.retryable, t.orphaned, t.interruptors, t.trace_id, t.span_id, t.attributes AS stage_attributes,
  f.stage_name AS failed_stage, f.report, f.analysis, f.llm_analysis, f.analysis_seconds`

const decode = Schema.decodeUnknownEither(NarrativeEvent)

/** The event on the wire, as far as the row has it; the Schema tells what is missing. */
const wireOf = (row: ReadRow): unknown => {
  switch (row["event"]) {
    case "LogRecorded":
    case "EventRecorded":
      return parsed(row["data"])
    case "FailureOccurred": {
      // An analysis that was made in the background is told when it came.
      const isLater = row["analysis_seconds"] !== null
      const analysis = isLater ? null : parsed(row["analysis"])
      return { ...recordOf(row["report"]), analysis, llm_analysis: isLater ? null : row["llm_analysis"] }
    }
    case "LLMAnalysisReady":
      return {
        ...recordOf(row["report"]),
        ...inStory(row),
        stage_name: row["failed_stage"],
        llm_analysis: row["llm_analysis"],
        analysis: parsed(row["analysis"]),
        latency_seconds: row["analysis_seconds"]
      }
    case "StoryStarted":
      return { ...inStory(row), ...ofStory(row), total_stages: optionalNumber(row["declared_stages"]) }
    case "StoryCompleted":
      return {
        ...inStory(row),
        ...ofStory(row),
        status: row["status"],
        success: row["status"] === "success",
        outcome: row["outcome"],
        duration_seconds: row["story_seconds"],
        progress: progressOf(row),
        failed_stages: numberOf(row["failed_stages"]),
        cancelled_stages: numberOf(row["cancelled_stages"]),
        caused_by: parsed(row["caused_by"]),
        work: parsed(row["work"])
      }
    default:
      return { ...inStory(row), ...ofStage(row), ...recordOf(row["data"]) }
  }
}

const inStory = (row: ReadRow) => ({
  event: row["event"],
  story_id: row["story_id"],
  story_name: row["story_name"],
  root_story_id: row["root_story_id"],
  parent_story_id: row["parent_story_id"],
  timestamp: row["recorded_at"],
  sequence: numberOf(row["sequence"])
})

const ofStory = (row: ReadRow) => ({
  kind: row["story_kind"],
  trace_id: row["story_trace_id"],
  span_id: row["story_span_id"],
  parent_stage_index: optionalNumber(row["parent_stage_index"]),
  labels: recordOf(row["labels"]),
  attributes: recordOf(row["story_attributes"]),
  dry_run: numberOf(row["dry_run"]) === 1
})

const ofStage = (row: ReadRow) => {
  const names = pathOf(row["stage_path"]) ?? [row["stage_name"]]
  return {
    stage_name: row["stage_name"],
    stage_index: numberOf(row["stage_index"]),
    stage_path: names,
    parent_stage_name: names.at(-2) ?? null,
    parent_stage_index: optionalNumber(row["parent_index"]),
    depth: names.length - 1,
    kind: row["stage_kind"],
    trace_id: row["trace_id"],
    span_id: row["span_id"],
    attributes: recordOf(row["stage_attributes"]),
    duration_seconds: row["stage_seconds"],
    progress: progressOf(row),
    error_type: row["error_type"],
    error_message: row["error_message"],
    error_code: row["error_code"],
    retryable: numberOf(row["retryable"]) === 1,
    orphaned: numberOf(row["orphaned"]) === 1,
    interruptors: parsed(row["interruptors"]) ?? []
  }
}

const progressOf = (row: ReadRow) => ({
  percent: numberOf(row["percent"]),
  completed_stages: numberOf(row["completed_stages"]),
  total_stages: numberOf(row["total_stages"])
})

const parsed = (cell: unknown): unknown => {
  if (typeof cell !== "string") return null
  try {
    return parseJson(cell)
  } catch (error) {
    throw new DamagedRow(String(error))
  }
}

const recordOf = (cell: unknown): object => {
  const value = parsed(cell)
  return typeof value === "object" && value !== null ? value : {}
}
