/**
 * Where runs are kept in tests: in memory, in a folder, and on PostgreSQL, with a journal and without.
 */
import { rmSync } from "node:fs"
import { join } from "node:path"
import { Effect, Layer, type Scope } from "effect"
import { Run } from "../../src/runs.js"
import { openSqlite } from "../bench/sqlite.js"
import type { Postgres } from "../fixtures/postgres.js"
import { folder, onPostgres, rowsOf } from "../history/histories.js"

/** A place of its own. */
export interface Place {
  /** The folder of the journal, or one in which there is none. */
  readonly baseDir: string
  /** Where the history beside the runs is. */
  readonly database: string
  readonly layer: (options?: Run.RunPgOptions) => Layer.Layer<Run.Runs>
  readonly deleteDatabase: Effect.Effect<void>
  /** Changes the database by hand. */
  readonly execute: (statement: string) => Effect.Effect<void>
  /** Rows as they are found by whoever asks the database by hand. */
  readonly rowsOf: (query: string) => ReturnType<typeof rowsOf>
}

export interface RunDatabase {
  readonly where: string
  readonly place: Effect.Effect<Place, never, Scope.Scope>
}

const inFolder: RunDatabase = {
  where: "in a folder",
  place: Effect.map(folder, (baseDir) => {
    const database = join(baseDir, "db/telemetry.sqlite")
    return {
      baseDir,
      database,
      deleteDatabase: Effect.sync(() => rmSync(join(baseDir, "db"), { recursive: true })),
      execute: (statement) =>
        Effect.sync(() => {
          const opened = openSqlite(database)
          opened.exec(statement)
          opened.close()
        }),
      layer: (options = {}) => Run.layer({ ...options, baseDir }),
      rowsOf: (query) => rowsOf(database, query)
    }
  })
}

const inSchema = (server: Effect.Effect<Postgres>, hasJournal: boolean): RunDatabase => {
  const postgres = onPostgres(server)
  return {
    where: hasJournal ? "on PostgreSQL, by a journal" : "on PostgreSQL",
    place: Effect.map(Effect.zip(folder, postgres.file), ([baseDir, url]) => ({
      baseDir,
      database: url,
      deleteDatabase: Effect.asVoid(
        postgres.rowsOf(url, `DROP SCHEMA ${new URL(url).searchParams.get("schema")} CASCADE`)
      ),
      execute: (statement) => Effect.asVoid(postgres.rowsOf(url, statement)),
      layer: (options = {}) => Run.layerPg({ ...options, ...(hasJournal ? { baseDir } : {}), url }),
      rowsOf: (query) => postgres.rowsOf(url, query)
    }))
  }
}

/** Those that have a journal. */
export const journalled = (server: Effect.Effect<Postgres>): ReadonlyArray<RunDatabase> => [
  inFolder,
  inSchema(server, true)
]

export const databases = (server: Effect.Effect<Postgres>): ReadonlyArray<RunDatabase> => [
  ...journalled(server),
  inSchema(server, false)
]

/** A layer of a fresh place each time it is built, of runs alone. */
export const layers = (server: Effect.Effect<Postgres>) => [
  { where: "in memory", layer: Run.layerTest },
  ...databases(server).map(({ place, where }) => ({
    where,
    layer: Layer.unwrapScoped(Effect.map(place, ({ layer }) => layer({ history: false, git: false })))
  }))
]
