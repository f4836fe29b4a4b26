/**
 * The processes that write to a history, and which of them are gone.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as processIdentity from "../../file/processIdentity.js"
import { decodeRow, type Found } from "./decodeRows.js"
import { type Row, writers } from "./tables.js"

/** The columns of `writers` that name this process. */
export const ownColumns = () => {
  const { boot, host, namespace, pid, startedAt } = processIdentity.own()
  return { host, pid, process_identity: [boot, namespace, startedAt].join(" ") }
}

/** So many heartbeats of a process elsewhere may be missed before it is taken for gone. */
const missedBeats = 4
/** A silence that is taken for a fact, in milliseconds. */
const longSilence = 86_400_000

/** `known` distinguishes a fact from what is concluded from a silence. */
interface Writer {
  readonly id: number
  readonly gone: boolean
  readonly known: boolean
}

/** The writers that have not said that they ended, and whether they are gone all the same. */
export const openWriters = (sql: SqlClient.SqlClient): Effect.Effect<ReadonlyArray<Writer>, SqlError> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const rows = yield* sql<Found>`SELECT * FROM writers WHERE ended_at IS NULL`
    return rows.map((found): Writer => {
      const row = decodeRow(writers, found)
      // Nothing follows from a damaged row: a program that begins to write must not fail at another one's.
      if (Either.isLeft(row)) return { id: Number(found["id"]), gone: false, known: false }
      const { heartbeat_seconds: heartbeat, id, last_seen_at: lastSeenAt } = row.right
      const life = processIdentity.lifeOf(identityOf(row.right))
      if (life !== "unknown") return { id, gone: life === "dead", known: true }
      const silence = now - lastSeenAt
      const patience = heartbeat * 1_000 * missedBeats
      return { id, gone: silence > patience, known: silence > Math.max(patience, longSilence) }
    })
  })

const identityOf = ({
  host,
  pid,
  process_identity: identity
}: Row<typeof writers>): processIdentity.ProcessIdentity => {
  const [boot = "", namespace = "", startedAt = ""] = identity.split(" ")
  return { host, pid, boot, namespace, startedAt }
}

/** The writers that may still end their stories. */
export const aliveWriters = (sql: SqlClient.SqlClient): Effect.Effect<ReadonlySet<number>, SqlError> =>
  Effect.map(openWriters(sql), (writers) => new Set(writers.flatMap(({ gone, id }) => (gone ? [] : [id]))))
