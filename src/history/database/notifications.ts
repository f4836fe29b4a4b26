/**
 * Word from programs that write to a schema of PostgreSQL to those that follow it.
 *
 * It is sent when a batch is committed, never by the batch: transactions that notify commit one after the other, for the whole server. It says
 * only that there is something; what, a reader asks.
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import { withoutNarration } from "../../runtime/muting.js"
import { withoutHoldingProcess } from "../../runtime/unheldTimers.js"

/** Of a database. What comes through it is the name of a schema, or a probe. */
export const channel = "effect_narrative"

/** Says that something was written to the schema of the connections. */
export const notify = (sql: SqlClient): Effect.Effect<void, SqlError> =>
  Effect.asVoid(sql.unsafe(`SELECT pg_notify('${channel}', current_schema())`))

/** Most often, in milliseconds. */
const shortestInterval = 50

/** Notifies after each run of what it gives; those that come close together, once. What cannot be notified, followers find by themselves. */
export const notifying = (sql: SqlClient): Effect.Effect<Effect.Effect<void>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const written = yield* Queue.sliding<void>(1)
    yield* Queue.take(written).pipe(
      Effect.zipRight(Effect.ignore(notify(sql))),
      Effect.zipRight(Effect.sleep(shortestInterval)),
      Effect.forever,
      Effect.withTracerEnabled(false),
      withoutNarration,
      withoutHoldingProcess,
      Effect.interruptible,
      Effect.forkScoped
    )
    return Effect.asVoid(Queue.offer(written, undefined))
  })

/** A client that can listen. */
export interface Listening {
  readonly listen: (channel: string) => Stream.Stream<string, SqlError>
}

/** A client of the program's own may be another one, which cannot. */
export const canListen = (sql: object): sql is Listening =>
  Predicate.hasProperty(sql, "listen") && Predicate.isFunction(sql.listen)
