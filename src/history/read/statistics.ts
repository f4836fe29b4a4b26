/**
 * Counts and exact percentiles over a span of time.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as options from "../../plain/options.js"
import { text, time, whole } from "../database/columns.js"
import { type DamagedRow, decodeRows, type Found, pick, selected } from "../database/decodeRows.js"
import type { Row } from "../database/tables.js"
import * as tables from "../database/tables.js"
import { aliveWriters } from "../database/writerProcesses.js"
import { momentOf, type StatsFilter } from "../HistoryFilter.js"
import type { FailureGroup, HistoryStats, StageStats, StoryStats } from "../HistoryStats.js"
import { invalidSetting } from "../invalidSetting.js"
import { durationsOf } from "./durations.js"
import { summarized } from "./hourSummaries.js"
import { KeptHours } from "./keptHours.js"
import * as records from "./records.js"
import {
  type Counts,
  countRows,
  maxSlowest,
  ofStory,
  openStates,
  type SlowStory,
  type StageGroup,
  type StoryGroup,
  type Window
} from "./windowCounts.js"

/** @internal */
export const stats = (sql: SqlClient.SqlClient, filter: StatsFilter, kept = new KeptHours()) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const { since, until } = yield* options.attempt(() => windowOf(filter, now))
    const window: Window = { from: time.encode(since), to: time.encode(until), story: filter.story }
    const alive = yield* aliveWriters(sql)
    const counts = yield* countsOf(sql, window, kept)
    const groups = counts.flatMap(({ stories }) => stories)
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
      ).sort((a, b) => b.count - a.count || inOrder(a.storyName, b.storyName)),
      stages: stageStats(counts.flatMap(({ stages }) => stages)),
      slowest: yield* describedStories(
        sql,
        counts.flatMap(({ slowest }) => slowest)
      ),
      failureCount: failures.reduce((sum, { count }) => sum + count, 0),
      failures: yield* describedGroups(sql, failures.slice(0, maxFailureGroups))
    } satisfies HistoryStats
  })

const maxFailureGroups = 20

const runningColumns = pick(tables.stories, ["name", "status", "writer_id"])

const runningStories = (sql: SqlClient.SqlClient, { from, story, to }: Window) =>
  Effect.flatMap(
    sql<Found>`SELECT s.name, s.status, s.writer_id FROM stories AS s
      WHERE s.status = 'running' AND s.started_at >= ${from} AND s.started_at < ${to}
        AND ${ofStory(sql, "s.name", story)}`,
    (rows) => decodeRows(runningColumns, rows)
  )

/** From the hours that were counted before, and the rows of the rest. */
const countsOf = (sql: SqlClient.SqlClient, window: Window, kept: KeptHours) =>
  Effect.gen(function* () {
    const { counts, rest } = yield* summarized(sql, window, kept)
    const open = [{ ...window, states: openStates }]
    return [...counts, yield* countRows(sql, rest, window.story, open)] satisfies ReadonlyArray<Counts>
  })

const slowColumns = pick(tables.stories, ["key", "id", "name", "started_at"])

/** One that was pruned meanwhile is left out. */
const describedStories = (sql: SqlClient.SqlClient, stories: ReadonlyArray<SlowStory>) =>
  Effect.gen(function* () {
    const slowest = stories.toSorted((a, b) => b.seconds - a.seconds || a.key - b.key).slice(0, maxSlowest)
    if (slowest.length === 0) return []
    const keys = slowest.map(({ key }) => key)
    const found = yield* sql<Found>`SELECT ${sql.literal(selected("s", slowColumns))} FROM stories AS s
      WHERE ${sql.in("s.key", keys)}`
    const rows = new Map((yield* decodeRows(slowColumns, found)).map((row) => [row.key, row]))
    return slowest.flatMap(({ key, seconds }) => {
      const row = rows.get(key)
      if (row === undefined) return []
      return [{ storyId: row.id, storyName: row.name, startedAt: row.started_at, durationSeconds: seconds }]
    })
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
const storyStats = (storyName: string, groups: ReadonlyArray<StoryGroup>, gone: ReadonlyArray<unknown>): StoryStats => {
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
    durations: durationsOf(groups.map(({ seconds }) => seconds))
  }
}

const inOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)

const stageStats = (groups: ReadonlyArray<StageGroup>): ReadonlyArray<StageStats> => {
  const stages = grouped(groups, ({ stageName, storyName }) => `${storyName.length} ${storyName}${stageName}`)
  const stats = Array.from(stages.values()).flatMap((rows): ReadonlyArray<StageStats> => {
    const [first] = rows
    if (first === undefined) return []
    let [completed, failed, cancelled, open] = [0, 0, 0, 0]
    for (const row of rows) {
      completed += row.completed
      failed += row.failed
      cancelled += row.cancelled
      open += row.open
    }
    return [
      {
        storyName: first.storyName,
        stageName: first.stageName,
        count: completed + failed + cancelled + open,
        completed,
        failed,
        cancelled,
        open,
        failureRate: share(failed, completed + failed),
        durations: durationsOf(rows.map(({ seconds }) => seconds))
      }
    ]
  })
  const total = (stats: StageStats) => (stats.durations?.mean ?? 0) * (stats.completed + stats.failed)
  return stats.sort(
    (a, b) => total(b) - total(a) || inOrder(a.storyName, b.storyName) || inOrder(a.stageName, b.stageName)
  )
}
