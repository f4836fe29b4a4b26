/**
 * The processes that write to a history, and which of them are gone.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as processIdentity from "../../file/processIdentity.js"
import { type ReadRow, textOf } from "../read/decodeColumns.js"

/** So many heartbeats of a process elsewhere may be missed before it is taken for gone. */
const missedBeats = 4

/** The writers that have not said that they ended, and whether they are gone all the same. */
export const openWriters = (
  sql: SqlClient.SqlClient
): Effect.Effect<ReadonlyArray<{ readonly id: number; readonly gone: boolean; readonly known: boolean }>, SqlError> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const rows = yield* sql<ReadRow>`SELECT id, host, pid, processIdentity, heartbeat_seconds, last_seen_at
      FROM writers WHERE ended_at IS NULL`
    return rows.map((row) => {
      const seen = {
        host: textOf(row["host"]),
        pid: Number(row["pid"]),
        incarnation: textOf(row["incarnation"]),
        // Of a time that is none nothing follows: a program that begins to write stumbles over no row of another one's.
        lastSeenAt: Date.parse(textOf(row["last_seen_at"]))
      }
      const silence = Number(row["heartbeat_seconds"]) * 1_000 * missedBeats
      return { id: Number(row["id"]), ...processIdentity.isGone(seen, now, silence) }
    })
  })

/** The writers that may still end their stories. */
export const aliveWriters = (sql: SqlClient.SqlClient): Effect.Effect<ReadonlySet<number>, SqlError> =>
  Effect.map(openWriters(sql), (writers) => new Set(writers.flatMap(({ gone, id }) => (gone ? [] : [id]))))
