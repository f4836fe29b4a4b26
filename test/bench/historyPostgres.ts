/**
 * What a history costs on PostgreSQL: writing, against `COPY` of the same rows and against a file, and asking. Writes a part of
 * `docs/history-benchmarks.md`.
 *
 *     npm run bench:history:postgres                 1,000,000 stories to ask, which takes some minutes and some GB
 *     npm run bench:history:postgres -- 20000        fewer, printed only
 *     npm run bench:history:postgres -- 1000000 url  of a schema that was built before
 *
 * It starts a server of its own, whose commits do not wait for the disk; the file's do not either.
 */

import { mkdtempSync, rmSync } from "node:fs"
import { loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { Duration, Effect } from "effect"
import { makeDurable, openFile, writing } from "../../src/history/database/database.js"
import { migrate } from "../../src/history/database/migrations.js"
import * as partitions from "../../src/history/database/partitions.js"
import { makeSchema, openPg } from "../../src/history/database/postgres.js"
import { History } from "../../src/history/index.js"
import { countHours } from "../../src/history/write/countHours.js"
import * as historyWriter from "../../src/history/write/historyWriter.js"
import * as settings from "../../src/history/write/settings.js"
import type { NarrativeEvent } from "../../src/index.js"
import { Narrator } from "../fixtures/events.js"
import * as postgres from "../fixtures/postgresServer.js"
import * as historyPage from "./historyPage.js"
import { queriesOf } from "./historyQueries.js"
import { build } from "./postgresHistory.js"

const million = 1_000_000
const stories = Number(process.argv[2] ?? million)
const now = Date.now()
const millisOfDay = 86_400_000

const print = (line: string) => Effect.sync(() => void process.stdout.write(`${line}\n`))

const timed = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<number, E, R> =>
  Effect.map(Effect.timed(self), ([duration]) => Duration.toMillis(duration))

/** Events of stories of ten stages. */
const written = Array.from({ length: 1_500 }, (_, i) => {
  const narrator = new Narrator("Import", `story ${i}`)
  const at = { timestamp: now }
  const events: Array<NarrativeEvent.NarrativeEvent> = [narrator.start(at)]
  for (let s = 0; s < 10; s++) {
    const stage = narrator.stage(`Stage ${s}`)
    events.push(narrator.stageStarted(stage, at), narrator.completed(stage, at))
  }
  events.push(narrator.end(at))
  return events
}).flat()

const write = (writer: historyWriter.HistoryWriter) =>
  Effect.gen(function* () {
    for (let at = 0; at < written.length; at += 2_048) yield* writer.write(written.slice(at, at + 2_048))
  })

const writingBench = (server: postgres.Postgres, folder: string) =>
  Effect.gen(function* () {
    const decoded = yield* settings.decode({})
    const schema = (name: string) =>
      Effect.gen(function* () {
        const database = yield* openPg({ url: server.url(name) })
        yield* migrate(database, makeSchema(database.sql))
        yield* partitions.makePartitions(database.sql, 7)
        return database.sql
      })
    // Once before, for whatever is compiled when it runs.
    yield* write(yield* historyWriter.make({ sql: yield* schema("before"), ...decoded }))
    const source = yield* schema("written")
    const onServer = yield* timed(write(yield* historyWriter.make({ sql: source, ...decoded })))
    const target = yield* schema("copied")
    yield* target`INSERT INTO copied.writers SELECT * FROM written.writers`
    const tables = ["stories", "events", "stages"]
    for (const table of tables)
      yield* server.rows(`COPY (SELECT * FROM written.${table}) TO '${server.folder}/${table}.copy'`)
    const byCopy = yield* timed(
      writing(
        target,
        Effect.forEach(tables, (table) => target.unsafe(`COPY ${table} FROM '${server.folder}/${table}.copy'`))
      )
    )
    const file = yield* openFile(join(folder, "history.db"))
    yield* migrate(file, makeDurable(file.sql))
    yield* file.sql.unsafe("PRAGMA synchronous = OFF")
    const inFile = yield* timed(write(yield* historyWriter.make({ sql: file.sql, ...decoded })))
    const rate = (millis: number) => Math.round(written.length / (millis / 1_000)).toLocaleString("en")
    const share = byCopy / onServer
    const rows = [
      `| ${written.length.toLocaleString("en")} events, each once, into PostgreSQL | ${rate(onServer)}/s | |`,
      `| their rows by \`COPY\` | ${rate(byCopy)}/s | ${share.toFixed(2)}, bar ≥ 0.4: ${share >= 0.4 ? "met" : "MISSED"} |`,
      `| the same events into a file | ${rate(inFile)}/s | ${(inFile / onServer).toFixed(2)} |`
    ]
    yield* print(rows.join("\n"))
    return rows
  })

/** When its first story began. */
const beginOf = (url: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { sql } = yield* openPg({ url })
      const rows = yield* sql<{ began: string }>`SELECT min(started_at) AS began FROM stories`
      return Date.parse(rows[0]?.began ?? "")
    })
  )

const times = 15

const asking = (begin: number) =>
  Effect.gen(function* () {
    const page = yield* History.stories({ limit: 1, until: new Date(begin + 20 * millisOfDay).toISOString() })
    const rows: Array<string> = []
    for (const { bar, name, run } of queriesOf(History, {
      begin,
      rare: "Import X",
      someId: page.stories[0]?.id ?? ""
    })) {
      const taken: Array<number> = []
      for (let i = 0; i < times; i++) taken.push(yield* timed(run))
      taken.sort((a, b) => a - b)
      const [median = Number.NaN, worst = Number.NaN] = [taken[Math.floor(times / 2)], taken[times - 1]]
      const most = Math.max(bar, 50)
      const verdict = median <= most ? "met" : "MISSED"
      rows.push(`| ${name} | ${median.toFixed(1)} ms | ${worst.toFixed(1)} ms | < ${most} ms | ${verdict} |`)
      yield* print(rows.at(-1) ?? "")
    }
    return rows
  })

const text = (rates: ReadonlyArray<string>, asked: ReadonlyArray<string>) => `    npm run bench:history:postgres

PostgreSQL 15 on the same machine, whose commits do not wait for the disk; nor do those of the file.

| | | |
|---|--:|---|
${rates.join("\n")}

A history of ${stories.toLocaleString("en")} stories of 5 stages, within 30 days, with every event's row; each query ${times} times through
\`History\`, its answer decoded; load average ${(loadavg()[0] ?? 0).toFixed(0)} on this machine.

| | median | worst | bar | |
|---|--:|--:|---|---|
${asked.join("\n")}`

await Effect.runPromise(
  Effect.gen(function* () {
    const server = yield* postgres.start
    const folder = mkdtempSync(join(tmpdir(), "narrative-bench-"))
    yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(folder, { recursive: true })))
    const rates = yield* writingBench(server, folder)
    const url = process.argv[3] ?? server.url("asked")
    const built = process.argv[3] === undefined ? yield* timed(build(url, stories)) : 0
    // As whoever writes does in the background.
    const { sql } = yield* openPg({ url })
    const hours = yield* timed(countHours(sql))
    yield* print(`hours counted in ${(hours / 1_000).toFixed(0)} s`)
    yield* print(`${stories.toLocaleString("en")} stories, built in ${(built / 1_000).toFixed(0)} s`)
    const asked = yield* Effect.provide(asking(yield* beginOf(url)), History.layerPg({ url }))
    if (stories === million) historyPage.write("On PostgreSQL", text(rates, asked))
  }).pipe(Effect.scoped)
)
