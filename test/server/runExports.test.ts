/**
 * Runs as files: the same runs in the order of the list, in every format, and nothing in them that a spreadsheet computes.
 */
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as runExport from "../../src/runs/runExport.js"
import * as runFilter from "../../src/runs/runFilter.js"
import { isFaulty } from "../../src/runs/runInput.js"
import * as runDatabase from "../../src/server/runDatabase.js"
import * as postgres from "../fixtures/postgres.js"
import { folder } from "../history/histories.js"
import { type Cell, readWorkbook } from "./readWorkbook.js"
import { databases, type ServedDatabase, serve } from "./serving.js"
import { validRun } from "./wrongRequests.js"

const run = (event_id: string, more: object = {}) => ({ ...validRun, event_id, run_id: `run ${event_id}`, ...more })

const hostile = [
  "=1+1",
  "+1",
  "-1",
  "@SUM(A1)",
  "\t=1",
  "\r=1",
  'a "quoted", text',
  "two\nlines",
  "<b>&amp;</b>",
  "_x0041_",
  "\u0001\u001f",
  "é 😀"
]

const servedAt = ({ place }: ServedDatabase) =>
  Effect.gen(function* () {
    const { ask, port } = yield* serve((yield* place).options)
    const fetched = (query: string) =>
      Effect.promise(async () => {
        const response = await fetch(`http://127.0.0.1:${port}/api/v1/runs/export?${query}`)
        return { headers: response.headers, status: response.status, bytes: Buffer.from(await response.arrayBuffer()) }
      })
    return { ask, fetched }
  })

describe.each(databases(postgres.ofFile()))("An export of runs, $where,", (database) => {
  const served = servedAt(database)

  it.scopedLive("has exactly what the filter finds, in the order of the list, in each format", () =>
    Effect.gen(function* () {
      const { ask, fetched } = yield* served
      const runs = Array.from({ length: 1_203 }, (_, i) =>
        run(`e${i}`, { duration_ms: i % 7 === 0 ? undefined : i % 100, status: i % 3 === 0 ? "failed" : "success" })
      )
      yield* ask("/api/v1/runs/batch", { body: runs.slice(0, 1_000) })
      yield* ask("/api/v1/runs/batch", { body: runs.slice(1_000) })
      const query = "status=failed&sort=-duration_ms&limit=10"
      const json = yield* fetched(`${query}&format=json`)
      const parsed: ReadonlyArray<Record<string, unknown>> = JSON.parse(json.bytes.toString())
      assert.strictEqual(json.headers.get("x-total-count"), "401")
      assert.lengthOf(new Set(parsed.map(({ event_id }) => event_id)).size === 401 ? parsed : [], 401)
      const listed = yield* ask(`/api/v1/runs?status=failed&sort=-duration_ms&limit=500`)
      assert.deepStrictEqual(
        parsed.map(({ event_id }) => event_id),
        listed.json.map((one: { event_id: string }) => one.event_id)
      )
      const csv = (yield* fetched(`${query}&format=csv`)).bytes.toString().trimEnd().split("\r\n")
      assert.strictEqual(csv[0], Object.keys(parsed[0] ?? {}).join(","))
      assert.deepStrictEqual(
        csv.slice(1).map((line) => line.split(",")[0]),
        parsed.map(({ event_id }) => event_id)
      )
      const { Runs = [], Summary = [], Agents = [] } = readWorkbook((yield* fetched(`${query}&format=xlsx`)).bytes)
      const names = Runs[0] ?? []
      assert.deepStrictEqual(
        Runs.slice(1),
        parsed.map((one) => names.map((name) => cellOf(one[String(name)])))
      )
      assert.deepInclude(Summary, ["Runs: failed", 401])
      assert.deepInclude(Summary, ["Filter", "status=failed"])
      assert.deepStrictEqual(Agents[1]?.slice(0, 5), ["agent", 401, 0, 0, 401])
    })
  )

  it.scopedLive("has texts of every kind as they are, and none that is computed", () =>
    Effect.gen(function* () {
      const { ask, fetched } = yield* served
      yield* ask("/api/v1/runs/batch", { body: hostile.map((input_summary, i) => run(`e${i}`, { input_summary })) })
      const query = "sort=created_at&fields=input_summary"
      const csv = (yield* fetched(`format=csv&${query}`)).bytes.toString()
      for (const begin of ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\t=1"]) assert.include(csv, `\n${begin}`)
      const { Runs = [] } = readWorkbook((yield* fetched(`format=xlsx&${query}`)).bytes)
      assert.deepStrictEqual(
        Runs.slice(1).map(([text]) => text),
        hostile
      )
    })
  )

  it.scopedLive("is an archive that unzip finds whole", () =>
    Effect.gen(function* () {
      const { ask, fetched } = yield* served
      yield* ask("/api/v1/runs", { body: run("a") })
      const { bytes } = yield* fetched("format=xlsx")
      const file = join(yield* folder, "runs.xlsx")
      yield* Effect.promise(() => import("node:fs/promises").then(({ writeFile }) => writeFile(file, bytes)))
      const tested = execFileSync("python3", [
        "-c",
        "import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).testzip())",
        file
      ])
      assert.strictEqual(tested.toString().trim(), "None")
    })
  )

  it.scopedLive("says that it has fewer runs than the filter finds, where fewer were wanted", () =>
    Effect.gen(function* () {
      const { ask, fetched } = yield* served
      yield* ask("/api/v1/runs/batch", { body: [run("a"), run("b"), run("c")] })
      const part = yield* fetched("format=json&most=2")
      assert.deepStrictEqual([part.headers.get("x-export-cut"), JSON.parse(part.bytes.toString()).length], ["true", 2])
      const whole = yield* fetched("format=json&most=3")
      assert.deepStrictEqual([whole.headers.get("x-export-cut"), JSON.parse(whole.bytes.toString()).length], [null, 3])
      const none = yield* fetched("format=json&status=failed")
      assert.deepStrictEqual(JSON.parse(none.bytes.toString()), [])
    })
  )

  it.scopedLive("is read from the database no faster than it is taken", () =>
    Effect.gen(function* () {
      const { options } = yield* database.place
      const { ask } = yield* serve(options)
      yield* ask("/api/v1/runs/batch", { body: Array.from({ length: 1_000 }, (_, i) => run(`e${i}`)) })
      const { opened } = yield* runDatabase.open({ ...options, baseDir: options.baseDir ?? (yield* folder) })
      yield* opened.store.catchUp
      const filter = runFilter.parse({})
      assert(!isFaulty(filter))
      for (const format of runExport.formats) {
        let reads = 0
        const use: typeof opened.store.use = (query) =>
          Effect.suspend(() => {
            reads += 1
            return opened.store.use(query)
          })
        const of = { format, most: Number.MAX_SAFE_INTEGER, title: "", now: 0 }
        const { bytes, count } = yield* runExport.make(use, filter.value, of)
        assert.strictEqual(count, 1_000)
        reads = 0
        const next = yield* Stream.toPull(bytes)
        yield* Effect.repeat(next, { until: () => reads === 2 })
        // The reader stops for a while.
        yield* Effect.repeatN(Effect.yieldNow(), 1_000)
        assert.strictEqual(reads, 2, format)
        yield* Effect.flip(Effect.forever(next))
        assert.strictEqual(reads, 10, format)
      }
    })
  )

  it.scopedLive("says what it does not take", () =>
    Effect.gen(function* () {
      const { fetched } = yield* served
      const wrong = yield* Effect.forEach(["format=pdf", "most=0", "status=odd", "fields=secret"], fetched)
      assert.deepStrictEqual(
        wrong.map(({ status }) => status),
        [422, 422, 422, 422]
      )
    })
  )
})

/** A value of the JSON as a cell has it. */
const cellOf = (value: unknown): Cell =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" || value === null
    ? value
    : JSON.stringify(value)
