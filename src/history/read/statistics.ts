/**
 * Counts and exact percentiles over a span of time.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as options from "../../plain/options.js"
import { nullable, real, text, time, whole } from "../database/columns.js"
import { isPg } from "../database/connections.js"
import { type DamagedRow, decodeRows, type Found, pick, selected } from "../database/decodeRows.js"
import type { Row } from "../database/tables.js"
import * as tables from "../database/tables.js"
import { aliveWriters } from "../database/writerProcesses.js"
import { momentOf, type StatsFilter } from "../HistoryFilter.js"
import type { Durations, FailureGroup, HistoryStats, StageStats, StoryStats } from "../HistoryStats.js"
import { invalidSetting } from "../invalidSetting.js"
import { StoryState } from "../StoryRecord.js"
import * as records from "./records.js"

/** @internal */
export const stats = (sql: SqlClient.SqlClient, filter: StatsFilter) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const { since, until } = yield* options.attempt(() => windowOf(filter, now))
    const window: Window = { from: time.encode(since), to: time.encode(until), story: filter.story }
    const alive = yield* aliveWriters(sql)
    const groups = yield* storyGroups(sql, window)
    const stageRuns = yield* stagesOf(sql, window)
    const gone = (yield* runningStories(sql, window)).filter((row) => records.statusOf(row, alive) === "interrupted")
    const all = storyStats("", groups, gone)
    const failures = yield* failureGroups(sql, window)
    return {
      since,
      until,
      storyName: filter.story ?? null,
      count: all.count,
      byStatus: all.byStatus,
      failureRate: all.failureRate,
      storiesPerHour: all.count / Math.max((until - since) / 3_600_000, Number.MIN_VALUE),
      stories: Array.from(
        grouped(groups, ({ name }) => name),
        ([name, rows]) =>
          storyStats(
            name,
            rows,
            gone.filter((row) => row.name === name)
          )
      ).sort((a, b) => b.count - a.count),
      stages: stageStats(stageRuns),
      slowest: yield* slowestStories(sql, window),
      failureCount: failures.reduce((sum, { count }) => sum + count, 0),
      failures: yield* describedGroups(sql, failures.slice(0, maxFailureGroups))
    } satisfies HistoryStats
  })

interface Window {
  readonly from: string
  readonly to: string
  readonly story: string | undefined
}

const maxFailureGroups = 20

const ofStory = (sql: SqlClient.SqlClient, column: string, story: string | undefined): Fragment =>
  story === undefined ? sql`1 = 1` : sql`${sql.literal(column)} = ${story}`

/** By status, then by time: the order of an index. */
const inWindow = (sql: SqlClient.SqlClient, { from, story, to }: Window): Fragment =>
  sql`${sql.in("s.status", StoryState.literals)}
    AND s.started_at >= ${from} AND s.started_at < ${to} AND ${ofStory(sql, "s.name", story)}`

const groupColumns = { ...pick(tables.stories, ["name", "status"]), count: whole, seconds: nullable(text) }

/** A list of durations for each group: a row of its own for each of them costs several times as much to hand over. */
const storyGroups = (sql: SqlClient.SqlClient, window: Window) =>
  Effect.flatMap(
    sql<Found>`SELECT s.name, s.status, count(*) AS count, ${listOf(sql, "s.duration_seconds")} AS seconds
      FROM stories AS s WHERE ${inWindow(sql, window)} GROUP BY s.name, s.status`,
    (rows) => decodeRows(groupColumns, rows)
  )

const runningColumns = pick(tables.stories, ["name", "status", "writer_id"])

const runningStories = (sql: SqlClient.SqlClient, { from, story, to }: Window) =>
  Effect.flatMap(
    sql<Found>`SELECT s.name, s.status, s.writer_id FROM stories AS s
      WHERE s.status = 'running' AND s.started_at >= ${from} AND s.started_at < ${to}
        AND ${ofStory(sql, "s.name", story)}`,
    (rows) => decodeRows(runningColumns, rows)
  )

const slowColumns = { ...pick(tables.stories, ["id", "name", "started_at"]), duration_seconds: real }

const slowestStories = (sql: SqlClient.SqlClient, window: Window) =>
  Effect.gen(function* () {
    const slowest = yield* sql<Found>`SELECT s.key FROM stories AS s
      WHERE ${inWindow(sql, window)} AND s.duration_seconds IS NOT NULL ORDER BY s.duration_seconds DESC LIMIT 10`
    if (slowest.length === 0) return []
    const keys = (yield* decodeRows({ key: whole }, slowest)).map(({ key }) => key)
    const rows = yield* sql<Found>`SELECT ${sql.literal(selected("s", slowColumns))} FROM stories AS s
      WHERE ${sql.in("s.key", keys)} ORDER BY s.duration_seconds DESC`
    return (yield* decodeRows(slowColumns, rows)).map((row) => ({
      storyId: row.id,
      storyName: row.name,
      startedAt: row.started_at,
      durationSeconds: row.duration_seconds
    }))
  })

const failureGroupColumns = { fingerprint: text, count: whole, first_at: time, last_at: time, newest: whole }

/** The most frequent first. */
const failureGroups = (sql: SqlClient.SqlClient, { from, story, to }: Window) =>
  Effect.flatMap(
    sql<Found>`SELECT f.fingerprint, count(*) AS count, min(f.occurred_at) AS first_at,
        max(f.occurred_at) AS last_at, max(f.id) AS newest
      FROM failures AS f
      WHERE f.occurred_at >= ${from} AND f.occurred_at < ${to} AND ${ofStory(sql, "f.story_name", story)}
      GROUP BY f.fingerprint ORDER BY count DESC, last_at DESC`,
    (rows) => decodeRows(failureGroupColumns, rows)
  )

/** Each group with what its newest failure says. One that was pruned meanwhile is left out. */
const describedGroups = (
  sql: SqlClient.SqlClient,
  groups: ReadonlyArray<Row<typeof failureGroupColumns>>
): Effect.Effect<ReadonlyArray<FailureGroup>, SqlError | DamagedRow> =>
  Effect.gen(function* () {
    if (groups.length === 0) return []
    const ids = groups.map(({ newest }) => newest)
    const found = yield* sql<Found>`SELECT ${sql.literal(selected("f", records.failureTable))} FROM failures AS f
      WHERE ${sql.in("f.id", ids)}`
    const failures = new Map((yield* decodeRows(records.failureTable, found)).map((row) => [row.id, row]))
    return groups.flatMap((group) => {
      const failure = failures.get(group.newest)
      if (failure === undefined) return []
      return [
        {
          fingerprint: failure.fingerprint,
          count: group.count,
          firstAt: group.first_at,
          lastAt: group.last_at,
          lastStoryId: failure.story_id,
          storyName: failure.story_name,
          stageName: failure.stage_name,
          errorType: failure.error_type,
          errorMessage: failure.error_message,
          errorCode: failure.error_code,
          location: failure.location
        }
      ]
    })
  })

const runColumns = { story_name: text, name: text, runs: nullable(text) }

/**
 * What became of stages, in a text such as `co250000000,fa1500000000,ru`: the beginning of each one's status, and its duration in
 * nanoseconds, which are text in half the time that a fraction takes.
 */
export const outcomesOf = (sql: SqlClient.SqlClient) =>
  sql.literal(
    sql.onDialectOrElse({
      sqlite: () =>
        "group_concat(substr(t.status, 1, 2) || COALESCE(CAST(round(t.duration_seconds * 1e9) AS INTEGER), ''))",
      orElse: () =>
        `string_agg(substr(t.status, 1, 2) || COALESCE((${mostOf("t.duration_seconds")} * 1e9)::bigint::text, ''), ',')`
    })
  )

/** As many seconds as there is a number of nanoseconds for: SQLite stops there by itself, PostgreSQL fails. */
const mostOf = (seconds: string): string => `LEAST(GREATEST(${seconds}, -9e9), 9e9)`

/**
 * The stages of each name. An index holds them by name and time, so the names are found by leaps, and no row is read but those asked for.
 */
const stagesOf = (sql: SqlClient.SqlClient, { from, story, to }: Window) => {
  const names =
    story === undefined
      ? sql`SELECT min(story_name) FROM stages UNION ALL
          SELECT (SELECT min(t.story_name) FROM stages AS t WHERE t.story_name > n.name) FROM story_names AS n
          WHERE n.name IS NOT NULL`
      : sql`SELECT CAST(${story} AS TEXT)${sql.literal(isPg(sql) ? ' COLLATE "C"' : "")}`
  const rows = sql<Found>`WITH RECURSIVE story_names (name) AS (${names}),
    pairs (story_name, name) AS (
      SELECT n.name, (SELECT min(t.name) FROM stages AS t WHERE t.story_name = n.name) FROM story_names AS n
      WHERE n.name IS NOT NULL
      UNION ALL
      SELECT p.story_name, (SELECT min(t.name) FROM stages AS t WHERE t.story_name = p.story_name AND t.name > p.name)
      FROM pairs AS p WHERE p.name IS NOT NULL
    )
    SELECT p.story_name, p.name, (
      SELECT ${outcomesOf(sql)} FROM stages AS t
      WHERE t.story_name = p.story_name AND t.name = p.name AND t.started_at >= ${from} AND t.started_at < ${to}
    ) AS runs
    FROM pairs AS p WHERE p.name IS NOT NULL`
  return Effect.flatMap(rows, (rows) => decodeRows(runColumns, rows))
}

const listOf = (sql: SqlClient.SqlClient, column: string) =>
  sql.literal(
    sql.onDialectOrElse({ sqlite: () => `json_group_array(${column})`, orElse: () => `json_agg(${column})::text` })
  )

const windowOf = (filter: StatsFilter, now: number) => {
  const since = momentOf("since", filter.since ?? now - 86_400_000, now)
  const until = momentOf("until", filter.until ?? now, now)
  if (since < until) return { since, until }
  throw invalidSetting("until", time.encode(until), `a time after since, which is ${time.encode(since)}`)
}

const grouped = <A>(rows: ReadonlyArray<A>, keyOf: (row: A) => string): Map<string, Array<A>> => {
  const groups = new Map<string, Array<A>>()
  for (const row of rows) {
    const key = keyOf(row)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [row])
    else group.push(row)
  }
  return groups
}

/** `groups` are by status; `gone` are those of them that have no end and will get none. */
const storyStats = (
  storyName: string,
  groups: ReadonlyArray<Row<typeof groupColumns>>,
  gone: ReadonlyArray<unknown>
): StoryStats => {
  const byStatus = { running: 0, success: 0, failed: 0, cancelled: 0, timeout: 0, partial: 0, interrupted: 0 }
  let count = 0
  for (const group of groups) {
    byStatus[group.status] += group.count
    count += group.count
  }
  byStatus.running -= gone.length
  byStatus.interrupted += gone.length
  return {
    storyName,
    count,
    byStatus,
    failureRate: share(byStatus.failed + byStatus.timeout + byStatus.interrupted, count - byStatus.running),
    durations: durationsOf(groups.flatMap(({ seconds }) => secondsIn(seconds)))
  }
}

/** The durations of a group, as the database lists them; `null` for what has none. */
const secondsIn = (list: string | null): ReadonlyArray<number> => {
  const listed: unknown = list === null ? [] : JSON.parse(list)
  return Array.isArray(listed) ? listed.filter(Number.isFinite) : []
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)

const stageStats = (rows: ReadonlyArray<Row<typeof runColumns>>): ReadonlyArray<StageStats> => {
  const stats = rows.flatMap(({ name: stageName, runs, story_name: storyName }): ReadonlyArray<StageStats> => {
    if (runs === null) return []
    const { cancelled, completed, failed, open, seconds } = outcomesIn(runs)
    return [
      {
        storyName,
        stageName,
        count: completed + failed + cancelled + open,
        completed,
        failed,
        cancelled,
        open,
        failureRate: share(failed, completed + failed),
        durations: durationsOf(seconds)
      }
    ]
  })
  const total = (stats: StageStats) => (stats.durations?.mean ?? 0) * (stats.completed + stats.failed)
  return stats.sort((a, b) => total(b) - total(a))
}

/** What {@link outcomesOf} listed, counted. `seconds` are of those that completed or failed. */
export const outcomesIn = (runs: string) => {
  let [completed, failed, cancelled, open] = [0, 0, 0, 0]
  const seconds: Array<number> = []
  for (const run of runs.split(",")) {
    const duration = Number(run.slice(2)) / 1e9
    if (run.startsWith("co")) completed += 1
    else if (run.startsWith("fa")) failed += 1
    else if (run.startsWith("ca")) cancelled += 1
    else open += 1
    if ((run.startsWith("co") || run.startsWith("fa")) && Number.isFinite(duration)) seconds.push(duration)
  }
  return { completed, failed, cancelled, open, seconds }
}

const durationsOf = (seconds: ReadonlyArray<number>): Durations | null => {
  const sorted = Float64Array.from(seconds).sort()
  if (sorted.length === 0) return null
  const rank = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0
  return {
    p50: rank(0.5),
    p95: rank(0.95),
    p99: rank(0.99),
    max: rank(1),
    mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length
  }
}
