import { appendFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { join } from "node:path"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { Run } from "../../src/runs.js"
import { RunServer } from "../../src/server/index.js"
import * as postgres from "../fixtures/postgres.js"
import { folder } from "../history/histories.js"
import { withWarnings } from "../renderer/rendererSuite.js"
import { databases, serve } from "../server/serving.js"

/** A port on which nothing listens. */
const freePort = Effect.async<number>((resume) => {
  const server = createServer()
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" ? (address?.port ?? 0) : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})

const serveAt = (port: number, options: RunServer.ServerOptions) =>
  Layer.build(
    RunServer.layer(options).pipe(Layer.provide(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port })))
  )

const program = Effect.gen(function* () {
  yield* Run.event("checkpoint", { step: 1 })
  yield* Run.metrics({ itemsDiscovered: 3, itemsSucceeded: 3 })
}).pipe(Run.track("agent", "job", { product: "docs" }))

/** Asks until the answer is one. */
const until = <A>(ask: Effect.Effect<A, unknown>, is: (answer: A) => boolean) =>
  ask.pipe(
    // A database that is not there yet.
    Effect.catchAllDefect(Effect.fail),
    Effect.filterOrFail(is),
    Effect.retry({ schedule: Schedule.spaced("20 millis").pipe(Schedule.upTo("60 seconds")) })
  )

describe.each(databases(postgres.ofFile()))("Runs that go to a server which keeps them $where", ({ place, rowsOf }) => {
  it.scopedLive("are there as they would be in a folder, and are read back from it", () =>
    Effect.gen(function* () {
      const { database, options } = yield* place
      const { port } = yield* serve({ ...options, token: "t0ken" })
      const outbox = join(yield* folder, "outbox")
      yield* Effect.gen(function* () {
        const far = yield* Run.start("far", "job")
        yield* program
        const [run] = yield* Run.records
        if (run === undefined) return assert.fail("there is no run")
        assert.deepInclude(run, { agentName: "agent", status: "success", itemsSucceeded: 3, product: "docs" })
        assert.deepInclude((yield* Run.eventsOf(run))[0], { type: "checkpoint", payload: { step: 1 } })
        yield* Run.patch(far, { outputSummary: "half" })
        yield* Run.associateCommit(run, { hash: "a1b2c3d4", source: "ci" })
        const commits = (yield* Run.records).map(({ gitCommitHash, outputSummary }) => [gitCommitHash, outputSummary])
        assert.deepStrictEqual(commits, [
          ["a1b2c3d4", null],
          [null, "half"]
        ])
        // Its process lives.
        assert.isEmpty(yield* Run.sweep({ olderThan: 0 }))
        assert.deepInclude(yield* Run.stats, { accepted: 7, lost: 0 })
      }).pipe(Effect.provide(Run.layerRemote({ url: `http://127.0.0.1:${port}/`, token: "t0ken", outbox, git: false })))
      assert.deepStrictEqual(yield* rowsOf(database, "SELECT count(*) AS n FROM agent_runs"), [{ n: 2 }])
    })
  )

  it.scopedLive("are kept while the server is out of reach, and sent when it is there, each once and in order", () =>
    Effect.gen(function* () {
      const { database, options } = yield* place
      const outbox = yield* folder
      const port = yield* freePort
      const url = `http://127.0.0.1:${port}`
      yield* withWarnings((warnings) =>
        Effect.gen(function* () {
          yield* Effect.repeatN(program, 4)
          assert.deepInclude(yield* Run.stats, { accepted: 20, lost: 0 })
          yield* until(
            Effect.sync(() => String(warnings)),
            (text) => text.includes("are kept in the outbox")
          )
          yield* serveAt(port, options)
          const statuses = yield* until(
            Effect.map(Run.records, (runs) => runs.map(({ status }) => status)),
            ({ length }) => length === 5
          )
          assert.deepStrictEqual(new Set(statuses), new Set(["success"]))
        }).pipe(Effect.scoped, Effect.provide(Run.layerRemote({ url, outbox, git: false })))
      )
      assert.deepStrictEqual(yield* rowsOf(database, "SELECT count(*) AS n FROM run_events"), [{ n: 5 }])
    })
  )

  it.scopedLive("are sent by the next start of a program where the first one never reached the server", () =>
    Effect.gen(function* () {
      const { database, options } = yield* place
      const outbox = yield* folder
      const port = yield* freePort
      const layer = Run.layerRemote({ url: `http://127.0.0.1:${port}`, outbox, git: false })
      yield* withWarnings(() => Effect.provide(program, layer))
      yield* serveAt(port, options)
      yield* Effect.provide(Effect.void, layer)
      const rows = yield* until(
        rowsOf(database, "SELECT status, items_succeeded FROM agent_runs"),
        ({ length }) => length > 0
      )
      assert.deepStrictEqual(rows, [{ status: "success", items_succeeded: 3 }])
    })
  )

  it.scopedLive("are kept where the server asks for another token", () =>
    Effect.gen(function* () {
      const { database, options } = yield* place
      const outbox = yield* folder
      const { port } = yield* serve({ ...options, token: "right" })
      const layer = (token: string) => Run.layerRemote({ url: `http://127.0.0.1:${port}`, token, outbox, git: false })
      yield* withWarnings((warnings) =>
        Effect.gen(function* () {
          yield* Effect.provide(program, layer("wrong-t0ken"))
          assert.match(String(warnings), /left in the outbox; the next start sends them: .*status 401/)
          assert.notInclude(String(warnings), "wrong-t0ken")
        })
      )
      yield* Effect.provide(Effect.asVoid(Run.records), layer("right"))
      assert.deepStrictEqual(yield* rowsOf(database, "SELECT status FROM agent_runs"), [{ status: "success" }])
    })
  )

  it.scopedLive("go to the server at once where no disk takes them", () =>
    Effect.gen(function* () {
      const { database, options } = yield* place
      const outbox = join(yield* folder, "outbox")
      writeFileSync(outbox, "a file where the folder should be")
      const { port } = yield* serve(options)
      yield* Effect.gen(function* () {
        yield* program
        assert.deepInclude(yield* Run.stats, { accepted: 4, lost: 0 })
      }).pipe(Effect.provide(Run.layerRemote({ url: `http://127.0.0.1:${port}`, outbox, git: false })))
      const rows = yield* until(
        rowsOf(database, "SELECT status FROM agent_runs"),
        ([row]) => row?.["status"] === "success"
      )
      assert.lengthOf(rows, 1)
    })
  )

  it.scopedLive("are counted as lost where the server refuses one, and the others arrive", () =>
    Effect.gen(function* () {
      const { options } = yield* place
      const outbox = yield* folder
      const { port } = yield* serve({ ...options, maxBatch: 3 })
      const line = { record_type: "run", revision: "00000000000000aaaa", event_id: "a/b", status: "running" }
      appendFileSync(join(outbox, "events_20260101.ndjson"), `${JSON.stringify(line)}\ntorn {\n`)
      yield* withWarnings((warnings) =>
        Effect.gen(function* () {
          yield* Effect.repeatN(program, 2)
          assert.lengthOf(yield* Run.records, 3)
          const { lastError, lost } = yield* Run.stats
          assert.strictEqual(lost, 1)
          assert.match(lastError ?? "", /the server refused a write: "event_id and run_id take texts/)
          assert.include(String(warnings), "has a line that cannot be read")
        }).pipe(Effect.provide(Run.layerRemote({ url: `http://127.0.0.1:${port}`, outbox, git: false })))
      )
      assert.deepStrictEqual(
        readdirSync(outbox).filter((name) => name.startsWith("sender")),
        []
      )
    })
  )

  it.scopedLive("go where TELEMETRY_API_URL says, with what else the environment says", () =>
    Effect.gen(function* () {
      const { database, options } = yield* place
      const own = yield* folder
      mkdirSync(join(own, "outbox"))
      const { port } = yield* serve({ ...options, token: "t" })
      const env = {
        TELEMETRY_API_URL: `http://127.0.0.1:${port}`,
        TELEMETRY_API_TOKEN: "t",
        TELEMETRY_BASE_DIR: own,
        AGENT_OWNER: "ada"
      }
      yield* Effect.acquireRelease(
        Effect.sync(() => void Object.assign(process.env, env)),
        () =>
          Effect.sync(() => {
            for (const name of Object.keys(env)) delete process.env[name]
          })
      )
      yield* Effect.provide(Effect.zipRight(program, Run.records), Run.layerEnvironment)
      assert.deepStrictEqual(yield* rowsOf(database, "SELECT agent_owner FROM agent_runs"), [{ agent_owner: "ada" }])
      assert.deepStrictEqual(readdirSync(own), ["outbox"])
    })
  )
})

describe("Runs that go to a server", () => {
  it.effect("are not kept where the address is none, which is a warning without it", () =>
    withWarnings((warnings) =>
      Effect.gen(function* () {
        yield* Effect.provide(program, Run.layerRemote({ url: "server:8765?key=s3cret" }))
        assert.include(String(warnings), "Run: url takes an address that begins with http:// or https://")
        assert.notInclude(String(warnings), "s3cret")
      })
    )
  )
})
