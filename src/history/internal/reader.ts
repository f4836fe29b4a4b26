/**
 * A history's queries. Each is bounded by its answer's size, not by the history's.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { text } from "../../PlainValue.js"
import type { HistoryReader, StoryPage } from "../History.js"
import { AmbiguousStoryId, type HistoryError, InvalidHistorySetting, StoryNotFound } from "../HistoryError.js"
import {
  type EventFilter,
  type FailureFilter,
  momentOf,
  type Retention,
  type StoryFilter,
  statesOf,
  wholeNumber
} from "../HistoryFilter.js"
import { StoryState, type StorySummary } from "../StoryRecord.js"
import { timestamp } from "./cells.js"
import { type Database, failure, queryFailed } from "./database.js"
import type { ReadRow } from "./queries.js"
import * as queries from "./queries.js"
import * as retention from "./retention.js"
import { checkReadable } from "./schema.js"
import { checked, retentionOf } from "./settings.js"
import { shortId } from "./shortId.js"
import * as statistics from "./statistics.js"
import { told } from "./told.js"

/** @internal */
export const make = (database: Database): Effect.Effect<HistoryReader, HistoryError> => {
  const { filename, sql } = database
  /** What the database and damaged rows say, in the history's own words; and no spans of ours. */
  const reading = <A, E extends { readonly _tag: string }>(
    self: Effect.Effect<A, E | SqlError>
  ): Effect.Effect<A, Exclude<E, SqlError> | HistoryError> =>
    self.pipe(
      Effect.catchAll((error) =>
        Effect.fail(isSqlError(error) ? queryFailed(filename)(error) : (error as Exclude<E, SqlError>))
      ),
      Effect.catchSomeDefect((defect) =>
        defect instanceof queries.DamagedRow
          ? Option.some(failure(filename)("damaged", `has a row that cannot be read: ${defect.message}`, defect))
          : Option.none()
      ),
      Effect.withTracerEnabled(false)
    )
  return Effect.as(checkReadable(database), {
    failures: (filter = {}) => reading(failures(sql, filter)),
    story: (idPrefix) => reading(story(sql, idPrefix)),
    stories: (filter = {}) => reading(stories(sql, filter)),
    stats: (filter = {}) => reading(statistics.stats(sql, filter)),
    eventsSince: (cursor, filter = {}) => reading(eventsSince(sql, cursor, filter)),
    told: (cursor, filter = {}) => reading(toldSince(sql, cursor, filter)),
    cursor: reading(cursor(sql)),
    shortIds: (ids) => reading(Effect.forEach(ids, (id) => shortId(sql, id))),
    prunable: (keep) =>
      reading(
        Effect.flatMap(
          checked(() => retentionOf(keep)),
          (keep) => (keep === undefined ? Effect.succeed(0) : retention.prunable(sql, keep))
        )
      ),
    prune: (keep: Retention) =>
      reading(
        Effect.flatMap(
          checked(() => retentionOf(keep)),
          (keep) => (keep === undefined ? Effect.succeed(0) : retention.prune(sql, keep))
        )
      )
  })
}

const isSqlError = (error: { readonly _tag: string }): error is SqlError => error._tag === "SqlError"

const failures = (sql: SqlClient.SqlClient, filter: FailureFilter) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const { last, since, until } = yield* checked(() => ({
      last: wholeNumber("last", filter.last, { least: 1, most: 1_000, otherwise: 10 }),
      since: filter.since === undefined ? undefined : timestamp(momentOf("since", filter.since, now)),
      until: filter.until === undefined ? undefined : timestamp(momentOf("until", filter.until, now))
    }))
    const { code, errorType, fingerprint, handled, stage, story } = filter
    const rows = yield* sql<ReadRow>`SELECT ${sql.literal(queries.failureColumns)} FROM failures AS f
      WHERE ${queries.where(sql, [
        since === undefined ? undefined : sql`f.occurred_at >= ${since}`,
        until === undefined ? undefined : sql`f.occurred_at < ${until}`,
        story === undefined ? undefined : sql`f.story_name = ${story}`,
        stage === undefined ? undefined : sql`f.stage_name = ${stage}`,
        errorType === undefined ? undefined : sql`f.error_type = ${errorType}`,
        code === undefined ? undefined : sql`f.error_code = ${code}`,
        fingerprint === undefined ? undefined : beginsWith(sql, "f.fingerprint", fingerprint),
        handled === false ? sql`f.handled = 0` : undefined
      ])}
      ORDER BY f.occurred_at DESC, f.id DESC LIMIT ${last}`
    return rows.map(queries.failureSummaryOf)
  })

const beginsWith = (sql: SqlClient.SqlClient, column: string, beginning: string): Fragment =>
  sql`(${sql.literal(column)} >= ${beginning} AND ${sql.literal(column)} < ${`${beginning}\u{10ffff}`})`

const stories = (sql: SqlClient.SqlClient, filter: StoryFilter) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const asked = yield* checked(() => ({
      limit: wholeNumber("limit", filter.limit, { least: 1, most: 1_000, otherwise: 50 }),
      after: filter.cursor === undefined ? undefined : readCursor(filter.cursor),
      since: filter.since === undefined ? undefined : timestamp(momentOf("since", filter.since, now)),
      until: filter.until === undefined ? undefined : timestamp(momentOf("until", filter.until, now)),
      states: statesOf(filter.status)
    }))
    const alive = yield* queries.aliveWriters(sql)
    const found = yield* storyPositions(sql, { ...filter, ...asked }, alive)
    const positions = found.slice(0, asked.limit)
    const page = yield* storiesAt(sql, positions)
    const last = positions.at(-1)
    return {
      stories: yield* summaries(sql, page, alive),
      next: found.length > positions.length && last !== undefined ? writeCursor(last) : null
    } satisfies StoryPage
  })

interface Asked extends Omit<StoryFilter, "since" | "until"> {
  readonly limit: number
  readonly states: ReadonlyArray<StoryState> | undefined
  readonly after: StoryPosition | undefined
  readonly since: string | undefined
  readonly until: string | undefined
}

/** So few stories with a label are all looked at. */
const fewStories = 2_000

/**
 * Where the newest stories of some states are. A query for each status: within a status, or within a label, an index gives
 * stories in the right order, and reading stops when there are enough.
 */
const storyPositions = (sql: SqlClient.SqlClient, asked: Asked, alive: ReadonlySet<number>) =>
  Effect.gen(function* () {
    const { after, limit, name, rootsOnly, since, until } = asked
    const labels = Object.entries(asked.labels ?? {})
    const [first] = labels
    const counted =
      first === undefined
        ? []
        : yield* sql<ReadRow>`SELECT count(*) AS count FROM (
            SELECT 1 FROM story_labels WHERE name = ${first[0]} AND value = ${first[1]} LIMIT ${fewStories}) AS some_of_them`
    const isFew = first !== undefined && queries.numberOf(counted[0]?.["count"]) < fewStories
    const living = alive.size === 0 ? sql`1 = 0` : sql.in("s.writer_id", Array.from(alive))
    const conditions = [
      name === undefined ? undefined : sql`s.name = ${name}`,
      since === undefined ? undefined : sql`s.started_at >= ${since}`,
      until === undefined ? undefined : sql`s.started_at < ${until}`,
      after === undefined ? undefined : sql`s.started_at <= ${after.startedAt}`,
      after === undefined ? undefined : sql`(s.started_at < ${after.startedAt} OR s.key < ${after.key})`,
      rootsOnly === true ? sql`s.parent_story_id IS NULL` : undefined
    ]
    const labelled = labels.map(
      ([label, value]) =>
        sql`EXISTS (SELECT 1 FROM story_labels AS l WHERE l.name = ${label} AND l.value = ${value}
          AND l.started_at = s.started_at AND l.story_key = s.key)`
    )
    const byStatus = (status: Fragment) =>
      sql<ReadRow>`SELECT s.key, s.started_at FROM stories AS s
        WHERE ${queries.where(sql, [status, ...conditions, ...labelled])}
        ORDER BY s.started_at DESC, s.key DESC LIMIT ${limit + 1}`
    // A cross join is not reordered: the label leads, in the order of its stories' starting.
    const byLabel = (label: string, value: string, status: Fragment) =>
      sql<ReadRow>`SELECT s.key, s.started_at FROM story_labels AS l CROSS JOIN stories AS s
        WHERE l.name = ${label} AND l.value = ${value}
          AND ${queries.where(sql, [sql`s.key = l.story_key`, status, ...conditions, ...labelled.slice(1)])}
        ORDER BY l.started_at DESC, l.story_key DESC LIMIT ${limit + 1}`
    const statuses = (asked.states ?? StoryState.literals).flatMap((state) => {
      const stored = sql`s.status = ${state}`
      const open = sql`s.status = 'running'`
      if (state === "running") return [{ frequent: false, status: sql`${open} AND ${living}` }]
      if (state !== "interrupted") return [{ frequent: state === "success", status: stored }]
      return [stored, sql`${open} AND NOT (${living})`].map((status) => ({ frequent: false, status }))
    })
    const parts =
      first === undefined
        ? statuses.map(({ status }) => byStatus(status))
        : isFew
          ? [byLabel(...first, sql.or(statuses.map(({ status }) => sql`(${status})`)))]
          : statuses.map(({ frequent, status }) => (frequent ? byLabel(...first, status) : byStatus(status)))
    const found: Array<ReadRow> = []
    for (const part of parts) found.push(...(yield* part))
    return found.map(positionOf).sort(newestFirst)
  })

const storiesAt = (
  sql: SqlClient.SqlClient,
  positions: ReadonlyArray<StoryPosition>
): Effect.Effect<ReadonlyArray<ReadRow>, SqlError> => {
  if (positions.length === 0) return Effect.succeed([])
  const keys = positions.map(({ key }) => key)
  return sql<ReadRow>`SELECT ${sql.literal(queries.summaryColumns)} FROM stories AS s
    WHERE ${sql.in("s.key", keys)} ORDER BY s.started_at DESC, s.key DESC`
}

const positionOf = (row: ReadRow): StoryPosition => ({
  startedAt: String(row["started_at"]),
  key: queries.wholeOf(row["key"])
})

const newestFirst = (a: StoryPosition, b: StoryPosition): number =>
  a.startedAt < b.startedAt ? 1 : a.startedAt > b.startedAt ? -1 : b.key - a.key

interface StoryPosition {
  readonly startedAt: string
  readonly key: number
}

const writeCursor = ({ key, startedAt }: StoryPosition): string => `${startedAt}_${key}`

const readCursor = (cursor: string): StoryPosition => {
  const [, startedAt, key] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)_(\d{1,15})$/.exec(cursor) ?? []
  if (startedAt !== undefined && key !== undefined) return { startedAt, key: Number(key) }
  throw new InvalidHistorySetting({ setting: "cursor", value: text(cursor), expected: "the `next` of another page" })
}

/** Rows of stories, each with the failure it ended with. */
const summaries = (
  sql: SqlClient.SqlClient,
  rows: ReadonlyArray<ReadRow>,
  alive: ReadonlySet<number>
): Effect.Effect<ReadonlyArray<StorySummary>, SqlError> => {
  const failed = rows.filter((row) => row["status"] !== "success").map((row) => queries.wholeOf(row["key"]))
  const found =
    failed.length === 0
      ? Effect.succeed([])
      : sql<ReadRow>`SELECT story_key, stage_name, error_type, error_message FROM failures
          WHERE handled = 0 AND ${sql.in("story_key", failed)} ORDER BY id`
  return Effect.map(found, (failures) => {
    const failureOf = new Map(failures.map((failure) => [queries.wholeOf(failure["story_key"]), failure]))
    return rows.map((row) => queries.summaryOf(row, alive, failureOf.get(queries.wholeOf(row["key"]))))
  })
}

const story = (sql: SqlClient.SqlClient, idPrefix: string) =>
  Effect.gen(function* () {
    const row = yield* storyRow(sql, idPrefix)
    const alive = yield* queries.aliveWriters(sql)
    const key = queries.wholeOf(row["key"])
    const [summary] = yield* summaries(sql, [row], alive)
    if (summary === undefined) return yield* new StoryNotFound({ idPrefix })
    const { omitted: stagesOmitted, rows: stages } = yield* stageRows(sql, key)
    const failures = yield* sql<ReadRow>`SELECT ${sql.literal(queries.failureColumns)},
        f.report, f.analysis, f.llm_analysis, f.analysis_seconds
      FROM failures AS f WHERE f.story_key = ${key} ORDER BY f.sequence, f.id`
    const { omitted: eventsOmitted, rows: said } = yield* saidRows(sql, key)
    const retries = yield* told(sql, sql`e.story_key = ${key} AND e.event = 'StageRetried'`, maxRows)
    const within = yield* sql<ReadRow>`SELECT ${sql.literal(queries.summaryColumns)} FROM stories AS s
      WHERE s.parent_story_id = ${summary.id} ORDER BY s.started_at, s.key`
    return {
      ...summary,
      traceId: queries.optionalText(row["trace_id"]),
      spanId: queries.optionalText(row["span_id"]),
      attributes: queries.attributesOf(row),
      causedBy: queries.causedByOf(row["caused_by"]),
      work: queries.workOf(row["work"]),
      writer: queries.writerOf(row),
      stages: queries.stageTree(stages, summary.status === "interrupted"),
      stagesOmitted,
      failures: failures.map(queries.failureRecordOf),
      logs: said.filter((event) => event["event"] === "LogRecorded").map(queries.logOf),
      notes: said.filter((event) => event["event"] === "EventRecorded").map(queries.noteOf),
      retries: retries.flatMap(({ event }) => (event._tag === "StageRetried" ? [event] : [])),
      eventsOmitted,
      stories: yield* summaries(sql, within, alive)
    }
  })

/** Most stages, most log lines and notes, and most retries that are read of one story. */
const maxRows = 10_000
const firstStages = 1_000

const stageRows = (sql: SqlClient.SqlClient, key: number) =>
  Effect.gen(function* () {
    const rows =
      yield* sql<ReadRow>`SELECT * FROM stages WHERE story_key = ${key} ORDER BY stage_index LIMIT ${maxRows + 1}`
    if (rows.length <= maxRows) return { rows, omitted: 0 }
    const last = yield* sql<ReadRow>`SELECT * FROM stages WHERE story_key = ${key}
      ORDER BY stage_index DESC LIMIT ${maxRows - firstStages}`
    const [all] = yield* sql<ReadRow>`SELECT count(*) AS count FROM stages WHERE story_key = ${key}`
    return {
      rows: [...rows.slice(0, firstStages), ...last.toReversed()],
      omitted: queries.numberOf(all?.["count"]) - maxRows
    }
  })

const saidRows = (sql: SqlClient.SqlClient, key: number) =>
  Effect.gen(function* () {
    const ofStory = sql`story_key = ${key} AND event IN ('LogRecorded', 'EventRecorded')`
    const last = yield* sql<ReadRow>`SELECT event, data FROM events WHERE ${ofStory} ORDER BY id DESC LIMIT ${maxRows}`
    const rows = last.toReversed()
    if (rows.length < maxRows) return { rows, omitted: 0 }
    const [all] = yield* sql<ReadRow>`SELECT count(*) AS count FROM events WHERE ${ofStory}`
    return { rows, omitted: queries.numberOf(all?.["count"]) - maxRows }
  })

/** Most candidates named when a beginning is that of several ids. */
const maxCandidates = 10

const storyRow = (sql: SqlClient.SqlClient, idPrefix: string) =>
  Effect.gen(function* () {
    if (idPrefix === "") {
      return yield* new InvalidHistorySetting({
        setting: "idPrefix",
        value: '""',
        expected: "the id of a story, or its beginning"
      })
    }
    const candidates = yield* sql<ReadRow>`SELECT s.key, s.id, s.name, s.started_at FROM stories AS s
      WHERE ${beginsWith(sql, "s.id", idPrefix)} ORDER BY s.id DESC, s.key DESC LIMIT ${maxCandidates}`
    // An id given by the program may be that of several stories: the newest is meant.
    const exact = yield* sql<ReadRow>`SELECT max(key) AS key FROM stories WHERE id = ${idPrefix}`
    const ids = new Set(candidates.map((row) => row["id"]))
    const key = exact[0]?.["key"] ?? (ids.size === 1 ? candidates[0]?.["key"] : undefined)
    if (key !== undefined && key !== null) {
      const rows = yield* sql<ReadRow>`SELECT ${sql.literal(queries.summaryColumns)},
          s.trace_id, s.span_id, s.attributes, s.caused_by, s.work, w.host, w.pid, w.started_at AS writer_started_at, w.last_seen_at
        FROM stories AS s LEFT JOIN writers AS w ON w.id = s.writer_id WHERE s.key = ${queries.wholeOf(key)}`
      // Pruned meanwhile, where there is none.
      return rows[0] ?? (yield* new StoryNotFound({ idPrefix }))
    }
    if (candidates.length === 0) return yield* new StoryNotFound({ idPrefix })
    return yield* new AmbiguousStoryId({
      idPrefix,
      candidates: candidates.map((row) => ({
        id: String(row["id"]),
        name: String(row["name"]),
        startedAt: queries.timeOf(row["started_at"])
      }))
    })
  })

const cursor = (sql: SqlClient.SqlClient) =>
  Effect.map(sql<ReadRow>`SELECT max(id) AS cursor FROM events`, ([row]) => queries.wholeOf(row?.["cursor"]))

const toldSince = (sql: SqlClient.SqlClient, after: number, filter: EventFilter) =>
  Effect.gen(function* () {
    const { from, limit } = yield* checked(() => windowOf(after, filter))
    const rows = yield* told(
      sql,
      queries.where(sql, [sql`e.id > ${from}`, filter.story === undefined ? undefined : sql`s.name = ${filter.story}`]),
      limit
    )
    return { events: rows.map(({ event }) => event), cursor: rows.at(-1)?.cursor ?? from }
  })

const windowOf = (after: number, { limit }: EventFilter) => ({
  from: wholeNumber("cursor", after, { least: 0, most: Number.MAX_SAFE_INTEGER, otherwise: 0 }),
  limit: wholeNumber("limit", limit, { least: 1, most: 10_000, otherwise: 500 })
})

const eventsSince = (sql: SqlClient.SqlClient, after: number, filter: EventFilter) =>
  Effect.gen(function* () {
    const { from, limit } = yield* checked(() => windowOf(after, filter))
    const rows = yield* sql<ReadRow>`SELECT e.id, e.event, e.sequence, e.recorded_at, e.stage_index, e.data,
        s.id AS story_id, s.name AS story_name, s.root_story_id, s.parent_story_id, s.status AS story_status, s.outcome,
        s.duration_seconds AS story_seconds, t.name AS stage_name, t.path AS stage_path,
        t.duration_seconds AS stage_seconds, t.error_type AS stage_error_type, t.error_message AS stage_error_message,
        f.stage_name AS failed_stage, f.error_type, f.error_message
      FROM events AS e
      JOIN stories AS s ON s.key = e.story_key
      LEFT JOIN stages AS t ON t.story_key = e.story_key AND t.stage_index = e.stage_index
      LEFT JOIN failures AS f
        ON e.event = 'FailureOccurred' AND f.story_key = e.story_key AND f.sequence = e.sequence
      WHERE ${queries.where(sql, [
        sql`e.id > ${from}`,
        filter.story === undefined ? undefined : sql`s.name = ${filter.story}`
      ])}
      ORDER BY e.id LIMIT ${limit}`
    return {
      events: rows.map(queries.historyEventOf),
      cursor: rows.length === 0 ? from : queries.wholeOf(rows.at(-1)?.["id"])
    }
  })
