/**
 * The database itself: opened, known to be ours, and written to in transactions that end one way or the other.
 */
import { constants, existsSync, statSync } from "node:fs"
import { copyFile, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import * as errorCode from "../../cause/errorCode.js"
import * as fileSystem from "../../file/fileSystem.js"
import * as folders from "../../file/folders.js"
import { warnOnce } from "../../runtime/warnOnce.js"
import { HistoryError, type HistoryErrorReason } from "../HistoryError.js"
import { discard, isLost, isPg } from "./connections.js"

/** Over a network, only a connection on which the server has answered; any other one may not answer at all. */
const mayRollBack = (sql: SqlClient.SqlClient, cause: Cause.Cause<unknown>): boolean =>
  !isPg(sql) || Option.exists(Cause.failureOption(cause), (error) => !isLost(sql, error))

/** A client, and where it came from. */
export interface Database {
  readonly sql: SqlClient.SqlClient
  /** `null` where the program provided the client. */
  readonly filename: string | null
}

/**
 * Opens a file for writing, and makes it and its folders if they are not there. Nothing is written before
 * {@link makeDurable}: the file may be another application's.
 *
 * @internal
 */
export const openFile = (filename: string): Effect.Effect<Database, HistoryError, Scope.Scope> =>
  Effect.zipRight(
    Effect.try({
      try: () => folders.makeNow(dirname(filename)),
      catch: (cause) => failure(filename)("CannotOpen", "cannot be made: its folder cannot", cause)
    }),
    open(filename, false)
  )

/** Opens a file that has to exist. */
export const openExisting = (filename: string, readonly: boolean): Effect.Effect<Database, HistoryError, Scope.Scope> =>
  Effect.suspend(() => {
    if (!existsSync(filename)) {
      return failure(filename)("NotFound", "does not exist. A HistoryRenderer makes it")
    }
    const opened = openReady(filename, readonly)
    return readonly ? Effect.catchIf(opened, isUnwritable, () => openCopy(filename, opened)) : opened
  }).pipe((self) => Effect.zipRight(clientModule(filename), self))

/** Opens a file, and asks it something: SQLite looks at it only then. */
const openReady = (filename: string, readonly: boolean) =>
  Effect.tap(open(filename, readonly), ({ sql }) =>
    Effect.mapError(
      Effect.zipRight(makeRoomy(sql), sql.unsafe("SELECT count(*) FROM sqlite_master")),
      queryFailed(filename)
    )
  )

const isUnwritable = ({ reason }: HistoryError): boolean => reason === "ReadOnly" || reason === "CannotOpen"

/**
 * A history that was closed well has no index of its log beside it, which SQLite makes to read one. Where it must not, a
 * copy is read; no process that could write to the history has it open, or the index would exist.
 */
const openCopy = (filename: string, opened: ReturnType<typeof openReady>) =>
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.tryPromise(() => mkdtemp(join(tmpdir(), "narrative-history-"))),
      (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
    )
    const copy = join(folder, "history.db")
    yield* Effect.tryPromise(() => copyFile(filename, copy, constants.COPYFILE_FICLONE))
    const log = `${filename}-wal`
    if (existsSync(log)) yield* Effect.tryPromise(() => copyFile(log, `${copy}-wal`))
    const { sql } = yield* openReady(copy, true)
    return { sql, filename }
  }).pipe(
    // What the file itself said is what helps.
    Effect.catchAll(() => opened)
  )

/** Room for what is read more than once, and for sorting a day of stages without a file. */
export const roomy = ["cache_size = -65536", "temp_store = MEMORY"]

const makeRoomy = (sql: SqlClient.SqlClient): Effect.Effect<void, SqlError> =>
  Effect.forEach(roomy, (setting) => sql.unsafe(`PRAGMA ${setting}`), { discard: true })

const open = (filename: string, readonly: boolean): Effect.Effect<Database, HistoryError, Scope.Scope> =>
  Effect.flatMap(clientModule(filename), ({ layer }) =>
    // Its layer, not its constructor: that would ask for a service of @effect/experimental. It throws what it cannot open.
    Layer.build(layer({ filename, readonly, disableWAL: true })).pipe(
      Effect.map((context) => ({ sql: Context.get(context, SqlClient.SqlClient), filename })),
      Effect.catchAllCause((cause) =>
        Effect.fail(failure(filename)("CannotOpen", `cannot be opened: ${whyOf(cause)}`, Cause.squash(cause)))
      )
    )
  )

/**
 * Loaded by the first file: whoever uses PostgreSQL need not install it.
 *
 * @internal whoever has no such package has no types of it either.
 */
export const clientModule = (filename: string) =>
  Effect.tryPromise({
    // An import that is caught, a bundler leaves to be found when it is needed.
    try: () => import("@effect/sql-sqlite-node/SqliteClient").catch((cause) => Promise.reject(cause)),
    catch: (cause) => failure(filename)("NotInstalled", "needs a package: npm install @effect/sql-sqlite-node", cause)
  })

/** Distinguishes the file of a name from another one that was put in its place. `undefined` where there is none. */
export const identityOf = (filename: string): string | undefined => {
  const found = statSync(filename, { throwIfNoEntry: false })
  return found === undefined ? undefined : `${found.dev}:${found.ino}`
}

const whyOf = (cause: Cause.Cause<unknown>): string => {
  const thrown = Cause.squash(cause)
  if (!(thrown instanceof Error)) return String(thrown)
  // Followed by every place that was looked in.
  const isNotBuilt = thrown.message.startsWith("Could not locate the bindings file")
  return isNotBuilt || codeOf(thrown) === "ERR_DLOPEN_FAILED" ? noAddon : thrown.message
}

const noAddon =
  "better-sqlite3 was not built for this Node. Allow its install script where your package manager asks for that, then run `npm rebuild better-sqlite3`"

/** @internal */
export const failure =
  (filename: string | null) =>
  (reason: HistoryErrorReason, detail: string, cause?: unknown): HistoryError =>
    new HistoryError({ filename, reason, detail, ...(cause === undefined ? {} : { cause }) })

/** The code of the engine's own error, wherever it is: `SQLITE_BUSY`, `SQLITE_FULL`, PostgreSQL's `40001`. */
export const codeOf = (error: unknown): string | undefined => errorCode.codeOf(error, /^\w+$/)

const busyCodes = /^(SQLITE_BUSY|SQLITE_LOCKED|40001$|40P01$|55P03$)/

/** Whether another connection was writing, so that trying again will help. */
export const isBusy = (error: unknown): boolean => busyCodes.test(codeOf(error) ?? "")

/** A query's error in the history's own words. */
export const queryFailed =
  (filename: string | null) =>
  (error: SqlError): HistoryError => {
    const why = Predicate.isError(error.cause) ? error.cause.message : error.message
    const code = codeOf(error) ?? ""
    const [reason, what] =
      refusals.find(([codes]) => codes.test(code))?.[1] ?? (["QueryFailed", "refused a query"] as const)
    return failure(filename)(reason, `${what}: ${why}`, error)
  }

const refusals: ReadonlyArray<readonly [RegExp, readonly [HistoryErrorReason, string]]> = [
  [/^SQLITE_(NOTADB|CORRUPT)/, ["NotADatabase", "cannot be read"]],
  [/^SQLITE_READONLY/, ["ReadOnly", "cannot be written to"]],
  [/^SQLITE_CANTOPEN/, ["CannotOpen", "cannot be opened"]],
  [/^SQLITE_(BUSY|LOCKED)/, ["CannotOpen", "is in use"]]
]

/**
 * Commits reach the disk before they are answered, readers and the writer do not wait for each other, and the writer
 * itself does not block the process while another one writes: it gets `SQLITE_BUSY`, and tries again later.
 *
 * @internal
 */
export const makeDurable = (sql: SqlClient.SqlClient): Effect.Effect<void, SqlError> =>
  sql.onDialectOrElse({
    sqlite: () =>
      Effect.gen(function* () {
        yield* setJournalMode(sql)
        yield* sql.unsafe("PRAGMA synchronous = FULL")
        yield* sql.unsafe("PRAGMA foreign_keys = ON")
        yield* sql.unsafe("PRAGMA busy_timeout = 0")
      }),
    orElse: () => Effect.void
  })

/**
 * A log beside the file, by way of shared memory, wherever that can be relied on. On a file system that machines share it damages
 * the file within minutes; without it readers and the writer wait for each other.
 */
const setJournalMode = (sql: SqlClient.SqlClient) =>
  Effect.gen(function* () {
    const [main] = yield* sql.unsafe<{ readonly file: string }>("PRAGMA database_list")
    const file = main?.file ?? ""
    const { isShared, name } = fileSystem.kindAt(file)
    // A database in memory has no file.
    if (file === "" || !isShared) return yield* sql.unsafe("PRAGMA journal_mode = WAL")
    yield* warnOnce(
      `The database ${file} is on ${name}, which machines may share: it is written without a write-ahead log, which is slower and not safe from two machines at a time. Put it on a local disk`
    ) ?? Effect.void
    return yield* sql.unsafe("PRAGMA journal_mode = DELETE")
  })

/** Makes a statement wait for others that write, for a second at most. The thread waits, too. */
export const waitWhileBusy = (sql: SqlClient.SqlClient): Effect.Effect<void, SqlError> =>
  sql.onDialectOrElse({
    sqlite: () => Effect.asVoid(sql.unsafe("PRAGMA busy_timeout = 1000")),
    orElse: () => Effect.void
  })

/** More than any transaction has: what runs it does nothing else meanwhile, and no process ends in the middle of it. */
const wholeTransaction = Number.MAX_SAFE_INTEGER

/**
 * Runs an effect in a transaction that may write from its first statement on. Not `SqlClient.withTransaction`: that
 * begins a transaction which can be refused half-way, and leaves it open for good when its commit is refused.
 *
 * @internal
 */
export const writing = <A, E, R>(
  sql: SqlClient.SqlClient,
  self: Effect.Effect<A, E, R>
): Effect.Effect<A, E | SqlError, Exclude<R, SqlClient.TransactionConnection>> => {
  const begin = sql.onDialectOrElse({ sqlite: () => "BEGIN IMMEDIATE", orElse: () => "BEGIN" })
  return Effect.scoped(
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(sql.reserve, (connection) =>
        connection.executeRaw(begin, []).pipe(
          Effect.zipRight(restore(Effect.provideService(self, SqlClient.TransactionConnection, [connection, 0]))),
          Effect.zipLeft(connection.executeRaw("COMMIT", [])),
          Effect.tapErrorCause((cause) =>
            mayRollBack(sql, cause) ? Effect.ignore(connection.executeRaw("ROLLBACK", [])) : discard(connection)
          )
        )
      )
    )
  ).pipe(Effect.withMaxOpsBeforeYield(wholeTransaction), Effect.withTracerEnabled(false))
}
