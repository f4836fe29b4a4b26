/**
 * The tables: what each column holds. What is inserted, the types of rows and their decoding follow from these.
 *
 * A new column is added here and by a migration; a test holds the two together.
 */
import * as Schema from "effect/Schema"
import { Correlation } from "../../event/correlationFields.js"
import { FailureAnalysis } from "../../event/FailureAnalysis.js"
import { ErrorCode, Interruptor } from "../../event/FailureReport.js"
import { CausedBy, StoryStarted } from "../../event/NarrativeEvent.js"
import { Work } from "../../event/WorkSummary.js"
import { StageState, StoryState } from "../StoryRecord.js"
import * as Column from "./columns.js"
import { eventNames } from "./eventNames.js"

const { flag, nullable, nullableJson, nullableTexts, plainRecord, real, text, time, whole, word } = Column

export const writers = {
  id: whole,
  host: text,
  pid: whole,
  process_identity: text,
  heartbeat_seconds: real,
  started_at: time,
  last_seen_at: time,
  ended_at: nullable(time)
}

export const labels = Column.record(StoryStarted.fields.labels, {})

export const stories = {
  key: whole,
  id: text,
  name: text,
  kind: text,
  root_story_id: text,
  parent_story_id: nullable(text),
  parent_stage_index: nullable(whole),
  status: word(StoryState.literals, "state of a story"),
  outcome: nullable(text),
  started_at: time,
  ended_at: nullable(time),
  duration_seconds: nullable(real),
  declared_stages: nullable(whole),
  percent: nullable(whole),
  completed_stages: nullable(whole),
  total_stages: nullable(whole),
  failed_stages: whole,
  cancelled_stages: whole,
  dry_run: flag,
  trace_id: nullable(text),
  span_id: nullable(text),
  labels,
  attributes: plainRecord,
  caused_by: nullableJson(CausedBy),
  work: nullableJson(Work),
  writer_id: whole,
  correlation: nullableJson(Correlation)
}

export const storyLabels = { name: text, value: text, started_at: time, story_key: whole }

/** `name` is that of the field on the wire, or of a member of `extra`. */
export const storyCorrelations = { value: text, name: text, story_key: whole }

export const stages = {
  story_key: whole,
  stage_index: whole,
  parent_index: nullable(whole),
  story_name: text,
  name: text,
  /** NULL for an outermost stage, whose path is its name. */
  path: nullableTexts,
  kind: text,
  status: word(StageState.literals, "state of a stage"),
  started_at: time,
  ended_at: nullable(time),
  duration_seconds: nullable(real),
  retries: whole,
  progress_done: nullable(real),
  progress_total: nullable(real),
  error_type: nullable(text),
  error_message: nullable(text),
  error_code: nullable(word(ErrorCode.literals, "code of an error")),
  retryable: nullable(flag),
  orphaned: flag,
  /** NULL for none. */
  interruptors: nullableJson(Schema.Array(Interruptor)),
  trace_id: nullable(text),
  span_id: nullable(text),
  attributes: plainRecord
}

export const failures = {
  id: whole,
  story_key: whole,
  story_id: text,
  sequence: whole,
  occurred_at: time,
  story_name: text,
  stage_name: nullable(text),
  error_type: text,
  error_code: word(ErrorCode.literals, "code of an error"),
  error_message: text,
  retryable: flag,
  handled: flag,
  /** `file:line` */
  location: nullable(text),
  fingerprint: text,
  exact_cause: text,
  llm_analysis: nullable(text),
  analysis: nullableJson(FailureAnalysis),
  /** From the report to an analysis that came after it. */
  analysis_seconds: nullable(real),
  /** The event on the wire. */
  report: text
}

export const events = {
  id: whole,
  story_key: whole,
  sequence: whole,
  recorded_at: time,
  event: word(eventNames, "event"),
  stage_index: nullable(whole),
  /** What of the event no other row holds. */
  data: nullable(text)
}

/** An hour that was counted, or is being counted: `complete` is 1 when what was counted counts. */
export const summaryHours = { id: whole, hour: text, claimed_at: time, complete: flag }

export const hourSummaries = { hour_id: whole, story_name: text, counts: text, seconds: text }

export interface Table {
  readonly [column: string]: {
    readonly encode: (value: never) => Column.Cell
    readonly decode: (cell: unknown) => unknown
  }
}

/** What is read from the columns of a table. */
export type Row<T extends Table> = {
  readonly [C in keyof T]: Exclude<ReturnType<T[C]["decode"]>, Column.DamagedCell>
}

/** The cells that are written into the columns of a table. */
export type Cells<T extends Table> = {
  -readonly [C in keyof T]: T[C]["encode"] extends (value: never) => infer Cell ? Cell : never
}

/** The names of a table's columns, but for those that the database fills in. */
export const columnsOf = <T extends Table, Without extends keyof T & string = never>(
  table: T,
  without: ReadonlyArray<Without> = []
): ReadonlyArray<Exclude<keyof T & string, Without>> => {
  const left: ReadonlyArray<string> = without
  return Object.keys(table).filter((column): column is Exclude<keyof T & string, Without> => !left.includes(column))
}
