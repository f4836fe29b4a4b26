/**
 * Brings a database to the version that is wanted; and says whether it is one of ours.
 *
 * A history and the runs of programs may share a file. Each has a table of migrations of its own.
 */
import * as Migrator from "@effect/sql/Migrator"
import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { HistoryError } from "../HistoryError.js"
import { isPg } from "./connections.js"
import { type Database, failure, isBusy, queryFailed, writing } from "./database.js"

/** The tables of one subject. */
export interface Plan {
  /** What writes them, as an error names it. */
  readonly what: string
  /** Where it is kept which migrations were applied. */
  readonly table: string
  readonly migrations: ReadonlyArray<Migrator.ResolvedMigration>
  readonly tables: ReadonlyArray<string>
  /** Tables of this package that may be in the file before these are. */
  readonly neighbours: ReadonlyArray<string>
}

/**
 * Brings an empty or an older database to the version of the plan, once, however many processes open it at a time. One that
 * is not ours, or is newer, is refused before anything is written.
 *
 * @internal
 */
export const migrate = (
  { filename, sql }: Database,
  prepare: Effect.Effect<void, SqlError>,
  plan: Plan
): Effect.Effect<void, HistoryError> =>
  Effect.gen(function* () {
    const found = yield* versionOf({ filename, sql }, plan)
    yield* patiently(prepare)
    const { migrations, table } = plan
    const run = Migrator.make({})({ loader: Effect.succeed(migrations), table })
    // Asked again within the transaction: another process may have done it by then.
    const advance = Effect.zipRight(versionOf({ filename, sql }, plan), run)
    if (found < migrations.length) yield* patiently(writing(sql, Effect.zipRight(alone(sql, table), advance)))
  }).pipe(
    Effect.provideService(SqlClient.SqlClient, sql),
    Effect.catchTags({
      SqlError: (error) => queryFailed(filename)(error),
      MigrationError: (error) => failure(filename)("QueryFailed", `cannot be migrated: ${error.message}`, error)
    }),
    // What fails within a migration, the migrator makes a defect of.
    Effect.catchAllDefect((defect) => failure(filename)("QueryFailed", "cannot be migrated", defect)),
    Effect.withTracerEnabled(false)
  )

/** SQLite has one writer at a time. Of PostgreSQL a transaction that was refused a statement, such as for a table, is over. */
const alone = (sql: SqlClient.SqlClient, table: string): Effect.Effect<void, SqlError> =>
  isPg(sql)
    ? sql
        .unsafe(
          "SELECT pg_advisory_xact_lock(hashtextextended('effect-narrative ' || current_setting('search_path'), 0))"
        )
        .pipe(
          Effect.zipRight(
            sql.unsafe(`CREATE TABLE IF NOT EXISTS ${table} (
              migration_id integer PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now(), name text NOT NULL)`)
          ),
          Effect.asVoid
        )
    : Effect.void

const patiently = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.retry(self, { while: isBusy, schedule: Schedule.spaced("20 millis").pipe(Schedule.upTo("30 seconds")) })

/** Fails unless the database can be read as it is. */
export const checkReadable = (database: Database, plan: Plan): Effect.Effect<void, HistoryError> =>
  Effect.flatMap(versionOf(database, plan), (found) => {
    const version = plan.migrations.length
    if (found === 0) return failure(database.filename)("NotCreated", `is empty: no ${plan.what} has written to it yet`)
    return found < version
      ? failure(database.filename)(
          "OlderVersion",
          `was written by an older version (schema ${found}, this is ${version}): open it once for writing`
        )
      : Effect.void
  })

/** 0 for a database that is empty. Fails for one that is not ours, and for one newer than we are. */
const versionOf = ({ filename, sql }: Database, plan: Plan): Effect.Effect<number, HistoryError> =>
  Effect.gen(function* () {
    const fail = failure(filename)
    const { migrations, neighbours, table, tables } = plan
    const version = migrations.length
    const found = yield* tablesOf(sql)
    const names = found.map(({ name }) => name)
    const path = found.find(({ name }) => name === table)?.path
    if (path === undefined) {
      const others = names.filter((name) => tables.includes(name) || (ownsAll(sql) && !neighbours.includes(name)))
      if (others.length === 0) return 0
      return yield* fail(
        "Foreign",
        `holds tables of another application (${others.slice(0, 5).join(", ")}). Nothing was written to it; give another file`
      )
    }
    const applied = yield* sql.unsafe<{ migration_id: number; name: string }>(
      `SELECT migration_id, name FROM ${path} ORDER BY migration_id`
    )
    const foreign = applied.find(({ migration_id: id, name }) => id <= version && migrations[id - 1]?.[1] !== name)
    if (
      foreign !== undefined ||
      (applied.length === 0 && names.some((name) => name !== table && ownsAll(sql) && !neighbours.includes(name)))
    ) {
      return yield* fail(
        "Foreign",
        `has a table ${table} of another application. Nothing was written to it; give another file`
      )
    }
    const last = Math.max(0, ...applied.map(({ migration_id }) => migration_id))
    if (last <= version) return last
    return yield* fail(
      "NewerVersion",
      `was written by a newer version of effect-narrative (schema ${last}, this one knows ${version}): update it`
    )
  }).pipe(Effect.catchTag("SqlError", (error) => queryFailed(filename)(error)))

/** A file of SQLite is ours alone; a schema of PostgreSQL may be shared with others. */
const ownsAll = (sql: SqlClient.SqlClient): boolean => !isPg(sql)

/** Those that this role may not read are among them, so that an error says what it lacks. With `path`, it names the schema, too. */
const tablesOf = (
  sql: SqlClient.SqlClient
): Effect.Effect<ReadonlyArray<{ readonly name: string; readonly path: string }>, SqlError> =>
  sql.unsafe(
    sql.onDialectOrElse({
      sqlite: () =>
        "SELECT name, name AS path FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
      orElse: () =>
        `SELECT c.relname AS name, format('%I.%I', n.nspname, c.relname) AS path
          FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
          WHERE n.nspname = COALESCE(current_schema(), current_setting('search_path')) AND c.relkind IN ('r', 'p', 'v')`
    })
  )
