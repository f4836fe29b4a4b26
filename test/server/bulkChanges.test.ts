/**
 * Changes of many runs: previewed, made with an outcome for each, tried again, and undone.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as postgres from "../fixtures/postgres.js"
import { databases, type ServedDatabase, serve } from "./serving.js"
import { validRun } from "./wrongRequests.js"

const bulk = "/api/v1/runs/bulk"

const servedAt = ({ place }: ServedDatabase) =>
  Effect.gen(function* () {
    const { ask } = yield* serve((yield* place).options)
    yield* ask("/api/v1/runs/batch", {
      body: Array.from({ length: 30 }, (_, i) => ({
        ...validRun,
        event_id: `e${i}`,
        run_id: `run ${i}`,
        status: i % 3 === 0 ? "running" : "failed",
        ...(i % 2 === 0 ? { error_summary: `fault ${i}` } : {})
      }))
    })
    /** Waits until a change is over. */
    const over = (id: string) =>
      Effect.iterate(undefined as undefined | Record<string, unknown>, {
        while: (job) => job === undefined || job["state"] === "running",
        body: () =>
          Effect.zipRight(
            Effect.yieldNow(),
            Effect.map(ask(`${bulk}/${id}`), ({ json }) => json as Record<string, unknown>)
          )
      })
    const changed = (body: object) => Effect.flatMap(ask(bulk, { body }), ({ json }) => over(json.id))
    const act = (id: unknown, action: string) =>
      Effect.flatMap(ask(`${bulk}/${id}/${action}`, { body: {} }), ({ json }) => over(json.id))
    const runs = Effect.map(ask("/api/v1/runs?limit=100&sort=event_id"), ({ json }) => json)
    return { ask, act, changed, runs }
  })

describe.each(databases(postgres.ofFile()))("A change of many runs, $where,", (database) => {
  const served = servedAt(database)

  it.scopedLive("is counted and shown before it is made, and changes nothing by that", () =>
    Effect.gen(function* () {
      const { ask, runs } = yield* served
      const before = yield* runs
      const { json, status } = yield* ask(bulk, {
        body: { filter: { status: "running" }, changes: { status: "cancelled" }, dry_run: true }
      })
      assert.deepStrictEqual([status, json.count, json.sample.length], [200, 10, 10])
      assert.deepStrictEqual(yield* runs, before)
    })
  )

  it.scopedLive("is made of all that the filter finds, and is undone to what each run had", () =>
    Effect.gen(function* () {
      const { act, changed, runs } = yield* served
      const values = (all: ReadonlyArray<Record<string, unknown>>) =>
        all.map(({ error_summary, event_id, status }) => [event_id, status, error_summary])
      const before = values(yield* runs)
      const job = yield* changed({
        filter: { status: "running" },
        changes: { status: "cancelled", error_summary: null },
        expected: 10
      })
      assert.deepInclude(job, { state: "done", total: 10, changed: 10, failed: 0, waiting: 0 })
      const after = yield* runs
      assert.lengthOf(
        after.filter((run: Record<string, unknown>) => run["status"] === "cancelled" && run["error_summary"] === null),
        10
      )
      const undone = yield* act(job?.["id"], "undo")
      assert.deepInclude(undone, { undoes: job?.["id"], total: 10, changed: 10, failed: 0 })
      assert.deepStrictEqual(values(yield* runs), before)
    })
  )

  it.scopedLive("has an outcome for each run, and tries the failed ones again", () =>
    Effect.gen(function* () {
      const { act, ask, changed } = yield* served
      const job = yield* changed({ event_ids: ["e1", "e0", "e1", "none"], changes: { status: "failed" } })
      assert.deepInclude(job, { total: 3, changed: 1, unchanged: 1, failed: 1 })
      assert.deepStrictEqual(job?.["failures"], [
        { event_id: "none", detail: "run not found: no run has the event_id none" }
      ])
      yield* ask("/api/v1/runs", { body: { ...validRun, event_id: "none", run_id: "late" } })
      assert.deepInclude(yield* act(job?.["id"], "retry"), { total: 3, changed: 2, unchanged: 1, failed: 0 })
    })
  )

  it.scopedLive("is not undone where someone changed the same since", () =>
    Effect.gen(function* () {
      const { act, ask, changed } = yield* served
      const job = yield* changed({ event_ids: ["e1", "e2"], changes: { items_failed: 7, output_summary: "seen" } })
      yield* ask("/api/v1/runs/e2", { method: "PATCH", body: { items_failed: 8 } })
      const undone = yield* act(job?.["id"], "undo")
      assert.deepInclude(undone, { changed: 1, failed: 1 })
      assert.deepStrictEqual(undone?.["failures"], [{ event_id: "e2", detail: "items_failed was changed since" }])
      const { json } = yield* ask("/api/v1/runs/e2")
      assert.deepInclude(json, { items_failed: 8, output_summary: "seen" })
    })
  )

  it.scopedLive("is refused where the filter finds another number than was previewed, and where it is wrong", () =>
    Effect.gen(function* () {
      const { ask, runs } = yield* served
      const before = yield* runs
      const changes = { status: "failed" }
      const filter = { status: "running" }
      const answers = yield* Effect.forEach(
        [
          { filter, changes, expected: 9 },
          { filter, changes: { status: "odd" } },
          { filter, changes: {} },
          { filter, changes: { run_id: "mine" } },
          { filter: { status: "odd" }, changes },
          { filter: { limit: 3 }, changes },
          { filter, event_ids: ["e1"], changes },
          { changes },
          { event_ids: [], changes },
          []
        ],
        (body) => ask(bulk, { body })
      )
      assert.deepStrictEqual(
        answers.map(({ json, status }) => [
          status,
          typeof json.detail === "string" ? "" : json.detail[0].loc.join(".")
        ]),
        [
          [409, ""],
          [422, "body.changes.status"],
          [422, "body.changes"],
          [422, "body.changes"],
          [422, "body.filter.status"],
          [422, "body.filter"],
          [422, "body"],
          [422, "body"],
          [422, "body.event_ids"],
          [422, "body"]
        ]
      )
      assert.strictEqual((yield* ask(`${bulk}/none`)).status, 404)
      assert.deepStrictEqual(yield* runs, before)
    })
  )
})
