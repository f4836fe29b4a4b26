/**
 * Connections of a server, which can be lost.
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import * as Effect from "effect/Effect"
import * as errorCode from "../../cause/errorCode.js"

/** Whether it is PostgreSQL, and not a file. */
export const isPg = (sql: SqlClient): boolean => sql.onDialectOrElse({ sqlite: () => false, orElse: () => true })

/**
 * A text of SQL whose parameters are `?`, as the database has them. It has no `?` besides. `LIKE` takes upper and lower case for the
 * same, as in SQLite.
 */
export const parameterized = (sql: SqlClient, text: string): string => {
  let count = 0
  return isPg(sql) ? text.replaceAll("?", () => `$${++count}`).replaceAll(" LIKE ", " ILIKE ") : text
}

/** A state of PostgreSQL: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const sqlState = /^(?=.*\d)[0-9A-Z]{5}$/

/** The server ended the connection, has no room for one, is not up, or takes no writes: it follows another one, until that is gone. */
const lostStates = /^(08...|57P0[1-5]|53300|25006)$/

/**
 * Whether the server could not be reached, or the connection to it was lost: it is not known whether what was sent was done. An
 * error without a state of PostgreSQL did not come from there.
 */
export const isLost = (sql: SqlClient, error: unknown): boolean => isPg(sql) && isUnreachable(error)

/** The same of an error that is of PostgreSQL, whatever it is wrapped in. */
export const isUnreachable = (error: unknown): boolean => {
  const code = errorCode.codeOf(error, sqlState)
  return code === undefined || lostStates.test(code)
}

/** What was asked once, and can be asked again, is asked again where the connection to the server was lost. */
export const again = <A, E>(sql: SqlClient, self: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  isPg(sql) ? Effect.retry(self, { times: 1, while: (error) => isLost(sql, error) }) : self

/**
 * Ends a connection whose state is not known, so that it is not given to anyone else. The server rolls back what
 * was open on it.
 */
export const discard = (connection: Connection): Effect.Effect<void> =>
  Effect.sync(() => {
    // The client of `pg` that the connection holds, which its type does not show.
    const { pg } = connection as { readonly pg?: { readonly end?: () => Promise<void> } }
    void pg?.end?.().catch(() => {})
  })
