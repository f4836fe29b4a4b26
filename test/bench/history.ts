/**
 * What it costs to keep a history, beside the bare inserts of the very same rows.
 *
 *     npm run bench -- history
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, FiberRefs, Layer, Scope } from "effect"
import type { Renderer as AnyRenderer } from "../../src/delivery/Renderer.js"
import type { NarrativeEvent } from "../../src/event/NarrativeEvent.js"
import { currentRenderers, deliver, HistoryRenderer, Narrative, Renderer } from "./library.js"
import type { Group } from "./rounds.js"
import { openSqlite } from "./sqlite.js"

const folder = mkdtempSync(join(tmpdir(), "narrative-bench-"))
process.once("exit", () => rmSync(folder, { recursive: true, force: true }))

let files = 0
const newFile = () => join(folder, `${files++}.db`)

const stages = 10_000
const storyName = "Import Customers"

let done = 0
const work = Effect.sync(() => {
  done += 1
})

const program = (name: string, count: number) =>
  Effect.gen(function* () {
    for (let i = 0; i < count; i++) yield* Narrative.stage(work, "Load CSV")
  }).pipe(Narrative.story(name, { totalStages: count, labels: { region: "north" } }))

/** What 500 stories of 20 stages each emit, and how many events that is. */
const recorded: Array<NarrativeEvent> = []
await Effect.runPromise(
  Effect.repeatN(program("Nightly Import", 20), 499).pipe(
    Effect.provide(Renderer.replace(Renderer.make("recorder", (event) => void recorded.push(event))))
  )
)
const batchSize = 2_048

/** Hands events to the renderer of a layer, and waits until all are in the database. */
const write = (path: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const runtime = yield* Scope.extend(Layer.toRuntime(HistoryRenderer.layer({ path, batchSize })), scope)
      const renderer = FiberRefs.getOrDefault(runtime.fiberRefs, currentRenderers).at(-1) as AnyRenderer
      for (const event of recorded) {
        const waiting = deliver(renderer, event)
        if (waiting !== undefined) yield* waiting
      }
    })
  )

/** The rows of the events above, by table, and the schema they stand in. */
const sample = newFile()
await Effect.runPromise(write(sample))
const written = openSqlite(sample)
const schema = written
  .prepare("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%'")
  .all()
  .map(({ sql }) => String(sql))
const tables = ["writers", "stories", "story_labels", "stages", "events"].map((name) => ({
  name,
  rows: written.prepare(`SELECT * FROM ${name}`).raw().all()
}))
written.close()
const rowsPerEvent = tables.reduce((sum, { rows }) => sum + rows.length, 0) / recorded.length

/** Each row by a prepared statement, as many transactions as the history needs. */
const insertRaw = () => {
  const database = openSqlite(newFile())
  database.pragma("journal_mode = WAL")
  database.pragma("synchronous = FULL")
  database.pragma("foreign_keys = ON")
  for (const statement of schema) database.exec(statement)
  const prepared = tables.map(({ name, rows }) => ({
    rows,
    at: 0,
    insert: database.prepare(`INSERT INTO ${name} VALUES (${(rows[0] ?? []).map(() => "?").join(", ")})`)
  }))
  const transactions = Math.ceil(recorded.length / batchSize)
  for (let i = 1; i <= transactions; i++) {
    database.exec("BEGIN IMMEDIATE")
    for (const table of prepared) {
      const end = Math.ceil((table.rows.length * i) / transactions)
      for (; table.at < end; table.at++) table.insert.run(...(table.rows[table.at] ?? []))
    }
    database.exec("COMMIT")
  }
  done += prepared.reduce((sum, { at }) => sum + at, 0)
  database.close()
}

const raw = "raw better-sqlite3, the same rows"

const events: Group = {
  title: "Events into a history",
  text: `${recorded.length.toLocaleString("en")} events of 500 stories into a new SQLite file (WAL, synchronous FULL), ${batchSize.toLocaleString("en")} events a transaction, from opening the file to closing it. Against the rows themselves, ${rowsPerEvent.toFixed(2)} an event, each inserted by a prepared statement of better-sqlite3 in as many transactions.`,
  command: "npm run bench -- history",
  per: recorded.length,
  rounds: 31,
  cases: [
    { name: "history", run: () => Effect.runPromise(write(newFile())) },
    { name: raw, run: insertRaw }
  ],
  // At least 0.6 times as fast, and 100,000 a second.
  rows: [{ name: "history", against: raw, bar: 1.67 }, { name: "history", atMostMicros: 10 }, { name: raw }]
}

const inSpan = Effect.withSpan(storyName, { captureStackTrace: false })
const spanned = (captureStackTrace: boolean) =>
  inSpan(
    Effect.gen(function* () {
      for (let i = 0; i < stages; i++) yield* Effect.withSpan(work, "Load CSV", { captureStackTrace })
    })
  )

const stage: Group = {
  title: "A stage with a history",
  text: "10,000 stages in a story, written to a new SQLite file on the program's own thread; the time includes opening the file and waiting until its last row is there.",
  command: "npm run bench -- history",
  per: stages,
  rounds: 21,
  cases: [
    {
      name: "stage, history",
      run: () =>
        Effect.runPromise(
          Effect.provide(
            program(storyName, stages),
            Layer.merge(Renderer.layerNone, HistoryRenderer.layer({ path: newFile() }))
          )
        )
    },
    {
      name: "stage, no renderer",
      run: () => Effect.runPromise(Effect.provide(program(storyName, stages), Renderer.layerNone))
    },
    { name: "withSpan", run: () => Effect.runPromise(spanned(true)) },
    { name: "withSpan, captureStackTrace: false", run: () => Effect.runPromise(spanned(false)) }
  ],
  rows: [
    { name: "stage, history", against: "withSpan", bar: 2 },
    { name: "stage, history", against: "withSpan, captureStackTrace: false" },
    { name: "stage, no renderer", against: "withSpan" },
    { name: "withSpan" }
  ]
}

export const groups: ReadonlyArray<Group> = [events, stage]

/** Whether the loops ran, and the rows of the last files are there. */
export const witnesses = () => [
  done,
  ...Array.from({ length: 4 }, (_, i) => {
    const database = openSqlite(join(folder, `${files - 1 - i}.db`))
    const [row] = database.prepare("SELECT count(*) AS count FROM stages").all()
    database.close()
    return Math.max(0, Number(row?.["count"]) - stages + 1)
  })
]
