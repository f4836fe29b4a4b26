/**
 * Writes of runs, put into the tables: whatever order they come in, and however often, the rows are the same afterwards.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { insertInto, pgText, run } from "../history/database/bulkInsert.js"
import type { Cell } from "../history/database/columns.js"
import { isPg } from "../history/database/connections.js"
import type * as journalLine from "./journalLine.js"
import * as revision from "./revision.js"
import { columnNames } from "./runColumns.js"
import * as runRows from "./runRows.js"
import * as storedRun from "./storedRun.js"

/**
 * Takes writes in, within the transaction that is open.
 *
 * @internal
 */
export const takeIn = (
  sql: SqlClient.SqlClient,
  writes: ReadonlyArray<journalLine.Write>
): Effect.Effect<void, SqlError, SqlClient.TransactionConnection> =>
  Effect.gen(function* () {
    const [connection] = yield* SqlClient.TransactionConnection
    const ofRuns = new Map<string, Array<storedRun.RunWrite>>()
    for (const write of writes) {
      if (write.record_type !== "run") continue
      revision.observe(write.revision)
      const known = ofRuns.get(write.event_id)
      if (known === undefined) ofRuns.set(write.event_id, [write])
      else known.push(write)
    }
    const statements = statementsFor(sql)
    const rows = yield* isPg(sql)
      ? upsertShared(sql, connection, statements, ofRuns)
      : upsertAlone(sql, connection, statements, ofRuns)
    yield* run(connection, statements.commit, Array.from(commitsOf(rows).values()))
    yield* run(
      connection,
      statements.event,
      writes.flatMap((write) => (write.record_type === "event" ? [eventRow(write)] : []))
    )
  })

type WritesOfRuns = ReadonlyMap<string, ReadonlyArray<storedRun.RunWrite>>
type Statements = ReturnType<typeof statementsFor>
type Upserted = Effect.Effect<ReadonlyArray<runRows.WrittenRow>, SqlError>

/** The rows of the runs that the writes change. */
const merged = (
  writes: WritesOfRuns,
  known: ReadonlyMap<string, storedRun.StoredRun>
): ReadonlyArray<runRows.WrittenRow> =>
  Array.from(writes).flatMap(([eventId, ofRun]) => {
    const before = known.get(eventId) ?? storedRun.empty(eventId)
    const after = ofRun.reduce(storedRun.apply, before)
    return after === before ? [] : [runRows.encode(after)]
  })

/** SQLite has one writer at a time: what was read stays as it is until it is written. */
const upsertAlone = (
  sql: SqlClient.SqlClient,
  connection: Connection,
  { upsert }: Statements,
  writes: WritesOfRuns
): Upserted =>
  Effect.gen(function* () {
    const ids = JSON.stringify(Array.from(writes.keys()))
    const found = yield* sql<runRows.Found>`SELECT * FROM agent_runs
      WHERE event_id IN (SELECT value FROM json_each(${ids}))`
    const rows = merged(writes, byEventId(found))
    yield* run(connection, upsert, rows)
    return rows
  })

/**
 * PostgreSQL has many: a run that is there already is locked before it is read, in an order that is the same for all. A run that is
 * new to two of them at a time is inserted by one, and the other one waits for that and finds it there.
 */
const upsertShared = (
  sql: SqlClient.SqlClient,
  connection: Connection,
  { insert, upsert }: Statements,
  writes: WritesOfRuns
): Upserted =>
  Effect.gen(function* () {
    const asStored = new Map(Array.from(writes, ([eventId, ofRun]) => [pgText(eventId), ofRun] as const))
    const asNew = merged(asStored, new Map())
    const inserted = new Set((yield* run(connection, insert, asNew)).map((row) => String(row["event_id"])))
    const left = new Map(Array.from(asStored).filter(([eventId]) => !inserted.has(eventId)))
    if (left.size === 0) return asNew
    const found = yield* sql<runRows.Found>`SELECT * FROM agent_runs
      WHERE ${sql.in("event_id", Array.from(left.keys()))} ORDER BY event_id FOR UPDATE`
    const rows = merged(left, byEventId(found))
    yield* run(connection, upsert, rows)
    return [...asNew.filter(({ event_id: id }) => inserted.has(String(id))), ...rows]
  })

const byEventId = (found: ReadonlyArray<runRows.Found>): ReadonlyMap<string, storedRun.StoredRun> =>
  new Map(found.map((row) => [String(row["event_id"]), runRows.decodeStored(row)]))

const eventRow = ({ event_type, id, payload_json, run_id, timestamp }: journalLine.EventWrite) => ({
  run_id,
  event_type,
  timestamp,
  payload_json,
  event_key: id
})

/** Only those that came of a run: one that it began at is none of its own. */
const commitsOf = (
  rows: ReadonlyArray<runRows.WrittenRow>
): ReadonlyMap<string, { readonly [C in (typeof commitColumns)[number]]: Cell }> =>
  new Map(
    rows.flatMap((row) =>
      row.git_commit_hash === null || row.git_commit_source === null
        ? []
        : [
            [
              String(row.git_commit_hash),
              {
                commit_hash: row.git_commit_hash,
                run_id: row.run_id,
                agent_name: row.agent_name,
                repo: row.git_repo,
                branch: row.git_branch,
                commit_date: row.git_commit_timestamp,
                author: row.git_commit_author
              }
            ] as const
          ]
    )
  )

const overwrite = (columns: ReadonlyArray<string>, key: string): string =>
  columns
    .filter((column) => column !== key)
    .map((column) => `${column} = excluded.${column}`)
    .join(", ")

const commitColumns = ["commit_hash", "run_id", "agent_name", "repo", "branch", "commit_date", "author"] as const

const madeFor = new WeakMap<SqlClient.SqlClient, ReturnType<typeof makeStatements>>()

/** Their texts are long, and the same for each transaction. */
const statementsFor = (sql: SqlClient.SqlClient) => {
  const made = madeFor.get(sql) ?? makeStatements(sql)
  madeFor.set(sql, made)
  return made
}

const makeStatements = (sql: SqlClient.SqlClient) => ({
  upsert: insertInto(
    sql,
    "agent_runs",
    runRows.writtenColumns,
    ` ON CONFLICT (event_id) DO UPDATE SET ${overwrite([...columnNames, "revisions"], "event_id")}`
  ),
  insert: insertInto(
    sql,
    "agent_runs",
    runRows.writtenColumns,
    " ON CONFLICT (event_id) DO NOTHING RETURNING event_id"
  ),
  commit: insertInto(
    sql,
    "commits",
    commitColumns,
    ` ON CONFLICT (commit_hash) DO UPDATE SET ${overwrite(commitColumns, "commit_hash")}`
  ),
  event: insertInto(
    sql,
    "run_events",
    ["run_id", "event_type", "timestamp", "payload_json", "event_key"] as const,
    " ON CONFLICT (event_key) DO NOTHING"
  )
})
