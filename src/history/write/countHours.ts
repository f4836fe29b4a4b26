/**
 * Counts hours that are over, each once, so that statistics need not. Several programs may, at the same time, and die while they do.
 *
 * An hour is claimed first. From when the claim is seen by all that write, a change of a story or stage of that hour removes it. What was
 * counted after that is right if the claim is still there at the end.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { otherWork } from "../../runtime/otherWork.js"
import { nullable, text, time } from "../database/columns.js"
import { isPg } from "../database/connections.js"
import { isBusy, writing } from "../database/database.js"
import { type DamagedRow, decodeRows, type Found, pick } from "../database/decodeRows.js"
import { leaps } from "../database/leaps.js"
import * as tables from "../database/tables.js"
import { hourOf, rowsOf, spanOf } from "../read/hourSummaries.js"
import { countRows } from "../read/windowCounts.js"
import { StoryState } from "../StoryRecord.js"

const millisOfHour = 3_600_000
/** Stories of an hour still end for a while after it. */
const millisToSettle = 600_000
/** Whoever claimed an hour that long ago has died. */
const millisOfClaim = 600_000
/** Statistics of what is older than that are counted from the rows. */
const hoursCounted = 92 * 24
const hoursAtOnce = 24

/** Gives how many hours it counted. `pause`, in milliseconds, is between any two: they are in no hurry. */
export const countHours = (sql: SqlClient.SqlClient, pause = 0): Effect.Effect<number, SqlError | DamagedRow> =>
  Effect.gen(function* () {
    let counted = 0
    for (const hours of chunksOf(yield* missingHours(sql))) {
      const claims = yield* patiently(writing(sql, claim(sql, hours)))
      if (!(yield* isSettled(sql))) return counted
      for (const claimed of claims) {
        if (yield* countHour(sql, claimed)) counted += 1
        yield* pause === 0 ? otherWork : Effect.sleep(pause)
      }
    }
    return counted
  }).pipe(Effect.withTracerEnabled(false))

const patiently = <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.retry(self, { while: isBusy, schedule: Schedule.spaced("50 millis").pipe(Schedule.upTo("30 seconds")) })

const chunksOf = (hours: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> =>
  Array.from({ length: Math.ceil(hours.length / hoursAtOnce) }, (_, i) =>
    hours.slice(i * hoursAtOnce, (i + 1) * hoursAtOnce)
  )

/** The newest first: they are asked for most. */
const missingHours = (sql: SqlClient.SqlClient) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const abandoned = time.encode(Math.max(0, now - millisOfClaim))
    const oldest = yield* oldestStory(sql)
    if (oldest === undefined) return []
    const found = yield* sql<Found>`SELECT hour FROM summary_hours WHERE complete = 1 OR claimed_at >= ${abandoned}`
    const known = new Set((yield* decodeRows({ hour: text }, found)).map(({ hour }) => hour))
    const end = Math.floor((now - millisToSettle) / millisOfHour)
    const begin = Math.max(Math.floor(oldest / millisOfHour), end - hoursCounted)
    const missing: Array<string> = []
    for (let hour = end - 1; hour >= begin; hour--) {
      const name = hourOf(time.encode(hour * millisOfHour))
      if (!known.has(name)) missing.push(name)
    }
    return missing
  })

/** Status by status, as the index has them. */
const oldestStory = (sql: SqlClient.SqlClient) =>
  Effect.gen(function* () {
    let oldest: number | undefined
    for (const status of StoryState.literals) {
      const found = yield* sql<Found>`SELECT min(started_at) AS started_at FROM stories WHERE status = ${status}`
      for (const row of yield* decodeRows({ started_at: nullable(time) }, found)) {
        if (row.started_at !== null) oldest = Math.min(oldest ?? row.started_at, row.started_at)
      }
    }
    return oldest
  })

const claimColumns = pick(tables.summaryHours, ["id", "hour"])

/** Those that another program claimed just now are left to it. */
const claim = (sql: SqlClient.SqlClient, hours: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const abandoned = time.encode(Math.max(0, now - millisOfClaim))
    yield* sql`DELETE FROM summary_hours WHERE ${sql.in("hour", hours)} AND complete = 0 AND claimed_at < ${abandoned}`
    const rows = hours.map((hour) => ({ hour, claimed_at: time.encode(now), complete: 0 }))
    const found = yield* sql<Found>`INSERT INTO summary_hours ${sql.insert(rows)}
      ON CONFLICT (hour) DO NOTHING RETURNING id, hour`
    return yield* decodeRows(claimColumns, found)
  })

/**
 * Whether everything that may have written before it could see the claims is committed, and so will be counted. On a server, whatever had a
 * number by now when they were committed.
 */
const isSettled = (sql: SqlClient.SqlClient) =>
  Effect.gen(function* () {
    if (!isPg(sql)) return true
    const [horizon] = yield* sql<{ xact: string }>`SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS xact`
    const settled = Effect.map(
      sql<{ settled: number }>`SELECT (pg_snapshot_xmin(pg_current_snapshot())::text::bigint
        >= CAST(${horizon?.xact ?? ""} AS bigint))::int AS settled`,
      ([row]) => row?.settled === 1
    )
    return yield* Effect.repeat(settled, {
      until: (settled) => settled,
      schedule: Schedule.spaced("250 millis").pipe(Schedule.upTo("1 minute"))
    }).pipe(Effect.zipRight(settled))
  })

/** Whether nothing of the hour changed meanwhile. */
const countHour = (sql: SqlClient.SqlClient, { hour, id }: { readonly hour: string; readonly id: number }) =>
  Effect.gen(function* () {
    const summaries: Array<ReturnType<typeof rowsOf>[number]> = []
    for (const story of yield* storyNames(sql)) {
      const counts = yield* countRows(sql, [spanOf(hour)], story)
      summaries.push(...rowsOf(counts))
      yield* otherWork
    }
    return yield* patiently(writing(sql, complete(sql, id, summaries)))
  })

const storyNames = (sql: SqlClient.SqlClient) =>
  Effect.gen(function* () {
    const found = yield* sql<Found>`WITH RECURSIVE ${leaps(sql, "of_stages", "stages", "story_name")},
        ${leaps(sql, "of_stories", "stories", "name")}
      SELECT name FROM of_stages WHERE name IS NOT NULL UNION SELECT name FROM of_stories WHERE name IS NOT NULL`
    return (yield* decodeRows({ name: text }, found)).map(({ name }) => name)
  })

const complete = (
  sql: SqlClient.SqlClient,
  id: number,
  summaries: ReadonlyArray<ReturnType<typeof rowsOf>[number]>
): Effect.Effect<boolean, SqlError> =>
  Effect.gen(function* () {
    const claimed = yield* sql`UPDATE summary_hours SET complete = 1 WHERE id = ${id} AND complete = 0 RETURNING id`
    if (claimed.length === 0) return false
    const rows = summaries.map((row) => ({ ...row, hour_id: id }))
    if (rows.length > 0) yield* sql`INSERT INTO hour_summaries ${sql.insert(rows)}`
    return true
  })
