/**
 * The stories of a history in short, a page at a time.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { type DamagedRow, decodeRows, type Found, pick, selected } from "../database/decodeRows.js"
import type { Row } from "../database/tables.js"
import * as tables from "../database/tables.js"
import { aliveWriters } from "../database/writerProcesses.js"
import type { StoryFilter } from "../HistoryFilter.js"
import type { StoryPage } from "../HistoryReader.js"
import type { StorySummary } from "../StoryRecord.js"
import * as records from "./records.js"
import * as storyPositions from "./storyPositions.js"

export const stories = (sql: SqlClient.SqlClient, filter: StoryFilter) =>
  Effect.gen(function* () {
    const asked = yield* storyPositions.read(filter, { most: 1_000, otherwise: 50 })
    const alive = yield* aliveWriters(sql)
    const found = yield* storyPositions.positions(sql, asked, alive)
    const positions = found.slice(0, asked.limit)
    const page = yield* storiesAt(sql, positions)
    const last = positions.at(-1)
    return {
      stories: yield* summaries(sql, page, alive),
      next: found.length > positions.length && last !== undefined ? storyPositions.writeCursor(last) : null
    } satisfies StoryPage
  })

const storiesAt = (
  sql: SqlClient.SqlClient,
  positions: ReadonlyArray<storyPositions.StoryPosition>
): Effect.Effect<ReadonlyArray<Row<typeof records.summaryTable>>, SqlError | DamagedRow> => {
  if (positions.length === 0) return Effect.succeed([])
  const keys = positions.map(({ key }) => key)
  return Effect.flatMap(
    sql<Found>`SELECT ${sql.literal(selected("s", records.summaryTable))} FROM stories AS s
      WHERE ${sql.in("s.key", keys)} ORDER BY s.started_at DESC, s.key DESC`,
    (rows) => decodeRows(records.summaryTable, rows)
  )
}

const lastFailureColumns = pick(tables.failures, ["story_key", "stage_name", "error_type", "error_message"])

/** Rows of stories, each with the failure it ended with. */
export const summaries = (
  sql: SqlClient.SqlClient,
  rows: ReadonlyArray<Row<typeof records.summaryTable>>,
  alive: ReadonlySet<number>
): Effect.Effect<ReadonlyArray<StorySummary>, SqlError | DamagedRow> =>
  Effect.gen(function* () {
    const failed = rows.filter(({ status }) => status !== "success").map(({ key }) => key)
    const found =
      failed.length === 0
        ? []
        : yield* sql<Found>`SELECT ${sql.literal(selected("f", lastFailureColumns))} FROM failures AS f
            WHERE f.handled = 0 AND ${sql.in("f.story_key", failed)} ORDER BY f.id`
    const failures = yield* decodeRows(lastFailureColumns, found)
    const failureOf = new Map(
      failures.map(({ error_message: errorMessage, error_type: errorType, stage_name: stageName, story_key: key }) => [
        key,
        { stageName, errorType, errorMessage }
      ])
    )
    return rows.map((row) => ({
      ...records.storyFields(row),
      status: records.statusOf(row, alive),
      failure: failureOf.get(row.key) ?? null
    }))
  })
