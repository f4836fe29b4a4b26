import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Data, Effect, Exit, Layer, Option, TestClock } from "effect"
import { History } from "../../src/history/index.js"
import { Narrative, Redaction, Work } from "../../src/index.js"
import * as revision from "../../src/runs/revision.js"
import { Run, type RunRecord } from "../../src/runs.js"
import { openSqlite } from "../bench/sqlite.js"
import * as postgres from "../fixtures/postgres.js"
import { asked, folder, rowsOf } from "../history/histories.js"
import { withWarnings } from "../renderer/rendererSuite.js"
import * as runPlaces from "./runPlaces.js"

const server = postgres.ofFile()

let days = 0

class OutOfPaper extends Data.TaggedError("OutOfPaper")<{ readonly message: string }> {}

/** A value, and the warnings on the way to it. */
const warned = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  withWarnings((warnings) => Effect.map(self, (value) => ({ value, warnings })))

/** A second of the test's clock, and a turn of the event loop for what is read and written meanwhile. */
const aWhile = Effect.zipRight(
  TestClock.adjust("1 second"),
  Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))
)

/** The one run that is kept. */
const only: Effect.Effect<RunRecord.RunRecord> = Effect.orDie(
  Effect.flatMap(Run.records, (records) => {
    assert.lengthOf(records, 1)
    const [record] = records
    return record === undefined ? Effect.dieMessage("one record") : Effect.succeed(record)
  })
)

describe.each(runPlaces.layers(server))("A tracked effect, kept $where,", ({ layer }) => {
  it.effect("is a run from its start to its end", () =>
    Effect.gen(function* () {
      const value = yield* Effect.gen(function* () {
        yield* TestClock.adjust("3 seconds")
        yield* Run.event("checkpoint", { step: 1 })
        yield* Run.metrics({ itemsDiscovered: 10, itemsSucceeded: 9, itemsFailed: 1, metrics: { cached: 2 } })
        return 42
      }).pipe(Run.track("importer", "nightly", { product: "docs", triggerType: "cron" }))
      assert.strictEqual(value, 42)
      const run = yield* only
      assert.deepInclude(run, {
        agentName: "importer",
        jobType: "nightly",
        product: "docs",
        triggerType: "cron",
        status: "success",
        startTime: 0,
        endTime: 3_000,
        durationMs: 3_000,
        itemsDiscovered: 10,
        itemsSucceeded: 9,
        itemsFailed: 1,
        metrics: { cached: 2 }
      })
      assert.match(run.runId, /^19700101T000000Z-importer-[0-9a-f]{8}$/)
      const [event] = yield* Run.eventsOf(run)
      assert.deepInclude(event, { type: "checkpoint", timestamp: 3_000, payload: { step: 1 } })
    }).pipe(Effect.provide(layer))
  )

  it.effect("keeps its error, and its record says what it was", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(
        Run.track(new OutOfPaper({ message: "tray 2 is empty, password=hunter2hunter2" }), "printer", "job")
      )
      assert.deepStrictEqual(
        Exit.mapError(exit, ({ _tag }) => _tag),
        Exit.fail("OutOfPaper")
      )
      const run = yield* only
      assert.strictEqual(run.status, "failed")
      assert.match(run.errorSummary ?? "", /^OutOfPaper: tray 2 is empty/)
      assert.notInclude(`${run.errorSummary}${run.errorDetails}`, "hunter2hunter2")
    }).pipe(Effect.provide(layer))
  )

  it.effect("says whether it was cancelled, timed out, died, or did a part", () =>
    Effect.gen(function* () {
      const programs: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
        Effect.interrupt,
        new Cause.TimeoutException("too late"),
        Effect.die(new Error("a bug")),
        Narrative.setStatus("partial")
      ]
      for (const program of programs) yield* Effect.exit(Run.track(program, "agent", "job"))
      const statuses = (yield* Run.records).map(({ status }) => status)
      assert.deepStrictEqual(statuses.toReversed(), ["cancelled", "timeout", "failed", "partial"])
    }).pipe(Effect.provide(layer))
  )

  it.effect("takes items, cost and quality that Work recorded, unless they were given", () =>
    Effect.gen(function* () {
      yield* Effect.gen(function* () {
        yield* Work.recordItems({ discovered: 5, succeeded: 4, failed: 1 })
        yield* Work.recordCost("gpt-4o", 0.25)
        yield* Work.recordQuality("logic", 0.5)
        yield* Run.metrics({ itemsFailed: 0, metrics: { cost_usd: 9 } })
      }).pipe(Narrative.stage("Work"), Run.track("writer", "draft"))
      const run = yield* only
      assert.deepInclude(run, { itemsDiscovered: 5, itemsSucceeded: 4, itemsFailed: 0 })
      assert.deepInclude(run.metrics, { cost_usd: 9, quality: { logic: 0.5 } })
    }).pipe(Effect.provide(layer))
  )

  it.effect("is the current run inside, and the parent of a run inside it", () =>
    Effect.gen(function* () {
      assert.isTrue(Option.isNone(yield* Run.current))
      const inner = Run.track(Effect.flatten(Run.current), "inner", "job")
      const [outerRun, innerRun] = yield* Effect.zip(Effect.flatten(Run.current), inner).pipe(
        Run.track("outer", "job", { runId: "the outer one" })
      )
      const record = (yield* Run.records).find(({ runId }) => runId === innerRun.runId)
      assert.strictEqual(outerRun.runId, "the outer one")
      assert.strictEqual(record?.parentRunId, "the outer one")
    }).pipe(Effect.provide(layer))
  )

  it.effect("runs without a layer, as a story", () =>
    Effect.gen(function* () {
      const program = Effect.zipRight(Run.event("checkpoint"), Narrative.current).pipe(Run.track("agent", "job"))
      const story = yield* program
      assert.strictEqual(Option.getOrThrow(story).name, "agent")
      assert.deepStrictEqual(yield* Run.records, [])
    })
  )
})

describe.each(runPlaces.layers(server))("A run begun and ended by hand, kept $where,", ({ layer, where }) => {
  it.effect("ends as it is said to, and takes a commit and changes after that", () =>
    Effect.gen(function* () {
      const run = yield* Run.start("agent", "job", { inputSummary: "in" })
      assert.strictEqual((yield* only).status, "running")
      yield* Run.end(run, { status: "partial", itemsSucceeded: 3, inputSummary: "said at the end", itemsDiscovered: 4 })
      yield* Run.associateCommit(run, {
        hash: "A1B2C3D",
        source: "llm",
        author: "Ada <ada@example.org>",
        timestamp: 5_000
      })
      yield* Run.patch({ eventId: run.eventId, runId: run.runId }, { outputSummary: "later", itemsSucceeded: null })
      assert.deepInclude(yield* only, {
        status: "partial",
        itemsDiscovered: 4,
        inputSummary: "said at the end",
        itemsSucceeded: null,
        outputSummary: "later",
        gitCommitHash: "a1b2c3d",
        gitCommitSource: "llm",
        gitCommitAuthor: "Ada <ada@example.org>",
        gitCommitTimestamp: 5_000
      })
    }).pipe(Effect.provide(layer))
  )

  it.effect("has the id that it was given, unless that cannot be, which is counted", () =>
    Effect.gen(function* () {
      const ids: Array<string> = []
      for (const runId of ["mine", "mine", "a/b", " ", "x".repeat(300), "nul\0"]) {
        ids.push((yield* Run.start("agent", "job", { runId })).runId)
      }
      assert.strictEqual(ids[0], "mine")
      assert.match(ids[1] ?? "", /^mine-duplicate-[0-9a-f]{8}$/)
      for (const id of ids.slice(2)) assert.match(id, /^\d{8}T\d{6}Z-agent-/)
      assert.deepStrictEqual((yield* Run.stats).refusedIds, { path_separator: 1, empty: 1, too_long: 1, nul: 1 })
    }).pipe(Effect.provide(layer))
  )

  it.effect("leaves out values that cannot be, and says so once", () =>
    Effect.gen(function* () {
      // A warning is logged once in a process.
      const itemsFailed = -1 - runPlaces.layers(server).findIndex((one) => one.where === where)
      const { warnings } = yield* warned(
        Effect.gen(function* () {
          const run = yield* Run.start("agent", "job", { itemsFailed })
          yield* Run.end(run, { errorSummary: "x".repeat(600), itemsSkipped: 1.5 })
        })
      )
      const run = yield* only
      assert.deepInclude(run, { itemsFailed: null, itemsSkipped: null, status: "success" })
      assert.lengthOf(run.errorSummary ?? "", 500)
      assert.include(String(warnings), `itemsFailed takes a whole number of 0 or more, not ${itemsFailed}`)
    }).pipe(Effect.provide(layer))
  )

  it.effect("is swept by its age where its process cannot be asked for, and ends all the same when it ends", () =>
    Effect.gen(function* () {
      // Revisions go on after those of other tests, whose clocks were put forward, too.
      yield* TestClock.adjust(`${++days} days`)
      const elsewhere = yield* Run.start("agent", "job")
      const runs = yield* Run.Runs
      yield* runs.write({
        record_type: "run",
        revision: revision.of(2, 1, 0, "test"),
        event_id: elsewhere.eventId,
        changes: { process: null }
      })
      yield* TestClock.adjust("2 hours")
      yield* Run.start("agent", "job")
      assert.isEmpty(yield* Run.sweep())
      assert.isEmpty(yield* Run.sweep({ olderThan: "1 hour", agentName: "another" }))
      assert.lengthOf(yield* Run.sweep({ olderThan: "1 hour", agentName: "agent" }), 1)
      const statusOf = Effect.map(
        Run.records,
        (records) => records.find(({ eventId }) => eventId === elsewhere.eventId)?.status
      )
      assert.strictEqual(yield* statusOf, "cancelled")
      yield* Run.end(elsewhere)
      assert.strictEqual(yield* statusOf, "success")
    }).pipe(Effect.provide(layer))
  )

  it.effect("hides secrets before anything is written", () =>
    Effect.gen(function* () {
      const run = yield* Run.start("agent", "job", { context: { iban: "DE02120300000000202051", user: "ada" } })
      yield* Run.event(run, "login", { password: "hunter2hunter2" })
      const all = JSON.stringify([yield* Run.records, yield* Run.eventsOf(run)])
      assert.notMatch(all, /hunter2|DE021203/)
      assert.include(all, "ada")
    }).pipe(Effect.provide(Layer.merge(layer, Redaction.layer({ extra: ["iban"] }))))
  )
})

const program = Narrative.stage(Run.event("checkpoint", { step: 1 }), "Work").pipe(
  Run.track("agent", "job", { product: "docs" })
)

const allRuns =
  "SELECT event_id, run_id, status, created_at, updated_at, end_time, duration_ms, process, revisions FROM agent_runs ORDER BY event_id"

describe.each(runPlaces.journalled(server))("Runs $where", ({ place }) => {
  it.scopedLive("are in the journal, in the database, and in its history", () =>
    Effect.gen(function* () {
      const { baseDir, database, layer, rowsOf } = yield* place
      yield* program.pipe(Effect.provide(layer()))
      const [file = ""] = readdirSync(join(baseDir, "raw")).filter((name) => !name.startsWith("."))
      assert.match(file, /^events_\d{8}\.ndjson$/)
      const lines = readFileSync(join(baseDir, "raw", file), "utf8")
        .trimEnd()
        .split("\n")
      assert.deepStrictEqual(
        lines.map((line) => JSON.parse(line).record_type),
        ["run", "event", "run"]
      )
      // The quick start of local-telemetry.
      const recent = yield* rowsOf(
        "SELECT run_id, status, duration_ms FROM agent_runs ORDER BY start_time DESC LIMIT 10;"
      )
      assert.strictEqual(recent[0]?.["status"], "success")
      assert.deepStrictEqual(
        yield* rowsOf(
          "SELECT agent_name, COUNT(*) as runs, SUM(CASE WHEN status='success' THEN 1 ELSE 0 END) as successes FROM agent_runs GROUP BY agent_name;"
        ),
        [{ agent_name: "agent", runs: 1, successes: 1 }]
      )
      assert.lengthOf(yield* rowsOf("SELECT * FROM run_events"), 1)
      const [run] = yield* rowsOf("SELECT * FROM agent_runs")
      const story = yield* asked(History.story(String(run?.["story_id"])), database)
      assert.strictEqual(story.stages[0]?.name, "Work")
      assert.deepInclude(story.correlation, { runId: String(run?.["run_id"]) })
    })
  )

  it.scopedLive("say which repository and branch they ran in", () =>
    Effect.gen(function* () {
      const { layer, rowsOf } = yield* place
      yield* program.pipe(Effect.provide(layer()))
      const [run] = yield* rowsOf("SELECT * FROM agent_runs")
      assert.match(String(run?.["git_commit_hash"]), /^[0-9a-f]{40}$/)
      assert.lengthOf(yield* rowsOf("SELECT * FROM commits"), 0)
    })
  )

  it.scopedLive("are rebuilt from the journal, whatever becomes of the database", () =>
    Effect.gen(function* () {
      const { deleteDatabase, layer, rowsOf } = yield* place
      yield* program.pipe(Effect.repeatN(4), Effect.provide(layer()))
      const before = yield* rowsOf(allRuns)
      yield* deleteDatabase
      yield* Effect.void.pipe(Effect.provide(layer()))
      assert.deepStrictEqual(yield* rowsOf(allRuns), before)
      assert.lengthOf(yield* rowsOf("SELECT * FROM run_events"), 5)
    })
  )

  it.scopedLive("are brought to this version from an older one, with what is in it", () =>
    Effect.gen(function* () {
      const { execute, layer, rowsOf } = yield* place
      const migrations = "SELECT migration_id, name FROM run_migrations ORDER BY migration_id"
      yield* program.pipe(Effect.provide(layer({ history: false })))
      const before = yield* rowsOf(migrations)
      yield* execute("DROP INDEX agent_runs_by_state")
      yield* execute("ALTER TABLE commits DROP COLUMN stated")
      yield* execute(
        "INSERT INTO commits (commit_hash, run_id, message, deletions) VALUES ('abcdef0', 'gone', 'Fix it', 3)"
      )
      yield* execute("DELETE FROM run_migrations WHERE migration_id > 1")
      yield* program.pipe(Effect.provide(layer({ history: false })))
      assert.deepStrictEqual(yield* rowsOf(migrations), before)
      // What is known of a commit is kept when a run states it.
      const change = Run.associateCommit({ eventId: "later", runId: "later" }, { hash: "abcdef0", source: "ci" })
      yield* change.pipe(Effect.provide(layer({ history: false })))
      const [{ stated: _, ...commit } = {}] = yield* rowsOf("SELECT * FROM commits")
      assert.deepInclude(commit, { commit_hash: "abcdef0", run_id: "later", message: "Fix it" })
      assert.isAbove(before.length, 1)
      yield* execute("DROP INDEX agent_runs_by_state")
      assert.lengthOf(yield* rowsOf("SELECT 1 FROM agent_runs"), 3)
    })
  )

  it.scopedLive("are read from a journal that local-telemetry wrote", () =>
    Effect.gen(function* () {
      const { baseDir, layer } = yield* place
      const row = {
        run_id: "20251215T080000Z-agent-1a2b3c4d",
        event_id: "e1",
        schema_version: 6,
        start_time: "2025-12-15T08:00:00.123456+00:00",
        agent_name: "agent",
        job_type: "job",
        product: null,
        items_discovered: 0
      }
      const event = { run_id: row.run_id, event_type: "checkpoint", timestamp: "2025-12-15T08:01:00+00:00" }
      const lines = [
        { ...row, status: "running", record_type: "run" },
        { ...event, payload_json: '{"step": 1}', id: null, record_type: "event" },
        { ...row, status: "failure", end_time: "2025-12-15T08:02:00+00:00", items_failed: 3, record_type: "run" }
      ]
      mkdirSync(join(baseDir, "raw"))
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("")
      writeFileSync(join(baseDir, "raw/events_20251215.ndjson"), text)
      yield* Effect.gen(function* () {
        const run = yield* only
        assert.deepInclude(run, {
          eventId: "e1",
          status: "failed",
          startTime: Date.parse("2025-12-15T08:00:00.123Z"),
          endTime: Date.parse("2025-12-15T08:02:00Z"),
          itemsFailed: 3
        })
        assert.deepInclude((yield* Run.eventsOf(run))[0], { type: "checkpoint", payload: { step: 1 } })
      }).pipe(Effect.provide(layer({ git: false })))
    })
  )
})

describe("Runs in a folder", () => {
  it.scopedLive("go on when the journal or the database is deleted while they are written", () =>
    Effect.gen(function* () {
      const baseDir = yield* folder
      const statuses = yield* Effect.gen(function* () {
        yield* program
        yield* Run.records
        rmSync(join(baseDir, "raw"), { recursive: true })
        rmSync(join(baseDir, "db"), { recursive: true })
        yield* program
        const records = yield* Run.records
        assert.deepInclude(yield* Run.stats, { accepted: 6, lost: 0 })
        return records.map(({ status }) => status)
      }).pipe(Effect.provide(Run.layer({ baseDir, history: false })))
      assert.deepStrictEqual(statuses, ["success"])
    })
  )

  it.scopedLive("are counted as lost where nothing can be written, and the program goes on", () =>
    Effect.gen(function* () {
      const baseDir = yield* folder
      writeFileSync(join(baseDir, "raw"), "a file where the folder should be")
      const { value, warnings } = yield* warned(
        Effect.zip(Run.track(Effect.succeed(42), "agent", "job"), Run.stats).pipe(
          Effect.provide(Run.layer({ baseDir }))
        )
      )
      assert.strictEqual(value[0], 42)
      assert.deepInclude(value[1], { accepted: 0, lost: 2 })
      assert.include(String(warnings), "A write of a run is lost")
    })
  )

  it.scopedLive("go on while the journal is deleted in use, and made again with the inode of the old file", () =>
    Effect.gen(function* () {
      const baseDir = yield* folder
      yield* Effect.gen(function* () {
        for (let i = 0; i < 5; i++) {
          yield* program
          yield* Run.records
          rmSync(join(baseDir, "raw"), { recursive: true })
        }
        assert.lengthOf(yield* Run.records, 5)
        assert.deepInclude(yield* Run.stats, { accepted: 15, lost: 0 })
      }).pipe(Effect.provide(Run.layer({ baseDir, history: false, git: false })))
      assert.lengthOf(
        yield* rowsOf(join(baseDir, "db/telemetry.sqlite"), "SELECT * FROM agent_runs WHERE status = 'success'"),
        5
      )
    })
  )

  it.scoped("keep their end over their start when the clock is set back meanwhile", () =>
    Effect.gen(function* () {
      const baseDir = yield* folder
      yield* TestClock.setTime(Date.UTC(2026, 0, 31, 12))
      const layer = Run.layer({ baseDir, history: false, git: false })
      const run = yield* Run.start("agent", "job").pipe(Effect.provide(layer))
      yield* TestClock.setTime(Date.UTC(2026, 0, 31, 11))
      yield* Effect.gen(function* () {
        yield* Run.end(run, { status: "partial", outputSummary: "half" })
        yield* Run.patch(run, { outputSummary: "all of it" })
      }).pipe(Effect.provide(layer))
      const rows = yield* rowsOf(
        join(baseDir, "db/telemetry.sqlite"),
        "SELECT status, output_summary, duration_ms FROM agent_runs"
      )
      assert.deepStrictEqual(rows, [{ status: "partial", output_summary: "all of it", duration_ms: 0 }])
    })
  )

  it.live.runIf(process.platform === "linux")("are counted as lost on a file system that may only be read", () =>
    Effect.gen(function* () {
      // Nothing can be made there, whoever asks.
      const baseDir = "/sys/kernel/narrative"
      const { value, warnings } = yield* warned(
        Effect.zip(Run.track(Effect.succeed(42), "agent", "job"), Run.stats).pipe(
          Effect.provide(Run.layer({ baseDir }))
        )
      )
      assert.strictEqual(value[0], 42)
      assert.deepInclude(value[1], { accepted: 0, lost: 2 })
      assert.match(value[1].lastError ?? "", /The journal .* could not be written: E(PERM|ACCES|ROFS)/)
      assert.include(String(warnings), "A write of a run is lost")
    })
  )

  it.scopedLive("leave a database alone that is somebody else's, and go on with the journal", () =>
    Effect.gen(function* () {
      const baseDir = yield* folder
      const databasePath = join(baseDir, "theirs.db")
      const theirs = openSqlite(databasePath)
      theirs.exec("CREATE TABLE customers (id)")
      theirs.close()
      const { value, warnings } = yield* warned(
        Effect.zip(program, Run.stats).pipe(Effect.provide(Run.layer({ baseDir, databasePath })))
      )
      assert.deepInclude(value[1], { accepted: 3, lost: 0 })
      assert.match(String(warnings), /holds tables of another application \(customers\)/)
    })
  )

  it.scoped("come into a database that could not be opened for a while, without another write", () =>
    withWarnings((warnings) =>
      Effect.gen(function* () {
        const baseDir = yield* folder
        const database = join(baseDir, "db/telemetry.sqlite")
        mkdirSync(database, { recursive: true })
        yield* Effect.gen(function* () {
          yield* Run.start("importer", "nightly")
          while (!warnings.some((text) => text.includes("this is tried again"))) yield* aWhile
          rmSync(database, { recursive: true })
          while (!existsSync(database)) yield* aWhile
          while ((yield* rowsOf(database, "SELECT name FROM sqlite_master WHERE name = 'agent_runs'")).length === 0) {
            yield* aWhile
          }
          while ((yield* rowsOf(database, "SELECT status FROM agent_runs")).length === 0) yield* aWhile
        }).pipe(Effect.provide(Run.layer({ baseDir, history: false, git: false })))
        // Beside the one warning for each attempt that was logged.
        assert.isEmpty(warnings.filter((text) => !text.includes("this is tried again")))
      })
    )
  )

  it.effect("are not kept where an option is wrong, which is a warning", () =>
    Effect.gen(function* () {
      const { value, warnings } = yield* warned(program.pipe(Effect.provide(Run.layer({ baseDir: " " }))))
      assert.isUndefined(value)
      assert.include(String(warnings), "Run: baseDir takes a text that is not empty")
    })
  )

  it.scopedLive("take their places from the environment", () =>
    Effect.gen(function* () {
      const baseDir = yield* folder
      process.env["TELEMETRY_BASE_DIR"] = baseDir
      process.env["AGENT_OWNER"] = "ada"
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          delete process.env["TELEMETRY_BASE_DIR"]
          delete process.env["AGENT_OWNER"]
        })
      )
      yield* program.pipe(Effect.provide(Run.layerEnvironment))
      const rows = yield* rowsOf(join(baseDir, "db/telemetry.sqlite"), "SELECT agent_owner FROM agent_runs")
      assert.deepStrictEqual(rows, [{ agent_owner: "ada" }])
    })
  )
})
