/**
 * Conditions of queries.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"

/** The conditions that are there, joined; all rows without any. */
export const where = (sql: SqlClient.SqlClient, conditions: ReadonlyArray<Fragment | undefined>): Fragment => {
  const given = conditions.filter((condition) => condition !== undefined)
  return given.length === 0 ? sql`1 = 1` : sql.and(given)
}

/** By an index, which LIKE would not use everywhere. */
export const beginsWith = (sql: SqlClient.SqlClient, column: string, beginning: string): Fragment =>
  sql`(${sql.literal(column)} >= ${beginning} AND ${sql.literal(column)} < ${`${beginning}\u{10ffff}`})`

/** The last characters of a text. */
export const endingOf = (sql: SqlClient.SqlClient, column: string, length: number): Fragment =>
  sql.onDialectOrElse({
    sqlite: () => sql`substr(${sql.literal(column)}, ${sql.literal(String(-length))})`,
    orElse: () => sql`right(${sql.literal(column)}, ${sql.literal(String(length))})`
  })
