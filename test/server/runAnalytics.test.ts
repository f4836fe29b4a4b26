import { createServer } from "node:http"
import * as HttpServer from "@effect/platform/HttpServer"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { Run } from "../../src/runs.js"
import { RunServer } from "../../src/server/index.js"
import * as postgres from "../fixtures/postgres.js"
import { databases, type ServedDatabase, serve } from "./serving.js"
import { validRun } from "./wrongRequests.js"

const servedAt = ({ place }: ServedDatabase) =>
  Effect.gen(function* () {
    const http = NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })
    const context = yield* Layer.build(Layer.provideMerge(RunServer.layer((yield* place).options), http))
    const url = HttpServer.formatAddress(Context.get(context, HttpServer.HttpServer).address)
    // What the server answers is what is tested.
    // biome-ignore lint/suspicious/noExplicitAny: the body of an answer.
    const get = (path: string): Effect.Effect<any> =>
      Effect.promise(async () => (await fetch(`${url}/api/v1/runs${path}`)).json())
    const post = (body: unknown) =>
      Effect.promise(() =>
        fetch(`${url}/api/v1/runs/batch`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body)
        })
      )
    return { get, post, url }
  })

const runs = Array.from({ length: 60 }, (_, i) => ({
  ...validRun,
  event_id: `run-${i}`,
  run_id: `run-${i}`,
  agent_name: i % 3 === 0 ? "importer" : "translator",
  status: i % 10 === 0 ? "failed" : "success",
  start_time: new Date(Date.UTC(2026, 0, 1 + (i % 20), 8)).toISOString(),
  duration_ms: i * 100,
  items_succeeded: 2,
  metrics_json: { cost_usd: 0.25, prompt_tokens: 10, completion_tokens: 1 }
}))

const server = postgres.ofFile()

describe("An empty schema of PostgreSQL", () => {
  it.scopedLive(
    "is made once by servers and programs that start at the same time, and every question is answered meanwhile",
    () =>
      Effect.gen(function* () {
        const { rows, url } = yield* server
        const schema = postgres.freshSchema()
        // However long it takes on a busy machine.
        const place = { url: url(schema), connectTimeout: "2 minutes", statementTimeout: "2 minutes" } as const
        const asking = Effect.flatMap(serve({ postgres: place }), ({ ask }) =>
          Effect.forEach(
            ["/runs/analytics", "/runs", "/stories", "/stats", "/failures", "/live"],
            (path) => Effect.map(ask(`/api/v1${path}`), ({ status, text }) => [path, status === 200 ? status : text]),
            { concurrency: "unbounded" }
          )
        )
        const program = (i: number) =>
          Effect.void.pipe(
            Run.track("importer", `job ${i}`),
            Effect.provide(Run.layerPg({ ...place, git: false, history: false }))
          )
        const [answers] = yield* Effect.all(
          [
            Effect.all([asking, asking], { concurrency: "unbounded" }),
            Effect.forEach(
              Array.from({ length: 8 }, (_, i) => i),
              program,
              { concurrency: "unbounded" }
            )
          ],
          { concurrency: "unbounded" }
        )
        for (const [path, answer] of answers.flat()) assert.strictEqual(answer, 200, String(path))
        for (const table of ["run_migrations", "schema_migrations"]) {
          const applied = yield* rows(`SELECT migration_id AS id FROM ${table} ORDER BY migration_id`, schema)
          assert.deepStrictEqual(
            applied.map(({ id }) => id),
            [1, 2, 3]
          )
        }
      })
  )
})

describe.each(databases(server))("Figures of runs, $where,", (database) => {
  const served = servedAt(database)

  it.scopedLive("are of exactly the runs that the list has by the same filter", () =>
    Effect.gen(function* () {
      const { get, post } = yield* served
      yield* post(runs)
      const all = yield* get("/analytics")
      assert.strictEqual(all.count, 60)
      assert.strictEqual(all.limited, false)
      assert.deepStrictEqual(all.by_status, { success: 54, failed: 6 })
      assert.deepStrictEqual(
        all.agents.map(({ count, name }: { count: number; name: string }) => [name, count]),
        [
          ["translator", 40],
          ["importer", 20]
        ]
      )
      assert.strictEqual(all.step, "day")
      assert.lengthOf(all.periods, 20)
      assert.strictEqual(all.cost_usd, 15)
      assert.strictEqual(all.items.succeeded, 120)
      for (const filter of [
        "agent_name=importer",
        "status=failed",
        "start_time_from=2026-01-05T00:00:00Z&start_time_to=2026-01-09T23:59:59.999Z",
        "duration_ms_from=1000&duration_ms_to=1999"
      ]) {
        const listed = yield* get(`?limit=100&${filter}`)
        assert.isAbove(listed.length, 0)
        assert.isBelow(listed.length, 60)
        assert.strictEqual((yield* get(`/analytics?${filter}`)).count, listed.length, filter)
      }
    })
  )

  it.scopedLive("lead from each period and each bin of durations to as many runs as they say", () =>
    Effect.gen(function* () {
      const { get, post } = yield* served
      yield* post(runs)
      const { histogram, periods } = yield* get("/analytics")
      for (const { count, end, start } of periods) {
        const until = new Date(Date.parse(end) - 1).toISOString()
        assert.lengthOf(yield* get(`?start_time_from=${start}&start_time_to=${until}`), count)
      }
      for (const { count, from, to } of histogram) {
        assert.lengthOf(yield* get(`?duration_ms_from=${from}${to === null ? "" : `&duration_ms_to=${to - 1}`}`), count)
      }
    })
  )

  it.scopedLive("are none of no runs, and refused by a filter that is wrong", () =>
    Effect.gen(function* () {
      const { get, url } = yield* served
      assert.deepInclude(yield* get("/analytics"), {
        count: 0,
        agents: [],
        periods: [],
        histogram: [],
        durations: null
      })
      const refused = yield* Effect.promise(() => fetch(`${url}/api/v1/runs/analytics?duration_ms_from=long`))
      assert.strictEqual(refused.status, 422)
    })
  )
})
