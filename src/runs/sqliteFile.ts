/**
 * A database of runs as a file: whether it is sound, copied while programs write to it, and put aside.
 */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from "node:fs"
import type * as SqlClient from "@effect/sql/SqlClient"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as database from "../history/database/database.js"
import type { HistoryError } from "../history/HistoryError.js"
import { columnNames } from "./runColumns.js"
import * as runTables from "./runTables.js"

/** What is wrong with a file, or with what was to be done with it. */
export class FileFault extends Data.TaggedError("FileFault")<{
  readonly filename: string
  readonly detail: string
}> {
  override get message(): string {
    return `${this.filename} ${this.detail}`
  }
}

export type Condition =
  | { readonly _tag: "Missing" }
  | { readonly _tag: "Sound" }
  /** It holds no runs that can be relied on. */
  | { readonly _tag: "Broken"; readonly reason: string }
  /** It is another application's, or of a newer version: it must not be touched. */
  | { readonly _tag: "NotOurs"; readonly error: HistoryError }

/** How the database at this path is. Nothing is written to it. */
export const conditionOf = (filename: string): Effect.Effect<Condition> =>
  existsSync(filename)
    ? Effect.scoped(inspect(filename)).pipe(
        Effect.catchAll((error) => Effect.succeed<Condition>({ _tag: "Broken", reason: error.detail }))
      )
    : Effect.succeed({ _tag: "Missing" })

const inspect = (filename: string) =>
  Effect.gen(function* () {
    const opened = yield* database.openExisting(filename, true)
    const refuse = database.queryFailed(filename)
    const faults = yield* Effect.mapError(integrityOf(opened.sql), refuse)
    if (faults !== undefined) return broken(faults)
    const tables = yield* Effect.mapError(tablesOf(opened.sql), refuse)
    const error = yield* Effect.flip(runTables.checkReadable(opened)).pipe(Effect.option)
    if (error._tag === "Some") {
      const { reason } = error.value
      if (reason === "NewerVersion") return { _tag: "NotOurs", error: error.value } as const
      if (reason === "OlderVersion") return sound
      const isEmpty = tables.size === 0
      // Tables without a note of their version: a migration broke off, or another program made them.
      if (reason === "Foreign" && !runTables.tables.some((table) => tables.has(table))) {
        return { _tag: "NotOurs", error: error.value } as const
      }
      return isEmpty ? sound : broken(error.value.detail)
    }
    const missing = runTables.tables.filter((table) => !tables.has(table))
    const columns = tables.get("agent_runs") ?? new Set()
    const lacking = [...columnNames, "revisions"].filter((column) => !columns.has(column))
    if (missing.length > 0) return broken(`has no table ${missing.join(", ")}`)
    return lacking.length === 0 ? sound : broken(`has no column ${lacking.join(", ")} in agent_runs`)
  })

const sound: Condition = { _tag: "Sound" }

const broken = (reason: string): Condition => ({ _tag: "Broken", reason })

/** What SQLite finds wrong; `undefined` if nothing. */
export const integrityOf = (sql: SqlClient.SqlClient) =>
  Effect.map(sql.unsafe<{ readonly integrity_check: string }>("PRAGMA integrity_check(5)"), (rows) => {
    const faults = rows.map((row) => row.integrity_check)
    return faults.join() === "ok" ? undefined : `is damaged: ${faults.join("; ").replaceAll("\n", " ").slice(0, 300)}`
  })

const tablesOf = (sql: SqlClient.SqlClient) =>
  Effect.map(
    sql<{ readonly table: string; readonly column: string }>`SELECT m.name AS "table", c.name AS "column"
      FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'`,
    (rows) => {
      const tables = new Map<string, Set<string>>()
      for (const { column, table } of rows) tables.set(table, (tables.get(table) ?? new Set()).add(column))
      return tables
    }
  )

/**
 * Copies a database into a file, which is made or, where it is a database, replaced as by one transaction: whoever has it open
 * sees the old one, then the new one.
 */
export const copy = (from: string, to: string): Effect.Effect<void, FileFault> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { layer, SqliteClient } = yield* database.clientModule(from)
      const context = yield* Layer.build(layer({ filename: from, readonly: true, disableWAL: true }))
      yield* Context.get(context, SqliteClient).backup(to)
    })
  ).pipe(
    Effect.catchAllCause((cause) => {
      const thrown = Cause.squash(cause)
      const inner = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown
      const why = inner instanceof Error ? inner.message : String(inner)
      return new FileFault({ filename: from, detail: `could not be copied to ${to}: ${why}` })
    })
  )

/** Makes a copy a file of its own, without a log beside it, and checks it. */
export const settle = (filename: string): Effect.Effect<void, FileFault | HistoryError> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { sql } = yield* database.openExisting(filename, false)
      const refuse = database.queryFailed(filename)
      yield* Effect.mapError(sql.unsafe("PRAGMA journal_mode = DELETE"), refuse)
      const faults = yield* Effect.mapError(integrityOf(sql), refuse)
      if (faults !== undefined) return yield* new FileFault({ filename, detail: faults })
    })
  ).pipe(
    Effect.zipRight(
      Effect.try({
        try: () => {
          const fd = openSync(filename, "r+")
          try {
            fsyncSync(fd)
          } finally {
            closeSync(fd)
          }
        },
        catch: (error) => new FileFault({ filename, detail: `could not be synced: ${String(error)}` })
      })
    )
  )

const besides = ["", "-wal", "-shm", "-journal"]

/** Gives a database and what belongs to it another name. */
export const moveAside = (filename: string, to: string): Effect.Effect<string, FileFault> =>
  Effect.try({
    try: () => {
      for (const beside of besides) {
        if (existsSync(`${filename}${beside}`)) renameSync(`${filename}${beside}`, `${to}${beside}`)
      }
      return to
    },
    catch: (error) => new FileFault({ filename, detail: `could not be moved to ${to}: ${String(error)}` })
  })

/** Deletes a copy, and what belongs to it. */
export const remove = (filename: string): void => {
  for (const beside of besides) rmSync(`${filename}${beside}`, { force: true })
}

export const sizeOf = (filename: string): number => statSync(filename, { throwIfNoEntry: false })?.size ?? 0
