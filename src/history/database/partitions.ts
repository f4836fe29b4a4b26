/**
 * Partitions of `events` and `stages` by the days on which their stories started: made before they are needed, and dropped as a
 * whole, which costs the same however much is in them.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { time } from "./columns.js"
import { codeOf, writing } from "./database.js"
import { hourLength } from "./hourTables.js"
import { dayOf, firstKeyOf, lastDay } from "./positions.js"

/** Days of a partition, counted from 1970: up to but without `to`. */
export interface Partition {
  /** What the names of its tables end with. */
  readonly suffix: string
  readonly from: number
  readonly to: number
}

/** Days for which partitions are there before they come. */
const daysAhead = 14

/** In the order of their days. Of tables that a program made itself, none. */
export const partitions = (sql: SqlClient.SqlClient): Effect.Effect<ReadonlyArray<Partition>, SqlError> =>
  Effect.map(
    sql.unsafe<{ name: string; bound: string }>(`SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bound
      FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
      WHERE i.inhparent = to_regclass('events')`),
    (rows) =>
      rows
        .flatMap(({ bound, name }): ReadonlyArray<Partition> => {
          const [, from, to] = /FROM \('(\d+)'\) TO \('(\d+)'\)/.exec(bound) ?? []
          if (from === undefined || to === undefined || !name.startsWith("events_")) return []
          const width = firstKeyOf(1)
          return [{ suffix: name.slice("events".length), from: Number(from) / width, to: Number(to) / width }]
        })
        .sort((a, b) => a.from - b.from)
  )

/**
 * Makes the partitions of the days from `since` on, up to two weeks from now, that are not there yet, each of so many days. One
 * that is refused is left out, as where rows of its days are in no partition: those that come go there, too.
 */
export const makePartitions = (
  sql: SqlClient.SqlClient,
  partitionDays: number,
  since?: number
): Effect.Effect<void, SqlError> =>
  Effect.gen(function* () {
    const now = Math.floor((yield* Clock.currentTimeMillis) / millisOfDay)
    const days = { from: Math.min(since ?? now, now), to: Math.min(now + daysAhead, lastDay) }
    const wanted = missingOf(days, partitionDays, yield* partitions(sql))
    for (const partition of wanted) yield* make(sql, partition).pipe(Effect.catchIf(isRefused, () => Effect.void))
  })

const millisOfDay = 86_400_000

/** Whole multiples of so many days, but for where others are in the way. */
const missingOf = (
  { from, to }: { readonly from: number; readonly to: number },
  partitionDays: number,
  found: ReadonlyArray<Partition>
): ReadonlyArray<Partition> => {
  const missing: Array<Partition> = []
  for (let day = from; day <= to; ) {
    const inside = found.find((one) => one.from <= day && day < one.to)
    if (inside !== undefined) {
      day = inside.to
      continue
    }
    const start = Math.floor(day / partitionDays) * partitionDays
    const before = Math.max(0, ...found.filter((one) => one.to <= day).map((one) => one.to))
    const after = Math.min(lastDay, ...found.filter((one) => one.from > day).map((one) => one.from))
    const partition = { from: Math.max(start, before), to: Math.min(start + partitionDays, after) }
    missing.push({ ...partition, suffix: `_${dateOf(partition.from)}` })
    day = partition.to
  }
  return missing
}

/** `20260131` */
const dateOf = (day: number): string =>
  time
    .encode(day * millisOfDay)
    .slice(0, 10)
    .replaceAll("-", "")

/** Another program made it just now, or rows are in the way. */
const isRefused = (error: SqlError): boolean => /^(42P07|42P17|23514|23505|55P03|42501)$/.test(codeOf(error) ?? "")

/** Writers wait for the lock of a table while it is waited for: not for long. */
const briefly = "SET LOCAL lock_timeout = '2s'"

const make = (sql: SqlClient.SqlClient, { from, suffix, to }: Partition): Effect.Effect<void, SqlError> =>
  writing(
    sql,
    Effect.gen(function* () {
      yield* sql.unsafe(briefly)
      // In the order in which everyone else asks for them.
      for (const table of ["events", "stages"]) {
        yield* sql.unsafe(
          `CREATE TABLE ${table}${suffix} PARTITION OF ${table} FOR VALUES FROM (${firstKeyOf(from)}) TO (${firstKeyOf(to)})`
        )
      }
    })
  )

/** Drops what the stories of a partition have in it; the stories themselves remain. */
export const drop = (sql: SqlClient.SqlClient, { from, suffix }: Partition): Effect.Effect<void, SqlError> =>
  writing(
    sql,
    Effect.gen(function* () {
      yield* sql.unsafe(briefly)
      for (const table of ["events", "stages"]) yield* sql.unsafe(`DROP TABLE IF EXISTS ${table}${suffix}`)
      // No trigger sees it. Its stages began on its days or later.
      yield* sql`DELETE FROM summary_hours WHERE hour >= ${time.encode(from * millisOfDay).slice(0, hourLength)}`
    })
  ).pipe(Effect.catchIf(isRefused, () => Effect.void))

/** The day on which a story of that time is put. */
export const dayOfMillis = (millis: number): number => dayOf(time.encode(millis))
