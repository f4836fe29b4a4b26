/**
 * Rows, many in a statement. SQLite runs in the program's own thread: a few fixed numbers of rows, each prepared once, are its
 * fastest. PostgreSQL is a network away: all rows are one parameter of one statement.
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type { Cell } from "./columns.js"
import { isPg } from "./connections.js"

/** An insertion of rows that have these columns. */
export interface Insert<Column extends string> {
  readonly columns: ReadonlyArray<Column>
  /** For a few fixed numbers of rows; for any number where all are one parameter. */
  readonly sqlOf: (rows: number) => string
  readonly asOne: boolean
}

const chunkSizes = [32, 4, 1] as const

/** @internal */
export const insertInto = <Column extends string>(
  sql: SqlClient,
  table: string,
  columns: ReadonlyArray<Column>,
  suffix = ""
): Insert<Column> => {
  if (isPg(sql)) return insertAsOne(table, columns, suffix)
  const texts = new Map<number, string>(
    chunkSizes.map((rows) => {
      const values = Array.from({ length: rows }, () => {
        const cells = columns.map(() => "?")
        return `(${cells.join(", ")})`
      })
      return [rows, `INSERT INTO ${table} (${columns.join(", ")}) VALUES ${values.join(", ")}${suffix}`]
    })
  )
  return { columns, sqlOf: (rows) => texts.get(rows) ?? "", asOne: false }
}

/**
 * PostgreSQL takes the types of the cells from the table's row. `expressions` are of columns that are not inserted as they are.
 *
 * @internal
 */
export const insertAsOne = <Column extends string>(
  table: string,
  columns: ReadonlyArray<Column>,
  suffix: string,
  expressions: { readonly [C in Column]?: string } = {}
): Insert<Column> => {
  const cells = columns.map((column) => expressions[column] ?? `r.${column}`)
  const text = `INSERT INTO ${table} (${columns.join(", ")}) SELECT ${cells.join(", ")}
    FROM json_populate_recordset(NULL::${table}, $1::json) AS r${suffix}`
  return { columns, sqlOf: () => text, asOne: true }
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
  if (insert.asOne) return connection.execute(insert.sqlOf(rows.length), [jsonOf(rows)], undefined)
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

/** The rows have no other columns than those of their table. */
const jsonOf = (rows: ReadonlyArray<object>): string => {
  const json = JSON.stringify(rows)
  if (!/\\u(?:0000|d[89a-f])/.test(json)) return json
  return JSON.stringify(rows, (_, value: unknown) => (typeof value === "string" ? pgText(value) : value))
}

/** Text of PostgreSQL has no NUL, and no half of a character. */
export const pgText = (text: string): string => text.replaceAll(/\0|\p{Surrogate}/gu, "\ufffd")

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
