/**
 * Deletes old stories a few at a time, each few in a transaction of its own: whoever writes never waits for long.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { otherWork } from "../../runtime/otherWork.js"
import type { Retention } from "../HistoryFilter.js"
import { StoryState } from "../StoryRecord.js"
import { time } from "./columns.js"
import { isPg } from "./connections.js"
import { isBusy, writing } from "./database.js"
import * as partitions from "./partitions.js"
import { dayOf, firstKeyOf } from "./positions.js"

/** Stories deleted at once: some milliseconds' work. */
const step = 50
const millisOfDay = 86_400_000

/**
 * Gives how many stories were deleted. What hangs on them (stages, failures, events, labels) goes with them.
 *
 * On PostgreSQL, partitions of which nothing is kept are dropped first. With `isPatient`, the stories of the one that is partly
 * kept wait for that, for as many days as it has at most.
 *
 * @internal
 */
export const prune = (
  sql: SqlClient.SqlClient,
  retention: Retention,
  { isPatient = false }: { readonly isPatient?: boolean } = {}
): Effect.Effect<number, SqlError> =>
  Effect.gen(function* () {
    const { before, tooMany, tooOld } = yield* doomed(sql, retention)
    let deleted = 0
    if (tooOld !== undefined && before !== undefined) {
      const partly = isPg(sql) ? yield* dropPartitions(sql, before, tooOld) : undefined
      const waiting =
        isPatient && partly !== undefined
          ? sql`NOT (key >= ${firstKeyOf(partly.from)} AND key < ${firstKeyOf(partly.to)})`
          : sql`1 = 1`
      // Status by status, as the index has them: looking for what is not there must not read the whole table.
      for (const status of endedStates) {
        deleted += yield* inSteps(sql, sql`status = ${status} AND ${tooOld} AND ${waiting}`)
      }
    }
    if (tooMany !== undefined) deleted += yield* inSteps(sql, tooMany)
    return deleted
  }).pipe(Effect.withTracerEnabled(false))

/** Drops what is wholly to be deleted, and gives the partition of which a part is kept. */
const dropPartitions = (sql: SqlClient.SqlClient, before: string, tooOld: Fragment) =>
  Effect.gen(function* () {
    const day = dayOf(before)
    const all = yield* partitions.partitions(sql)
    for (const partition of all.filter(({ to }) => to <= day)) {
      const kept = yield* sql`SELECT 1 FROM stories
        WHERE key >= ${firstKeyOf(partition.from)} AND key < ${firstKeyOf(partition.to)}
          AND (status = 'running' OR NOT ${tooOld}) LIMIT 1`
      if (kept.length === 0) yield* partitions.drop(sql, partition)
    }
    return all.find(({ from, to }) => from <= day && day < to)
  })

/**
 * How many stories {@link prune} would delete now.
 *
 * @internal
 */
export const prunable = (sql: SqlClient.SqlClient, retention: Retention): Effect.Effect<number, SqlError> =>
  Effect.gen(function* () {
    const { tooMany = sql`1 = 0`, tooOld = sql`1 = 0` } = yield* doomed(sql, retention)
    const [row] = yield* sql<{ count: number }>`SELECT count(*) AS count FROM stories
      WHERE (status <> 'running' AND ${tooOld}) OR (${tooMany})`
    return Number(row?.count ?? 0)
  }).pipe(Effect.withTracerEnabled(false))

const endedStates = StoryState.literals.filter((state) => state !== "running")

interface Doomed {
  /** Up to but without when a story must have ended to be too old. */
  readonly before: string | undefined
  /** To be joined with a status. */
  readonly tooOld: Fragment | undefined
  readonly tooMany: Fragment | undefined
}

/** What running stories do not belong to, whatever their age. */
const doomed = (sql: SqlClient.SqlClient, { keepDays, keepStories }: Retention): Effect.Effect<Doomed, SqlError> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const before = keepDays === undefined ? undefined : time.encode(Math.max(0, now - keepDays * millisOfDay))
    const tooOld =
      before === undefined ? undefined : sql`(started_at < ${before} AND COALESCE(ended_at, started_at) < ${before})`
    const [newest] = keepStories === undefined ? [] : yield* firstBeyond(sql, keepStories, tooOld)
    return {
      before,
      tooOld,
      tooMany: newest === undefined ? undefined : sql`key <= ${newest.key} AND status <> 'running'`
    }
  })

/** The newest story of those that are too many, not counting those that go anyway. */
const firstBeyond = (sql: SqlClient.SqlClient, keepStories: number, tooOld: Fragment | undefined) =>
  sql<{ key: number }>`SELECT key FROM stories
    WHERE NOT ${tooOld === undefined ? sql`(1 = 0)` : sql`(status <> 'running' AND ${tooOld})`}
    ORDER BY key DESC LIMIT 1 OFFSET ${keepStories}`

const inSteps = (sql: SqlClient.SqlClient, condition: Fragment): Effect.Effect<number, SqlError> =>
  Effect.gen(function* () {
    let deleted = 0
    for (;;) {
      const gone = yield* writing(sql, removeSome(sql, condition)).pipe(
        Effect.retry({ while: isBusy, schedule: Schedule.spaced("50 millis").pipe(Schedule.upTo("30 seconds")) })
      )
      if (gone === 0) return deleted
      deleted += gone
      yield* otherWork
    }
  })

/** Gives how many it deleted: what the database does not let go is not asked for again. */
const removeSome = (sql: SqlClient.SqlClient, condition: Fragment): Effect.Effect<number, SqlError> =>
  Effect.gen(function* () {
    const rows = yield* sql<{ key: number; writer_id: number }>`DELETE FROM stories
      WHERE key IN (SELECT key FROM stories WHERE ${condition} LIMIT ${step}) RETURNING key, writer_id`
    if (isPg(sql) && rows.length > 0) {
      const keys = rows.map(({ key }) => key)
      yield* sql`DELETE FROM events WHERE ${sql.in("story_key", keys)}`
      yield* sql`DELETE FROM stages WHERE ${sql.in("story_key", keys)}`
    }
    const writers = Array.from(new Set(rows.map(({ writer_id }) => Number(writer_id))))
    if (writers.length > 0) yield* deleteIdle(sql, writers)
    return rows.length
  })

/** Deletes those of the writers that have ended and of whom no story is left. */
export const deleteIdle = (sql: SqlClient.SqlClient, writers: ReadonlyArray<number>) =>
  sql`DELETE FROM writers WHERE ${sql.in("id", writers)} AND ended_at IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM stories WHERE stories.writer_id = writers.id)`
