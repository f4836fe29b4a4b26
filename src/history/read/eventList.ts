/**
 * The events of a history from a cursor on, for following programs live.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import { type EventFilter, wholeNumber } from "../HistoryFilter.js"
import { checked } from "../write/settings.js"
import { where } from "./conditions.js"
import { type ReadRow, wholeOf } from "./decodeColumns.js"
import * as records from "./records.js"
import { told } from "./storedEvents.js"

export const cursor = (sql: SqlClient.SqlClient) =>
  Effect.map(sql<ReadRow>`SELECT max(id) AS cursor FROM events`, ([row]) => wholeOf(row?.["cursor"]))

export const events = (sql: SqlClient.SqlClient, after: number, filter: EventFilter) =>
  Effect.gen(function* () {
    const { from, limit } = yield* checked(() => windowOf(after, filter))
    const rows = yield* told(
      sql,
      where(sql, [sql`e.id > ${from}`, filter.story === undefined ? undefined : sql`s.name = ${filter.story}`]),
      limit
    )
    return { events: rows.map(({ event }) => event), cursor: rows.at(-1)?.cursor ?? from }
  })

const windowOf = (after: number, { limit }: EventFilter) => ({
  from: wholeNumber("cursor", after, { least: 0, most: Number.MAX_SAFE_INTEGER, otherwise: 0 }),
  limit: wholeNumber("limit", limit, { least: 1, most: 10_000, otherwise: 500 })
})

export const changes = (sql: SqlClient.SqlClient, after: number, filter: EventFilter) =>
  Effect.gen(function* () {
    const { from, limit } = yield* checked(() => windowOf(after, filter))
    const rows = yield* sql<ReadRow>`SELECT e.id, e.event, e.sequence, e.recorded_at, e.stage_index, e.data,
        s.id AS story_id, s.name AS story_name, s.root_story_id, s.parent_story_id, s.status AS story_status, s.outcome,
        s.duration_seconds AS story_seconds, t.name AS stage_name, t.path AS stage_path,
        t.duration_seconds AS stage_seconds, t.error_type AS stage_error_type, t.error_message AS stage_error_message,
        f.stage_name AS failed_stage, f.error_type, f.error_message
      FROM events AS e
      JOIN stories AS s ON s.key = e.story_key
      LEFT JOIN stages AS t ON t.story_key = e.story_key AND t.stage_index = e.stage_index
      LEFT JOIN failures AS f
        ON e.event = 'FailureOccurred' AND f.story_key = e.story_key AND f.sequence = e.sequence
      WHERE ${where(sql, [sql`e.id > ${from}`, filter.story === undefined ? undefined : sql`s.name = ${filter.story}`])}
      ORDER BY e.id LIMIT ${limit}`
    return {
      changes: rows.map(records.historyEventOf),
      cursor: rows.length === 0 ? from : wholeOf(rows.at(-1)?.["id"])
    }
  })
