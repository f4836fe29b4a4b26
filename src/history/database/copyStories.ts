/**
 * Copies stories from one history into another, with all that is kept of them: from a file to a server, or back.
 *
 * What breaks off goes on where it was: a story that the other one has as a whole is left alone, and one that it has in part is
 * copied anew.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { insertAsOne, insertInto, run } from "./bulkInsert.js"
import { type Cell, time } from "./columns.js"
import { isPg } from "./connections.js"
import { isBusy, writing } from "./database.js"
import type { Found } from "./decodeRows.js"
import * as partitions from "./partitions.js"
import { dayOf, eventsInTransaction, firstKeyOf, ordinalOf } from "./positions.js"
import * as tables from "./tables.js"
import { columnsOf } from "./tables.js"

/** What became of the stories. */
export interface Copied {
  readonly copied: number
  /** They were there already. */
  readonly found: number
  /** They may still change, and were left out. */
  readonly running: number
}

/** Stories looked at together. */
const step = 200

/** `progress` is given what has become of the stories so far. */
export const copyStories = (
  from: SqlClient.SqlClient,
  to: SqlClient.SqlClient,
  progress: (copied: Copied) => Effect.Effect<void>
): Effect.Effect<Copied, SqlError> =>
  Effect.gen(function* () {
    const oldest = yield* from<{ started_at: string | null }>`SELECT min(started_at) AS started_at FROM stories`
    const since = oldest[0]?.started_at
    if (isPg(to) && typeof since === "string") yield* partitions.makePartitions(to, partitionDays, dayOf(since))
    const writers = new Map<string, number>()
    let copied: Copied = { copied: 0, found: 0, running: 0 }
    for (let after = 0; ; ) {
      const rows = yield* from<Row>`SELECT * FROM stories WHERE key > ${after} ORDER BY key LIMIT ${step}`
      const last = rows.at(-1)
      if (last === undefined) return copied
      after = Number(last["key"])
      const ended = rows.filter((row) => row["status"] !== "running")
      const missing = yield* missingOf(from, to, ended)
      for (const group of groupsOf(missing)) {
        const writing = yield* writerOf(from, to, writers, group)
        yield* copyGroup(from, to, group, writing)
      }
      copied = {
        copied: copied.copied + missing.length,
        found: copied.found + ended.length - missing.length,
        running: copied.running + rows.length - ended.length
      }
      yield* progress(copied)
    }
  }).pipe(Effect.withTracerEnabled(false))

const partitionDays = 7

type Row = { readonly [column: string]: Cell }

/** A story that is to be copied, and how many events it has. */
interface Missing {
  readonly row: Row
  readonly events: number
}

const countEvents = (sql: SqlClient.SqlClient, keys: ReadonlyArray<number>) =>
  Effect.map(
    keys.length === 0
      ? Effect.succeed([])
      : sql<{ story_key: number; n: number }>`SELECT story_key, count(*) AS n FROM events
          WHERE ${sql.in("story_key", keys)} GROUP BY story_key`,
    (rows) => new Map(rows.map(({ n, story_key: key }) => [Number(key), Number(n)]))
  )

/** Those that the other history does not have as a whole; what it has of them in part is deleted there. */
const missingOf = (from: SqlClient.SqlClient, to: SqlClient.SqlClient, rows: ReadonlyArray<Row>) =>
  Effect.gen(function* () {
    if (rows.length === 0) return []
    const ids = rows.map((row) => String(row["id"]))
    const found = yield* to<Row>`SELECT key, id, started_at FROM stories WHERE ${to.in("id", ids)}`
    const there = new Map(found.map((row) => [nameOf(row), Number(row["key"])]))
    const counts = yield* countEvents(
      from,
      rows.map((row) => Number(row["key"]))
    )
    const countsThere = yield* countEvents(to, Array.from(there.values()))
    const partly: Array<number> = []
    const missing = rows.flatMap((row): ReadonlyArray<Missing> => {
      const key = there.get(nameOf(row))
      const events = counts.get(Number(row["key"])) ?? 0
      if (key === undefined) return [{ row, events }]
      if ((countsThere.get(key) ?? 0) >= events) return []
      partly.push(key)
      return [{ row, events }]
    })
    if (partly.length > 0) yield* writing(to, remove(to, partly))
    return missing
  })

/** An id may be that of several stories. */
const nameOf = (row: Row): string => `${row["id"]} ${row["started_at"]}`

const remove = (sql: SqlClient.SqlClient, keys: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    if (isPg(sql)) {
      yield* sql`DELETE FROM events WHERE ${sql.in("story_key", keys)}`
      yield* sql`DELETE FROM stages WHERE ${sql.in("story_key", keys)}`
    }
    yield* sql`DELETE FROM stories WHERE ${sql.in("key", keys)}`
  })

/** As many stories as have room for their events in one transaction; one that has more by itself. */
const groupsOf = (missing: ReadonlyArray<Missing>): ReadonlyArray<ReadonlyArray<Row>> => {
  const groups: Array<Array<Row>> = []
  let events = Number.POSITIVE_INFINITY
  for (const one of missing) {
    if (events + one.events > eventsInTransaction) {
      groups.push([])
      events = 0
    }
    events += one.events
    groups.at(-1)?.push(one.row)
  }
  return groups
}

/** The programs that wrote these stories, by their number there, as programs that have ended. */
const writerOf = (
  from: SqlClient.SqlClient,
  to: SqlClient.SqlClient,
  known: Map<string, number>,
  stories: ReadonlyArray<Row>
) =>
  Effect.gen(function* () {
    const ids = new Set(stories.map((row) => String(row["writer_id"])))
    for (const id of ids) {
      if (known.has(id)) continue
      const [row] = yield* from<Row>`SELECT * FROM writers WHERE id = ${Number(id)}`
      const {
        host,
        last_seen_at: lastSeenAt,
        pid,
        process_identity: identity,
        started_at: startedAt
      } = row ?? unknownWriter
      const [found] = yield* to<{ id: number }>`SELECT id FROM writers
        WHERE host = ${host ?? ""} AND pid = ${pid ?? 0} AND process_identity = ${identity ?? ""} AND started_at = ${startedAt ?? ""}
          AND ended_at IS NOT NULL`
      const copy = {
        host: host ?? "",
        pid: pid ?? 0,
        process_identity: identity ?? "",
        heartbeat_seconds: row?.["heartbeat_seconds"] ?? 15,
        started_at: startedAt ?? "",
        last_seen_at: lastSeenAt ?? "",
        ended_at: row?.["ended_at"] ?? lastSeenAt ?? ""
      }
      const made =
        found === undefined ? yield* to<{ id: number }>`INSERT INTO writers ${to.insert(copy)} RETURNING id` : [found]
      known.set(id, Number(made[0]?.id))
    }
    return known
  })

const epoch = time.encode(0)
const unknownWriter: Row = { host: "", pid: 0, process_identity: "", started_at: epoch, last_seen_at: epoch }

/** The tables of what a story has, but for its events. */
const parts = [
  ["story_labels", columnsOf(tables.storyLabels)],
  ["story_correlations", columnsOf(tables.storyCorrelations)],
  ["stages", columnsOf(tables.stages)],
  ["failures", columnsOf(tables.failures, ["id"])]
] as const

const copyGroup = (
  from: SqlClient.SqlClient,
  to: SqlClient.SqlClient,
  stories: ReadonlyArray<Row>,
  writers: ReadonlyMap<string, number>
) =>
  Effect.gen(function* () {
    const keys = stories.map((row) => Number(row["key"]))
    const all: Array<readonly [(typeof parts)[number], ReadonlyArray<Found>]> = []
    for (const part of parts) {
      const rows = yield* from<Found>`SELECT * FROM ${from.literal(part[0])} WHERE ${from.in("story_key", keys)}`
      all.push([part, rows])
    }
    const events = yield* from<Found>`SELECT * FROM events WHERE ${from.in("story_key", keys)} ORDER BY id`
    const keyOf = new Map<unknown, number>()
    const first = writing(
      to,
      Effect.gen(function* () {
        const [connection] = yield* SqlClient.TransactionConnection
        const rows = stories.map((row) => ({
          ...row,
          key: firstKeyOf(dayOf(String(row["started_at"]))),
          writer_id: writers.get(String(row["writer_id"])) ?? 0
        }))
        const returned = yield* run<string>(connection, storiesInto(to), rows)
        const made = returned.map(({ key }) => Number(key)).sort((a, b) => ordinalOf(a) - ordinalOf(b))
        for (const [i, row] of stories.entries()) keyOf.set(String(row["key"]), made[i] ?? 0)
        yield* insertEvents(to, events.slice(0, eventsInTransaction), keyOf)
        for (const [[table, columns], found] of all) {
          yield* run<string>(connection, insertInto<string>(to, table, columns), rekeyed(found, keyOf))
        }
      })
    )
    yield* Effect.retry(first, { while: isBusy, times: 100 })
    for (let at = eventsInTransaction; at < events.length; at += eventsInTransaction) {
      yield* writing(to, insertEvents(to, events.slice(at, at + eventsInTransaction), keyOf))
    }
  })

const storiesInto = (sql: SqlClient.SqlClient) =>
  isPg(sql)
    ? insertAsOne<string>("stories", columnsOf(tables.stories), " RETURNING key", {
        key: "r.key + nextval('story_ordinals')"
      })
    : insertInto<string>(sql, "stories", columnsOf(tables.stories, ["key"]), " RETURNING key")

/** Cells as they were read; a bigint of PostgreSQL is a text there, which SQLite takes for a number by the type of its column. */
const rekeyed = (rows: ReadonlyArray<Found>, keyOf: ReadonlyMap<unknown, number>) =>
  // A driver gives cells.
  rows.map((row) => ({ ...(row as Row), story_key: keyOf.get(String(row["story_key"])) ?? 0 }))

const insertEvents = (sql: SqlClient.SqlClient, events: ReadonlyArray<Found>, keyOf: ReadonlyMap<unknown, number>) =>
  Effect.gen(function* () {
    const [connection] = yield* SqlClient.TransactionConnection
    const rows = rekeyed(events, keyOf)
    if (!isPg(sql))
      return yield* run<string>(connection, insertInto<string>(sql, "events", columnsOf(tables.events, ["id"])), rows)
    const [position] = yield* connection.executeValues(
      `SELECT (pg_current_xact_id()::text::bigint - xact) * ${eventsInTransaction} FROM event_origin`,
      []
    )
    const before = Number(position?.[0])
    return yield* run<string>(
      connection,
      insertAsOne<string>("events", columnsOf(tables.events), " ON CONFLICT (story_key, sequence) DO NOTHING"),
      rows.map((row, i) => ({ ...row, id: before + i }))
    )
  })
