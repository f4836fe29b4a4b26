/**
 * One story, with everything kept of it.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { fewestCharacters } from "../../event/shortStoryId.js"
import { nullable, text, time, whole } from "../database/columns.js"
import { DamagedRow, decodeRow, decodeRows, eventOf, type Found, pick, selected } from "../database/decodeRows.js"
import * as tables from "../database/tables.js"
import { aliveWriters } from "../database/writerProcesses.js"
import { AmbiguousStoryId, StoryNotFound } from "../HistoryError.js"
import { invalidSetting } from "../invalidSetting.js"
import { beginsWith, endsWith } from "./conditions.js"
import * as records from "./records.js"
import { storedEvents } from "./storedEvents.js"
import { summaries } from "./storyList.js"

export const story = (sql: SqlClient.SqlClient, idPrefix: string) =>
  Effect.flatMap(keyOf(sql, idPrefix), (key) => storyAt(sql, key, idPrefix))

/** The story of a key; `idPrefix` is how it was asked for. */
export const storyAt = (sql: SqlClient.SqlClient, key: number, idPrefix: string) =>
  Effect.gen(function* () {
    const { row, writer } = yield* storyRow(sql, key, idPrefix)
    const alive = yield* aliveWriters(sql)
    const [summary] = yield* summaries(sql, [row], alive)
    if (summary === undefined) return yield* new StoryNotFound({ idPrefix })
    const { omitted: stagesOmitted, rows: stages } = yield* stageRows(sql, key)
    const failures = yield* sql<Found>`SELECT * FROM failures WHERE story_key = ${key} ORDER BY sequence, id`
    const { events, omitted: eventsOmitted } = yield* recordedEvents(sql, key)
    const retries = yield* storedEvents(sql, sql`e.story_key = ${key} AND e.event = 'StageRetried'`, maxRows)
    const within = yield* sql<Found>`SELECT ${sql.literal(selected("s", records.summaryTable))} FROM stories AS s
      WHERE s.parent_story_id = ${summary.id} ORDER BY s.started_at, s.key`
    return {
      ...summary,
      ...records.storyDetail(row),
      writer,
      stages: records.stageTree(stages, summary.status === "interrupted"),
      stagesOmitted,
      failures: yield* Either.all((yield* decodeRows(tables.failures, failures)).map(records.failureRecord)),
      logs: events.flatMap((event) => (event._tag === "LogRecorded" ? [event] : [])),
      notes: events.flatMap((event) => (event._tag === "EventRecorded" ? [event] : [])),
      retries: retries.flatMap(({ event }) => (event._tag === "StageRetried" ? [event] : [])),
      eventsOmitted,
      stories: yield* summaries(sql, yield* decodeRows(records.summaryTable, within), alive)
    }
  })

/** Most stages, most log lines and notes, and most retries that are read of one story. */
const maxRows = 10_000
const firstStages = 1_000

const countOf = (rows: ReadonlyArray<Found>) =>
  Either.map(decodeRow({ count: whole }, rows[0] ?? {}), ({ count }) => count)

const stageRows = (sql: SqlClient.SqlClient, key: number) =>
  Effect.gen(function* () {
    const rows =
      yield* sql<Found>`SELECT * FROM stages WHERE story_key = ${key} ORDER BY stage_index LIMIT ${maxRows + 1}`
    if (rows.length <= maxRows) return { rows: yield* decodeRows(tables.stages, rows), omitted: 0 }
    const last = yield* sql<Found>`SELECT * FROM stages WHERE story_key = ${key}
      ORDER BY stage_index DESC LIMIT ${maxRows - firstStages}`
    const count = yield* countOf(yield* sql<Found>`SELECT count(*) AS count FROM stages WHERE story_key = ${key}`)
    const kept = [...rows.slice(0, firstStages), ...last.toReversed()]
    return { rows: yield* decodeRows(tables.stages, kept), omitted: count - maxRows }
  })

/** Log lines and notes. */
const recordedEvents = (sql: SqlClient.SqlClient, key: number) =>
  Effect.gen(function* () {
    const ofStory = sql`story_key = ${key} AND event IN ('LogRecorded', 'EventRecorded')`
    const last = yield* sql<Found>`SELECT event, data FROM events WHERE ${ofStory} ORDER BY id DESC LIMIT ${maxRows}`
    const rows = yield* decodeRows(pick(tables.events, ["event", "data"]), last.toReversed())
    const events = yield* Either.all(
      rows.map(({ data, event }) => eventOf(data, event === "LogRecorded" ? event : "EventRecorded"))
    )
    if (rows.length < maxRows) return { events, omitted: 0 }
    const count = yield* countOf(yield* sql<Found>`SELECT count(*) AS count FROM events WHERE ${ofStory}`)
    return { events, omitted: count - maxRows }
  })

const writerColumns = {
  host: nullable(text),
  pid: nullable(whole),
  started_at: nullable(time),
  last_seen_at: nullable(time)
}

const storyRow = (sql: SqlClient.SqlClient, key: number, idPrefix: string) =>
  Effect.gen(function* () {
    const [found] = yield* sql<Found>`SELECT ${sql.literal(selected("s", tables.stories))},
        ${sql.literal(selected("w", writerColumns, "w_"))}
      FROM stories AS s LEFT JOIN writers AS w ON w.id = s.writer_id WHERE s.key = ${key}`
    // Pruned meanwhile.
    if (found === undefined) return yield* new StoryNotFound({ idPrefix })
    const row = yield* decodeRow(tables.stories, found)
    const { host, last_seen_at: lastSeenAt, pid, started_at: startedAt } = yield* decodeRow(writerColumns, found, "w_")
    if (host === null || pid === null || startedAt === null || lastSeenAt === null) {
      return yield* new DamagedRow({ column: "writer_id", why: "there is no such writer" })
    }
    return { row, writer: { host, pid, startedAt, lastSeenAt } }
  })

/** Most candidates named when a beginning is that of several ids. */
const maxCandidates = 10

const candidateColumns = pick(tables.stories, ["key", "id", "name", "started_at"])

/** The key of the one story whose id begins so, or ends so where that is long enough to be a short id. */
export const keyOf = (sql: SqlClient.SqlClient, idPrefix: string) =>
  Effect.gen(function* () {
    if (idPrefix === "") {
      return yield* invalidSetting("idPrefix", '""', "the id of a story, its beginning or its end")
    }
    // An id that the program gave may be that of several stories: the newest is meant.
    const [row = {}] = yield* sql<Found>`SELECT max(key) AS key FROM stories WHERE id = ${idPrefix}`
    const exact = yield* decodeRow({ key: nullable(whole) }, row)
    if (exact.key !== null) return exact.key
    const isMeant =
      idPrefix.length < fewestCharacters
        ? beginsWith(sql, "s.id", idPrefix)
        : sql.or([beginsWith(sql, "s.id", idPrefix), endsWith(sql, "s.id", [idPrefix], Array.from(idPrefix).length)])
    const found = yield* sql<Found>`SELECT ${sql.literal(selected("s", candidateColumns))} FROM stories AS s
      WHERE ${isMeant} ORDER BY s.id DESC, s.key DESC LIMIT ${maxCandidates}`
    const candidates = yield* decodeRows(candidateColumns, found)
    const [newest] = candidates
    if (newest === undefined) return yield* new StoryNotFound({ idPrefix })
    if (candidates.every(({ id }) => id === newest.id)) return newest.key
    return yield* new AmbiguousStoryId({
      idPrefix,
      candidates: candidates.map(({ id, name, started_at: startedAt }) => ({ id, name, startedAt }))
    })
  })
