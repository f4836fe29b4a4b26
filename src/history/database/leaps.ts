/**
 * The distinct values of an indexed column, by leaps from one to the next: the rows between are not read.
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"

/**
 * A table for `WITH RECURSIVE`, whose column `name` has the values, and NULL after the last one. The names are put into the text as they are.
 *
 * @internal
 */
export const leaps = (sql: SqlClient, name: string, table: string, column: string): Fragment =>
  sql`${sql.literal(`${name} (name) AS (
    SELECT min(${column}) FROM ${table}
    UNION ALL SELECT (SELECT min(t.${column}) FROM ${table} AS t WHERE t.${column} > n.name) FROM ${name} AS n
    WHERE n.name IS NOT NULL
  )`)}`
