/**
 * Deletes old stories a few at a time, each few in a transaction of its own: whoever writes never waits for long.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { Retention } from "../HistoryFilter.js"
import { timestamp } from "./batch.js"
import { isBusy, writing } from "./database.js"

/** Stories deleted at once: some milliseconds' work. */
const step = 50
const millisOfDay = 86_400_000

/**
 * Gives how many stories were deleted. What hangs on them (stages, failures, events, labels) goes with them.
 *
 * @internal
 */
export const prune = (sql: SqlClient.SqlClient, retention: Retention): Effect.Effect<number, SqlError> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    let deleted = 0
    if (retention.keepDays !== undefined) {
      const before = timestamp(Math.max(0, now - retention.keepDays * millisOfDay))
      deleted += yield* inSteps(
        sql,
        sql`SELECT key FROM stories WHERE status <> 'running' AND ended_at < ${before} ORDER BY key LIMIT ${step}`
      )
    }
    if (retention.keepStories !== undefined) {
      const [oldest] = yield* sql<{ key: number }>`
        SELECT key FROM stories ORDER BY key DESC LIMIT 1 OFFSET ${retention.keepStories}`
      if (oldest !== undefined) {
        deleted += yield* inSteps(
          sql,
          sql`SELECT key FROM stories WHERE key <= ${oldest.key} AND status <> 'running' ORDER BY key LIMIT ${step}`
        )
      }
    }
    return deleted
  }).pipe(Effect.withTracerEnabled(false))

/**
 * How many stories {@link prune} would delete now.
 *
 * @internal
 */
export const prunable = (
  sql: SqlClient.SqlClient,
  { keepDays, keepStories }: Retention
): Effect.Effect<number, SqlError> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const before = keepDays === undefined ? undefined : timestamp(Math.max(0, now - keepDays * millisOfDay))
    const tooOld = before === undefined ? sql`1 = 0` : sql`(status <> 'running' AND ended_at < ${before})`
    const [newest] =
      keepStories === undefined
        ? []
        : yield* sql<{ key: number }>`
            SELECT key FROM stories WHERE NOT ${tooOld} ORDER BY key DESC LIMIT 1 OFFSET ${keepStories}`
    const tooMany = newest === undefined ? sql`1 = 0` : sql`(key <= ${newest.key} AND status <> 'running')`
    const [row] = yield* sql<{ count: number }>`SELECT count(*) AS count FROM stories WHERE ${tooOld} OR ${tooMany}`
    return Number(row?.count ?? 0)
  }).pipe(Effect.withTracerEnabled(false))

const inSteps = (
  sql: SqlClient.SqlClient,
  doomed: Effect.Effect<ReadonlyArray<object>, SqlError>
): Effect.Effect<number, SqlError> =>
  Effect.gen(function* () {
    let deleted = 0
    for (;;) {
      const keys = (yield* doomed).flatMap((row) => ("key" in row ? [Number(row.key)] : []))
      if (keys.length === 0) return deleted
      yield* writing(sql, sql`DELETE FROM stories WHERE ${sql.in("key", keys)}`).pipe(
        Effect.retry({ while: isBusy, schedule: Schedule.spaced("50 millis").pipe(Schedule.upTo("30 seconds")) })
      )
      deleted += keys.length
      // Others have their turn: the program, and whoever else writes.
      yield* Effect.sleep("1 millis")
    }
  })
