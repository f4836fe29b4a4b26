/**
 * Servers that share a folder or a schema, are killed, or are stopped in the middle of their work.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, type Scope } from "effect"
import { Run } from "../../src/runs.js"
import { bundled } from "../fixtures/compiled.js"
import * as postgres from "../fixtures/postgres.js"
import { databases, type ServedDatabase, serve } from "./serving.js"
import { validRun } from "./wrongRequests.js"

interface Server {
  readonly url: string
  readonly process: ChildProcess
  /** How it ended. */
  readonly ended: Effect.Effect<number | NodeJS.Signals | null>
}

const ask = (url: string) =>
  Effect.promise(async () => {
    const answer = await fetch(url)
    const json: unknown = await answer.json()
    return json
  })

/** A server of a folder, or of the schema that a URL names. */
const started = (place: string): Effect.Effect<Server, never, Scope.Scope> =>
  Effect.gen(function* () {
    const program = yield* bundled("test/fixtures/runServer.ts")
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(process.execPath, [program, place], { stdio: ["ignore", "pipe", "inherit"] })),
      (child) => Effect.sync(() => void child.kill("SIGKILL"))
    )
    const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
      child.once("exit", (code, signal) => resolve(code ?? signal))
    )
    const url = yield* Effect.async<string>((resume) => {
      child.stdout.once("data", (data: Buffer) => resume(Effect.succeed(data.toString().trim())))
    })
    // Its database is there when it says so.
    yield* ask(`${url}/health`)
    return { url, process: child, ended: Effect.promise(() => ended) }
  })

/** Creates runs one after the other, until the server does not answer any more. What it accepted. */
const createUntilGone = (url: string, name: string): Effect.Effect<ReadonlyArray<string>> =>
  Effect.promise(async () => {
    const accepted: Array<string> = []
    for (let i = 0; ; i++) {
      const event_id = `${name}-${i}`
      const body = JSON.stringify({ ...validRun, event_id, run_id: event_id })
      const headers = { "content-type": "application/json" }
      const answer = await fetch(`${url}/api/v1/runs`, { method: "POST", headers, body }).catch(() => undefined)
      if (answer?.status !== 201) return accepted
      accepted.push(event_id)
    }
  })

const server = postgres.ofFile()

/** Where servers keep their runs, the argument that names it to them, and which runs are there. */
const sharedAt = ({ place, rowsOf }: ServedDatabase) =>
  Effect.map(place, ({ database, options }) => {
    const ids = Effect.map(rowsOf(database, "SELECT event_id FROM agent_runs"), (rows) =>
      rows.map(({ event_id }) => String(event_id))
    )
    /** Until at least so many runs are in the database. */
    const untilKept = (count: number) =>
      Effect.repeat(Effect.delay(ids, "20 millis"), { until: ({ length }) => length >= count })
    return { baseDir: options.baseDir, ids, untilKept, argument: options.baseDir ?? database }
  })

describe.each(databases(server))("Processes that serve the same runs, $where,", (served) => {
  const shared = sharedAt(served)

  it.scopedLive("are two at a time, and one goes on when the other is killed in the middle of its writes", () =>
    Effect.gen(function* () {
      const { argument, ids, untilKept } = yield* shared
      const first = yield* started(argument)
      const second = yield* started(argument)
      const clients = yield* Effect.fork(
        Effect.all(
          [
            createUntilGone(first.url, "a"),
            createUntilGone(first.url, "b"),
            createUntilGone(second.url, "c"),
            createUntilGone(second.url, "d")
          ],
          { concurrency: "unbounded" }
        )
      )
      yield* untilKept(30)
      first.process.kill("SIGKILL")
      const before = (yield* ids).length
      yield* untilKept(before + 30)
      second.process.kill("SIGTERM")
      const accepted = (yield* Fiber.join(clients)).flat()
      yield* first.ended
      yield* second.ended
      // Its next server has what the one that was killed had accepted.
      const third = yield* started(argument)
      yield* ask(`${third.url}/api/v1/runs?limit=1`)
      const kept = yield* ids
      const known = new Set(kept)
      assert.strictEqual(known.size, kept.length, "each once")
      assert.deepStrictEqual(
        accepted.filter((id) => !known.has(id)),
        [],
        "accepted, and lost"
      )
    })
  )

  it.scopedLive("answer what is under way when they are stopped, and leave all of it in the database", () =>
    Effect.gen(function* () {
      const { argument, baseDir, ids, untilKept } = yield* shared
      const server = yield* started(argument)
      const clients = yield* Effect.fork(
        Effect.all(
          ["a", "b", "c", "d", "e"].map((name) => createUntilGone(server.url, name)),
          { concurrency: "unbounded" }
        )
      )
      yield* untilKept(40)
      server.process.kill("SIGTERM")
      yield* server.ended
      const accepted = (yield* Fiber.join(clients)).flat()
      // Nobody has opened the file since: the log is in it.
      if (baseDir !== undefined) assert.isFalse(existsSync(`${baseDir}/db/telemetry.sqlite-wal`), "a log is left")
      const known = new Set(yield* ids)
      assert.deepStrictEqual(
        accepted.filter((id) => !known.has(id)),
        []
      )
    })
  )
})

describe.each(databases(server))("A server that sweeps runs $where", ({ place }) => {
  it.scopedLive("ends runs that were silent for too long, but none that lives or has an end", () =>
    Effect.gen(function* () {
      const { options } = yield* place
      yield* Effect.gen(function* () {
        const living = yield* Run.start("living", "job")
        const { ask } = yield* serve({ ...options, sweepEvery: "20 millis", staleAfter: "1 millis" })
        const create = (event_id: string, status: string) =>
          ask("/api/v1/runs", { body: { ...validRun, event_id, run_id: event_id, status } })
        yield* create("ended", "failed")
        yield* create("stale", "running")
        const statusOf = (id: string) => Effect.map(ask(`/api/v1/runs/${id}`), ({ json }) => json.status)
        yield* Effect.repeat(Effect.delay(statusOf("stale"), "10 millis"), {
          until: (status) => status === "cancelled"
        })
        assert.strictEqual(yield* statusOf("ended"), "failed")
        assert.strictEqual(yield* statusOf(living.eventId), "running")
        // It was only silent.
        yield* ask("/api/v1/runs/stale", { method: "PATCH", body: { status: "success" } })
        yield* Effect.sleep("60 millis")
        assert.strictEqual(yield* statusOf("stale"), "success")
      }).pipe(
        Effect.provide(
          options.postgres === undefined
            ? Run.layer({ ...options, history: false, git: false })
            : Run.layerPg({ ...options.postgres, history: false, git: false })
        )
      )
    })
  )

  it.scopedLive("leaves runs of other machines as they are, unless it is said when they are stale", () =>
    Effect.gen(function* () {
      const { options } = yield* place
      const { ask } = yield* serve({ ...options, sweepEvery: "1 millis" })
      yield* ask("/api/v1/runs", { body: { ...validRun, event_id: "a", run_id: "a" } })
      yield* Effect.sleep("60 millis")
      assert.strictEqual((yield* ask("/api/v1/runs/a")).json.status, "running")
    })
  )
})
