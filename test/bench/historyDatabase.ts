/**
 * Builds a history of a million stories and measures what asking it costs; writes a part of `docs/history-benchmarks.md`.
 *
 *     npm run bench:history               some minutes, and some GB in the folder for temporary files
 *     npm run bench:history -- 20000      a smaller one, printed only
 *     npm run bench:history -- 1000000 x  kept in the folder x, where it is found the next time
 *
 * The rows are inserted by hand, as nobody could wait for a million stories to be reported; the schema is the real one.
 */
import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Effect, Layer } from "effect"
import type { NarrativeEvent } from "../../src/event/NarrativeEvent.js"
import * as historyPage from "./historyPage.js"
import { type Query, queriesOf } from "./historyQueries.js"
import { History, HistoryRenderer, Narrative, NarrativeEvents, Renderer } from "./library.js"
import { openSqlite } from "./sqlite.js"

const million = 1_000_000
const stories = Number(process.argv[2] ?? million)
if (!Number.isSafeInteger(stories) || stories < 1_000)
  throw new Error("How many stories? A whole number, 1,000 or more")

const kept = process.argv[3]
const folder = kept ?? mkdtempSync(join(tmpdir(), "narrative-bench-"))
if (kept === undefined) process.once("exit", () => rmSync(folder, { recursive: true, force: true }))
const filename = join(folder, `history-${stories}.db`)
const isThere = existsSync(filename)

const days = 30
const millisOfDay = 86_400_000
// Its last story is as old as the file.
const end = isThere ? statSync(filename).birthtimeMs : Date.now()
const begin = end - days * millisOfDay

/** The same numbers in every run. */
let seed = 42
const random = (): number => {
  seed = (Math.imul(seed ^ (seed >>> 15), 1 | seed) + 0x6d2b79f5) | 0
  const mixed = seed ^ (seed + Math.imul(seed ^ (seed >>> 7), 61 | seed))
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
}

/** Few are frequent, and many are rare. */
const frequentFirst = (count: number): number => Math.min(count - 1, Math.floor(count * random() ** 3))

/** Most are short, and a few are very long. */
const seconds = (typical: number): number =>
  typical * Math.exp(Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()))

const names = Array.from({ length: 24 }, (_, i) => `Import ${String.fromCharCode(65 + i)}`)
const stageNames = ["Load", "Validate", "Enrich", "Match", "Insert", "Index", "Notify", "Report"]
const errorTypes = ["SqlError", "TimeoutException", "ParseError", "Unreachable", "RangeError"]
const regions = ["north", "south", "east", "west"]

const idOf = (millis: number): string => {
  const time = Math.floor(millis).toString(16).padStart(12, "0")
  const rest = Array.from({ length: 4 }, () =>
    Math.floor(random() * 65_536)
      .toString(16)
      .padStart(4, "0")
  ).join("")
  return `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(0, 3)}-8${rest.slice(3, 6)}-${rest.slice(6)}${"abcdef".slice(0, 2)}`
}

/** A real report with its locals, to be written again and again. */
const failing = Effect.gen(function* () {
  const recorded: Array<NarrativeEvent> = []
  const order = {
    id: 17,
    customer: "ada",
    lines: Array.from({ length: 20 }, (_, i) => ({ sku: `sku-${i}`, price: i }))
  }
  yield* Effect.die(new RangeError(`order ${order.id} has ${order.lines.length} lines`)).pipe(
    Narrative.stage("Insert", { attributes: { order } }),
    Narrative.story("Import A"),
    Effect.exit,
    Effect.provide(Renderer.replace(Renderer.make("recorder", (event) => void recorded.push(event))))
  )
  return recorded
})

const build = (report: string): void => {
  const database = openSqlite(filename)
  database.pragma("synchronous = OFF")
  database.pragma("cache_size = -200000")
  const insert = (table: string, columns: string) =>
    database.prepare(
      `INSERT INTO ${table} (${columns}) VALUES (${columns
        .split(",")
        .map(() => "?")
        .join(", ")})`
    )
  const story = insert(
    "stories",
    "id,name,kind,root_story_id,status,started_at,ended_at,duration_seconds,percent,completed_stages,total_stages,failed_stages,cancelled_stages,dry_run,trace_id,span_id,labels,writer_id"
  )
  const label = insert("story_labels", "name,value,started_at,story_key")
  const stage = insert(
    "stages",
    "story_key,stage_index,story_name,name,kind,status,started_at,ended_at,duration_seconds,retries,error_type,error_message,orphaned,trace_id,span_id"
  )
  const failure = insert(
    "failures",
    "story_key,story_id,sequence,occurred_at,story_name,stage_name,error_type,error_code,error_message,retryable,handled,location,fingerprint,exact_cause,report"
  )
  const event = insert("events", "story_key,sequence,recorded_at,event,stage_index")
  const iso = (millis: number) => new Date(millis).toISOString()
  const { lastInsertRowid: writer } = insert(
    "writers",
    "host,pid,process_identity,heartbeat_seconds,started_at,last_seen_at,ended_at"
  ).run("bench", 1, "", 15, iso(begin), iso(end), iso(end))
  const traceId = "ee5f96d1a9354fcb32f3d1545a74cb45"
  database.exec("BEGIN")
  for (let i = 0; i < stories; i++) {
    if (i % 10_000 === 9_999) database.exec("COMMIT; BEGIN")
    const startedAt = begin + ((end - begin) * i) / stories
    const which = frequentFirst(names.length)
    const name = names[which] ?? ""
    const id = idOf(startedAt)
    const fate = random()
    const status =
      fate < 0.945
        ? "success"
        : fate < 0.975
          ? "failed"
          : fate < 0.98
            ? "timeout"
            : fate < 0.995
              ? "cancelled"
              : "partial"
    const count = 3 + (which % 5)
    const durations = Array.from({ length: count }, (_, s) => seconds(0.05 * (1 + s)))
    const duration = durations.reduce((sum, one) => sum + one, 0)
    const region = regions[frequentFirst(regions.length)] ?? ""
    const failed = status === "failed" || status === "timeout"
    const { lastInsertRowid: key } = story.run(
      id,
      name,
      "import",
      id,
      status,
      iso(startedAt),
      iso(startedAt + duration * 1_000),
      duration,
      100,
      count,
      count,
      failed ? 1 : 0,
      status === "cancelled" ? 1 : 0,
      0,
      traceId,
      "fb4c2db036b577d6",
      `{"region":"${region}"}`,
      writer
    )
    label.run("region", region, iso(startedAt), key)
    let at = startedAt
    let sequence = 0
    event.run(key, sequence++, iso(at), "StoryStarted", null)
    for (let s = 0; s < count; s++) {
      const last = s === count - 1
      const ended = last && failed ? "failed" : last && status === "cancelled" ? "cancelled" : "completed"
      const took = durations[s] ?? 0
      const errorType = ended === "failed" ? (errorTypes[frequentFirst(5)] ?? "") : null
      event.run(key, sequence++, iso(at), "StageStarted", s)
      stage.run(
        key,
        s,
        name,
        stageNames[s % 8] ?? "",
        "stage",
        ended,
        iso(at),
        iso(at + took * 1_000),
        took,
        0,
        errorType,
        errorType === null ? null : "it did not work",
        0,
        traceId,
        "fb4c2db036b577d6"
      )
      at += took * 1_000
      event.run(key, sequence++, iso(at), `Stage${ended.charAt(0).toUpperCase()}${ended.slice(1)}`, s)
      if (errorType === null) continue
      const fingerprint = ((which * 40 + s * 5 + errorType.length) * 2_654_435_761)
        .toString(16)
        .padStart(16, "0")
        .slice(0, 16)
      failure.run(
        key,
        id,
        sequence,
        iso(at),
        name,
        stageNames[s % 8] ?? "",
        errorType,
        status === "timeout" ? "TIMEOUT" : "UNKNOWN",
        "it did not work",
        0,
        0,
        `src/import.ts:${10 + s}`,
        fingerprint,
        `${errorType}: it did not work`,
        report
      )
      event.run(key, sequence++, iso(at), "FailureOccurred", null)
    }
    event.run(key, sequence, iso(at), "StoryCompleted", null)
  }
  database.exec("COMMIT")
  database.pragma("wal_checkpoint(TRUNCATE)")
  database.close()
}

const command = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url))

/** The command as a whole process, from its start to its end. */
const narrative = (...args: ReadonlyArray<string>): Query => ({
  name: `\`narrative ${args.join(" ")}\``,
  bar: 500,
  run: Effect.sync(() =>
    execFileSync(process.execPath, [command, ...args], { env: { ...process.env, NARRATIVE_DB: filename } })
  )
})

const times = 15

const measure = Effect.gen(function* () {
  const page = yield* History.stories({ limit: 1, until: new Date(begin + 20 * millisOfDay).toISOString() })
  const asked = queriesOf(History, { begin, rare: names.at(-1) ?? "", someId: page.stories[0]?.id ?? "" })
  const commands = [narrative("--help"), narrative("failures"), narrative("stories"), narrative("stats")]
  const rows: Array<{ readonly name: string; readonly bar: number; readonly median: number; readonly worst: number }> =
    []
  for (const { bar, name, run } of [...asked, ...commands]) {
    const taken: Array<number> = []
    for (let i = 0; i < times; i++) {
      const start = performance.now()
      yield* run
      taken.push(performance.now() - start)
    }
    taken.sort((a, b) => a - b)
    const row = { name, bar, median: taken[Math.floor(times / 2)] ?? Number.NaN, worst: taken[times - 1] ?? Number.NaN }
    process.stdout.write(`${name}: ${row.median.toFixed(1)} ms (worst ${row.worst.toFixed(1)})\n`)
    rows.push(row)
  }
  return rows
}).pipe(Effect.provide(History.layerSqlite({ path: filename })))

// Makes the tables.
await Effect.runPromise(Effect.scoped(Layer.build(HistoryRenderer.layer({ path: filename }))))
const [, , , failed] = await Effect.runPromise(failing)
const start = performance.now()
if (!isThere) build(failed === undefined ? "" : NarrativeEvents.toWire(failed))
const gigabytes = statSync(filename).size / 1e9
process.stdout.write(
  `${stories.toLocaleString("en")} stories, ${gigabytes.toFixed(2)} GB, built in ${((performance.now() - start) / 1_000).toFixed(0)} s\n`
)
const rows = await Effect.runPromise(measure)

const missed = rows.filter(({ bar, median }) => median > bar)
if (stories === million) {
  const lines = rows.map(
    ({ bar, median, name, worst }) =>
      `| ${name} | ${median.toFixed(1)} ms | ${worst.toFixed(1)} ms | < ${bar} ms | ${median <= bar ? "met" : "MISSED"} |`
  )
  historyPage.write(
    "In a file",
    `    npm run bench:history

A history of ${stories.toLocaleString("en")} stories of 3 to 7 stages, within ${days} days, with every event's row and a full report of each
failure (${gigabytes.toFixed(1)} GB); each query ${times} times through \`History\`, its answer decoded, and the command as often as a process of
its own, from its start to its end.

| | median | worst | bar | |
|---|--:|--:|---|---|
${lines.join("\n")}`
  )
}
if (missed.length > 0) process.exitCode = 1
