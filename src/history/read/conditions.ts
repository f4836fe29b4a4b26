/**
 * Conditions of queries.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"
import { fewestCharacters } from "../../event/shortStoryId.js"
import { isPg } from "../database/connections.js"
import { settledPositions } from "../database/positions.js"
import { shortEnd } from "../database/shortEnd.js"

/** The conditions that are there, joined; all rows without any. */
export const where = (sql: SqlClient.SqlClient, conditions: ReadonlyArray<Fragment | undefined>): Fragment => {
  const given = conditions.filter((condition) => condition !== undefined)
  return given.length === 0 ? sql`1 = 1` : sql.and(given)
}

/** By an index, which LIKE would not use everywhere. */
export const beginsWith = (sql: SqlClient.SqlClient, column: string, beginning: string): Fragment =>
  sql`(${sql.literal(column)} >= ${beginning} AND ${sql.literal(column)} < ${`${beginning}\u{10ffff}`})`

/**
 * Whether the column ends with one of these texts, all of so many characters. PostgreSQL has an index of ids turned round, SQLite of as much of
 * their ends as is typed at least.
 */
export const endsWith = (
  sql: SqlClient.SqlClient,
  column: string,
  ends: ReadonlyArray<string>,
  length: number
): Fragment =>
  sql.onDialectOrElse({
    sqlite: () => {
      const areEnds = sql`substr(${sql.literal(column)}, ${sql.literal(String(-length))}) IN ${sql.in(ends)}`
      if (length <= fewestCharacters) return areEnds
      const shorter = ends.map((end) => Array.from(end).slice(-fewestCharacters).join(""))
      return sql.and([sql`${sql.literal(shortEnd(column))} IN ${sql.in(shorter)}`, areEnds])
    },
    orElse: () => sql.or(ends.map((end) => beginsWith(sql, `reverse(${column})`, Array.from(end).reverse().join(""))))
  })

/** Of positions of events: that no earlier one can still be committed. SQLite has one writer at a time. */
export const isSettled = (sql: SqlClient.SqlClient, column: string): Fragment | undefined =>
  isPg(sql) ? sql.literal(`${column} < ${settledPositions}`) : undefined
