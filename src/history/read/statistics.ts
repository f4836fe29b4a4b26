/**
 * Counts and exact percentiles over a span of time.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { aliveWriters } from "../database/writerProcesses.js"
import { InvalidHistorySetting } from "../HistoryError.js"
import { momentOf, type StatsFilter } from "../HistoryFilter.js"
import type { Durations, FailureGroup, HistoryStats, StageStats, StoryStats } from "../HistoryStats.js"
import { StoryState } from "../StoryRecord.js"
import { timestamp } from "../write/columns.js"
import { checked } from "../write/settings.js"
import { numberOf, type ReadRow, secondsOf, timeOf, wholeOf } from "./decodeColumns.js"
import * as records from "./records.js"

/** @internal */
export const stats = (sql: SqlClient.SqlClient, filter: StatsFilter) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const { since, until } = yield* checked(() => windowOf(filter, now))
    const [from, to] = [timestamp(since), timestamp(until)]
    const alive = yield* aliveWriters(sql)
    const ofStory = (column: string) =>
      filter.story === undefined ? sql`1 = 1` : sql`${sql.literal(column)} = ${filter.story}`
    // By status, then by time: the order of an index.
    const inWindow = sql`${sql.in("s.status", StoryState.literals)}
      AND s.started_at >= ${from} AND s.started_at < ${to} AND ${ofStory("s.name")}`
    // A list of durations for each group: a row of its own for each of them costs several times as much to hand over.
    const storyGroups =
      yield* sql<ReadRow>`SELECT s.name, s.status, count(*) AS count, ${listOf(sql, "s.duration_seconds")} AS seconds
      FROM stories AS s WHERE ${inWindow} GROUP BY s.name, s.status`
    const stageRuns = yield* stagesOf(sql, filter.story, from, to)
    const unended = yield* sql<ReadRow>`SELECT s.name, s.status, s.writer_id FROM stories AS s
      WHERE s.status = 'running' AND s.started_at >= ${from} AND s.started_at < ${to} AND ${ofStory("s.name")}`
    const slowest = yield* sql<ReadRow>`SELECT s.key, s.duration_seconds FROM stories AS s
      WHERE ${inWindow} AND s.duration_seconds IS NOT NULL ORDER BY s.duration_seconds DESC LIMIT 10`
    const groups = yield* sql<ReadRow>`SELECT f.fingerprint, count(*) AS count, min(f.occurred_at) AS first_at,
        max(f.occurred_at) AS last_at, max(f.id) AS newest
      FROM failures AS f
      WHERE f.occurred_at >= ${from} AND f.occurred_at < ${to} AND ${ofStory("f.story_name")}
      GROUP BY f.fingerprint ORDER BY count DESC, last_at DESC`
    const shown = groups.slice(0, 20)
    const newest =
      shown.length === 0
        ? []
        : yield* sql<ReadRow>`SELECT f.id, ${sql.literal(records.failureColumns)} FROM failures AS f
            WHERE ${sql.in(
              "f.id",
              shown.map((row) => wholeOf(row["newest"]))
            )}`
    const named =
      slowest.length === 0
        ? []
        : yield* sql<ReadRow>`SELECT s.key, s.id, s.name, s.started_at FROM stories AS s WHERE ${sql.in(
            "s.key",
            slowest.map((row) => wholeOf(row["key"]))
          )}`
    const gone = unended.filter((row) => records.statusOf(row, alive) === "interrupted")
    const all = storyStats("", storyGroups, gone)
    return {
      since,
      until,
      storyName: filter.story ?? null,
      count: all.count,
      byStatus: all.byStatus,
      failureRate: all.failureRate,
      storiesPerHour: all.count / Math.max((until - since) / 3_600_000, Number.MIN_VALUE),
      stories: Array.from(grouped(storyGroups, nameOf), ([name, rows]) =>
        storyStats(
          name,
          rows,
          gone.filter((row) => nameOf(row) === name)
        )
      ).sort((a, b) => b.count - a.count),
      stages: stageStats(stageRuns),
      slowest: slowest.flatMap((row) => {
        const story = named.find(({ key }) => wholeOf(key) === wholeOf(row["key"]))
        if (story === undefined) return []
        return [
          {
            storyId: String(story["id"]),
            storyName: nameOf(story),
            startedAt: timeOf(story["started_at"]),
            durationSeconds: numberOf(row["duration_seconds"])
          }
        ]
      }),
      failureCount: groups.reduce((sum, row) => sum + numberOf(row["count"]), 0),
      failures: shown.flatMap((group) => {
        const row = newest.find((row) => numberOf(row["id"]) === numberOf(group["newest"]))
        return row === undefined ? [] : [failureGroup(group, row)]
      })
    } satisfies HistoryStats
  })

/**
 * What became of the stages of each name, in a text such as `co0.25,fa1.5,ru`: the beginning of each one's status, and its
 * duration. An index holds them by name and time, so the names are found by leaps, and no row is read but those asked for.
 */
const stagesOf = (sql: SqlClient.SqlClient, story: string | undefined, from: string, to: string) => {
  const names =
    story === undefined
      ? sql`SELECT min(story_name) FROM stages UNION ALL
          SELECT (SELECT min(t.story_name) FROM stages AS t WHERE t.story_name > n.name) FROM story_names AS n
          WHERE n.name IS NOT NULL`
      : sql`SELECT CAST(${story} AS TEXT)`
  const runs = sql.onDialectOrElse({
    sqlite: () => "group_concat(substr(t.status, 1, 2) || COALESCE(t.duration_seconds, ''))",
    orElse: () => "string_agg(substr(t.status, 1, 2) || COALESCE(t.duration_seconds::text, ''), ',')"
  })
  return sql<ReadRow>`WITH RECURSIVE story_names (name) AS (${names}),
    pairs (story_name, name) AS (
      SELECT n.name, (SELECT min(t.name) FROM stages AS t WHERE t.story_name = n.name) FROM story_names AS n
      WHERE n.name IS NOT NULL
      UNION ALL
      SELECT p.story_name, (SELECT min(t.name) FROM stages AS t WHERE t.story_name = p.story_name AND t.name > p.name)
      FROM pairs AS p WHERE p.name IS NOT NULL
    )
    SELECT p.story_name, p.name, (
      SELECT ${sql.literal(runs)} FROM stages AS t
      WHERE t.story_name = p.story_name AND t.name = p.name AND t.started_at >= ${from} AND t.started_at < ${to}
    ) AS runs
    FROM pairs AS p WHERE p.name IS NOT NULL`
}

const listOf = (sql: SqlClient.SqlClient, column: string) =>
  sql.literal(
    sql.onDialectOrElse({ sqlite: () => `json_group_array(${column})`, orElse: () => `json_agg(${column})::text` })
  )

const nameOf = (row: ReadRow): string => String(row["name"])

const windowOf = (filter: StatsFilter, now: number) => {
  const since = momentOf("since", filter.since ?? now - 86_400_000, now)
  const until = momentOf("until", filter.until ?? now, now)
  if (since < until) return { since, until }
  throw new InvalidHistorySetting({
    setting: "until",
    value: timestamp(until),
    expected: `a time after since, which is ${timestamp(since)}`
  })
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
const storyStats = (storyName: string, groups: ReadonlyArray<ReadRow>, gone: ReadonlyArray<ReadRow>): StoryStats => {
  const byStatus = { running: 0, success: 0, failed: 0, cancelled: 0, timeout: 0, partial: 0, interrupted: 0 }
  let count = 0
  for (const group of groups) {
    byStatus[records.storedStatusOf(group)] += numberOf(group["count"])
    count += numberOf(group["count"])
  }
  byStatus.running -= gone.length
  byStatus.interrupted += gone.length
  return {
    storyName,
    count,
    byStatus,
    failureRate: share(byStatus.failed + byStatus.timeout + byStatus.interrupted, count - byStatus.running),
    durations: durationsOf(groups.flatMap(secondsOf))
  }
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)

const stageStats = (rows: ReadonlyArray<ReadRow>): ReadonlyArray<StageStats> => {
  const stats = rows.flatMap((row): ReadonlyArray<StageStats> => {
    if (typeof row["runs"] !== "string") return []
    let [completed, failed, cancelled, open] = [0, 0, 0, 0]
    const seconds: Array<number> = []
    for (const run of row["runs"].split(",")) {
      if (run.startsWith("co")) completed += 1
      else if (run.startsWith("fa")) failed += 1
      else if (run.startsWith("ca")) cancelled += 1
      else open += 1
      if (run.startsWith("co") || run.startsWith("fa")) seconds.push(numberOf(run.slice(2)))
    }
    return [
      {
        storyName: String(row["story_name"]),
        stageName: nameOf(row),
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

const failureGroup = (group: ReadRow, newest: ReadRow): FailureGroup => {
  const failure = records.failureSummaryOf(newest)
  return {
    fingerprint: failure.fingerprint,
    count: numberOf(group["count"]),
    firstAt: timeOf(group["first_at"]),
    lastAt: timeOf(group["last_at"]),
    lastStoryId: failure.storyId,
    storyName: failure.storyName,
    stageName: failure.stageName,
    errorType: failure.errorType,
    errorMessage: failure.errorMessage,
    errorCode: failure.errorCode,
    location: failure.location
  }
}
