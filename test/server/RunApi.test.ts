import { FetchHttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Data, Effect } from "effect"
import { Narrative } from "../../src/index.js"
import { RunClient } from "../../src/server/index.js"
import * as postgres from "../fixtures/postgres.js"
import { folder, recorded } from "../history/histories.js"
import { databases, serve, started, startedAt } from "./serving.js"
import { validRun } from "./wrongRequests.js"

class Broken extends Data.TaggedError("Broken")<{ readonly message: string }> {}

const failing = Effect.fail(new Broken({ message: "no light" })).pipe(
  Narrative.stage("look"),
  Narrative.story("Watch", { labels: { version: "1" } }),
  Effect.exit
)

const clientOf = (port: number, token?: string) =>
  Effect.provide(RunClient.make({ url: `http://127.0.0.1:${port}`, token }), FetchHttpClient.layer)

const run = (event_id: string) => ({ ...validRun, event_id, run_id: event_id })

describe.each(databases(postgres.ofFile()))("The client of a server, $where,", (served) => {
  const started = startedAt(served)

  it.scopedLive("creates, finds and changes runs, and is answered what is wrong by its field", () =>
    Effect.gen(function* () {
      const { port } = yield* started
      const { runs } = yield* clientOf(port)
      assert.deepInclude(yield* runs.create({ payload: run("a") }), { status: "created", event_id: "a" })
      assert.strictEqual((yield* runs.create({ payload: run("a") })).status, "duplicate")
      const batch = yield* runs.createMany({ payload: [run("b"), run("a")] })
      assert.deepStrictEqual([batch.inserted, batch.duplicates, batch.total], [1, 1, 2])
      const path = { event_id: "a" }
      const read = yield* runs.show({ path })
      assert.deepInclude(read, { status: "running", agent_name: validRun.agent_name, items_failed: null })
      yield* runs.change({ path, headers: {}, payload: { items_failed: 2 } })
      const found = yield* runs.list({ urlParams: { status: "running", limit: 10 } })
      assert.deepStrictEqual(found.map(({ event_id, items_failed }) => [event_id, items_failed]).sort(), [
        ["a", 2],
        ["b", null]
      ])
      assert.strictEqual((yield* runs.count({ urlParams: { agent_name: "none" } })).count, 0)
      assert.isAbove((yield* runs.export({ urlParams: { format: "csv" } })).length, 10)
      assert.strictEqual((yield* runs.analytics({ urlParams: {} })).count, 2)
      yield* runs.associateCommit({ path, payload: { commit_hash: "abcdef1", commit_source: "ci" } })
      assert.deepStrictEqual(yield* runs.commitUrl({ path }), { commit_url: null })
      assert.deepStrictEqual(yield* runs.repositoryUrl({ path }), { repo_url: null })
      assert.deepStrictEqual(yield* runs.events({ urlParams: { run_id: "a" } }), [])
      const missing = yield* Effect.flip(runs.show({ path: { event_id: "none" } }))
      assert.deepInclude(missing, { _tag: "Refused", status: 404 })
      const wrong = yield* Effect.flip(runs.list({ urlParams: { limit: 0 } }))
      assert.strictEqual(wrong._tag, "Refused")
      if (wrong._tag === "Refused") {
        assert.strictEqual(wrong.status, 422)
        assert.deepStrictEqual(wrong.detail, [
          { loc: ["query", "limit"], msg: "takes a whole number from 1 to 1000", type: "value_error" }
        ])
      }
      const stale = yield* Effect.flip(
        runs.change({ path, headers: { "if-match": '"other"' }, payload: { items_failed: 3 } })
      )
      assert.deepInclude(stale, { _tag: "Refused", status: 412 })
    })
  )

  it.scopedLive("changes many runs at a time, after it has seen how many", () =>
    Effect.gen(function* () {
      const { port } = yield* started
      const { bulk, runs } = yield* clientOf(port)
      yield* runs.createMany({ payload: [run("a"), run("b")] })
      const asked = { filter: { status: "running" }, changes: { status: "cancelled" as const } }
      const preview = yield* bulk.change({ payload: { ...asked, dry_run: true } })
      assert.deepInclude(preview, { count: 2 })
      const job = yield* bulk.change({ payload: { ...asked, expected: 2 } })
      if (!("id" in job)) return assert.fail("it is a job")
      const path = { job: job.id }
      const done = yield* Effect.repeat(bulk.show({ path }), { until: ({ state }) => state === "done" })
      assert.deepStrictEqual([done.changed, done.failed], [2, 0])
      assert.strictEqual((yield* runs.count({ urlParams: { status: "cancelled" } })).count, 2)
      const undone = yield* bulk.undo({ path, payload: {} })
      assert.strictEqual(undone.undoes, job.id)
      assert.lengthOf(yield* bulk.list(), 2)
      const none = yield* Effect.flip(bulk.cancel({ path: { job: "none" }, payload: {} }))
      assert.deepInclude(none, { _tag: "Refused", status: 404 })
    })
  )

  it.scopedLive("reads stories and failures as a history gives them", () =>
    Effect.gen(function* () {
      const { database, port } = yield* started
      yield* recorded(Effect.all([failing, failing]), database)
      const { failures, stories } = yield* clientOf(port)
      const { stories: found } = yield* stories.list({ urlParams: { text: "watch", "label.version": "1", limit: 5 } })
      assert.deepStrictEqual(
        found.map(({ name, status }) => [name, status]),
        [
          ["Watch", "failed"],
          ["Watch", "failed"]
        ]
      )
      const [first, second] = found.map(({ id }) => id)
      if (first === undefined || second === undefined) return assert.fail("there are two")
      const story = yield* stories.show({ path: { story_id: first } })
      assert.strictEqual(story.failures[0]?.report.failures[0]?.errorMessage, "no light")
      assert.isAbove(story.startedAt, Date.UTC(2020, 0))
      assert.strictEqual((yield* stories.report({ path: { story_id: first } })).page, "report")
      const { groups } = yield* failures.groups({ urlParams: {} })
      assert.deepStrictEqual(
        groups.map(({ count, firstAt, labels }) => [count, typeof firstAt, labels.map(({ value }) => value)]),
        [[2, "number", ["1"]]]
      )
      assert.lengthOf((yield* failures.list({ urlParams: { limit: 1 } })).failures, 1)
      assert.strictEqual((yield* stories.stats({ urlParams: { since: "1h" } })).count, 2)
      assert.deepStrictEqual((yield* stories.live({ urlParams: {} })).stories, [])
      const { stages, subjects } = yield* stories.compare({ urlParams: { id: [first, second] } })
      assert.deepStrictEqual([stages.length, subjects[0]?.storyId], [1, first])
      const compared = yield* stories.compareGroups({ urlParams: { "a.label.version": "1", "b.label.version": "2" } })
      assert.deepStrictEqual([compared.a.count, compared.b.count], [2, 0])
      const ambiguous = yield* Effect.flip(stories.show({ path: { story_id: first.slice(0, 1) } }))
      assert.deepInclude(ambiguous, { _tag: "Refused", status: 409 })
    })
  )

  it.scopedLive("sends the token that it is given", () =>
    Effect.gen(function* () {
      const { options } = yield* served.place
      const { port } = yield* serve({ ...options, token: "s3cret" })
      const { service } = yield* clientOf(port, "s3cret")
      assert.deepStrictEqual((yield* service.metadata()).agent_names, [])
      assert.strictEqual((yield* service.metrics()).total_runs, 0)
      const unknown = yield* clientOf(port)
      assert.deepInclude(yield* Effect.flip(unknown.service.metadata()), { _tag: "Refused", status: 401 })
      assert.strictEqual((yield* unknown.service.health())["status"], "ok")
    })
  )
})

// It is made of the endpoints alone, and asks no database.
describe("The description of the API", () => {
  it.scopedLive("is OpenAPI of each endpoint, in which every reference leads somewhere", () =>
    Effect.gen(function* () {
      const { ask } = yield* started
      const { json, status } = yield* ask("/openapi.json")
      assert.strictEqual(status, 200)
      assert.match(json.openapi, /^3\.1/)
      const references = JSON.stringify(json).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)
      for (const [, name = ""] of references) assert.property(json.components.schemas, name)
      let count = 0
      for (const [path, item] of Object.entries<Record<string, { summary?: string; operationId?: string }>>(
        json.paths
      )) {
        for (const [method, { summary }] of Object.entries(item)) {
          count += 1
          assert.isString(summary, `${method} ${path}`)
          const answer = yield* ask(path.replaceAll(/\{\w+\}/g, "none"), { method: "DELETE" })
          assert.strictEqual(answer.status, 405, path)
          assert.include(answer.headers.get("allow"), method.toUpperCase())
        }
      }
      assert.isAtLeast(count, 25)
      assert.deepStrictEqual(json.components.securitySchemes, { token: { type: "http", scheme: "bearer" } })
      assert.deepStrictEqual(json.paths["/health"].get.security, [])
    })
  )

  it.scopedLive("is a page without a script, which loads nothing and needs no token", () =>
    Effect.gen(function* () {
      const baseDir = yield* folder
      const { ask } = yield* serve({ baseDir, token: "s3cret" })
      const { headers, status, text } = yield* ask("/docs")
      assert.strictEqual(status, 200)
      assert.notMatch(text, /<script|https?:|<link|<img|@import|url\(/)
      assert.include(text, "/api/v1/stories/:story_id/report".replace(":story_id", "{story_id}"))
      assert.include(headers.get("content-security-policy") ?? "", "default-src 'none'")
      assert.include(text, "error_details?: string | null")
    })
  )
})
