/**
 * Connections of PostgreSQL that do not keep a process alive when nothing is asked of them.
 */
import { createRequire } from "node:module"
import { SqlError } from "@effect/sql/SqlError"
import type { PgClientFromPoolOptions } from "@effect/sql-pg/PgClient"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { attempt } from "../../plain/untrusted.js"
import type { PgTarget } from "./pgOptions.js"

const clientPackage = "@effect/sql-pg"

/** What of `pg`'s pool is used here. */
interface Pool {
  readonly on: (event: "error", listener: () => void) => void
  readonly query: (text: string) => Promise<unknown>
  readonly end: () => Promise<void>
}

type PoolOptions = Readonly<Record<string, unknown>>

/** The pool of the client that the program has; package managers need not put it anywhere else. `undefined` in a bundle that has both. */
const poolClass = (): (new (options: PoolOptions) => Pool) | undefined =>
  attempt(() => {
    const client = createRequire(import.meta.url).resolve(`${clientPackage}/package.json`)
    return createRequire(client)("pg").Pool
  }, undefined)

/** What the client's own layer does, but for `allowExitOnIdle`, which it does not pass on. `undefined` where there is no such pool. */
export const poolOf = ({
  connectTimeout,
  maxConnections,
  ssl,
  url
}: PgTarget): PgClientFromPoolOptions["acquire"] | undefined => {
  const Pool = poolClass()
  if (Pool === undefined) return undefined
  const options: PoolOptions = {
    connectionString: Redacted.value(url),
    ...(ssl === undefined ? {} : { ssl }),
    max: maxConnections,
    connectionTimeoutMillis: Duration.toMillis(connectTimeout),
    allowExitOnIdle: true
  }
  const opened: Effect.Effect<Pool, SqlError, Scope.Scope> = Effect.acquireRelease(
    Effect.sync(() => {
      const pool = new Pool(options)
      // One that is lost while it is idle is replaced by another one.
      pool.on("error", () => {})
      return pool
    }),
    (pool) => Effect.ignore(Effect.timeout(Effect.interruptible(Effect.promise(() => pool.end())), "1 second"))
  )
  const reached = (pool: Pool) =>
    Effect.tryPromise({
      try: () => pool.query("SELECT 1"),
      catch: (cause) => new SqlError({ cause, message: "The server was not reached" })
    }).pipe(
      Effect.timeoutFail({
        duration: connectTimeout,
        onTimeout: () =>
          new SqlError({ cause: new Error("Connection timed out"), message: "The server did not answer" })
      })
    )
  return opened.pipe(
    Effect.tap(reached),
    // The client's own type, which has the types of `pg` where they are installed.
    Effect.map((pool) => pool as never)
  )
}
