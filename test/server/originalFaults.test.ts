/**
 * Faults that `local-telemetry` has, each of which ours must not have.
 */
import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Run } from "../../src/runs.js"
import { narrative } from "../cli/library.js"
import * as postgres from "../fixtures/postgres.js"
import { folder, rowsOf } from "../history/histories.js"
import { withWarnings } from "../renderer/rendererSuite.js"
import { databases, serve, startedAt } from "./serving.js"
import { validRun } from "./wrongRequests.js"

const inFolder = Effect.flatMap(folder, (baseDir) =>
  Effect.map(serve({ baseDir }), (server) => ({ ...server, baseDir, database: join(baseDir, "db/telemetry.sqlite") }))
)

const server = postgres.ofFile()

const run = (event_id: string, more: object = {}) => ({ ...validRun, event_id, run_id: `run ${event_id}`, ...more })

describe.each(databases(server))("The server of runs $where, unlike local-telemetry,", ({ place, rowsOf }) => {
  const started = startedAt({ place })

  it.scopedLive("keeps items_discovered and input_summary that a run's end says", () =>
    Effect.gen(function* () {
      const { ask } = yield* started
      yield* ask("/api/v1/runs", { body: run("a") })
      const end = { status: "success", items_discovered: 10, input_summary: "data.csv", items_succeeded: 10 }
      const { json } = yield* ask("/api/v1/runs/a", { method: "PATCH", body: end })
      assert.sameMembers(json.fields_updated, Object.keys(end))
      assert.deepInclude((yield* ask("/api/v1/runs/a")).json, end)
    })
  )

  it.scopedLive("loses no end that is sent with the whole run, as a client does whose PATCH failed", () =>
    Effect.gen(function* () {
      const { ask } = yield* started
      yield* ask("/api/v1/runs", { body: run("a", { status: "running", product: "docs" }) })
      const whole = run("a", { status: "failure", end_time: "2026-01-31T12:05:00Z", items_failed: 2 })
      const { json, status } = yield* ask("/api/v1/runs", { body: whole })
      assert.deepInclude({ ...json, code: status }, { status: "duplicate", code: 201 })
      const end = { status: "failed", end_time: "2026-01-31T12:05:00.000Z", items_failed: 2, product: "docs" }
      assert.deepInclude((yield* ask("/api/v1/runs/a")).json, end)
      // Once: what has an end keeps it.
      yield* ask("/api/v1/runs", { body: run("a", { status: "success", items_failed: 0 }) })
      yield* ask("/api/v1/runs/batch", { body: [run("a", { status: "running" }), run("a", { status: "success" })] })
      assert.deepInclude((yield* ask("/api/v1/runs/a")).json, end)
    })
  )

  it.scopedLive("takes the commit of a run that is over", () =>
    Effect.gen(function* () {
      const { ask } = yield* started
      yield* ask("/api/v1/runs", { body: run("a", { status: "success" }) })
      const commit = { commit_hash: "a1b2c3d4", commit_source: "llm" }
      assert.strictEqual((yield* ask("/api/v1/runs/a/associate-commit", { body: commit })).status, 200)
      assert.strictEqual((yield* ask("/api/v1/runs/a")).json.git_commit_hash, "a1b2c3d4")
    })
  )

  it.scopedLive("answers 422 to a status that is none, and not 500", () =>
    Effect.gen(function* () {
      const { ask } = yield* started
      const { json, status } = yield* ask("/api/v1/runs?status=done")
      assert.strictEqual(status, 422)
      assert.deepStrictEqual(json.detail[0].loc, ["query", "status"])
    })
  )

  it.scopedLive("compares created_at and the last 24 hours as times, in whichever form they are written", () =>
    Effect.gen(function* () {
      const { ask } = yield* started
      const now = Date.now()
      const hoursAgo = (hours: number) => new Date(now - hours * 3_600_000).toISOString()
      const inZone = new Date(now - 2 * 3_600_000 + 5 * 3_600_000).toISOString().replace("Z", "+05:00")
      const withSpace = hoursAgo(3).replace("T", " ").slice(0, 19)
      for (const [i, created_at] of [hoursAgo(1), inZone, withSpace, hoursAgo(30).replace("Z", "+00:00")].entries()) {
        yield* ask("/api/v1/runs", { body: run(String(i), { created_at }) })
      }
      const found = (parameter: string, at: string) =>
        Effect.map(ask(`/api/v1/runs?${parameter}=${encodeURIComponent(at)}`), ({ json }) =>
          json.map(({ event_id }: { event_id: string }) => event_id)
        )
      assert.deepStrictEqual(yield* found("created_after", hoursAgo(2.5).replace("Z", "+00:00")), ["0", "1"])
      assert.deepStrictEqual(yield* found("created_before", hoursAgo(2.5).replace("T", " ")), ["2", "3"])
      assert.strictEqual((yield* ask("/metrics")).json.recent_24h, 3)
    })
  )

  it.scopedLive("moves updated_at at every change", () =>
    Effect.gen(function* () {
      const { ask } = yield* started
      yield* ask("/api/v1/runs", { body: run("a") })
      const before = (yield* ask("/api/v1/runs/a")).json.updated_at
      yield* Effect.sleep("2 millis")
      yield* ask("/api/v1/runs/a", { method: "PATCH", body: { items_failed: 1 } })
      assert.isTrue((yield* ask("/api/v1/runs/a")).json.updated_at > before)
    })
  )

  it.scopedLive("clears a field by null, and says when another change was faster", () =>
    Effect.gen(function* () {
      const { ask } = yield* started
      yield* ask("/api/v1/runs", { body: run("a", { error_summary: "out of paper" }) })
      const tag = (yield* ask("/api/v1/runs/a")).headers.get("etag") ?? ""
      const change = (body: object) =>
        Effect.map(
          ask("/api/v1/runs/a", { method: "PATCH", body, headers: { "if-match": tag } }),
          ({ status }) => status
        )
      yield* Effect.sleep("2 millis")
      assert.deepStrictEqual([yield* change({ error_summary: null }), yield* change({ items_failed: 1 })], [200, 412])
      assert.deepInclude((yield* ask("/api/v1/runs/a")).json, { error_summary: null, items_failed: null })
    })
  )

  it.scopedLive("keeps who made a commit, how and when, of a run that is created with it", () =>
    Effect.gen(function* () {
      const { ask } = yield* started
      const commit = {
        git_commit_hash: "a1b2c3d4",
        git_commit_source: "llm",
        git_commit_author: "Ada",
        git_commit_timestamp: "2026-01-31T12:00:00.000Z"
      }
      yield* ask("/api/v1/runs", { body: run("a", commit) })
      assert.deepInclude((yield* ask("/api/v1/runs/a")).json, commit)
    })
  )

  it.scopedLive("keeps {} in metrics_json as the object that it is", () =>
    Effect.gen(function* () {
      const { ask, database } = yield* started
      yield* ask("/api/v1/runs", { body: run("a", { metrics_json: {}, context_json: "{}" }) })
      assert.deepInclude((yield* ask("/api/v1/runs/a")).json, { metrics_json: {}, context_json: {} })
      assert.deepStrictEqual(yield* rowsOf(database, "SELECT metrics_json FROM agent_runs"), [{ metrics_json: "{}" }])
    })
  )

  it.scopedLive("asks for its token in reads, too", () =>
    Effect.gen(function* () {
      const { options } = yield* place
      const { ask } = yield* serve({ ...options, token: "t0ken" })
      for (const path of [
        "/api/v1/runs",
        "/api/v1/runs/a",
        "/api/v1/metadata",
        "/metrics",
        "/api/v1/run-events?run_id=a"
      ]) {
        assert.strictEqual((yield* ask(path)).status, 401, path)
      }
    })
  )

  it.scopedLive("pages so that no run is missed or seen twice while others are created", () =>
    Effect.gen(function* () {
      const { ask } = yield* started
      for (let i = 0; i < 6; i++) yield* ask("/api/v1/runs", { body: run(`old ${i}`) })
      const seen: Array<string> = []
      let cursor = ""
      do {
        const { headers, json } = yield* ask(`/api/v1/runs?limit=2${cursor}`)
        seen.push(...json.map(({ event_id }: { event_id: string }) => event_id))
        const next = headers.get("x-next-cursor")
        cursor = next === null ? "" : `&cursor=${next}`
        yield* ask("/api/v1/runs", { body: run(`new ${seen.length}`) })
      } while (cursor !== "")
      assert.deepStrictEqual(
        seen,
        [5, 4, 3, 2, 1, 0].map((i) => `old ${i}`)
      )
    })
  )
})

describe("Runs in a folder, unlike local-telemetry", () => {
  it.scopedLive("are not healthy when their database cannot be read", () =>
    withWarnings(() =>
      Effect.gen(function* () {
        const { ask, database } = yield* inFolder
        assert.strictEqual((yield* ask("/health")).status, 200)
        for (const end of ["", "-wal", "-shm"]) rmSync(`${database}${end}`, { force: true })
        writeFileSync(database, Buffer.alloc(10_000, "noise!"))
        const { json, status } = yield* ask("/health")
        assert.strictEqual(status, 503)
        assert.include(json.detail, "is not a database")
      })
    )
  )

  it.scopedLive("keep every column and status when the database is put together from the journal", () =>
    Effect.gen(function* () {
      const { ask, baseDir, database } = yield* inFolder
      const all = {
        agent_owner: "ada",
        product: "p",
        product_family: "f",
        platform: "l",
        subdomain: "s",
        website: "w",
        website_section: "ws",
        item_name: "i",
        items_discovered: 4,
        items_succeeded: 3,
        items_failed: 2,
        items_skipped: 1,
        duration_ms: 5,
        source_ref: "from",
        target_ref: "to",
        environment: "ci",
        trigger_type: "cron",
        insight_id: "n",
        parent_run_id: "r"
      }
      for (const status of ["running", "success", "failure", "partial", "timeout", "cancelled"]) {
        yield* ask("/api/v1/runs", { body: run(status, { ...all, status }) })
      }
      yield* ask("/api/v1/runs/success")
      const query = "SELECT * FROM agent_runs ORDER BY event_id"
      const before = yield* rowsOf(database, query)
      assert.lengthOf(before, 6)
      for (const row of before) assert.deepInclude(row, all)
      for (const end of ["", "-wal", "-shm"]) rmSync(`${database}${end}`, { force: true })
      assert.strictEqual((yield* narrative(["runs", "recover", "--base-dir", baseDir])).code, 0)
      const withoutId = (rows: ReadonlyArray<Readonly<Record<string, unknown>>>) => rows.map(({ id: _, ...row }) => row)
      assert.deepStrictEqual(withoutId(yield* rowsOf(database, query)), withoutId(before))
    })
  )

  it.scopedLive("say that they cannot be read, and not that none waits to be posted", () =>
    withWarnings(() =>
      Effect.gen(function* () {
        const baseDir = yield* folder
        yield* Effect.provide(
          Run.track(Effect.void, "agent", "job"),
          Run.layer({ baseDir, history: false, git: false })
        )
        writeFileSync(join(baseDir, "db/telemetry.sqlite"), Buffer.alloc(10_000, "noise!"))
        const args = ["runs", "post", "--url", "http://127.0.0.1:9/", "--base-dir", baseDir]
        const { code, stderr } = yield* narrative(args)
        assert.strictEqual(code, 1)
        assert.include(stderr, "is not a database")
      })
    )
  )
})
