/**
 * Writes of runs, put into the tables: whatever order they come in, and however often, the rows are the same afterwards.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { insertInto, pgText, run } from "../history/database/bulkInsert.js"
import { isPg } from "../history/database/connections.js"
import * as commitRecord from "./commitRecord.js"
import type * as journalLine from "./journalLine.js"
import * as revision from "./revision.js"
import { columnNames } from "./runColumns.js"
import * as runCommits from "./runCommits.js"
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
    const runIds = yield* isPg(sql)
      ? upsertShared(sql, connection, statements, ofRuns)
      : upsertAlone(sql, connection, statements, ofRuns)
    yield* runCommits.takeIn(sql, connection, statements.commits, statedIn(writes), runIds)
    yield* run(
      connection,
      statements.event,
      writes.flatMap((write) => (write.record_type === "event" ? [eventRow(write)] : []))
    )
  })

/** What the writes state of commits. */
const statedIn = (writes: ReadonlyArray<journalLine.Write>): ReadonlyMap<string, commitRecord.CommitRecord> => {
  const stated = new Map<string, commitRecord.CommitRecord>()
  for (const write of writes) {
    const one =
      write.record_type === "run"
        ? commitRecord.statedBy(write)
        : write.record_type === "commit"
          ? ([write.commit_hash, write] as const)
          : undefined
    if (one !== undefined) stated.set(one[0], commitRecord.merge(stated.get(one[0]) ?? commitRecord.empty, one[1]))
  }
  return stated
}

type WritesOfRuns = ReadonlyMap<string, ReadonlyArray<storedRun.RunWrite>>
type Statements = ReturnType<typeof statementsFor>
/** The ids of runs whose commits have other rows by that. */
type Upserted = Effect.Effect<ReadonlyArray<string>, SqlError>

interface Merged {
  readonly row: runRows.WrittenRow
  readonly commitsOf: string | undefined
}

/** The rows of the runs that the writes change. */
const merged = (writes: WritesOfRuns, known: ReadonlyMap<string, storedRun.StoredRun>): ReadonlyArray<Merged> =>
  Array.from(writes).flatMap(([eventId, ofRun]) => {
    const before = known.get(eventId)
    const start = before ?? storedRun.empty(eventId)
    const after = ofRun.reduce(storedRun.apply, start)
    if (after === start) return []
    const row = runRows.encode(after)
    return [{ row, commitsOf: before === undefined ? undefined : runCommits.runIdOf(storedRun.rowOf(before), row) }]
  })

const rowsOf = (made: ReadonlyArray<Merged>) => made.map(({ row }) => row)

const commitsOf = (made: ReadonlyArray<Merged>) => made.flatMap(({ commitsOf }) => commitsOf ?? [])

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
    const made = merged(writes, byEventId(found))
    yield* run(connection, upsert, rowsOf(made))
    return commitsOf(made)
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
    const asNew = rowsOf(merged(asStored, new Map()))
    const inserted = new Set((yield* run(connection, insert, asNew)).map((row) => String(row["event_id"])))
    const left = new Map(Array.from(asStored).filter(([eventId]) => !inserted.has(eventId)))
    if (left.size === 0) return []
    const found = yield* sql<runRows.Found>`SELECT * FROM agent_runs
      WHERE ${sql.in("event_id", Array.from(left.keys()))} ORDER BY event_id FOR UPDATE`
    const made = merged(left, byEventId(found))
    yield* run(connection, upsert, rowsOf(made))
    return commitsOf(made)
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

const overwrite = (columns: ReadonlyArray<string>, key: string): string =>
  columns
    .filter((column) => column !== key)
    .map((column) => `${column} = excluded.${column}`)
    .join(", ")

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
  commits: runCommits.statementsFor(sql),
  event: insertInto(
    sql,
    "run_events",
    ["run_id", "event_type", "timestamp", "payload_json", "event_key"] as const,
    " ON CONFLICT (event_key) DO NOTHING"
  )
})
