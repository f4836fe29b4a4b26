import { execFile } from "node:child_process"
import { request } from "node:http"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as postgres from "../fixtures/postgres.js"
import { databases, serve, startedAt } from "./serving.js"
import { validRun, wrongRequests } from "./wrongRequests.js"

const server = postgres.ofFile()

const run = (event_id: string, more: object = {}) => ({ ...validRun, event_id, run_id: `run ${event_id}`, ...more })

describe.each(databases(server))("The server of runs, $where,", (served) => {
  const { place, rowsOf, where } = served
  const started = startedAt(served)

  it.scopedLive("creates a run once, and answers a second time that it is there", () =>
    Effect.gen(function* () {
      const { ask, database } = yield* started
      const created = yield* ask("/api/v1/runs", { body: run("a", { status: "completed", metrics_json: {} }) })
      assert.strictEqual(created.status, 201)
      assert.deepStrictEqual(created.json, { status: "created", event_id: "a", run_id: "run a" })
      const again = yield* ask("/api/v1/runs", { body: run("a", { status: "failed" }) })
      assert.strictEqual(again.status, 201)
      assert.deepInclude(again.json, { status: "duplicate", event_id: "a" })
      const { json } = yield* ask("/api/v1/runs/a")
      assert.deepInclude(json, {
        event_id: "a",
        status: "success",
        start_time: "2026-01-31T12:00:00.000Z",
        metrics_json: {}
      })
      assert.lengthOf(yield* rowsOf(database, "SELECT * FROM agent_runs"), 1)
    })
  )

  it.scopedLive("answers one of many equal requests at a time with created", () =>
    Effect.gen(function* () {
      const { ask } = yield* started
      const answers = yield* Effect.all(
        Array.from({ length: 12 }, () => ask("/api/v1/runs", { body: run("same") })),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(answers.map(({ json }) => json.status).sort(), ["created", ...Array(11).fill("duplicate")])
    })
  )

  it.scopedLive("takes a batch, with a result for each of its runs", () =>
    Effect.gen(function* () {
      const { ask } = yield* started
      yield* ask("/api/v1/runs", { body: run("known") })
      const { json, status } = yield* ask("/api/v1/runs/batch", {
        body: [run("a"), run("known"), run("b", { items_failed: -1 }), run("a"), "none"]
      })
      assert.strictEqual(status, 200)
      assert.deepInclude(json, { inserted: 1, duplicates: 2, total: 5 })
      assert.deepStrictEqual(
        json.results.map((one: { status: string }) => one.status),
        ["created", "duplicate", "error", "duplicate", "error"]
      )
      assert.deepStrictEqual(json.errors[0].detail, [
        { loc: ["body", 2, "items_failed"], msg: "takes a whole number of 0 or more", type: "value_error" }
      ])
    })
  )

  it.scopedLive("finds stale runs and takes their end, as the quick start of local-telemetry does it", () =>
    Effect.gen(function* () {
      const { ask } = yield* started
      yield* ask("/api/v1/runs", { body: run("old", { created_at: "2026-01-31 11:00:00" }) })
      yield* ask("/api/v1/runs", { body: run("new", { created_at: "2026-01-31T14:00:00+01:00" }) })
      const threshold = encodeURIComponent("2026-01-31T12:30:00.123456+00:00")
      const stale = yield* ask(`/api/v1/runs?agent_name=agent&status=running&created_before=${threshold}`)
      assert.deepStrictEqual(
        stale.json.map((one: { event_id: string }) => one.event_id),
        ["old"]
      )
      const patched = yield* ask("/api/v1/runs/old", {
        method: "PATCH",
        body: {
          status: "cancelled",
          end_time: "2026-01-31T12:31:00.5+00:00",
          error_summary: "Stale run cleaned up on startup"
        }
      })
      assert.deepStrictEqual(patched.json, {
        event_id: "old",
        updated: true,
        fields_updated: ["end_time", "status", "error_summary"]
      })
      const { json } = yield* ask("/api/v1/runs/old")
      assert.deepInclude(json, { status: "cancelled", end_time: "2026-01-31T12:31:00.500Z" })
      assert.isAbove(Date.parse(json.updated_at), Date.parse(json.created_at))
    })
  )

  it.scopedLive("changes a run only if it is still what was read, and clears a field by null", () =>
    Effect.gen(function* () {
      const { ask } = yield* started
      yield* ask("/api/v1/runs", { body: run("a", { items_discovered: 3, input_summary: "in" }) })
      const read = yield* ask("/api/v1/runs/a")
      const tag = read.headers.get("etag") ?? ""
      const patch = (body: object, ifMatch: string) =>
        ask("/api/v1/runs/a", { method: "PATCH", body, headers: { "if-match": ifMatch } })
      assert.strictEqual((yield* patch({ items_discovered: 4, input_summary: null }, tag)).status, 200)
      assert.strictEqual((yield* patch({ items_discovered: 5 }, tag)).status, 412)
      const { json } = yield* ask("/api/v1/runs/a")
      assert.deepInclude(json, { items_discovered: 4, input_summary: null })
    })
  )

  it.scopedLive("pages by a cursor that new runs do not shift", () =>
    Effect.gen(function* () {
      const { ask } = yield* started
      for (let i = 0; i < 5; i++) {
        yield* ask("/api/v1/runs", { body: run(`r${i}`, { created_at: "2026-01-31T12:00:00Z" }) })
      }
      const seen: Array<string> = []
      let cursor = ""
      for (let page = 0; page < 10; page++) {
        const answer = yield* ask(`/api/v1/runs?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`)
        seen.push(...answer.json.map((one: { event_id: string }) => one.event_id))
        yield* ask("/api/v1/runs", { body: run(`later ${page}`) })
        cursor = answer.headers.get("x-next-cursor") ?? ""
        if (cursor === "") break
      }
      assert.deepStrictEqual(seen, ["r4", "r3", "r2", "r1", "r0"])
    })
  )

  it.scopedLive("says which commit came of a run, and where it is shown", () =>
    Effect.gen(function* () {
      const { ask, database } = yield* started
      yield* ask("/api/v1/runs", { body: run("a", { git_repo: "git@github.com:ada/engine.git", status: "success" }) })
      const answer = yield* ask("/api/v1/runs/a/associate-commit", {
        body: { commit_hash: "ABCDEF1234", commit_source: "llm", commit_author: "Ada" }
      })
      assert.strictEqual(answer.status, 200)
      assert.deepInclude(answer.json, { status: "success", event_id: "a", commit_hash: "abcdef1234" })
      assert.isString(answer.json.run_id)
      assert.deepStrictEqual((yield* ask("/api/v1/runs/a/commit-url")).json, {
        commit_url: "https://github.com/ada/engine/commit/abcdef1234"
      })
      assert.deepStrictEqual((yield* ask("/api/v1/runs/a/repo-url")).json, {
        repo_url: "https://github.com/ada/engine"
      })
      assert.deepStrictEqual(yield* rowsOf(database, "SELECT commit_hash, author FROM commits"), [
        { commit_hash: "abcdef1234", author: "Ada" }
      ])
    })
  )

  it.scopedLive("says how it is, what there is, and how much", () =>
    Effect.gen(function* () {
      const { ask } = yield* started
      yield* ask("/api/v1/runs", { body: run("a") })
      assert.deepInclude((yield* ask("/health")).json, {
        status: "ok",
        database: "ok",
        journal_mode: where === "in a folder" ? "wal" : null
      })
      assert.deepStrictEqual((yield* ask("/metrics")).json, {
        total_runs: 1,
        agents: { agent: 1 },
        statuses: { running: 1 },
        recent_24h: 1
      })
      const text = yield* ask("/metrics", { headers: { accept: "text/plain;version=0.0.4" } })
      assert.include(text.text, 'narrative_runs{status="running"} 1\n')
      const metadata = { agent_names: ["agent"], job_types: ["job"] }
      assert.deepStrictEqual((yield* ask("/api/v1/metadata")).json, { ...metadata, cache_hit: false })
      assert.deepStrictEqual((yield* ask("/api/v1/metadata")).json, { ...metadata, cache_hit: true })
    })
  )

  it.scopedLive("keeps JSON that is none as the text that it is, and says so", () =>
    Effect.gen(function* () {
      const { ask, database } = yield* started
      yield* ask("/api/v1/runs", { body: run("a") })
      yield* ask("/api/v1/runs/a")
      yield* rowsOf(database, "UPDATE agent_runs SET metrics_json = '{broken' RETURNING id")
      const { json } = yield* ask("/api/v1/runs/a")
      assert.strictEqual(json.metrics_json, "{broken")
      assert.isString(json.metrics_json_parse_error)
    })
  )

  it.scopedLive(
    `refuses ${wrongRequests.length} wrong requests, each with its code and the field, and none reaches the database`,
    () =>
      Effect.gen(function* () {
        assert.isAtLeast(wrongRequests.length, 60)
        const { ask, database } = yield* started
        yield* ask("/api/v1/runs", { body: run("known") })
        yield* ask("/api/v1/runs/known")
        const before = yield* rowsOf(database, "SELECT * FROM agent_runs")
        for (const { names, path, status, ...asked } of wrongRequests) {
          const answer = yield* ask(path, asked)
          const what = `${asked.method ?? "GET"} ${path} ${JSON.stringify(asked.body)?.slice(0, 120)}: ${answer.text.slice(0, 300)}`
          assert.strictEqual(answer.status, status, what)
          assert.include(JSON.stringify(answer.json?.detail), names, what)
          if (status === 422)
            for (const fault of answer.json.detail) assert.hasAllKeys(fault, ["loc", "msg", "type"], what)
        }
        assert.strictEqual((yield* ask("/health")).status, 200)
        assert.deepStrictEqual(yield* rowsOf(database, "SELECT * FROM agent_runs"), before)
      })
  )

  it.scopedLive("answers only who knows its token, in every read and write but its health", () =>
    Effect.gen(function* () {
      const { options } = yield* place
      const { ask } = yield* serve({ ...options, token: Redacted.make("s3cret") })
      for (const authorization of ["", "Bearer wrong", "Basic s3cret", "Bearer s3cret2"]) {
        const refused = yield* ask("/api/v1/runs", { headers: { authorization } })
        assert.strictEqual(refused.status, 401, authorization)
        assert.strictEqual(refused.headers.get("www-authenticate"), "Bearer")
      }
      assert.strictEqual((yield* ask("/api/v1/runs", { headers: { authorization: "Bearer s3cret" } })).status, 200)
      assert.strictEqual((yield* ask("/health")).status, 200)
    })
  )

  it.scopedLive("does not answer who asks for another host, as a page does whose name was made to lead here", () =>
    Effect.gen(function* () {
      const { port } = yield* started
      const statusFor = (host: string) =>
        Effect.async<number>((resume) => {
          const asked = request({ host: "127.0.0.1", port, path: "/api/v1/runs", headers: { host } }, (answer) => {
            answer.resume()
            resume(Effect.succeed(answer.statusCode ?? 0))
          })
          asked.end()
        })
      assert.strictEqual(yield* statusFor("evil.example"), 421)
      assert.strictEqual(yield* statusFor(`localhost:${port}`), 200)
      assert.strictEqual(yield* statusFor("127.0.0.1.evil.example"), 421)
    })
  )

  it.scopedLive("refuses more than so many requests a minute, and says when to come again", () =>
    Effect.gen(function* () {
      const { options } = yield* place
      const { ask } = yield* serve({ ...options, rateLimit: 3 })
      const statuses: Array<number> = []
      for (let i = 0; i < 4; i++) statuses.push((yield* ask("/api/v1/metadata")).status)
      assert.deepStrictEqual(statuses, [200, 200, 200, 429])
      const refused = yield* ask("/api/v1/metadata")
      assert.isAtLeast(Number(refused.headers.get("retry-after")), 1)
    })
  )

  it.scopedLive("does not start without a token where others can reach it", () =>
    Effect.gen(function* () {
      const { options } = yield* place
      const error = yield* Effect.flip(Effect.scoped(serve(options, "0.0.0.0")))
      assert.deepInclude(error, { _tag: "InvalidOption", module: "RunServer", setting: "token" })
    })
  )

  it.scopedLive("has all that it accepted in the database when it is stopped", () =>
    Effect.gen(function* () {
      const { database, options } = yield* place
      yield* Effect.scoped(
        Effect.flatMap(serve({ ...options }), ({ ask }) =>
          Effect.forEach(
            Array.from({ length: 30 }, (_, i) => run(`r${i}`)),
            (body) => ask("/api/v1/runs", { body }),
            { concurrency: 10 }
          )
        )
      )
      const rows = yield* rowsOf(database, "SELECT count(*) AS n FROM agent_runs")
      assert.deepStrictEqual(rows, [{ n: 30 }])
    })
  )

  it.scopedLive("serves a client in Python's standard library", () =>
    Effect.gen(function* () {
      const { port } = yield* started
      const client = fileURLToPath(new URL("../../examples/run-client.py", import.meta.url))
      const output = yield* Effect.async<string>((resume) => {
        execFile("python3", [client, `http://127.0.0.1:${port}`], (error, stdout, stderr) =>
          resume(Effect.succeed(error === null ? stdout : `${stdout}${stderr}`))
        )
      })
      assert.deepStrictEqual(output.trimEnd().split("\n"), [
        "created",
        "duplicate",
        "end_time, status, items_discovered, items_succeeded, items_failed, metrics_json",
        "True 11 48.5",
        "422 ['body', 'items_failed']"
      ])
    })
  )
})
