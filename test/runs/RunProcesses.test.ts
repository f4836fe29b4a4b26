/**
 * Processes that are killed at any point: every accepted write is in the database after the next start, once.
 *
 * `NARRATIVE_KILLS=200 npx vitest run test/runs/RunProcesses.test.ts` kills that many.
 */
import { spawn } from "node:child_process"
import { appendFileSync, readdirSync, readFileSync, statSync, truncateSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Random } from "effect"
import { Run } from "../../src/runs.js"
import { bundled } from "../fixtures/compiled.js"
import * as postgres from "../fixtures/postgres.js"
import { folder, rowsOf } from "../history/histories.js"
import { withWarnings } from "../renderer/rendererSuite.js"
import { assertKept, killed, ofKind } from "./killedPrograms.js"
import { journalled, type Place } from "./runPlaces.js"

const kills = Number(process.env["NARRATIVE_KILLS"] ?? 16)

const plain = { history: false, git: false }

/** A program that begins, and asks for runs. */
const nextStart = ({ layer }: Pick<Place, "layer">) => Effect.provide(Run.records, layer(plain))

/** The URL of the schema, where the runs of a place go to one. */
const urlOf = ({ database }: Place) => (database.startsWith("postgres:") ? database : undefined)

describe.each(journalled(postgres.ofFile()))("Processes that are killed, of runs $where,", ({ place }) => {
  for (const processes of [1, 6]) {
    it.scopedLive(
      `lose no accepted write, ${processes} at a time`,
      () =>
        Effect.gen(function* () {
          const kept = yield* place
          const { baseDir } = kept
          const said: Array<string> = []
          for (let killedSoFar = 0; killedSoFar < kills / 2; killedSoFar += processes) {
            const points = yield* Effect.all(Array.from({ length: processes }, () => Random.nextIntBetween(0, 150)))
            const received = yield* Effect.all(
              points.map((millis) => killed(baseDir, millis, "endless", urlOf(kept))),
              { concurrency: "unbounded" }
            )
            said.push(...received.flat())
          }
          yield* withWarnings(() => nextStart(kept))
          yield* assertKept(kept, said)
          // A second start changes nothing.
          yield* withWarnings(() => nextStart(kept))
          yield* assertKept(kept, said)
        }),
      600_000 + kills * 5_000
    )
  }

  it.scopedLive("write what waits when they end by process.exit", () =>
    Effect.gen(function* () {
      const kept = yield* place
      const program = yield* bundled("test/fixtures/runProgram.ts")
      const code = yield* Effect.async<number | null>((resume) => {
        const child = spawn(process.execPath, [program, kept.baseDir, "exit", urlOf(kept) ?? ""], { stdio: "ignore" })
        child.once("close", (code) => resume(Effect.succeed(code)))
      })
      assert.strictEqual(code, 3)
      yield* nextStart(kept)
      const rows = yield* kept.rowsOf("SELECT agent_name, status FROM agent_runs")
      assert.deepStrictEqual(rows, [{ agent_name: "left", status: "running" }])
    })
  )

  it.scopedLive("leave runs that the next start ends, once, and none that lives", () =>
    Effect.gen(function* () {
      const kept = yield* place
      const [left = ""] = ofKind("start", yield* killed(kept.baseDir, 20, "open", urlOf(kept)))
      const layer = kept.layer({ ...plain, sweep: false })
      yield* withWarnings(() =>
        Effect.gen(function* () {
          const own = yield* Run.start("alive", "job")
          const running = (yield* Run.records).filter(({ status }) => status === "running")
          assert.sameMembers(
            running.map(({ eventId }) => eventId),
            [left, own.eventId]
          )
          const swept = yield* Run.sweep({ olderThan: 0 })
          assert.deepStrictEqual(
            swept.map(({ eventId }) => eventId),
            [left]
          )
          assert.isEmpty(yield* Run.sweep({ olderThan: 0 }))
          const [first] = (yield* Run.records).filter(({ runId }) => runId === swept[0]?.runId)
          assert.strictEqual(first?.status, "cancelled")
          assert.match(first?.errorSummary ?? "", /^Stale run cleaned up \(created at 20/)
        }).pipe(Effect.provide(layer))
      )
    })
  )
})

// What these are about is a journal, or a lock that is a file.
describe("Processes that are killed", () => {
  it.scopedLive("leave a torn line, after which the next process goes on", () =>
    Effect.gen(function* () {
      const baseDir = yield* folder
      yield* Run.start("before", "job").pipe(Effect.provide(Run.layer({ ...plain, baseDir })))
      const raw = join(baseDir, "raw")
      const [name = ""] = readdirSync(raw)
      const journal = join(raw, name)
      const line = readFileSync(journal)
      appendFileSync(journal, line.subarray(0, line.length / 2))
      yield* withWarnings((warnings) =>
        Effect.gen(function* () {
          yield* Run.start("after", "job")
          const agents = (yield* Run.records).map(({ agentName }) => agentName)
          assert.sameMembers(agents, ["before", "after"])
          assert.include(String(warnings), "has a line that cannot be read")
        }).pipe(Effect.provide(Run.layer({ ...plain, baseDir })))
      )
    })
  )

  it.scopedLive("leave nothing behind that was emptied meanwhile", () =>
    Effect.gen(function* () {
      const baseDir = yield* folder
      yield* Effect.gen(function* () {
        yield* Run.start("before", "job")
        yield* Run.records
        const [name = ""] = readdirSync(join(baseDir, "raw"))
        const journal = join(baseDir, "raw", name)
        truncateSync(journal)
        yield* Run.start("after", "job")
        assert.isAbove(statSync(journal).size, 0)
        const agents = (yield* Run.records).map(({ agentName }) => agentName)
        assert.sameMembers(agents, ["before", "after"])
      }).pipe(Effect.provide(Run.layer({ ...plain, baseDir })))
    })
  )

  it.scopedLive("go on where the disk takes no more, and count what is lost", () =>
    Effect.gen(function* () {
      const baseDir = yield* folder
      const program = yield* bundled("test/fixtures/runProgram.ts")
      const { code, said } = yield* Effect.async<{ readonly code: number | null; readonly said: string }>((resume) => {
        // No file may be longer than 32 KiB.
        const limited = `ulimit -f 64; exec "${process.execPath}" "${program}" "${baseDir}" limited`
        const child = spawn("sh", ["-c", limited], { stdio: ["ignore", "pipe", "ignore"] })
        let said = ""
        child.stdout.on("data", (data) => {
          said += data
        })
        child.once("close", (code) => resume(Effect.succeed({ code, said })))
      })
      const { accepted, lastError, lost } = JSON.parse(said)
      assert.strictEqual(code, 0)
      assert.strictEqual(accepted + lost, 100)
      assert.isAbove(accepted, 10)
      assert.isAbove(lost, 10)
      assert.match(lastError, /The journal .*events_\d{8}\.ndjson could not be written/)
      yield* withWarnings(() => nextStart({ layer: () => Run.layer({ ...plain, baseDir }) }))
      const [row] = yield* rowsOf(join(baseDir, "db/telemetry.sqlite"), "SELECT count(*) AS n FROM agent_runs")
      assert.strictEqual(row?.["n"], accepted)
    })
  )

  it.scopedLive("keep others waiting no longer than they live, when they have the lock of the database", () =>
    Effect.gen(function* () {
      const baseDir = yield* folder
      yield* nextStart({ layer: () => Run.layer({ ...plain, baseDir }) })
      const holder = spawn(
        process.execPath,
        [
          "-e",
          `const db = require("better-sqlite3")(process.argv[1]);
          db.exec("BEGIN IMMEDIATE; INSERT INTO run_events (run_id, event_type, timestamp, event_key) VALUES ('x', 'x', 'x', 'x')");
          console.log("locked"); setInterval(() => {}, 1000)`,
          join(baseDir, "db/telemetry.sqlite")
        ],
        { stdio: ["ignore", "pipe", "inherit"] }
      )
      yield* Effect.addFinalizer(() => Effect.sync(() => void holder.kill("SIGKILL")))
      yield* Effect.async<void>((resume) => void holder.stdout.once("data", () => resume(Effect.void)))
      yield* Effect.gen(function* () {
        // The journal takes it, whoever has the database.
        yield* Run.start("waiting", "job")
        assert.deepInclude(yield* Run.stats, { accepted: 1, lost: 0 })
        const reading = yield* Effect.fork(Run.records)
        for (let i = 0; i < 20; i++) yield* Run.start("waiting", "job")
        holder.kill("SIGKILL")
        assert.isNotEmpty(yield* Fiber.join(reading))
        assert.lengthOf(yield* Run.records, 21)
      }).pipe(Effect.provide(Run.layer({ ...plain, baseDir })))
      assert.deepStrictEqual(yield* rowsOf(join(baseDir, "db/telemetry.sqlite"), "SELECT * FROM run_events"), [])
    })
  )
})
