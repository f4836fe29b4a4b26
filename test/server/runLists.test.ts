/**
 * Lists of runs: filtered, sorted, in pages, and counted.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as postgres from "../fixtures/postgres.js"
import { databases, type ServedDatabase, serve } from "./serving.js"
import { validRun } from "./wrongRequests.js"

const askedAt = ({ place }: ServedDatabase) =>
  Effect.gen(function* () {
    const { ask } = yield* serve((yield* place).options)
    const list = (query: Readonly<Record<string, string>>, path = "/api/v1/runs") =>
      Effect.map(ask(`${path}?${new URLSearchParams(query)}`), ({ headers, json, status }) => ({
        body: json,
        headers,
        status
      }))
    return { list, post: (runs: ReadonlyArray<object>) => ask("/api/v1/runs/batch", { body: runs }) }
  })

const run = (event_id: string, more: object) => ({ ...validRun, event_id, run_id: `run ${event_id}`, ...more })

/** Seven runs, two of which have no duration, and three the same one. */
const runs = [
  run("a", { duration_ms: 30, job_type: "nightly", agent_name: "crawler", error_summary: "Timeout of 100%_ here" }),
  run("b", { duration_ms: 10, job_type: "test", agent_name: "crawler" }),
  run("c", { job_type: "nightly", agent_name: "indexer" }),
  run("d", { duration_ms: 30, job_type: "test", agent_name: "indexer", status: "failed" }),
  run("e", { duration_ms: 30, job_type: "nightly", agent_name: "Crawler" }),
  run("f", { duration_ms: 20, job_type: "nightly", agent_name: "mailer", status: "partial" }),
  run("g", { job_type: "nightly", agent_name: "mailer", output_summary: "A TIMEOUT of none" })
].map((one, i) => ({ ...one, created_at: `2026-01-31T12:00:0${i}Z` }))

const idsOf = (body: ReadonlyArray<{ readonly event_id: string }>) => body.map(({ event_id }) => event_id).join("")

describe.each(databases(postgres.ofFile()))("A list of runs, $where,", (served) => {
  const asked = askedAt(served)

  it.scopedLive("is in the order of any column, what is empty last, and one for equal ones", () =>
    Effect.gen(function* () {
      const { list, post } = yield* asked
      yield* post(runs)
      const orders = yield* Effect.forEach(["-duration_ms", "duration_ms", "-created_at", "agent_name"], (sort) =>
        Effect.map(list({ sort }), ({ body }) => idsOf(body))
      )
      assert.deepStrictEqual(orders, ["edafbgc", "bfadecg", "gfedcba", "eabcdfg"])
    })
  )

  it.scopedLive("is walked in pages forwards, backwards and from its end, whatever its order", () =>
    Effect.gen(function* () {
      const { list, post } = yield* asked
      yield* post(runs)
      for (const sort of ["-duration_ms", "duration_ms", "-created_at", "status"]) {
        const whole = idsOf((yield* list({ sort })).body)
        const forwards: Array<string> = []
        const backwards: Array<string> = []
        let cursor: string | null = null
        do {
          const { body, headers }: Effect.Effect.Success<ReturnType<typeof list>> = yield* list({
            sort,
            limit: "2",
            ...(cursor === null ? {} : { cursor })
          })
          forwards.push(idsOf(body))
          cursor = headers.get("x-next-cursor")
        } while (cursor !== null)
        cursor = "last"
        do {
          const { body, headers }: Effect.Effect.Success<ReturnType<typeof list>> = yield* list({
            sort,
            limit: "2",
            cursor
          })
          backwards.unshift(idsOf(body))
          cursor = headers.get("x-previous-cursor")
        } while (cursor !== null)
        assert.deepStrictEqual([forwards.join(""), backwards.join("")], [whole, whole], sort)
        assert.deepStrictEqual(
          forwards.map((page) => page.length),
          [2, 2, 2, 1],
          sort
        )
        assert.deepStrictEqual(
          backwards.map((page) => page.length),
          [1, 2, 2, 2],
          sort
        )
      }
    })
  )

  it.scopedLive("finds a text in any case, and takes wildcards for what they are", () =>
    Effect.gen(function* () {
      const { list, post } = yield* asked
      yield* post(runs)
      const found = yield* Effect.forEach(["timeout", "100%_", "%", "run e", "crawler"], (text) =>
        Effect.map(list({ text, sort: "event_id" }), ({ body }) => idsOf(body))
      )
      assert.deepStrictEqual(found, ["ag", "a", "a", "e", "abe"])
    })
  )

  it.scopedLive("is counted by the same filter, without the page", () =>
    Effect.gen(function* () {
      const { list, post } = yield* asked
      yield* post(runs)
      const counts = yield* Effect.forEach(
        [{}, { exclude_tests: "true" }, { status: "failed,partial" }, { duration_ms_from: "20", duration_ms_to: "29" }],
        (filter) => Effect.map(list({ ...filter, limit: "1" }, "/api/v1/runs/count"), ({ body }) => body)
      )
      assert.deepStrictEqual(counts, [{ count: 7 }, { count: 5 }, { count: 2 }, { count: 1 }])
    })
  )

  it.scopedLive("has the columns that are asked for, and what names the run", () =>
    Effect.gen(function* () {
      const { list, post } = yield* asked
      yield* post(runs)
      const { body } = yield* list({ fields: "duration_ms,status", limit: "1", sort: "event_id" })
      assert.deepStrictEqual(body, [{ event_id: "a", status: "running", duration_ms: 30 }])
    })
  )

  it.scopedLive("says what it does not take", () =>
    Effect.gen(function* () {
      const { list } = yield* asked
      for (const [name, value] of [
        ["sort", "metrics_json"],
        ["sort", "id; DROP TABLE agent_runs"],
        ["fields", "duration_ms,secret"],
        ["exclude_tests", "yes"],
        ["duration_ms_from", "-1"],
        ["text", "x".repeat(501)],
        ["cursor", Buffer.from("[1,2]").toString("base64url")]
      ] as const) {
        const { body, status } = yield* list({ [name]: value })
        assert.deepStrictEqual([status, body.detail[0].loc], [422, ["query", name]], value)
      }
    })
  )
})
