/**
 * Imports this repository's own `package-lock.json` into an SQLite file, and then a second time, which fails. What it did
 * is told on the terminal, in a file of JSON lines, as a page for the browser, and in a history that can be queried.
 *
 * `npm start` runs it. It writes to `.narrative`, or to the folder that NARRATIVE_DIR names.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as SqlClient from "@effect/sql/SqlClient"
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import { Array, Config, Console, Effect, Layer, Schema } from "effect"
import { ConsoleRenderer, Diagnostics, HtmlReportRenderer, JsonRenderer, Narrative } from "effect-narrative"
import { HistoryRenderer } from "effect-narrative/history"

const Ranges = Schema.optionalWith(Schema.Record({ key: Schema.String, value: Schema.String }), { default: () => ({}) })

const Package = Schema.Struct({
  version: Schema.String,
  license: Schema.optionalWith(Schema.String, { default: () => "unknown" }),
  dependencies: Ranges,
  peerDependencies: Ranges
})

const Lockfile = Schema.Struct({
  lockfileVersion: Schema.Literal(3),
  packages: Schema.Record({ key: Schema.String, value: Package })
})

const readLockfile = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const text = yield* fs.readFileString("package-lock.json").pipe(Narrative.stage("Read File"))
  const lockfile = yield* Schema.decode(Schema.parseJson(Lockfile))(text).pipe(Narrative.stage("Validate Schema"))
  return lockfile.packages
}).pipe(Narrative.stage("Load package-lock.json"))

const createTables = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`DROP TABLE IF EXISTS dependencies`
  yield* sql`DROP TABLE IF EXISTS packages`
  yield* sql`CREATE TABLE packages (path TEXT PRIMARY KEY, version TEXT NOT NULL, license TEXT NOT NULL)`
  yield* sql`CREATE TABLE dependencies (path TEXT REFERENCES packages, name TEXT, range TEXT, PRIMARY KEY (path, name))`
}).pipe(Narrative.stage("Create Tables"))

const insertInto = Effect.fnUntraced(function* (table: string, rows: ReadonlyArray<Readonly<Record<string, string>>>) {
  const sql = yield* SqlClient.SqlClient
  let done = 0
  for (const batch of Array.chunksOf(rows, 50)) {
    yield* sql`INSERT INTO ${sql(table)} ${sql.insert(batch)}`
    done += batch.length
    yield* Narrative.progress(done, rows.length)
  }
})

const savePackages = Effect.fnUntraced(function* (lockfile: typeof Lockfile.Type.packages) {
  const sql = yield* SqlClient.SqlClient
  const packages = Object.entries(lockfile).map(([path, { license, version }]) => ({ path, version, license }))
  const dependencies = Object.entries(lockfile).flatMap(([path, { dependencies, peerDependencies }]) =>
    Object.entries({ ...peerDependencies, ...dependencies }).map(([name, range]) => ({ path, name, range }))
  )
  const insertAll = Effect.gen(function* () {
    yield* insertInto("packages", packages).pipe(Narrative.stage("Insert Packages"))
    yield* insertInto("dependencies", dependencies).pipe(Narrative.stage("Insert Dependencies"))
  })
  yield* sql.withTransaction(insertAll).pipe(Narrative.stage("Write Transaction"))
  yield* Narrative.setOutcome(`${packages.length} packages, ${dependencies.length} dependencies`)
})

const importLockfile = Effect.gen(function* () {
  const lockfile = yield* readLockfile
  yield* createTables
  yield* savePackages(lockfile)
}).pipe(Narrative.story("Import Lockfile", { kind: "import", totalStages: 7 }))

const importAgain = Effect.gen(function* () {
  const lockfile = yield* readLockfile
  yield* savePackages(lockfile)
}).pipe(Narrative.story("Import Lockfile Again", { kind: "import", totalStages: 6 }))

const directory = Config.string("NARRATIVE_DIR").pipe(Config.withDefault(".narrative"))

const program = Effect.gen(function* () {
  const folder = yield* directory
  yield* importLockfile
  yield* importAgain.pipe(
    Effect.catchTag("SqlError", () => Console.log("\nThis failure was on purpose: the same rows were already there."))
  )
  yield* Console.log(`
The output above was also written to
  ${folder}/report.html    a page: open it in a browser
  ${folder}/events.jsonl   a line of JSON for each event
  ${folder}/history.db     every run so far, for the narrative command:

  npm run -s narrative -- failures   what failed
  npm run -s narrative -- stats      how long stages take, what fails how often
  npm run -s narrative -- tail       the events, as they come in`)
})

const Live = Layer.unwrapEffect(
  Effect.gen(function* () {
    const folder = yield* directory
    const fs = yield* FileSystem.FileSystem
    yield* fs.makeDirectory(folder, { recursive: true })
    return Layer.mergeAll(
      SqliteClient.layer({ filename: `${folder}/lockfile.db` }),
      ConsoleRenderer.layer(),
      Diagnostics.layer({ mode: "rich" }),
      JsonRenderer.layerFile({ path: `${folder}/events.jsonl` }),
      HtmlReportRenderer.layer({ path: `${folder}/report.html` }),
      HistoryRenderer.layer({ path: `${folder}/history.db`, keepStories: 1_000 })
    )
  })
).pipe(Layer.provideMerge(NodeFileSystem.layer))

program.pipe(Effect.provide(Live), Narrative.runMain)
