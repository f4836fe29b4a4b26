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

import { mkdtempSync, readFileSync, rmSync } from "node:fs"
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

const middle = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

/** One after the other, as other programs are at work, too. */
const rounds = 5

const tables = ["stories", "events", "stages"]

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
    const round = (i: number) =>
      Effect.gen(function* () {
        const source = yield* schema(`written_${i}`)
        const onServer = yield* timed(write(yield* historyWriter.make({ sql: source, ...decoded })))
        const target = yield* schema(`copied_${i}`)
        yield* target.unsafe(`INSERT INTO copied_${i}.writers SELECT * FROM written_${i}.writers`)
        for (const table of tables)
          yield* server.rows(`COPY (SELECT * FROM written_${i}.${table}) TO '${server.folder}/${table}_${i}.copy'`)
        const byCopy = yield* timed(
          writing(
            target,
            Effect.forEach(tables, (table) => target.unsafe(`COPY ${table} FROM '${server.folder}/${table}_${i}.copy'`))
          )
        )
        const file = yield* openFile(join(folder, `history_${i}.db`))
        yield* migrate(file, makeDurable(file.sql))
        yield* file.sql.unsafe("PRAGMA synchronous = OFF")
        const inFile = yield* timed(write(yield* historyWriter.make({ sql: file.sql, ...decoded })))
        return { onServer, byCopy, inFile }
      })
    const taken = yield* Effect.forEach(
      Array.from({ length: rounds }, (_, i) => i),
      round
    )
    const onServer = middle(taken.map(({ onServer }) => onServer))
    const byCopy = middle(taken.map(({ byCopy }) => byCopy))
    const inFile = middle(taken.map(({ inFile }) => inFile))
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

/** Milliseconds that any of the questions may take of the processors. */
const mostWork = 50

const applicationName = "bench"

/** Milliseconds that the processor has worked for the connections of that name, where the system is Linux and says so. */
const workOf = (url: string) =>
  Effect.gen(function* () {
    const { sql } = yield* openPg({ url, applicationName: "watcher" })
    const found = Effect.map(
      sql<{ pid: number }>`SELECT pid FROM pg_stat_activity WHERE application_name = ${applicationName}`,
      (rows) => rows.map(({ pid }) => pid)
    )
    const workOfProcess = (pid: number) => Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ", 1)[0]) / 1e6
    return Effect.map(found, (pids) => () => {
      const { system, user } = process.cpuUsage()
      return (system + user) / 1_000 + pids.reduce((sum, pid) => sum + workOfProcess(pid), 0)
    })
  })

const asking = (url: string, begin: number) =>
  Effect.gen(function* () {
    const connected = yield* workOf(url)
    const page = yield* History.stories({ limit: 1, until: new Date(begin + 20 * millisOfDay).toISOString() })
    const rows: Array<string> = []
    for (const { name, run } of queriesOf(History, {
      begin,
      rare: "Import X",
      someId: page.stories[0]?.id ?? ""
    })) {
      yield* run
      const work = yield* connected
      const [taken, worked]: [Array<number>, Array<number>] = [[], []]
      for (let i = 0; i < times; i++) {
        const before = work()
        taken.push(yield* timed(run))
        worked.push(work() - before)
      }
      const verdict = middle(worked) <= mostWork ? "met" : "MISSED"
      rows.push(
        `| ${name} | ${middle(worked).toFixed(1)} ms | ${middle(taken).toFixed(1)} ms | ${Math.max(...taken).toFixed(1)} ms | < ${mostWork} ms | ${verdict} |`
      )
      yield* print(rows.at(-1) ?? "")
    }
    return rows
  })

const text = (rates: ReadonlyArray<string>, asked: ReadonlyArray<string>) => `    npm run bench:history:postgres

PostgreSQL 15 on the same machine, whose commits do not wait for the disk; nor do those of the file.

| of ${rounds} rounds, the median | | |
|---|--:|---|
${rates.join("\n")}

A history of ${stories.toLocaleString("en")} stories of 5 stages, within 30 days, with every event's row; each query ${times} times through
\`History\`, its answer decoded; load average ${(loadavg()[0] ?? 0).toFixed(0)} on this machine. "Work" is what the processors did for it, in
the program and in the server, and what the bar is for: the rest is waiting for a processor.

| | work, median | median | worst | bar | |
|---|--:|--:|--:|---|---|
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
    const { sql } = yield* openPg({ url, statementTimeout: "1 hour" })
    const hours = yield* timed(countHours(sql))
    yield* print(`hours counted in ${(hours / 1_000).toFixed(0)} s`)
    yield* print(`${stories.toLocaleString("en")} stories, built in ${(built / 1_000).toFixed(0)} s`)
    const asked = yield* Effect.provide(asking(url, yield* beginOf(url)), History.layerPg({ url, applicationName }))
    if (stories === million) historyPage.write("On PostgreSQL", text(rates, asked))
  }).pipe(Effect.scoped)
)
