/**
 * Histories in real SQLite files, for the length of a test.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe } from "@effect/vitest"
import { Effect, FiberRefs, Layer, type Scope } from "effect"
import * as rendererSet from "../../src/delivery/rendererSet.js"
import { makeDurable, openFile } from "../../src/history/database/database.js"
import { migrate } from "../../src/history/database/migrations.js"
import { makeSchema, openPg } from "../../src/history/database/postgres.js"
import { History, HistoryRenderer } from "../../src/history/index.js"
import type { Renderer } from "../../src/index.js"
import { openSqlite } from "../bench/sqlite.js"
import * as postgres from "../fixtures/postgres.js"

/** A folder that is gone when the scope closes. */
export const folder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "narrative-history-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

export const file: Effect.Effect<string, never, Scope.Scope> = Effect.map(folder, (path) => join(path, "history.db"))

/** The renderer that a layer adds, for as long as the scope is open. */
export const rendererOf = <E, R>(
  layer: Layer.Layer<never, E, R>
): Effect.Effect<Renderer.Renderer, E, R | Scope.Scope> =>
  Effect.gen(function* () {
    const runtime = yield* Layer.toRuntime(layer)
    const renderer = FiberRefs.getOrDefault(runtime.fiberRefs, rendererSet.current).at(-1)
    if (renderer === undefined) return yield* Effect.dieMessage("the layer adds a renderer")
    return renderer
  })

/** A history is at a file, or at the URL of a schema of PostgreSQL. */
const isUrl = (place: string): boolean => place.startsWith("postgres:")

/** Writes to a history. */
export const layerAt = (place: string, options: HistoryRenderer.HistoryOptions = {}) =>
  isUrl(place)
    ? HistoryRenderer.layerPg({ strategy: "suspend", ...options, url: place })
    : HistoryRenderer.layer({ path: place, ...options })

/** Everything emitted while it runs is in the history when it is done. */
export const recorded = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  place: string,
  options: HistoryRenderer.HistoryOptions = {}
) => Effect.provide(self, layerAt(place, options))

/** Asks a history that programs may still be writing to. */
export const asked = <A, E, R>(self: Effect.Effect<A, E, R>, place: string, readonly = true) =>
  Effect.provide(self, isUrl(place) ? History.layerPg({ url: place }) : History.layerSqlite({ path: place, readonly }))

/** A database that is ready to be written to. */
export const databaseAt = (place: string) =>
  Effect.gen(function* () {
    const database = isUrl(place) ? yield* openPg({ url: place }) : yield* openFile(place)
    yield* migrate(database, isUrl(place) ? makeSchema(database.sql) : makeDurable(database.sql))
    return database
  })

/** Rows as somebody finds them who opens the file by hand. */
export const rowsOf = (
  filename: string,
  query: string
): Effect.Effect<ReadonlyArray<Readonly<Record<string, unknown>>>> =>
  Effect.sync(() => {
    const database = openSqlite(filename)
    try {
      return database.prepare(query).all()
    } finally {
      database.close()
    }
  })

const changes = ["stories", "stages"].flatMap((table) =>
  ["insert", "update", "delete"].map((change) => `${table}_${change}`)
)

/** Statements that make a history one of the first version, in their order. */
export const toFirstVersion = (place: string): ReadonlyArray<string> => [
  ...(isUrl(place)
    ? ["DROP FUNCTION forget_hours() CASCADE"]
    : [...changes.map((trigger) => `DROP TRIGGER ${trigger}`), "DROP INDEX stories_by_end"]),
  "DROP TABLE hour_summaries",
  "DROP TABLE summary_hours",
  "DROP TABLE story_correlations",
  "ALTER TABLE stories DROP COLUMN correlation",
  "DELETE FROM schema_migrations WHERE migration_id > 1"
]

/** Where a test puts its history, and how its rows are found there by hand. */
export interface TestDatabase {
  /** A place that no other test has. */
  readonly file: Effect.Effect<string, never, Scope.Scope>
  readonly rowsOf: typeof rowsOf
}

/** Declares the same tests for each database. PostgreSQL is started for the file of tests that asks for it. */
export const onBothDatabases = (tests: (database: TestDatabase) => void): void => {
  describe("in a file of SQLite", () => tests({ file, rowsOf }))
  describe("in a schema of PostgreSQL", () => tests(onPostgres(postgres.ofFile())))
}

export const onPostgres = (server: Effect.Effect<postgres.Postgres>): TestDatabase => ({
  file: Effect.map(server, ({ url }) => url(postgres.freshSchema())),
  rowsOf: (place, query) =>
    Effect.flatMap(server, ({ rows }) => rows(query, new URL(place).searchParams.get("schema") ?? ""))
})
