/**
 * Batches on a server, each written exactly once: also when the connection is lost at its commit, and it is not known what became
 * of it.
 *
 * A batch begins with its number, written into the row of its writer. If that has it already, the batch is in the database. While
 * the server has not noticed yet that the first attempt is over, the second one waits for that row.
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { NarrativeEvent } from "../../event/NarrativeEvent.js"
import { insertAsOne } from "../database/bulkInsert.js"
import { time } from "../database/columns.js"
import { isPg } from "../database/connections.js"
import { copyInto } from "../database/copyRows.js"
import { dayOf, eventsInTransaction, firstKeyOf } from "../database/positions.js"
import * as tables from "../database/tables.js"
import { columnsOf } from "../database/tables.js"
import { ownColumns } from "../database/writerProcesses.js"
import type { EventRow, StoryRow } from "./eventRows.js"

/** Gives the position before the first event of the batch; `undefined` where the database counts them itself. */
export type BatchClaim = (connection: Connection) => Effect.Effect<number | "committed" | undefined, SqlError>

const unclaimed: BatchClaim = () => Effect.succeed(undefined)

/** The claims of one writer, one after the other. */
export const batchClaims = (sql: SqlClient, writer: number, heartbeat: number): (() => BatchClaim) => {
  if (!isPg(sql)) return () => unclaimed
  let batches = 0
  return () => {
    batches += 1
    const batch = batches
    return (connection) =>
      Effect.gen(function* () {
        const now = time.encode(yield* Clock.currentTimeMillis)
        const { host, pid, process_identity: identity } = ownColumns()
        const rows = yield* connection.executeValues(claimBatch, [
          writer,
          host,
          pid,
          identity,
          heartbeat / 1_000,
          now,
          batch
        ])
        const position = rows[0]?.[0]
        return position === undefined ? "committed" : Number(position)
      })
  }
}

/** Its row may be gone: after a long silence, other programs took this one for ended. */
const claimBatch = `INSERT INTO writers (id, host, pid, process_identity, heartbeat_seconds, started_at, last_seen_at, batch)
  VALUES ($1, $2, $3, $4, $5, $6, $6, $7)
  ON CONFLICT (id) DO UPDATE SET batch = excluded.batch, last_seen_at = excluded.last_seen_at, ended_at = NULL
    WHERE writers.batch < excluded.batch
  RETURNING (pg_current_xact_id()::text::bigint - (SELECT xact FROM event_origin)) * ${eventsInTransaction}`

/** A story is inserted with the least key of its day, to which its number is added. */
export const beginStories = insertAsOne("stories", columnsOf(tables.stories), " RETURNING key", {
  key: "r.key + nextval('story_ordinals')"
})

export const keyed = (rows: ReadonlyArray<StoryRow>) =>
  rows.map((row) => ({ ...row, key: firstKeyOf(dayOf(row.started_at)) }))

export const eventsAt = insertAsOne("events", columnsOf(tables.events), " ON CONFLICT (story_key, sequence) DO NOTHING")

/** Of events that are not there yet. */
export const newEvents = copyInto("events", columnsOf(tables.events))

/** Of stages that are not there yet. */
export const newStages = copyInto("stages", columnsOf(tables.stages))

export const positioned = (rows: ReadonlyArray<EventRow>, before: number) =>
  rows.map((row, i) => ({ ...row, id: before + i }))

/** Events that have a position in one transaction each. */
export const slicesOf = (events: Iterable<NarrativeEvent>): Iterable<Iterable<NarrativeEvent>> =>
  Chunk.chunksOf(Chunk.fromIterable(events), eventsInTransaction)
