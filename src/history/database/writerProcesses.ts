/**
 * The processes that write to a history, and which of them are gone.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as processIdentity from "../../file/processIdentity.js"
import { type ReadRow, textOf } from "../read/decodeColumns.js"

/** The columns of `writers` that name this process. */
export const ownColumns = () => {
  const { boot, host, namespace, pid, startedAt } = processIdentity.own()
  return { host, pid, incarnation: [boot, namespace, startedAt].join(" ") }
}

/** So many heartbeats of a process elsewhere may be missed before it is taken for gone. */
const missedBeats = 4
/** A silence that is taken for a fact, in milliseconds. */
const longSilence = 86_400_000

/** `known` tells a fact from what is concluded from a silence. */
interface Writer {
  readonly id: number
  readonly gone: boolean
  readonly known: boolean
}

/** The writers that have not said that they ended, and whether they are gone all the same. */
export const openWriters = (sql: SqlClient.SqlClient): Effect.Effect<ReadonlyArray<Writer>, SqlError> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const rows = yield* sql<ReadRow>`SELECT id, host, pid, incarnation, heartbeat_seconds, last_seen_at
      FROM writers WHERE ended_at IS NULL`
    return rows.map((row): Writer => {
      const id = Number(row["id"])
      const life = processIdentity.lifeOf(identityOf(row))
      if (life !== "unknown") return { id, gone: life === "dead", known: true }
      // Of a time that is none nothing follows: a program that begins to write must not fail at another one's row.
      const silence = now - Date.parse(textOf(row["last_seen_at"]))
      const patience = Number(row["heartbeat_seconds"]) * 1_000 * missedBeats
      return { id, gone: silence > patience, known: silence > Math.max(patience, longSilence) }
    })
  })

const identityOf = (row: ReadRow): processIdentity.ProcessIdentity => {
  const [boot = "", namespace = "", startedAt = ""] = textOf(row["incarnation"]).split(" ")
  return { host: textOf(row["host"]), pid: Number(row["pid"]), boot, namespace, startedAt }
}

/** The writers that may still end their stories. */
export const aliveWriters = (sql: SqlClient.SqlClient): Effect.Effect<ReadonlySet<number>, SqlError> =>
  Effect.map(openWriters(sql), (writers) => new Set(writers.flatMap(({ gone, id }) => (gone ? [] : [id]))))
