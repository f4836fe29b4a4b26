/**
 * Rows, many in a statement: half the cost of one each, and the same SQL for SQLite and PostgreSQL.
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type { Cell } from "./columns.js"

/** An insertion of rows that have these columns. */
export interface Insert<Column extends string> {
  readonly columns: ReadonlyArray<Column>
  /** For a few fixed numbers of rows: each statement is prepared once. */
  readonly sqlOf: (rows: number) => string
}

const chunkSizes = [32, 4, 1] as const

/** @internal */
export const insertInto = <Column extends string>(
  sql: SqlClient,
  table: string,
  columns: ReadonlyArray<Column>,
  suffix = ""
): Insert<Column> => {
  const placeholder = sql.onDialectOrElse({ sqlite: () => () => "?", orElse: () => (i: number) => `$${i + 1}` })
  const texts = new Map<number, string>(
    chunkSizes.map((rows) => {
      const values = Array.from({ length: rows }, (_, row) => {
        const cells = columns.map((_, column) => placeholder(row * columns.length + column))
        return `(${cells.join(", ")})`
      })
      return [rows, `INSERT INTO ${table} (${columns.join(", ")}) VALUES ${values.join(", ")}${suffix}`]
    })
  )
  return { columns, sqlOf: (rows) => texts.get(rows) ?? "" }
}

/**
 * Inserts all rows, and gives what the statement returned.
 *
 * @internal
 */
export const run = <Column extends string>(
  connection: Connection,
  insert: Insert<Column>,
  rows: ReadonlyArray<{ readonly [C in Column]: Cell }>
): Effect.Effect<ReadonlyArray<Record<string, unknown>>, SqlError> => {
  if (rows.length === 0) return Effect.succeed([])
  const returned: Array<Record<string, unknown>> = []
  return Effect.as(
    Effect.forEach(
      chunksOf(rows),
      (chunk) =>
        Effect.map(connection.execute(insert.sqlOf(chunk.length), parametersOf(chunk, insert), undefined), (found) => {
          for (const row of found) returned.push(row)
        }),
      { discard: true }
    ),
    returned
  )
}

const chunksOf = <A>(rows: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> => {
  const chunks: Array<ReadonlyArray<A>> = []
  for (let from = 0; from < rows.length; ) {
    const size = chunkSizes.find((size) => size <= rows.length - from) ?? 1
    chunks.push(rows.slice(from, from + size))
    from += size
  }
  return chunks
}

const parametersOf = <Column extends string>(
  rows: ReadonlyArray<{ readonly [C in Column]: Cell }>,
  { columns }: Insert<Column>
): ReadonlyArray<Cell> => {
  const parameters: Array<Cell> = new Array(rows.length * columns.length)
  let at = 0
  for (const row of rows) for (const column of columns) parameters[at++] = row[column]
  return parameters
}
