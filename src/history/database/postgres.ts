/**
 * A history on PostgreSQL, connected to.
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import type { InvalidOption } from "../../plain/InvalidOption.js"
import type { HistoryError } from "../HistoryError.js"
import { type Database, failure, writing } from "./database.js"
import { decode, type PgConnection, type PgTarget } from "./pgOptions.js"
import { poolOf } from "./pgPool.js"

/** Connects to a server, for as long as the scope is open. Nothing is written before the migrations. */
export const openPg = (
  given: PgConnection,
  also: ReadonlyArray<string> = []
): Effect.Effect<Database, HistoryError | InvalidOption, Scope.Scope> => Effect.flatMap(decode(given, also), connect)

/** The same, for options that were checked before. */
export const connect = (target: PgTarget): Effect.Effect<Database, HistoryError, Scope.Scope> =>
  Effect.gen(function* () {
    const { connectTimeout, maxConnections, shown, ssl, url } = target
    const { PgClient, layer, layerFromPool } = yield* clientModule
    const acquire = poolOf(target)
    const client =
      acquire === undefined ? layer({ url, ssl, maxConnections, connectTimeout }) : layerFromPool({ acquire })
    const context = yield* Layer.build(client).pipe(
      Effect.mapError((error) => failure(shown)("CannotOpen", `cannot be reached: ${whyOf(error)}`, error))
    )
    return { sql: Context.get(context, PgClient).withoutTransforms(), filename: shown }
  }).pipe(Effect.withTracerEnabled(false))

const whyOf = (error: unknown): string => {
  const cause = Predicate.hasProperty(error, "cause") ? error.cause : error
  // Of several addresses of a name, none could be connected to.
  const first = Predicate.hasProperty(cause, "errors") && Array.isArray(cause.errors) ? cause.errors[0] : cause
  return first instanceof Error ? first.message : String(first)
}

const clientModule = Effect.tryPromise({
  // An import that is caught, a bundler leaves to be found when it is needed.
  try: () => import("@effect/sql-pg/PgClient").catch((cause) => Promise.reject(cause)),
  catch: (cause) => failure(null)("NotInstalled", "on PostgreSQL needs a package: npm install @effect/sql-pg", cause)
})

/** Makes the schema that the connections are set to, unless it is there: whoever may not make one needs no right to. */
export const makeSchema = (sql: SqlClient): Effect.Effect<void, SqlError> => {
  const missing = sql.unsafe<{ name: string }>(
    `SELECT current_setting('search_path') AS name
      WHERE NOT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = current_setting('search_path'))`
  )
  const make = Effect.flatMap(missing, ([schema]) =>
    schema === undefined ? Effect.void : Effect.asVoid(sql.unsafe(`CREATE SCHEMA "${schema.name}"`))
  )
  const turn = sql.unsafe("SELECT pg_advisory_xact_lock(hashtextextended('effect-narrative', 0))")
  return Effect.flatMap(missing, (found) =>
    found.length === 0 ? Effect.void : writing(sql, Effect.zipRight(turn, make))
  )
}
