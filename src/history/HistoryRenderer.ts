/**
 * Writes every story into a database that can be asked later: what failed, how long things take, what runs right now.
 *
 * Needs `@effect/sql`, `@effect/sql-sqlite-node` for a file, and `@effect/sql-pg` for PostgreSQL.
 *
 * @since 0.1.0
 */
import { resolve } from "node:path"
import * as SqlClient from "@effect/sql/SqlClient"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as boundedBuffer from "../delivery/boundedBuffer.js"
import * as Renderer from "../delivery/Renderer.js"
import type { NarrativeEvent } from "../event/NarrativeEvent.js"
import type { InvalidOption } from "../plain/InvalidOption.js"
import { logWarning } from "../runtime/logWarning.js"
import { withoutNarration } from "../runtime/muting.js"
import { withoutHoldingProcess } from "../runtime/unheldTimers.js"
import { isPg } from "./database/connections.js"
import { type Database, identityOf, makeDurable, openFile, queryFailed } from "./database/database.js"
import { migrate } from "./database/migrations.js"
import { notify, notifying } from "./database/notifications.js"
import * as partitions from "./database/partitions.js"
import type { PgConnection } from "./database/pgOptions.js"
import { eventsInTransaction } from "./database/positions.js"
import { makeSchema, openPg } from "./database/postgres.js"
import * as reopened from "./database/reopened.js"
import * as retention from "./database/retention.js"
import type { HistoryError } from "./HistoryError.js"
import { countHours } from "./write/countHours.js"
import * as historyWriter from "./write/historyWriter.js"
import type { HistoryOptions } from "./write/settings.js"
import * as settings from "./write/settings.js"

export type { HistoryOptions } from "./write/settings.js"

const name = "history"

/**
 * @since 0.1.0
 * @category models
 */
export interface SqliteOptions extends HistoryOptions {
  /** The file, such as `narrative.db`. */
  readonly path: string
}

/**
 * Writes into an SQLite file, which is made if it is not there, with its folders. A committed batch survives whatever
 * becomes of the process or the machine. Several processes may write into one file.
 *
 * @example
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { ConsoleRenderer, Narrative } from "effect-narrative"
 * import { HistoryRenderer } from "effect-narrative/history"
 *
 * const program = Effect.void.pipe(Narrative.stage("Load"), Narrative.story("Nightly ETL"))
 *
 * const Renderers = Layer.merge(
 *   ConsoleRenderer.layer(),
 *   HistoryRenderer.layer({ path: "narrative.db", keepDays: 30 })
 * )
 *
 * program.pipe(Effect.provide(Renderers), Narrative.runMain)
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: SqliteOptions): Layer.Layer<never, HistoryError | InvalidOption> =>
  Renderer.layerScoped(
    Effect.gen(function* () {
      const path = yield* settings.decodePath(options)
      const decoded = yield* settings.decode(options)
      const { write, writeAtExit } = yield* toFile(path, decoded)
      return yield* fromWrite(decoded, write, writeAtExit)
    })
  )

/**
 * Writes through the `SqlClient` of the program: SQLite or PostgreSQL. How durable a commit is, and how long the client
 * waits for a lock, is the client's own affair.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerSql = (
  options: HistoryOptions = {}
): Layer.Layer<never, HistoryError | InvalidOption, SqlClient.SqlClient> =>
  Renderer.layerScoped(
    Effect.flatMap(settings.decode(options), (settings) =>
      Effect.flatMap(SqlClient.SqlClient, (sql) =>
        Effect.flatMap(open({ sql: sql.withoutTransforms(), filename: null }, settings, Effect.void), ({ write }) =>
          fromWrite(settings, write)
        )
      )
    )
  )

/**
 * @since 0.1.0
 * @category models
 */
export interface PgOptions extends HistoryOptions, PgConnection {
  /** Most events in a transaction: 1–4,096 (default 2,048). */
  readonly batchSize?: number | undefined
  /**
   * What happens when `capacity` events wait, as while the server is out of reach: `dropping` drops the new event (the default:
   * a network does not hold a program up), `sliding` the oldest, `suspend` makes stages wait.
   */
  readonly strategy?: HistoryOptions["strategy"]
}

/**
 * Writes into a schema of PostgreSQL, which is made if it is not there. Any number of programs on any number of machines may
 * write into one. A batch is written exactly once, also when its connection is lost in the middle. Needs `@effect/sql-pg`.
 *
 * @example
 * ```ts
 * import { Config, Effect, Layer } from "effect"
 * import { Narrative } from "effect-narrative"
 * import { HistoryRenderer } from "effect-narrative/history"
 *
 * const program = Effect.void.pipe(Narrative.stage("Load"), Narrative.story("Nightly ETL"))
 *
 * const Renderers = Layer.unwrapEffect(
 *   Effect.map(Config.redacted("DATABASE_URL"), (url) => HistoryRenderer.layerPg({ url, keepDays: 30 }))
 * )
 *
 * program.pipe(Effect.provide(Renderers), Narrative.runMain)
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerPg = (options: PgOptions = {}): Layer.Layer<never, HistoryError | InvalidOption> =>
  Renderer.layerScoped(
    Effect.gen(function* () {
      const decoded = yield* settings.decode({ strategy: "dropping", ...options }, eventsInTransaction)
      const database = yield* openPg(options, settings.names)
      const { write } = yield* open(database, decoded, makeSchema(database.sql))
      return yield* fromWrite(decoded, write)
    })
  )

/** Makes the database ready, and tends it until the scope is closed. */
const open = (
  database: Database,
  options: settings.Settings,
  prepare: ReturnType<typeof makeDurable>
): Effect.Effect<historyWriter.HistoryWriter, HistoryError, Scope.Scope> =>
  Effect.gen(function* () {
    yield* migrate(database, prepare)
    const { sql } = database
    const writer = yield* Effect.mapError(historyWriter.make({ sql, ...options }), queryFailed(database.filename))
    const end = isPg(sql) ? Effect.zipRight(writer.end, notify(sql)) : writer.end
    // Before the buffer in time, so that it comes after the buffer's last batch at the end.
    yield* Effect.addFinalizer(() => Effect.ignore(Effect.timeout(Effect.interruptible(end), "1 second")))
    yield* background(writer.beat, options.heartbeat)
    const makePartitions = isPg(sql) ? partitions.makePartitions(sql, options.partitionDays) : Effect.void
    // The first ones before the first event.
    yield* Effect.mapError(makePartitions, queryFailed(database.filename))
    const prune =
      options.retention === undefined ? Effect.void : retention.prune(sql, options.retention, { isPatient: true })
    if (options.retention !== undefined || isPg(sql)) {
      yield* background(Effect.zipRight(makePartitions, prune), Duration.toMillis("10 minutes"))
    }
    // Not by programs that are done in a moment; and a little at a time, for this one has other work.
    yield* background(Effect.delay(countHours(sql, 50), "1 minute"), Duration.toMillis("10 minutes"))
    if (!isPg(sql)) return writer
    const notified = yield* notifying(sql)
    return { ...writer, write: (events) => Effect.zipLeft(writer.write(events), notified) }
  })

/**
 * Writes to the file of that name, also when it is not the one that was opened any more: what is written to a deleted
 * file is accepted, and gone.
 */
const toFile = (path: string, options: settings.Settings) =>
  Effect.gen(function* () {
    // A program may change its working directory; a database in memory has no path.
    const filename = path.startsWith(":") ? path : resolve(path)
    const opened = yield* reopened.make({
      open: Effect.flatMap(openFile(filename), (database) => open(database, options, makeDurable(database.sql))),
      identity: () => identityOf(filename),
      onReplaced: logWarning(
        `The history ${filename} was deleted or replaced while it was written to; a new one is begun`
      )
    })
    // What cannot be opened is an error of the program's layer, and not of its first event.
    yield* opened.current
    const write = (events: ReadonlyArray<NarrativeEvent>) =>
      Effect.flatMap(opened.current, (writer) => writer.write(events))
    const writeAtExit = (begun: ReadonlyArray<NarrativeEvent>, waiting: ReadonlyArray<NarrativeEvent>) =>
      Effect.suspend(() => opened.last()?.writeAtExit(begun, waiting) ?? Effect.void)
    return { write, writeAtExit }
  })

/** @internal */
export const fromWrite = <E>(
  options: settings.Settings,
  write: (events: ReadonlyArray<NarrativeEvent>) => Effect.Effect<void, E>,
  writeAtExit?: (begun: ReadonlyArray<NarrativeEvent>, waiting: ReadonlyArray<NarrativeEvent>) => Effect.Effect<void, E>
): Effect.Effect<Renderer.Renderer, never, Scope.Scope> =>
  boundedBuffer.make({
    name,
    size: options.batchSize,
    within: options.batchWithin,
    capacity: options.capacity,
    strategy: options.strategy,
    shutdownTimeout: options.shutdownTimeout,
    handle: write,
    ...(writeAtExit === undefined
      ? {}
      : { atExit: (begun, waiting) => void Effect.runSyncExit(writeAtExit(begun, waiting)) })
  })

/** Again and again until the layer is closed. What goes wrong is logged the first time, and tried again the next. */
const background = <E>(
  work: Effect.Effect<unknown, E>,
  everyMillis: number
): Effect.Effect<void, never, Scope.Scope> => {
  let wasWell = true
  return work.pipe(
    Effect.matchCauseEffect({
      onSuccess: () =>
        Effect.sync(() => {
          wasWell = true
        }),
      onFailure: (cause) => {
        const warning = wasWell
          ? logWarning("The history could not be maintained; the program goes on", cause)
          : Effect.void
        wasWell = false
        return warning
      }
    }),
    Effect.repeat(Schedule.spaced(everyMillis)),
    withoutNarration,
    withoutHoldingProcess,
    Effect.interruptible,
    Effect.forkScoped,
    Effect.asVoid
  )
}
