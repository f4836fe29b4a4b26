/**
 * The database of runs, kept in step with its journal for as long as a scope is open.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as connections from "../history/database/connections.js"
import * as database from "../history/database/database.js"
import * as reopened from "../history/database/reopened.js"
import type { Source } from "../history/database/source.js"
import type { HistoryError } from "../history/HistoryError.js"
import { Permits } from "../runtime/permits.js"
import { isDue } from "../runtime/warningCadence.js"
import { warning } from "../runtime/warnOnce.js"
import { inBackground } from "./background.js"
import * as intake from "./intake.js"
import { migrate } from "./runTables.js"

export interface RunStore {
  /** Says that there is something new in the journal. */
  readonly wake: Effect.Effect<void>
  /** Takes in all that the journal says by now. */
  readonly catchUp: Effect.Effect<void, HistoryError>
  /** Asks the database, or writes to it. */
  readonly use: <A>(use: (sql: SqlClient.SqlClient) => Effect.Effect<A, SqlError>) => Effect.Effect<A, HistoryError>
}

export interface StoreOptions {
  readonly source: Source
  /** `undefined` where writes go to the database at once. */
  readonly journal: intake.JournalPlace | undefined
}

/**
 * The journal is taken in when nothing was written for so long, so that writes of one moment are one transaction and what is written of a
 * short run is one row; in milliseconds. Whoever asks for what was written does not wait for that.
 */
const gatheredFor = 25
/** How often it waits for that while there are writes all the time. */
const mostWaits = 10
/** How long a database that others write to is waited for. */
const busyTimeout = Duration.seconds(30)
/** How long the last lines are waited for when the scope is closed; the next start takes in what is left. */
const shutdownTimeout = Duration.seconds(5)
/** How long a database that fails is left alone. */
const restAfterFailure = Duration.seconds(5)

/**
 * Opens the database, which is made if it does not exist. It never fails: without a database the journal alone goes on, and
 * the database is tried again.
 *
 * @internal
 */
export const make = (options: StoreOptions): Effect.Effect<RunStore, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { journal, source } = options
    const opened = yield* reopened.make({ open: open(source), identity: source.identity })
    const alone = new Permits(1)
    const failed = database.queryFailed(source.name)
    const use: RunStore["use"] = (f) => {
      // A file has one connection, and a server some.
      const asked = (sql: SqlClient.SqlClient) => Effect.mapError(connections.again(sql, f(sql)), failed)
      return Effect.flatten(
        alone.run(
          Effect.flatMap(opened.current, (sql) =>
            connections.isPg(sql) ? Effect.succeed(asked(sql)) : Effect.map(asked(sql), Effect.succeed)
          )
        )
      )
    }
    if (journal === undefined) return { wake: Effect.void, catchUp: Effect.void, use }
    const catchUp = Effect.asVoid(
      Effect.iterate(true, { while: (isMore) => isMore, body: () => takeStep(use, journal) })
    )
    const signal = yield* Queue.sliding<void>(1)
    let writes = 0
    const wake = Effect.sync(() => {
      writes += 1
      Queue.unsafeOffer(signal, undefined)
    })
    const gathered = (waits: number): Effect.Effect<void> => {
      const seen = writes
      return Effect.flatMap(Effect.sleep(gatheredFor), () =>
        writes === seen || waits === mostWaits ? Effect.void : gathered(waits + 1)
      )
    }
    // What was written up to now is taken in this time. What could not be taken in is tried again without another write.
    const awake = Queue.take(signal).pipe(
      Effect.flatMap(() => gathered(1)),
      Effect.zipRight(Queue.takeAll(signal))
    )
    yield* background(
      Effect.zipRight(
        awake,
        Effect.tapErrorCause(catchUp, () => wake)
      )
    )
    yield* Effect.addFinalizer(() => Effect.ignore(Effect.timeout(Effect.interruptible(catchUp), shutdownTimeout)))
    yield* wake
    return { wake, catchUp, use }
  })

const open = (source: Source): Effect.Effect<SqlClient.SqlClient, HistoryError, Scope.Scope> =>
  Effect.gen(function* () {
    const opened = yield* source.open
    yield* migrate(opened, prepare(source, opened.sql))
    return opened.sql
  })

/** The journal has what a commit has that was lost with the power: it need not be waited for. */
export const prepare = (source: Source, sql: SqlClient.SqlClient): Effect.Effect<void, SqlError> =>
  Effect.gen(function* () {
    yield* source.prepare(sql)
    if (!connections.isPg(sql)) yield* sql.unsafe("PRAGMA synchronous = NORMAL")
  })

/** One transaction; whether there is more to take in. */
const takeStep = (use: RunStore["use"], journal: intake.JournalPlace) =>
  Effect.gen(function* () {
    const since = yield* Clock.currentTimeMillis
    const attempt = (pause: number): Effect.Effect<intake.Taken, HistoryError> =>
      Effect.catchIf(
        use((sql) => intake.step(sql, journal)),
        database.isBusy,
        (error) =>
          Effect.flatMap(Clock.currentTimeMillis, (now) =>
            now - since >= Duration.toMillis(busyTimeout)
              ? Effect.fail(error)
              : Effect.zipRight(Effect.sleep(pause), attempt(Math.min(pause * 2, 250)))
          )
      )
    const { isMore, unread } = yield* attempt(5)
    for (const text of unread) {
      yield* warning(
        `The journal of runs in ${journal.folder} has a line that cannot be read, and is left out: ${text}`
      )
    }
    // A backlog must not keep the thread from the program.
    if (isMore) yield* Effect.yieldNow()
    return isMore
  })

const whyOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  return error instanceof Error ? error.message : String(error)
}

/** Again and again until the scope is closed. What fails is logged at its 1st, 2nd, 4th, … time, and tried again. */
const background = <E>(work: Effect.Effect<unknown, E>): Effect.Effect<void, never, Scope.Scope> => {
  let failures = 0
  const step = Effect.matchCauseEffect(work, {
    onSuccess: () => Effect.void,
    onFailure: (cause) => {
      failures += 1
      const logged = isDue(failures)
        ? warning(
            `The runs are in the journal, but could not be taken into the database; this is tried again: ${whyOf(cause)}`
          )
        : Effect.void
      return Effect.zipRight(logged, Effect.sleep(restAfterFailure))
    }
  })
  return inBackground(step)
}
