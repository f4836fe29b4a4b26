/**
 * Rows read back into what a history gives.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { FailureAnalysis } from "../../FailureAnalysis.js"
import { Interruptor } from "../../FailureReport.js"
import { CausedBy, fromWire, type NarrativeEvent, StoryStarted } from "../../NarrativeEvent.js"
import { PlainRecord } from "../../PlainValue.js"
import { Work } from "../../Work.js"
import type {
  FailureRecord,
  FailureSummary,
  HistoryEvent,
  StageRecord,
  StageState,
  StorySummary
} from "../StoryRecord.js"
import * as incarnation from "./incarnation.js"

/** What a row holds under a column's name; of PostgreSQL a bigint is a text. */
export type ReadRow = { readonly [column: string]: unknown }

export class DamagedRow extends Error {}

const decoder = <A, I>(schema: Schema.Schema<A, I>, what: string, whenNull: A) => {
  const decode = Schema.decodeUnknownEither(Schema.parseJson(schema))
  return (cell: unknown): A => {
    if (cell === null || cell === undefined) return whenNull
    const decoded = decode(cell)
    if (Either.isRight(decoded)) return decoded.right
    throw new DamagedRow(`${what}: ${decoded.left.message}`)
  }
}

/** JSON that is what it should be as it is: many times faster than decoding it. */
const parser = <A>(schema: Schema.Schema<A>, what: string, whenNull: A) => {
  const is = Schema.is(schema)
  return (cell: unknown): A => {
    if (cell === null || cell === undefined) return whenNull
    const parsed = Either.getOrUndefined(Either.try((): unknown => JSON.parse(textOf(cell))))
    if (is(parsed)) return parsed
    throw new DamagedRow(what)
  }
}

const labelsOf = parser(StoryStarted.fields.labels, "labels of a story", {})
const recordOf = parser(PlainRecord, "attributes", {})
const pathOf = decoder<ReadonlyArray<string> | null, ReadonlyArray<string> | null>(
  Schema.NullOr(Schema.Array(Schema.String)),
  "path of a stage",
  null
)
const interruptorsOf = decoder(Schema.Array(Interruptor), "interruptors of a stage", [])
export const workOf = decoder(Schema.NullOr(Work), "work of a story", null)
export const causedByOf = decoder(Schema.NullOr(CausedBy), "cause of a story", null)
const analysisOf = decoder(Schema.NullOr(FailureAnalysis), "analysis of a failure", null)

const textOf = (cell: unknown): string => (typeof cell === "string" ? cell : String(cell ?? ""))
export const optionalText = (cell: unknown): string | null =>
  cell === null || cell === undefined ? null : textOf(cell)
export const numberOf = (cell: unknown): number => Number(cell ?? 0)
const optionalNumber = (cell: unknown): number | null => (cell === null || cell === undefined ? null : Number(cell))
export const timeOf = (cell: unknown): number => Date.parse(textOf(cell))
/** The durations of a group; what has none has `null` there. */
export const secondsOf = (row: ReadRow): ReadonlyArray<number> => {
  const listed: unknown = typeof row["seconds"] === "string" ? JSON.parse(row["seconds"]) : []
  return Array.isArray(listed) ? listed.filter(Predicate.isNumber) : []
}

const optionalTime = (cell: unknown): number | null => (cell === null || cell === undefined ? null : timeOf(cell))

/** The event a row holds the wire form of. */
const eventOf = <Tag extends NarrativeEvent["_tag"]>(
  cell: unknown,
  tag: Tag
): Extract<NarrativeEvent, { readonly _tag: Tag }> => {
  const decoded = fromWire(textOf(cell))
  if (Either.isLeft(decoded)) throw new DamagedRow(`${tag}: ${decoded.left.message}`)
  const event = decoded.right
  if (!isOf(event, tag)) throw new DamagedRow(`${tag}: it is a ${event._tag}`)
  return event
}

const isOf = <Tag extends NarrativeEvent["_tag"]>(
  event: NarrativeEvent,
  tag: Tag
): event is Extract<NarrativeEvent, { readonly _tag: Tag }> => event._tag === tag

/** So many heartbeats of a process elsewhere may be missed before it is taken for gone. */
const missedBeats = 4

/** The writers that have not said that they ended, and whether they are gone all the same. */
export const openWriters = (
  sql: SqlClient.SqlClient
): Effect.Effect<ReadonlyArray<{ readonly id: number; readonly gone: boolean; readonly known: boolean }>, SqlError> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const rows = yield* sql<ReadRow>`SELECT id, host, pid, incarnation, heartbeat_seconds, last_seen_at
      FROM writers WHERE ended_at IS NULL`
    return rows.map((row) => {
      const seen = {
        host: textOf(row["host"]),
        pid: numberOf(row["pid"]),
        incarnation: textOf(row["incarnation"]),
        lastSeenAt: timeOf(row["last_seen_at"])
      }
      const silence = numberOf(row["heartbeat_seconds"]) * 1_000 * missedBeats
      return { id: numberOf(row["id"]), ...incarnation.isGone(seen, now, silence) }
    })
  })

/** The writers that may still end their stories. */
export const aliveWriters = (sql: SqlClient.SqlClient): Effect.Effect<ReadonlySet<number>, SqlError> =>
  Effect.map(openWriters(sql), (writers) => new Set(writers.flatMap(({ gone, id }) => (gone ? [] : [id]))))

/** Of `stories AS s`. */
export const summaryColumns = `s.key, s.id, s.name, s.kind, s.root_story_id, s.parent_story_id, s.parent_stage_index, s.status, s.outcome,
  s.started_at, s.ended_at, s.duration_seconds, s.percent, s.completed_stages, s.total_stages, s.declared_stages,
  s.failed_stages, s.cancelled_stages, s.dry_run, s.labels, s.writer_id`

/** Only the writer writes it: one of the known ones. */
export const storedStatusOf = (row: ReadRow): StorySummary["status"] => textOf(row["status"]) as StorySummary["status"]

export const statusOf = (row: ReadRow, alive: ReadonlySet<number>): StorySummary["status"] => {
  const status = storedStatusOf(row)
  return status === "running" && !alive.has(numberOf(row["writer_id"])) ? "interrupted" : status
}

/** `failure` is a row of `failures`, if the story ended with one. */
export const summaryOf = (row: ReadRow, alive: ReadonlySet<number>, failure: ReadRow | undefined): StorySummary => ({
  id: textOf(row["id"]),
  name: textOf(row["name"]),
  kind: textOf(row["kind"]),
  rootStoryId: textOf(row["root_story_id"]),
  parentStoryId: optionalText(row["parent_story_id"]),
  parentStageIndex: optionalNumber(row["parent_stage_index"]),
  status: statusOf(row, alive),
  outcome: optionalText(row["outcome"]),
  startedAt: timeOf(row["started_at"]),
  endedAt: optionalTime(row["ended_at"]),
  durationSeconds: optionalNumber(row["duration_seconds"]),
  progress:
    optionalNumber(row["percent"]) === null
      ? null
      : {
          percent: numberOf(row["percent"]),
          completedStages: numberOf(row["completed_stages"]),
          totalStages: numberOf(row["total_stages"])
        },
  declaredStages: optionalNumber(row["declared_stages"]),
  failedStages: numberOf(row["failed_stages"]),
  cancelledStages: numberOf(row["cancelled_stages"]),
  dryRun: numberOf(row["dry_run"]) === 1,
  labels: labelsOf(row["labels"]),
  failure:
    failure === undefined
      ? null
      : {
          stageName: optionalText(failure["stage_name"]),
          errorType: textOf(failure["error_type"]),
          errorMessage: textOf(failure["error_message"])
        }
})

export const attributesOf = (row: ReadRow): PlainRecord => recordOf(row["attributes"])

export const writerOf = (row: ReadRow) => ({
  host: textOf(row["host"]),
  pid: numberOf(row["pid"]),
  startedAt: timeOf(row["writer_started_at"]),
  lastSeenAt: timeOf(row["last_seen_at"])
})

export const failureColumns = `f.story_id, f.story_name, f.stage_name, f.occurred_at, f.handled, f.error_type,
  f.error_message, f.error_code, f.retryable, f.location, f.fingerprint, f.exact_cause,
  CASE WHEN f.analysis IS NULL THEN 0 ELSE 1 END AS analyzed`

export const failureSummaryOf = (row: ReadRow): FailureSummary => ({
  storyId: textOf(row["story_id"]),
  storyName: textOf(row["story_name"]),
  stageName: optionalText(row["stage_name"]),
  occurredAt: timeOf(row["occurred_at"]),
  handled: numberOf(row["handled"]) === 1,
  errorType: textOf(row["error_type"]),
  errorMessage: textOf(row["error_message"]),
  errorCode: textOf(row["error_code"]) as FailureSummary["errorCode"],
  retryable: numberOf(row["retryable"]) === 1,
  location: optionalText(row["location"]),
  fingerprint: textOf(row["fingerprint"]),
  exactCause: textOf(row["exact_cause"]),
  analyzed: numberOf(row["analyzed"]) === 1
})

export const failureRecordOf = (row: ReadRow): FailureRecord => {
  const analysis = analysisOf(row["analysis"])
  const llmAnalysis = optionalText(row["llm_analysis"])
  return {
    ...failureSummaryOf(row),
    report: { ...eventOf(row["report"], "FailureOccurred"), analysis, llmAnalysis },
    analysis,
    llmAnalysis,
    analysisSeconds: optionalNumber(row["analysis_seconds"])
  }
}

type Building<A> = { -readonly [K in keyof A]: K extends "stages" ? Array<Building<StageRecord>> : A[K] }

/** The outermost stages of a story, the others within them. `rows` are in the order of starting. */
export const stageTree = (rows: ReadonlyArray<ReadRow>, cutOff: boolean): ReadonlyArray<StageRecord> => {
  const outermost: Array<Building<StageRecord>> = []
  const byIndex = new Map<number, Building<StageRecord>>()
  for (const row of rows) {
    const stage = stageOf(row, cutOff)
    byIndex.set(stage.index, stage)
    // A stage whose own was lost is better shown at the outside than not at all.
    const around = stage.parentStageIndex === null ? undefined : byIndex.get(stage.parentStageIndex)
    ;(around?.stages ?? outermost).push(stage)
  }
  return outermost
}

const stageOf = (row: ReadRow, cutOff: boolean): Building<StageRecord> => {
  const name = textOf(row["name"])
  const path = pathOf(row["path"]) ?? [name]
  const status = textOf(row["status"]) as StageState
  const done = optionalNumber(row["progress_done"])
  return {
    name,
    index: numberOf(row["stage_index"]),
    parentStageIndex: optionalNumber(row["parent_index"]),
    path,
    depth: Math.max(0, path.length - 1),
    kind: textOf(row["kind"]),
    traceId: optionalText(row["trace_id"]),
    spanId: optionalText(row["span_id"]),
    status: status === "running" && cutOff ? "interrupted" : status,
    startedAt: timeOf(row["started_at"]),
    endedAt: optionalTime(row["ended_at"]),
    durationSeconds: optionalNumber(row["duration_seconds"]),
    retries: numberOf(row["retries"]),
    lastProgress: done === null ? null : { done, total: optionalNumber(row["progress_total"]) },
    errorType: optionalText(row["error_type"]),
    errorMessage: optionalText(row["error_message"]),
    errorCode: optionalText(row["error_code"]) as StageRecord["errorCode"],
    retryable: row["retryable"] === null ? null : numberOf(row["retryable"]) === 1,
    orphaned: numberOf(row["orphaned"]) === 1,
    interruptors: interruptorsOf(row["interruptors"]),
    attributes: recordOf(row["attributes"]),
    stages: []
  }
}

export const logOf = (row: ReadRow) => eventOf(row["data"], "LogRecorded")
export const noteOf = (row: ReadRow) => eventOf(row["data"], "EventRecorded")

const retryOf = Schema.decodeUnknownEither(
  Schema.parseJson(Schema.Struct({ attempt: Schema.Int, delay_seconds: Schema.Number, reason: Schema.String }))
)

/** A row of `events`, with what its story, its stage and its failure know of it. */
export const historyEventOf = (row: ReadRow): HistoryEvent => {
  const event = textOf(row["event"]) as HistoryEvent["event"]
  const stagePath = pathOf(row["stage_path"])
  const stageName = optionalText(row["stage_name"])
  const ofStage = event === "StageCompleted" || event === "StageFailed" || event === "StageCancelled"
  const ofStory = event === "StoryCompleted"
  const ofFailure = event === "FailureOccurred"
  const base: HistoryEvent = {
    cursor: numberOf(row["id"]),
    event,
    storyId: textOf(row["story_id"]),
    storyName: textOf(row["story_name"]),
    rootStoryId: textOf(row["root_story_id"]),
    parentStoryId: optionalText(row["parent_story_id"]),
    timestamp: timeOf(row["recorded_at"]),
    sequence: numberOf(row["sequence"]),
    stageName: ofFailure ? optionalText(row["failed_stage"]) : stageName,
    stagePath: stagePath ?? (stageName === null ? [] : [stageName]),
    stageIndex: optionalNumber(row["stage_index"]),
    depth: stageName === null ? 0 : Math.max(0, (stagePath?.length ?? 1) - 1),
    durationSeconds: optionalNumber(ofStage ? row["stage_seconds"] : ofStory ? row["story_seconds"] : null),
    status: ofStory ? (textOf(row["story_status"]) as HistoryEvent["status"]) : null,
    outcome: ofStory ? optionalText(row["outcome"]) : null,
    errorType: optionalText(ofFailure ? row["error_type"] : event === "StageFailed" ? row["stage_error_type"] : null),
    errorMessage: optionalText(
      ofFailure ? row["error_message"] : event === "StageFailed" ? row["stage_error_message"] : null
    ),
    level: null,
    message: null,
    data: null
  }
  switch (event) {
    case "LogRecorded": {
      const log = logOf(row)
      return { ...base, level: log.level, message: log.message, data: log.annotations }
    }
    case "EventRecorded": {
      const note = noteOf(row)
      return { ...base, message: note.name, data: note.data }
    }
    case "StageRetried": {
      const retry = retryOf(row["data"])
      if (Either.isLeft(retry)) throw new DamagedRow(`${event}: ${retry.left.message}`)
      const { attempt, delay_seconds, reason } = retry.right
      return { ...base, message: reason, data: { attempt, delay_seconds } }
    }
    case "StageProgressed":
      return { ...base, data: recordOf(row["data"]) }
    default:
      return base
  }
}

/** The conditions that are there, joined; all rows without any. */
export const where = (sql: SqlClient.SqlClient, conditions: ReadonlyArray<Fragment | undefined>): Fragment => {
  const given = conditions.filter((condition) => condition !== undefined)
  return given.length === 0 ? sql`1 = 1` : sql.and(given)
}
