/**
 * What is to be done when the server of a history is out of reach.
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { discard, isLost } from "../database/connections.js"

/** Most milliseconds between two attempts to reach the server. */
const longestPause = 1_000

/** What loses its connection that often may be why. */
const mostAttempts = 4

/**
 * Whether the server can be written to again. A connection that does not answer is ended, as is one to a server that only reads: it would be given
 * out again, as one that has nothing to do.
 */
const ping = (sql: SqlClient): Effect.Effect<void, SqlError> =>
  Effect.scoped(
    Effect.flatMap(sql.reserve, (connection) =>
      connection.execute("SELECT current_setting('transaction_read_only') AS readonly", [], undefined).pipe(
        Effect.filterOrFail(
          ([row]) => row?.readonly === "off",
          () => new SqlError({ cause: undefined, message: "The server takes no writes" })
        ),
        Effect.tapError((error) => (isLost(sql, error) ? discard(connection) : Effect.void))
      )
    )
  ).pipe(Effect.asVoid, Effect.withTracerEnabled(false))

/**
 * Waits for a server out of reach, for so many milliseconds at most. They count from when it was lost: a server that is down for
 * good does not cost that much for each batch.
 */
export const reconnection = (sql: SqlClient, reconnectTimeout: number) => {
  let lostSince: number | undefined
  const reached = Effect.sync(() => {
    lostSince = undefined
  })
  const untilReached = (pause: number): Effect.Effect<void, SqlError> =>
    Effect.matchEffect(ping(sql), {
      onSuccess: () => Effect.void,
      onFailure: (error) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) =>
          !isLost(sql, error) || (lostSince !== undefined && now - lostSince >= reconnectTimeout)
            ? Effect.fail(error)
            : Effect.zipRight(Effect.sleep(pause), untilReached(Math.min(pause * 2, longestPause)))
        )
    })
  /** Runs what can be run again: when its connection is lost, as soon as there is another one. */
  const persistently = <A>(self: Effect.Effect<A, SqlError>, attempts = mostAttempts): Effect.Effect<A, SqlError> =>
    Effect.catchIf(
      Effect.zipLeft(self, reached),
      (error) => attempts > 1 && isLost(sql, error),
      () =>
        Clock.currentTimeMillis.pipe(
          Effect.tap((now) =>
            Effect.sync(() => {
              lostSince ??= now
            })
          ),
          Effect.zipRight(untilReached(25)),
          Effect.zipRight(Effect.suspend(() => persistently(self, attempts - 1)))
        )
    )
  return { persistently }
}
