/**
 * What the HTTP API says of itself and of all runs together.
 */
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { isPg } from "../history/database/connections.js"
import { leaps } from "../history/database/leaps.js"
import { version } from "../plain/version.js"
import { timeText } from "../runs/runColumns.js"
import { json, type Refusal } from "./answers.js"
import type { RunDatabase } from "./runDatabase.js"
import { unavailable } from "./runWrites.js"

type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse, Refusal>

export interface StateApi {
  readonly health: Answer
  /** `accept`: the header, by which Prometheus asks for its own format. */
  readonly metrics: (accept: string) => Answer
  readonly metadata: Answer
}

/** How long the names of agents and jobs are remembered, in milliseconds. */
const remembered = 300_000
const day = 86_400_000

/** @internal */
export const make = ({ opened: { store }, slowly }: RunDatabase): StateApi => {
  let names: { readonly at: number; readonly value: Names } | undefined
  return {
    health: Effect.gen(function* () {
      const settings = yield* unavailable(store.use(pragmas))
      return json({ status: "ok", version, ...settings })
    }),
    metrics: (accept) =>
      Effect.gen(function* () {
        yield* unavailable(store.catchUp)
        const since = timeText((yield* Clock.currentTimeMillis) - day) ?? ""
        const found = yield* unavailable(slowly((sql) => counts(sql, since)))
        const wantsText = /text\/plain|openmetrics/.test(accept)
        return wantsText
          ? HttpServerResponse.text(prometheus(found), { contentType: "text/plain; version=0.0.4" })
          : json(found)
      }),
    metadata: Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      if (names !== undefined && now - names.at < remembered) return json({ ...names.value, cache_hit: true })
      yield* unavailable(store.catchUp)
      names = { at: now, value: yield* unavailable(store.use(allNames)) }
      return json({ ...names.value, cache_hit: false })
    })
  }
}

/** How the database keeps what is committed. */
const pragmas = (sql: SqlClient) =>
  Effect.gen(function* () {
    // A table, not only the file: that is what is asked of it.
    yield* sql`SELECT event_id FROM agent_runs LIMIT 1`
    if (isPg(sql)) {
      const [found] = yield* sql<{ synchronous: string }>`SELECT current_setting('synchronous_commit') AS synchronous`
      return { database: "ok", journal_mode: null, synchronous: found?.synchronous ?? null }
    }
    const [mode] = yield* sql<{ journal_mode: string }>`PRAGMA journal_mode`
    const [synchronous] = yield* sql<{ synchronous: number }>`PRAGMA synchronous`
    return {
      database: "ok",
      journal_mode: mode?.journal_mode ?? null,
      synchronous: ["OFF", "NORMAL", "FULL", "EXTRA"][synchronous?.synchronous ?? -1] ?? null
    }
  })

interface Counts {
  readonly total_runs: number
  readonly agents: { readonly [agent: string]: number }
  readonly statuses: { readonly [status: string]: number }
  readonly recent_24h: number
}

const counts = (sql: SqlClient, since: string): Effect.Effect<Counts, SqlError> =>
  Effect.gen(function* () {
    const agents = yield* sql<Count>`SELECT agent_name AS name, count(*) AS n FROM agent_runs GROUP BY agent_name`
    const statuses = yield* sql<Count>`SELECT status AS name, count(*) AS n FROM agent_runs GROUP BY status`
    const [recent] = yield* sql<Omit<Count, "name">>`SELECT count(*) AS n FROM agent_runs WHERE created_at >= ${since}`
    return {
      total_runs: agents.reduce((sum, { n }) => sum + Number(n), 0),
      agents: Object.fromEntries(agents.map(({ n, name }) => [name, Number(n)])),
      statuses: Object.fromEntries(statuses.map(({ n, name }) => [name, Number(n)])),
      recent_24h: Number(recent?.n ?? 0)
    }
  })

/** A count of PostgreSQL is a text. */
interface Count {
  readonly name: string
  readonly n: number | string
}

const prometheus = ({ recent_24h, statuses }: Counts): string => {
  const runs = Object.entries(statuses).map(([status, n]) => `narrative_runs{status="${status}"} ${n}\n`)
  return [
    "# HELP narrative_runs Runs that are kept, by their status.\n# TYPE narrative_runs gauge\n",
    ...runs,
    "# HELP narrative_runs_last_day Runs created within 24 hours.\n# TYPE narrative_runs_last_day gauge\n",
    `narrative_runs_last_day ${recent_24h}\n`
  ].join("")
}

interface Names {
  readonly agent_names: ReadonlyArray<string>
  readonly job_types: ReadonlyArray<string>
}

const allNames = (sql: SqlClient): Effect.Effect<Names, SqlError> =>
  Effect.all({ agent_names: namesIn(sql, "agent_name"), job_types: namesIn(sql, "job_type") })

const namesIn = (sql: SqlClient, column: string): Effect.Effect<ReadonlyArray<string>, SqlError> =>
  Effect.map(
    sql<{ name: string }>`WITH RECURSIVE ${leaps(sql, "names", "agent_runs", column)}
      SELECT name FROM names WHERE name IS NOT NULL`,
    (rows) => rows.map((row) => row.name)
  )
