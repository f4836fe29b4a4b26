/**
 * Rows, many in a statement: half the cost of one each, and the same SQL for SQLite and PostgreSQL.
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"

export type Cell = string | number | null
export type Row = ReadonlyArray<Cell>

/** A statement for a few fixed numbers of rows: each is prepared once. */
export interface RowsStatement {
  readonly columns: number
  readonly sqlOf: (rows: number) => string
}

const chunkSizes = [32, 4, 1] as const

/** @internal */
export const insertInto = (
  sql: SqlClient,
  table: string,
  columns: ReadonlyArray<string>,
  suffix = ""
): RowsStatement => {
  const placeholder = sql.onDialectOrElse({ sqlite: () => () => "?", orElse: () => (i: number) => `$${i + 1}` })
  const texts = new Map(
    chunkSizes.map((rows) => {
      const values = Array.from({ length: rows }, (_, row) => {
        const cells = columns.map((_, column) => placeholder(row * columns.length + column))
        return `(${cells.join(", ")})`
      })
      return [rows as number, `INSERT INTO ${table} (${columns.join(", ")}) VALUES ${values.join(", ")}${suffix}`]
    })
  )
  return { columns: columns.length, sqlOf: (rows) => texts.get(rows) ?? "" }
}

/**
 * Runs the statement over all rows, and gives what it returned.
 *
 * @internal
 */
export const run = (
  connection: Connection,
  statement: RowsStatement,
  rows: ReadonlyArray<Row>
): Effect.Effect<ReadonlyArray<Record<string, unknown>>, SqlError> => {
  if (rows.length === 0) return Effect.succeed([])
  const chunks: Array<{ readonly from: number; readonly size: number }> = []
  for (let from = 0; from < rows.length; ) {
    const size = chunkSizes.find((size) => size <= rows.length - from) ?? 1
    chunks.push({ from, size })
    from += size
  }
  const returned: Array<Record<string, unknown>> = []
  return Effect.as(
    Effect.forEach(
      chunks,
      ({ from, size }) => {
        const parameters: Array<Cell> = new Array(size * statement.columns)
        let at = 0
        for (let i = from; i < from + size; i++) for (const cell of rows[i] as Row) parameters[at++] = cell
        return Effect.map(connection.execute(statement.sqlOf(size), parameters, undefined), (found) => {
          for (const row of found) returned.push(row)
        })
      },
      { discard: true }
    ),
    returned
  )
}
