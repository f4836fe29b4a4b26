/**
 * What became of the stories and stages that started within a window, counted from their rows.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"
import * as Effect from "effect/Effect"
import { nullable, real, text, whole } from "../database/columns.js"
import { isPg } from "../database/connections.js"
import { decodeRows, type Found, pick } from "../database/decodeRows.js"
import { leaps } from "../database/leaps.js"
import * as tables from "../database/tables.js"
import { StoryState } from "../StoryRecord.js"

/** From `from` up to but without `to`, as a column of times has them. */
export interface Span {
  readonly from: string
  readonly to: string
}

export interface Window extends Span {
  readonly story: string | undefined
}

/** `seconds` are the durations of those that have one, in any order. */
export interface StoryGroup {
  readonly name: string
  readonly status: StoryState
  readonly count: number
  readonly seconds: ArrayLike<number>
}

/** `seconds` are the durations of those that completed or failed, in any order. */
export interface StageGroup {
  readonly storyName: string
  readonly stageName: string
  readonly completed: number
  readonly failed: number
  readonly cancelled: number
  readonly open: number
  readonly seconds: ArrayLike<number>
}

/** A story by its key, and how long it took. */
export interface SlowStory {
  readonly key: number
  readonly name: string
  readonly seconds: number
}

export interface Counts {
  readonly stories: ReadonlyArray<StoryGroup>
  readonly stages: ReadonlyArray<StageGroup>
  /** At most {@link maxSlowest} of each story's name are of interest. */
  readonly slowest: ReadonlyArray<SlowStory>
}

export const maxSlowest = 10

/** A story of these becomes another one without a word: its writer dies. They are always counted from their rows. */
export const openStates = ["running", "interrupted"] as const satisfies ReadonlyArray<StoryState>

export const endedStates = StoryState.literals.filter((state) => !openStates.some((open) => open === state))

/**
 * Of stories that ended, and of all stages: of those that started within any of the spans, which do not overlap. And of the stories of
 * other windows.
 */
export const countRows = (
  sql: SqlClient.SqlClient,
  spans: ReadonlyArray<Span>,
  story: string | undefined,
  others: ReadonlyArray<StatesWindow> = []
) =>
  Effect.gen(function* () {
    const windows = [...spans.map((span) => ({ ...span, story, states: endedStates })), ...others]
    if (windows.length === 0) return { stories: [], stages: [], slowest: [] }
    return {
      stories: yield* storyGroups(sql, windows),
      stages: spans.length === 0 ? [] : yield* stageGroups(sql, spans, story),
      slowest: yield* slowestStories(sql, windows)
    } satisfies Counts
  })

export const ofStory = (sql: SqlClient.SqlClient, column: string, story: string | undefined): Fragment =>
  story === undefined ? sql`1 = 1` : sql`${sql.literal(column)} = ${story}`

/** Stories of some states that started within a window. */
interface StatesWindow extends Window {
  readonly states: ReadonlyArray<StoryState>
}

/** By status, then by time: the order of an index. */
const inWindow = (sql: SqlClient.SqlClient, { from, states, story, to }: StatesWindow): Fragment =>
  sql`${sql.in("s.status", states)}
    AND s.started_at >= ${from} AND s.started_at < ${to} AND ${ofStory(sql, "s.name", story)}`

/** The answers of one statement for each window: a statement of its own costs more than most answers. */
const ofEach = (
  sql: SqlClient.SqlClient,
  windows: ReadonlyArray<StatesWindow>,
  select: (window: StatesWindow) => Fragment
) =>
  windows
    .map((window) => sql`SELECT * FROM (${select(window)}) AS w`)
    .reduce((all, one) => sql`${all} UNION ALL ${one}`)

const storyColumns = { ...pick(tables.stories, ["name", "status"]), count: whole, seconds: nullable(text) }

/** A list of durations for each group of a window: a row of its own for each of them costs several times as much to hand over. */
const storyGroups = (sql: SqlClient.SqlClient, windows: ReadonlyArray<StatesWindow>) =>
  sql<Found>`${ofEach(
    sql,
    windows,
    (window) => sql`SELECT s.name, s.status, count(*) AS count, ${listOf(sql, "s.duration_seconds")} AS seconds
      FROM stories AS s WHERE ${inWindow(sql, window)} GROUP BY s.name, s.status`
  )}`.pipe(
    Effect.flatMap((rows) => decodeRows(storyColumns, rows)),
    Effect.map((rows) => rows.map((row): StoryGroup => ({ ...row, seconds: secondsIn(row.seconds) })))
  )

/** The durations of a group, as the database lists them; `null` for what has none. */
const secondsIn = (list: string | null): ReadonlyArray<number> => {
  const listed: unknown = list === null ? [] : JSON.parse(list)
  return Array.isArray(listed) ? listed.filter(Number.isFinite) : []
}

const listOf = (sql: SqlClient.SqlClient, column: string) =>
  sql.literal(
    sql.onDialectOrElse({ sqlite: () => `json_group_array(${column})`, orElse: () => `json_agg(${column})::text` })
  )

const slowColumns = { key: whole, name: text, seconds: real }

/** Of each window. The order of those that took the same time is that of their keys, wherever they are counted. */
const slowestStories = (sql: SqlClient.SqlClient, windows: ReadonlyArray<StatesWindow>) =>
  Effect.flatMap(
    sql<Found>`${ofEach(
      sql,
      windows,
      (window) => sql`SELECT s.key, s.name, s.duration_seconds AS seconds FROM stories AS s
        WHERE ${inWindow(sql, window)} AND s.duration_seconds IS NOT NULL
        ORDER BY s.duration_seconds DESC, s.key LIMIT ${maxSlowest}`
    )}`,
    (rows) => decodeRows(slowColumns, rows)
  )

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

/** Of a story's name, or of times that are long, an index by name and time is asked; of short times, one by time. */
const stageGroups = (sql: SqlClient.SqlClient, spans: ReadonlyArray<Span>, story: string | undefined) => {
  const isShort = spans.reduce((sum, { from, to }) => sum + Date.parse(to) - Date.parse(from), 0) <= shortTime
  const rows = isPg(sql) && story === undefined && isShort ? stagesOf(sql, spans) : stagesByName(sql, spans, story)
  return rows.pipe(
    Effect.flatMap((rows) => decodeRows(runColumns, rows)),
    Effect.map((rows) =>
      rows.flatMap(
        ({ name, runs, story_name: storyName }): ReadonlyArray<StageGroup> =>
          runs === null ? [] : [{ storyName, stageName: name, ...outcomesIn(runs) }]
      )
    )
  )
}

/** In milliseconds: what is left of a window whose whole hours were counted before is mostly less. */
const shortTime = 4 * 3_600_000

const stagesOf = (sql: SqlClient.SqlClient, spans: ReadonlyArray<Span>) =>
  sql<Found>`SELECT t.story_name, t.name, ${outcomesOf(sql)} AS runs FROM stages AS t
    WHERE ${sql.or(spans.map(({ from, to }) => sql`(t.started_at >= ${from} AND t.started_at < ${to})`))}
    GROUP BY t.story_name, t.name`

/** Its names are found by leaps, and no row is read but those asked for. */
const stagesByName = (sql: SqlClient.SqlClient, spans: ReadonlyArray<Span>, story: string | undefined) => {
  const names =
    story === undefined
      ? leaps(sql, "story_names", "stages", "story_name")
      : sql`story_names (name) AS (SELECT CAST(${story} AS TEXT)${sql.literal(isPg(sql) ? ' COLLATE "C"' : "")})`
  return sql<Found>`WITH RECURSIVE ${names},
    pairs (story_name, name) AS (
      SELECT n.name, (SELECT min(t.name) FROM stages AS t WHERE t.story_name = n.name) FROM story_names AS n
      WHERE n.name IS NOT NULL
      UNION ALL
      SELECT p.story_name, (SELECT min(t.name) FROM stages AS t WHERE t.story_name = p.story_name AND t.name > p.name)
      FROM pairs AS p WHERE p.name IS NOT NULL
    )
    SELECT p.story_name, p.name, (
      SELECT ${outcomesOf(sql)} FROM stages AS t
      WHERE t.story_name = p.story_name AND t.name = p.name AND t.started_at >= w.since AND t.started_at < w.until
    ) AS runs
    FROM pairs AS p CROSS JOIN (${rowsOf(sql, spans)}) AS w WHERE p.name IS NOT NULL`
}

const rowsOf = (sql: SqlClient.SqlClient, spans: ReadonlyArray<Span>): Fragment =>
  spans
    .map(({ from, to }) => sql`SELECT CAST(${from} AS TEXT) AS since, CAST(${to} AS TEXT) AS until`)
    .reduce((all, one) => sql`${all} UNION ALL ${one}`)

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
