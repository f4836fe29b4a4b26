/**
 * Where a database is that is opened for writing: a file, or a schema of PostgreSQL.
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { HistoryError } from "../HistoryError.js"
import { type Database, identityOf, makeDurable, openFile } from "./database.js"
import type { PgTarget } from "./pgOptions.js"
import { connect, makeSchema } from "./postgres.js"

export interface Source {
  /** As errors name it, without a password. */
  readonly name: string
  readonly open: Effect.Effect<Database, HistoryError, Scope.Scope>
  /** What it needs before its migrations. */
  readonly prepare: (sql: SqlClient) => Effect.Effect<void, SqlError>
  /** Distinguishes what was opened from another one that was put in its place. */
  readonly identity: () => string | undefined
}

export const ofFile = (filename: string): Source => ({
  name: filename,
  open: openFile(filename),
  prepare: makeDurable,
  identity: () => identityOf(filename)
})

export const ofPg = (target: PgTarget): Source => ({
  name: target.shown,
  open: connect(target),
  prepare: makeSchema,
  identity: () => target.shown
})
