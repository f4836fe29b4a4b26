/**
 * Runs of another database, written into this journal: of one that `local-telemetry` made, or one of ours, such as a backup.
 *
 * Each row becomes lines with revisions that are the same whenever it is read: to import a database twice changes nothing, and
 * what was changed here since stays.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as database from "../history/database/database.js"
import type { HistoryError } from "../history/HistoryError.js"
import type { PlainValue } from "../plain/PlainValue.js"
import * as commitRecord from "./commitRecord.js"
import type { Embedded } from "./embedded.js"
import * as journalLine from "./journalLine.js"
import { type Changes, isColumn, type RunColumn } from "./runColumns.js"
import * as runCommits from "./runCommits.js"
import * as runRows from "./runRows.js"
import * as storedRun from "./storedRun.js"

/** What came of it. */
export interface Imported {
  /** Runs that are new, or about which the other database knew more. */
  readonly runs: number
  /** Runs that were here already. */
  readonly unchanged: number
  readonly events: number
  readonly commits: number
  /** Rows that say nothing: they have no id. */
  readonly unread: number
}

/** A database in which there are no runs. */
export class NoRunsToImport extends Data.TaggedError("NoRunsToImport")<{
  readonly filename: string
  readonly detail: string
}> {
  override get message(): string {
    return `${this.filename} ${this.detail}`
  }
}

/** Rows that are read at a time. */
const page = 500
/** Lines that are written at a time; they share writes to the disk. */
const concurrency = 256

/** @internal */
export const importFile = (
  opened: Embedded,
  filename: string
): Effect.Effect<Imported, HistoryError | NoRunsToImport | Error> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { sql } = yield* database.openExisting(filename, true)
      const refuse = database.queryFailed(filename)
      const columns = yield* Effect.mapError(columnsOf(sql, "agent_runs"), refuse)
      for (const needed of ["run_id", "agent_name", "start_time"]) {
        if (columns.has(needed)) continue
        const detail =
          columns.size === 0 ? "holds no runs: it has no table agent_runs" : `holds no runs: they have no ${needed}`
        return yield* new NoRunsToImport({ filename, detail })
      }
      const counts = { runs: 0, unchanged: 0, events: 0, commits: 0, unread: 0 }
      yield* eachPage(sql, "agent_runs", refuse, (rows) => takeRuns(opened, rows, counts))
      if ((yield* Effect.mapError(columnsOf(sql, "run_events"), refuse)).has("run_id")) {
        yield* eachPage(sql, "run_events", refuse, (rows) => takeEvents(opened, rows, counts))
      }
      yield* opened.store.catchUp
      if ((yield* Effect.mapError(columnsOf(sql, "commits"), refuse)).has("commit_hash")) {
        yield* eachPage(sql, "commits", refuse, (rows) => takeCommits(opened, rows, counts))
        yield* opened.store.catchUp
      }
      return counts
    })
  )

type Counts = { -readonly [K in keyof Imported]: number }

const columnsOf = (sql: SqlClient.SqlClient, table: string) =>
  Effect.map(
    sql<{ readonly name: string }>`SELECT name FROM pragma_table_info(${table})`,
    (rows) => new Set(rows.map(({ name }) => name))
  )

const eachPage = <E>(
  sql: SqlClient.SqlClient,
  table: "agent_runs" | "run_events" | "commits",
  refuse: ReturnType<typeof database.queryFailed>,
  take: (rows: ReadonlyArray<runRows.Found>) => Effect.Effect<void, E>
) =>
  Effect.gen(function* () {
    for (let after = 0; ; ) {
      const rows = yield* Effect.mapError(
        sql.unsafe<runRows.Found>(
          `SELECT rowid AS narrative_row, * FROM ${table} WHERE rowid > ? ORDER BY rowid LIMIT ${page}`,
          [after]
        ),
        refuse
      )
      if (rows.length === 0) return
      yield* take(rows)
      after = Number(rows.at(-1)?.["narrative_row"])
    }
  })

const takeRuns = ({ sink, store }: Embedded, rows: ReadonlyArray<runRows.Found>, counts: Counts) =>
  Effect.gen(function* () {
    const writes = rows.map(writesOf)
    counts.unread += writes.filter(({ length }) => length === 0).length
    const ids = JSON.stringify(writes.flat().map(({ event_id }) => event_id))
    const known = yield* store.use((sql) =>
      Effect.map(
        sql<runRows.Found>`SELECT * FROM agent_runs WHERE event_id IN (SELECT value FROM json_each(${ids}))`,
        (found) => new Map(found.map((row) => [String(row["event_id"]), runRows.decodeStored(row)]))
      )
    )
    const fresh = writes.flatMap((ofRun) => {
      const [first] = ofRun
      if (first === undefined) return []
      const before = known.get(first.event_id) ?? storedRun.empty(first.event_id)
      const isNew = ofRun.reduce(storedRun.apply, before) !== before
      counts[isNew ? "runs" : "unchanged"] += 1
      return isNew ? ofRun : []
    })
    yield* Effect.forEach(fresh, (write) => sink.write({ record_type: "run", ...write }), {
      concurrency,
      discard: true
    })
  })

/** What a row says of its run. */
const writesOf = (row: runRows.Found): ReadonlyArray<storedRun.RunWrite> => {
  // One of ours knows when each column was written.
  const { revisions, sweep, changes, eventId } = runRows.decodeStored(row)
  const ours = Object.entries(revisions).map(([revision, columns]) => ({
    revision,
    event_id: eventId,
    changes: only(changes, columns)
  }))
  if (sweep !== undefined) ours.push({ ...sweep, event_id: eventId })
  if (ours.length > 0) return ours
  const { narrative_row: position, ...cells } = row
  return journalLine
    .decode(JSON.stringify({ ...cells, record_type: "run" }), Number(position))
    .flatMap((write) => (write.record_type === "run" ? [write] : []))
}

const only = (changes: Changes, columns: ReadonlyArray<RunColumn>): Changes => {
  const some: { [C in RunColumn]?: PlainValue } = {}
  for (const column of columns) if (isColumn(column)) some[column] = changes[column] ?? null
  // Each value is that of its column.
  return some as Changes
}

const takeEvents = ({ sink, store }: Embedded, rows: ReadonlyArray<runRows.Found>, counts: Counts) =>
  Effect.gen(function* () {
    const writes = rows.flatMap(({ event_key: id, narrative_row: position, ...row }) =>
      journalLine
        .decode(JSON.stringify({ ...row, id: id ?? null, record_type: "event" }), Number(position))
        .flatMap((write) => (write.record_type === "event" ? [write] : []))
    )
    const ids = JSON.stringify(writes.map(({ id }) => id))
    const known = yield* store.use((sql) =>
      Effect.map(
        sql<runRows.Found>`SELECT event_key FROM run_events
          WHERE event_key IN (SELECT value FROM json_each(${ids}))`,
        (found) => new Set(found.map((row) => row["event_key"]))
      )
    )
    const fresh = writes.filter(({ id }) => !known.has(id))
    counts.events += fresh.length
    yield* Effect.forEach(fresh, (write) => sink.write({ ...write, record_type: "event" }), {
      concurrency,
      discard: true
    })
  })

const takeCommits = ({ sink, store }: Embedded, rows: ReadonlyArray<runRows.Found>, counts: Counts) =>
  Effect.gen(function* () {
    const writes = rows.flatMap((row) =>
      journalLine.decode(
        JSON.stringify({ ...statedIn(row), commit_hash: row["commit_hash"], record_type: "commit" }),
        0
      )
    )
    const known = yield* store.use((sql) =>
      runCommits.knownOf(
        sql,
        writes.flatMap((write) => (write.record_type === "commit" ? [write.commit_hash] : []))
      )
    )
    const fresh = writes.flatMap((write) =>
      write.record_type === "commit" && commitRecord.isNews(known.get(write.commit_hash), write) ? [write] : []
    )
    counts.commits += fresh.length
    yield* Effect.forEach(fresh, (write) => sink.write(write), { concurrency, discard: true })
  })

/** One of ours has what was stated; of others all is what they know. */
const statedIn = ({ stated, ...row }: runRows.Found): commitRecord.CommitRecord =>
  typeof stated === "string" ? commitRecord.decode(stated) : { facts: commitRecord.factsOf(row) }
