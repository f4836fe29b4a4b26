/**
 * better-sqlite3 itself: what a history is measured against, and what a large one is built with.
 */
import { createRequire } from "node:module"

/** As much of it as is needed: it brings no types. */
export interface Sqlite {
  readonly pragma: (text: string) => unknown
  readonly exec: (sql: string) => unknown
  readonly prepare: (sql: string) => Statement
  readonly close: () => void
  /** Allows what would break the file for others, such as writing to the schema by hand. */
  readonly unsafeMode: (unsafe: boolean) => unknown
}

interface Statement {
  readonly run: (...cells: ReadonlyArray<unknown>) => { readonly lastInsertRowid: number | bigint }
  readonly all: () => ReadonlyArray<Readonly<Record<string, unknown>>>
  readonly raw: () => { readonly all: () => ReadonlyArray<ReadonlyArray<unknown>> }
}

// It is a dependency of that package, not ours.
const require = createRequire(createRequire(import.meta.url).resolve("@effect/sql-sqlite-node"))
const Database: new (path: string) => Sqlite = require("better-sqlite3")

export const openSqlite = (path: string): Sqlite => new Database(path)
