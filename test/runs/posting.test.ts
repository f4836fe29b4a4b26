import { createServer } from "node:http"
import { join } from "node:path"
import { HttpClient, HttpClientResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Redacted, Scope, TestClock } from "effect"
import * as inMemory from "../../src/runs/inMemory.js"
import * as posting from "../../src/runs/posting.js"
import * as Runs from "../../src/runs/Runs.js"
import { Run } from "../../src/runs.js"
import * as postgres from "../fixtures/postgres.js"
import { folder, rowsOf } from "../history/histories.js"
import { withWarnings } from "../renderer/rendererSuite.js"
import { databases } from "./runPlaces.js"

/** Runs that are posted to a server which answers with these, one after the other, and what it was sent. */
const posted = (answers: ReadonlyArray<number | "broken">) =>
  Effect.gen(function* () {
    const requests: Array<{ readonly at: number; readonly body: Record<string, unknown>; readonly token: string }> = []
    const client = HttpClient.make((request) =>
      Effect.gen(function* () {
        const answer = answers[Math.min(requests.length, answers.length - 1)] ?? 200
        const { body } = request
        requests.push({
          at: yield* TestClock.currentTimeMillis,
          body: body._tag === "Uint8Array" ? JSON.parse(new TextDecoder().decode(body.body)) : {},
          token: request.headers["authorization"] ?? ""
        })
        if (answer === "broken") return yield* Effect.die(Object.assign(new Error("gone"), { code: "ECONNRESET" }))
        return HttpClientResponse.fromWeb(request, new Response("said", { status: answer }))
      })
    )
    const sink = yield* inMemory.make
    const scope = yield* Scope.make()
    const made = yield* posting
      .make(sink, { url: "https://example.org/hook?key=secret", token: Redacted.make("t0ken") })
      .pipe(Effect.provideService(HttpClient.HttpClient, client), Scope.extend(scope))
    const runs = Runs.make(sink, made)
    const program = Effect.gen(function* () {
      const run = yield* Run.start("agent", "job")
      yield* Run.end(run, { itemsSucceeded: 3 })
    }).pipe(Effect.provideService(Runs.Runs, runs))
    const record = Effect.map(runs.records, ([run]) => run)
    return { requests, program, runs, record, close: Scope.close(scope, Exit.void) }
  })

/** Lets the clock run, a second at a time. */
const pass = (seconds: number) =>
  Effect.forEach(Array.from({ length: seconds }), () => TestClock.adjust("1 second"), { discard: true })

// The clock of the test does not move, so that these are kept in memory: no database answers at its time.
describe("A run that has ended", () => {
  it.effect("is posted once, without what is empty, and marked", () =>
    Effect.gen(function* () {
      const { close, program, record, requests, runs } = yield* posted([200])
      yield* program
      yield* close
      assert.lengthOf(requests, 1)
      const [request] = requests
      assert.strictEqual(request?.token, "Bearer t0ken")
      assert.deepInclude(request?.body, { agent_name: "agent", job_type: "job", status: "success", items_succeeded: 3 })
      assert.notProperty(request?.body, "error_summary")
      assert.deepInclude(yield* record, { apiPosted: true, apiPostedAt: 0, apiRetryCount: 0 })
      assert.deepInclude(yield* runs.stats, { posted: 1, unposted: 0 })
    })
  )

  it.effect("is posted again after 1, 2 and 4 seconds while the server is unavailable or out of reach", () =>
    Effect.gen(function* () {
      const { program, record, requests, runs } = yield* posted([500, "broken", 503, 200])
      yield* program
      yield* pass(10)
      assert.deepStrictEqual(
        requests.map(({ at }) => at),
        [0, 1_000, 3_000, 7_000]
      )
      assert.deepInclude(yield* record, { apiPosted: true, apiPostedAt: 7_000, apiRetryCount: 3 })
      assert.deepInclude(yield* runs.stats, { posted: 1, unposted: 0 })
    })
  )

  it.effect("is left for later after the fourth time, counted, and without a word about the address", () =>
    withWarnings((warnings) =>
      Effect.gen(function* () {
        const { program, record, requests, runs } = yield* posted([502])
        yield* program
        yield* pass(60)
        assert.lengthOf(requests, 4)
        assert.deepInclude(yield* record, { apiPosted: false, apiPostedAt: null, apiRetryCount: 4 })
        assert.deepInclude(yield* runs.stats, { accepted: 2, lost: 0, posted: 0, unposted: 1 })
        assert.include(String(warnings), "A run is not posted (1 so far)")
        assert.notMatch(String(warnings), /example|secret|t0ken/)
      })
    )
  )

  it.effect("is not posted again where the server refuses it", () =>
    withWarnings(() =>
      Effect.gen(function* () {
        for (const status of [400, 401, 403, 404, 422, 429]) {
          const { program, record, requests } = yield* posted([status])
          yield* program
          yield* pass(60)
          assert.lengthOf(requests, 1, String(status))
          assert.deepInclude(yield* record, { apiPosted: false, apiRetryCount: 1 })
        }
      })
    )
  )

  it.effect("makes the program wait no longer for it than it takes to be written down", () =>
    Effect.gen(function* () {
      const { close, program, requests, runs } = yield* posted([503])
      // The clock does not go on: whatever waited would wait for ever.
      yield* program
      assert.isAtMost(requests.length, 1)
      const closing = yield* Effect.fork(close)
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(closing)
      assert.deepInclude(yield* runs.stats, { accepted: 2, lost: 0 })
    })
  )
})

/** A server that answers with these, one after the other, and what it was sent. */
const hook = (...answers: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    const bodies: Array<string> = []
    const server = yield* Effect.acquireRelease(
      Effect.async<ReturnType<typeof createServer>>((resume) => {
        const server = createServer((request, response) => {
          const answer = answers[bodies.length] ?? 200
          request.on("data", (data) => bodies.push(`${request.headers["authorization"]} ${data}`))
          request.on("end", () => response.writeHead(answer).end())
        })
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) =>
        Effect.sync(() => {
          server.close()
          server.closeAllConnections()
        })
    )
    const address = server.address()
    return { bodies, url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/hook` }
  })

const program = Run.track(Effect.void, "agent", "job")

describe.each(databases(postgres.ofFile()))("Runs of a program, kept $where,", ({ place }) => {
  it.scopedLive("are posted where their layer says, and marked", () =>
    withWarnings(() =>
      Effect.gen(function* () {
        const { bodies, url } = yield* hook(200, 422)
        const { layer, rowsOf } = yield* place
        const posting = layer({ history: false, git: false, postTo: { url, token: "t" } })
        yield* Effect.provide(program, posting)
        yield* Effect.provide(program, posting)
        assert.lengthOf(bodies, 2)
        for (const body of bodies) assert.match(body, /^Bearer t \{"event_id":.*"status":"success"/)
        const rows = yield* rowsOf(
          `SELECT api_posted, CASE WHEN api_posted_at IS NULL THEN 'no' ELSE 'yes' END AS has_time, api_retry_count, status
            FROM agent_runs ORDER BY api_posted DESC`
        )
        assert.deepStrictEqual(rows, [
          { api_posted: 1, has_time: "yes", api_retry_count: 0, status: "success" },
          { api_posted: 0, has_time: "no", api_retry_count: 1, status: "success" }
        ])
      })
    )
  )
})

// The environment names a folder.
describe("Runs of a program, kept in a folder", () => {
  it.scopedLive("are posted where the environment says", () =>
    Effect.gen(function* () {
      const { bodies, url } = yield* hook()
      const baseDir = yield* folder
      const env = { TELEMETRY_BASE_DIR: baseDir, METRICS_API_URL: url }
      const set = (values: Readonly<Record<string, string>>) =>
        Effect.acquireRelease(
          Effect.sync(() => void Object.assign(process.env, values)),
          () =>
            Effect.sync(() => {
              for (const name of Object.keys(values)) delete process.env[name]
            })
        )
      yield* Effect.scoped(Effect.zipRight(set(env), Effect.provide(program, Run.layerEnvironment)))
      assert.lengthOf(bodies, 1)
      yield* Effect.scoped(
        Effect.zipRight(set({ ...env, METRICS_API_ENABLED: "false" }), Effect.provide(program, Run.layerEnvironment))
      )
      assert.lengthOf(bodies, 1)
      const rows = yield* rowsOf(
        join(baseDir, "db/telemetry.sqlite"),
        "SELECT api_posted, api_posted_at IS NOT NULL AS at FROM agent_runs ORDER BY api_posted DESC"
      )
      assert.deepStrictEqual(rows, [
        { api_posted: 1, at: 1 },
        { api_posted: 0, at: 0 }
      ])
    })
  )
})
