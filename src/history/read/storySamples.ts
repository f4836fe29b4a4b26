/**
 * The durations and ends of stories of a filter, and of their stages.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import { text } from "../database/columns.js"
import { decodeRows, type Found, pick } from "../database/decodeRows.js"
import * as tables from "../database/tables.js"
import { aliveWriters } from "../database/writerProcesses.js"
import type { StoryFilter } from "../HistoryFilter.js"
import { statusOf } from "./records.js"
import * as storyPositions from "./storyPositions.js"
import { outcomesIn, outcomesOf } from "./windowCounts.js"

/** Stories that are looked at, and those whose stages are. */
const mostStories = 5_000
const mostWithStages = 1_000

/** What became of a number of stories, or of stages. */
export interface Sample {
  /** Those that have an end, or were cut off. */
  readonly count: number
  readonly failed: number
  /** Of those that succeeded or failed. */
  readonly seconds: ReadonlyArray<number>
}

const columns = pick(tables.stories, ["status", "writer_id", "duration_seconds"])

/** The newest stories of a filter, and by their names the stages of the newest 1,000 of them. */
export const storySamples = (sql: SqlClient.SqlClient, filter: StoryFilter) =>
  Effect.gen(function* () {
    const asked = yield* storyPositions.read(
      { ...filter, limit: mostStories },
      { most: mostStories, otherwise: mostStories }
    )
    const alive = yield* aliveWriters(sql)
    const found = yield* storyPositions.positions(sql, asked, alive)
    const keys = found.slice(0, mostStories).map(({ key }) => key)
    if (keys.length === 0) return { stories: nothing, stages: [], isSampled: false }
    const rows = yield* decodeRows(
      columns,
      yield* sql<Found>`SELECT s.status, s.writer_id, s.duration_seconds FROM stories AS s WHERE ${sql.in("s.key", keys)}`
    )
    const ended = rows.map((row) => ({ status: statusOf(row, alive), seconds: row.duration_seconds }))
    const stages = yield* decodeRows(
      stageColumns,
      yield* sql<Found>`SELECT t.story_name, t.name, ${outcomesOf(sql)} AS runs FROM stages AS t
        WHERE ${sql.in("t.story_key", keys.slice(0, mostWithStages))} GROUP BY t.story_name, t.name`
    )
    return {
      stories: {
        count: ended.filter(({ status }) => status !== "running").length,
        failed: ended.filter(({ status }) => isFailure.has(status)).length,
        seconds: ended.flatMap(({ seconds }) => (seconds === null ? [] : [seconds]))
      },
      stages: stages.map(({ name: stageName, runs, story_name: storyName }) => {
        const { completed, failed, seconds } = outcomesIn(runs)
        return { storyName, stageName, sample: { count: completed + failed, failed, seconds } }
      }),
      isSampled: found.length > mostStories
    }
  })

const nothing: Sample = { count: 0, failed: 0, seconds: [] }

const isFailure: ReadonlySet<string> = new Set(["failed", "timeout", "interrupted"])

const stageColumns = { story_name: text, name: text, runs: text }
