/**
 * Rows read back into what a history gives.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { ArrayFormatter, type ParseError } from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { FailureAnalysis } from "../../FailureAnalysis.js"
import { ErrorCode, Interruptor } from "../../FailureReport.js"
import { json, parseJson } from "../../internal/wireSchema.js"
import { CausedBy, fromWire, type NarrativeEvent, StoryStarted } from "../../NarrativeEvent.js"
import { clip, PlainRecord } from "../../PlainValue.js"
import { Work } from "../../Work.js"
import {
  type FailureRecord,
  type FailureSummary,
  HistoryEvent,
  type StageRecord,
  StageState,
  StoryState,
  type StorySummary
} from "../StoryRecord.js"
import * as incarnation from "./incarnation.js"

/** What a row holds under a column's name; of PostgreSQL a bigint is a text. */
export type ReadRow = { readonly [column: string]: unknown }

/** Whatever a cell holds that is not what we write: somebody else wrote it, or the disk did. */
export class DamagedRow extends Error {}

/** The first of what a Schema has against a value, on a line of its own. */
export const damaged = (what: string, error: ParseError): DamagedRow => {
  const [issue] = ArrayFormatter.formatErrorSync(error)
  return new DamagedRow(
    issue === undefined ? what : clip(`${what}: ${issue.path.map(String).join(".")} ${issue.message}`, 200)
  )
}

const decoder = <A, I>(schema: Schema.Schema<A, I>, what: string, whenNull: A) => {
  const decode = Schema.decodeUnknownEither(json(schema))
  return (cell: unknown): A => {
    if (cell === null || cell === undefined) return whenNull
    const decoded = decode(cell)
    if (Either.isRight(decoded)) return decoded.right
    throw damaged(what, decoded.left)
  }
}

/** JSON that is what it should be as it is: many times faster than decoding it. */
const parser = <A>(schema: Schema.Schema<A>, what: string, whenNull: A) => {
  const is = Schema.is(schema)
  return (cell: unknown): A => {
    if (cell === null || cell === undefined) return whenNull
    const parsed = Either.getOrUndefined(Either.try(() => parseJson(textOf(cell))))
    if (is(parsed)) return parsed
    throw new DamagedRow(what)
  }
}

const labelsOf = parser(StoryStarted.fields.labels, "labels of a story", {})
const recordOf = parser(PlainRecord, "attributes", {})
export const pathOf = decoder<ReadonlyArray<string> | null, ReadonlyArray<string> | null>(
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
export const numberOf = (cell: unknown): number => {
  const number = Number(cell ?? 0)
  if (Number.isFinite(number)) return number
  throw new DamagedRow(`${shown(cell)} is no number`)
}
export const wholeOf = (cell: unknown): number => {
  const number = numberOf(cell)
  if (Number.isSafeInteger(number)) return number
  throw new DamagedRow(`${shown(cell)} is no whole number below 2^53`)
}
export const optionalNumber = (cell: unknown): number | null =>
  cell === null || cell === undefined ? null : numberOf(cell)
const optionalWhole = (cell: unknown): number | null => (cell === null || cell === undefined ? null : wholeOf(cell))
export const timeOf = (cell: unknown): number => {
  const millis = Date.parse(textOf(cell))
  if (Number.isFinite(millis)) return millis
  throw new DamagedRow(`${shown(cell)} is no time`)
}
/** One of the words that a column may hold. */
const wordOf =
  <A extends string>(words: ReadonlyArray<A>, what: string) =>
  (cell: unknown): A => {
    const word = words.find((word) => word === cell)
    if (word !== undefined) return word
    throw new DamagedRow(`${shown(cell)} is no ${what}`)
  }
const storyStateOf = wordOf(StoryState.literals, "state of a story")
const stageStateOf = wordOf(StageState.literals, "state of a stage")
const errorCodeOf = wordOf(ErrorCode.literals, "code of an error")
const eventNameOf = wordOf(HistoryEvent.fields.event.literals, "event")

const shown = (cell: unknown): string => clip(JSON.stringify(textOf(cell)), 60)
/** The durations of a group; what has none has `null` there. */
export const secondsOf = (row: ReadRow): ReadonlyArray<number> => {
  const listed: unknown = typeof row["seconds"] === "string" ? JSON.parse(row["seconds"]) : []
  return Array.isArray(listed) ? listed.filter(Number.isFinite) : []
}

const optionalTime = (cell: unknown): number | null => (cell === null || cell === undefined ? null : timeOf(cell))

/** The event a row holds the wire form of. */
const eventOf = <Tag extends NarrativeEvent["_tag"]>(
  cell: unknown,
  tag: Tag
): Extract<NarrativeEvent, { readonly _tag: Tag }> => {
  const decoded = fromWire(textOf(cell))
  if (Either.isLeft(decoded)) throw damaged(tag, decoded.left)
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
        pid: Number(row["pid"]),
        incarnation: textOf(row["incarnation"]),
        // Of a time that is none nothing follows: a program that begins to write stumbles over no row of another one's.
        lastSeenAt: Date.parse(textOf(row["last_seen_at"]))
      }
      const silence = Number(row["heartbeat_seconds"]) * 1_000 * missedBeats
      return { id: Number(row["id"]), ...incarnation.isGone(seen, now, silence) }
    })
  })

/** The writers that may still end their stories. */
export const aliveWriters = (sql: SqlClient.SqlClient): Effect.Effect<ReadonlySet<number>, SqlError> =>
  Effect.map(openWriters(sql), (writers) => new Set(writers.flatMap(({ gone, id }) => (gone ? [] : [id]))))

/** Of `stories AS s`. */
export const summaryColumns = `s.key, s.id, s.name, s.kind, s.root_story_id, s.parent_story_id, s.parent_stage_index, s.status, s.outcome,
  s.started_at, s.ended_at, s.duration_seconds, s.percent, s.completed_stages, s.total_stages, s.declared_stages,
  s.failed_stages, s.cancelled_stages, s.dry_run, s.labels, s.writer_id`

export const storedStatusOf = (row: ReadRow): StorySummary["status"] => storyStateOf(row["status"])

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
  parentStageIndex: optionalWhole(row["parent_stage_index"]),
  status: statusOf(row, alive),
  outcome: optionalText(row["outcome"]),
  startedAt: timeOf(row["started_at"]),
  endedAt: optionalTime(row["ended_at"]),
  durationSeconds: optionalNumber(row["duration_seconds"]),
  progress:
    optionalNumber(row["percent"]) === null
      ? null
      : {
          percent: wholeOf(row["percent"]),
          completedStages: wholeOf(row["completed_stages"]),
          totalStages: wholeOf(row["total_stages"])
        },
  declaredStages: optionalWhole(row["declared_stages"]),
  failedStages: wholeOf(row["failed_stages"]),
  cancelledStages: wholeOf(row["cancelled_stages"]),
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

export const writerOf = (row: ReadRow) => {
  if (row["writer_started_at"] === null) throw new DamagedRow("nobody wrote it")
  return {
    host: textOf(row["host"]),
    pid: wholeOf(row["pid"]),
    startedAt: timeOf(row["writer_started_at"]),
    lastSeenAt: timeOf(row["last_seen_at"])
  }
}

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
  errorCode: errorCodeOf(row["error_code"]),
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

/** Deeper stages stand beside each other: whoever walks the tree must not run out of stack. */
const maxDepth = 200

/** The outermost stages of a story, the others within them. `rows` are in the order of starting. */
export const stageTree = (rows: ReadonlyArray<ReadRow>, cutOff: boolean): ReadonlyArray<StageRecord> => {
  const outermost = { depth: 0, stages: [] as Building<StageRecord>[] }
  /** Where the stages that stand in a stage belong. */
  const within = new Map<number, typeof outermost>()
  for (const row of rows) {
    const stage = stageOf(row, cutOff)
    // A stage whose own was lost is better shown at the outside than not at all.
    const around = (stage.parentStageIndex === null ? undefined : within.get(stage.parentStageIndex)) ?? outermost
    around.stages.push(stage)
    within.set(stage.index, around.depth < maxDepth ? { depth: around.depth + 1, stages: stage.stages } : around)
  }
  return outermost.stages
}

const stageOf = (row: ReadRow, cutOff: boolean): Building<StageRecord> => {
  const name = textOf(row["name"])
  const path = pathOf(row["path"]) ?? [name]
  const status = stageStateOf(row["status"])
  const done = optionalNumber(row["progress_done"])
  return {
    name,
    index: wholeOf(row["stage_index"]),
    parentStageIndex: optionalWhole(row["parent_index"]),
    path,
    depth: Math.max(0, path.length - 1),
    kind: textOf(row["kind"]),
    traceId: optionalText(row["trace_id"]),
    spanId: optionalText(row["span_id"]),
    status: status === "running" && cutOff ? "interrupted" : status,
    startedAt: timeOf(row["started_at"]),
    endedAt: optionalTime(row["ended_at"]),
    durationSeconds: optionalNumber(row["duration_seconds"]),
    retries: wholeOf(row["retries"]),
    lastProgress: done === null ? null : { done, total: optionalNumber(row["progress_total"]) },
    errorType: optionalText(row["error_type"]),
    errorMessage: optionalText(row["error_message"]),
    errorCode: row["error_code"] === null ? null : errorCodeOf(row["error_code"]),
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
  json(Schema.Struct({ attempt: Schema.Int, delay_seconds: Schema.Number, reason: Schema.String }))
)

/** A row of `events`, with what its story, its stage and its failure know of it. */
export const historyEventOf = (row: ReadRow): HistoryEvent => {
  const event = eventNameOf(row["event"])
  const stagePath = pathOf(row["stage_path"])
  const stageName = optionalText(row["stage_name"])
  const ofStage = event === "StageCompleted" || event === "StageFailed" || event === "StageCancelled"
  const ofStory = event === "StoryCompleted"
  const ofFailure = event === "FailureOccurred"
  const base: HistoryEvent = {
    cursor: wholeOf(row["id"]),
    event,
    storyId: textOf(row["story_id"]),
    storyName: textOf(row["story_name"]),
    rootStoryId: textOf(row["root_story_id"]),
    parentStoryId: optionalText(row["parent_story_id"]),
    timestamp: timeOf(row["recorded_at"]),
    sequence: wholeOf(row["sequence"]),
    stageName: ofFailure ? optionalText(row["failed_stage"]) : stageName,
    stagePath: stagePath ?? (stageName === null ? [] : [stageName]),
    stageIndex: optionalWhole(row["stage_index"]),
    depth: stageName === null ? 0 : Math.max(0, (stagePath?.length ?? 1) - 1),
    durationSeconds: optionalNumber(ofStage ? row["stage_seconds"] : ofStory ? row["story_seconds"] : null),
    status: ofStory ? storyStateOf(row["story_status"]) : null,
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
      if (Either.isLeft(retry)) throw damaged(event, retry.left)
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
