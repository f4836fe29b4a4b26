/**
 * What runs now: the stories that are open in a process that is alive, and the stages they are in.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import { nullable, text, time, whole } from "../database/columns.js"
import { decodeRows, type Found, pick, selected } from "../database/decodeRows.js"
import * as tables from "../database/tables.js"
import { aliveWriters } from "../database/writerProcesses.js"
import { type StageFields, stageFields, summaryTable } from "./records.js"
import { summaries } from "./storyList.js"

/** Most running stages of a story. */
const mostStages = 20

/** The newest first; sub-stories are stages of their stories' work, and left out. */
export const liveStories = (sql: SqlClient.SqlClient, limit: number) =>
  Effect.gen(function* () {
    const alive = yield* aliveWriters(sql)
    if (alive.size === 0) return []
    const rows = yield* decodeRows(
      summaryTable,
      yield* sql<Found>`SELECT ${sql.literal(selected("s", summaryTable))} FROM stories AS s
        WHERE s.status = 'running' AND ${sql.in("s.writer_id", Array.from(alive))} AND s.parent_story_id IS NULL
        ORDER BY s.started_at DESC, s.key DESC LIMIT ${limit}`
    )
    if (rows.length === 0) return []
    const keys = rows.map(({ key }) => key)
    const stories = yield* summaries(sql, rows, alive)
    const counts = yield* stageCounts(sql, keys)
    const running = yield* runningStages(sql, keys)
    const last = yield* lastEvents(sql, keys)
    return stories.map((story, i) => {
      const key = keys[i] ?? -1
      const countOf = (status?: string) =>
        counts.reduce(
          (sum, row) => sum + (row.story_key === key && (status ?? row.status) === row.status ? row.count : 0),
          0
        )
      return {
        story,
        startedStages: countOf(),
        completedStages: countOf("completed"),
        failedStages: countOf("failed"),
        stages: (running.get(key) ?? []).slice(-mostStages),
        lastEventAt: last.get(key) ?? null
      }
    })
  })

const countColumns = { story_key: whole, status: text, count: whole }

const stageCounts = (sql: SqlClient.SqlClient, keys: ReadonlyArray<number>) =>
  Effect.flatMap(
    sql<Found>`SELECT t.story_key, t.status, count(*) AS count FROM stages AS t
      WHERE ${sql.in("t.story_key", keys)} GROUP BY t.story_key, t.status`,
    (rows) => decodeRows(countColumns, rows)
  )

const runningStages = (sql: SqlClient.SqlClient, keys: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    const rows = yield* decodeRows(
      tables.stages,
      yield* sql<Found>`SELECT ${sql.literal(selected("t", tables.stages))} FROM stages AS t
        WHERE ${sql.in("t.story_key", keys)} AND t.status = 'running' ORDER BY t.story_key, t.stage_index DESC LIMIT 10000`
    )
    const stages = new Map<number, Array<StageFields>>()
    for (const row of rows) stages.set(row.story_key, [stageFields(row), ...(stages.get(row.story_key) ?? [])])
    return stages
  })

const lastColumns = { ...pick(tables.stories, ["key"]), last_at: nullable(time) }

const lastEvents = (sql: SqlClient.SqlClient, keys: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    // What an index of each database has in this order.
    const newest = sql.literal(sql.onDialectOrElse({ sqlite: () => "e.id", orElse: () => "e.sequence" }))
    const rows = yield* decodeRows(
      lastColumns,
      yield* sql<Found>`SELECT s.key, (SELECT e.recorded_at FROM events AS e WHERE e.story_key = s.key
          ORDER BY ${newest} DESC LIMIT 1) AS last_at
        FROM stories AS s WHERE ${sql.in("s.key", keys)}`
    )
    return new Map(rows.map((row) => [row.key, row.last_at]))
  })
