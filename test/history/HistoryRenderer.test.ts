import { chmodSync, mkdirSync, unlinkSync, writeFileSync } from "node:fs"
import * as SqlClient from "@effect/sql/SqlClient"
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Scope, TestClock } from "effect"
import { makeDurable, openFile } from "../../src/history/database/database.js"
import { migrate } from "../../src/history/database/migrations.js"
import { History, HistoryRenderer } from "../../src/history/index.js"
import * as historyWriter from "../../src/history/write/historyWriter.js"
import * as settings from "../../src/history/write/settings.js"
import { Correlation, Narrative, type NarrativeEvent } from "../../src/index.js"
import { openSqlite } from "../bench/sqlite.js"
import { Narrator, notes } from "../fixtures/events.js"
import {
  assertConserved,
  emitAll,
  rendererSuite,
  settledStatsOf,
  statsOf,
  withWarnings
} from "../renderer/rendererSuite.js"
import {
  asked,
  file,
  folder,
  layerAt,
  onBothDatabases,
  recorded,
  rendererOf,
  rowsOf,
  toFirstVersion
} from "./histories.js"

// A real file behind every destination: what the destination lets through is written.
rendererSuite("HistoryRenderer", (destination) =>
  Effect.gen(function* () {
    const database = yield* openFile(yield* file)
    yield* migrate(database, makeDurable(database.sql))
    const options = yield* settings.decode({})
    const writer = yield* historyWriter.make({ sql: database.sql, ...options })
    return yield* HistoryRenderer.fromWrite(options, (events) =>
      Effect.zipRight(
        Effect.suspend(() => destination.accept(events.map((event) => event.sequence))),
        writer.write(events)
      )
    )
  }).pipe(Effect.orDie)
)

/** Keeps the write lock of a database until the scope closes. */
const lock = (filename: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const database = openSqlite(filename)
      database.exec("BEGIN IMMEDIATE")
      return database
    }),
    (database) => Effect.sync(() => database.close())
  )

const stagesOf = (count: number) =>
  Effect.forEach(
    Array.from({ length: count }, (_, i) => `Stage ${i}`),
    (name) => Narrative.stage(Effect.void, name),
    {
      discard: true
    }
  )

const program = stagesOf(20).pipe(Effect.as(42), Narrative.story("Import"))

onBothDatabases(({ file, rowsOf }) => {
  describe("HistoryRenderer", () => {
    it.scoped("writes events in their order, each once, however they fall into batches", () =>
      Effect.gen(function* () {
        const filename = yield* file
        yield* recorded(program, filename, { batchSize: 3 })
        const rows = yield* rowsOf(filename, "SELECT sequence FROM events ORDER BY id")
        assert.deepStrictEqual(
          rows.map(({ sequence }) => sequence),
          Array.from({ length: 42 }, (_, i) => i)
        )
        const stages = yield* rowsOf(filename, "SELECT name, status FROM stages ORDER BY stage_index")
        assert.deepStrictEqual(
          stages,
          Array.from({ length: 20 }, (_, i) => ({ name: `Stage ${i}`, status: "completed" }))
        )
      })
    )

    it.scoped("puts the history of a story whose start was lost together from its other events", () =>
      Effect.gen(function* () {
        const filename = yield* file
        const narrator = new Narrator("Import", "lost")
        narrator.start()
        const load = narrator.stage("Load")
        narrator.stageStarted(load)
        const renderer = yield* Effect.scoped(
          Effect.gen(function* () {
            const renderer = yield* rendererOf(layerAt(filename))
            yield* emitAll(renderer, [
              narrator.completed(load, { timestamp: 2_000 }),
              narrator.end({ timestamp: 3_000 })
            ])
            return renderer
          })
        )
        assert.deepInclude(yield* statsOf(renderer), { delivered: 2, failed: 0 })
        const story = yield* asked(History.story("lost"), filename)
        assert.deepInclude(story, { name: "Import", status: "success", durationSeconds: 1 })
        assert.deepInclude(story.stages[0], { name: "Load", status: "completed", startedAt: 1_500, endedAt: 2_000 })
      })
    )

    it.scoped("keeps an analysis that comes after the story's end with its failure", () =>
      Effect.gen(function* () {
        const filename = yield* file
        const narrator = new Narrator("Import", "analysed")
        const analysis = {
          analyzer: "test",
          model: null,
          exactWhy: "the row has no id",
          evidence: [],
          targetedFix: "give it one",
          codeChanges: "",
          rawText: null,
          droppedCitations: 0
        }
        const ready = (sequence: number): NarrativeEvent.AnalysisReady => ({
          _tag: "AnalysisReady",
          storyId: "analysed",
          storyName: "Import",
          rootStoryId: "analysed",
          parentStoryId: null,
          timestamp: 9,
          sequence,
          stageName: "Load",
          traceId: null,
          spanId: null,
          llmAnalysis: "the row has no id",
          analysis,
          latencySeconds: 1.5
        })
        for (const batch of [
          [narrator.start(), narrator.failureOccurred(), narrator.end({ status: "failed" })],
          [ready(3)]
        ]) {
          yield* Effect.scoped(Effect.flatMap(rendererOf(layerAt(filename)), (renderer) => emitAll(renderer, batch)))
        }
        const { failures, status } = yield* asked(History.story("analysed"), filename)
        assert.strictEqual(status, "failed")
        assert.deepInclude(failures[0], {
          analysis,
          llmAnalysis: "the row has no id",
          analysisSeconds: 1.5,
          analyzed: true
        })
        assert.deepStrictEqual(failures[0]?.report.analysis, analysis)
      })
    )

    it.scoped("keeps the kinds of event that were asked for, and stories, stages and failures in any case", () =>
      Effect.gen(function* () {
        const filename = yield* file
        const failing = Effect.fail("no").pipe(Narrative.stage("Load"), Narrative.story("Import"), Effect.ignore)
        yield* recorded(Effect.zipRight(Narrative.story(Narrative.note("kept"), "Note"), failing), filename, {
          events: ["EventRecorded"]
        })
        assert.deepStrictEqual(yield* rowsOf(filename, "SELECT event FROM events"), [{ event: "EventRecorded" }])
        assert.deepStrictEqual(yield* rowsOf(filename, "SELECT count(*) AS n FROM failures"), [{ n: 1 }])
        assert.deepStrictEqual(yield* rowsOf(filename, "SELECT count(*) AS n FROM stages"), [{ n: 1 }])
      })
    )

    it.scoped("keeps the newest stories only, when asked how many", () =>
      Effect.gen(function* () {
        const filename = yield* file
        yield* recorded(
          Effect.forEach(["a", "b", "c", "d"], (name) => Narrative.story(Effect.void, name)),
          filename
        )
        assert.strictEqual(yield* asked(History.prune({ keepStories: 3 }), filename, false), 1)
        assert.deepStrictEqual(yield* rowsOf(filename, "SELECT name FROM stories ORDER BY key"), [
          { name: "b" },
          { name: "c" },
          { name: "d" }
        ])
      })
    )
  })
})

describe("HistoryRenderer", () => {
  it.scoped("has a row of a story from its start on", () =>
    Effect.gen(function* () {
      const filename = yield* file
      const narrator = new Narrator()
      const renderer = yield* rendererOf(HistoryRenderer.layer({ path: filename }))
      yield* emitAll(renderer, [narrator.start()])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* rowsOf(filename, "SELECT name, status, ended_at FROM stories"), [
        { name: "Import", status: "running", ended_at: null }
      ])
    })
  )

  it.scoped("waits for a locked database without holding the program up, and then writes everything", () =>
    Effect.gen(function* () {
      const filename = yield* file
      const renderer = yield* rendererOf(HistoryRenderer.layer({ path: filename }))
      const locked = yield* Scope.make()
      yield* Scope.extend(lock(filename), locked)
      yield* emitAll(renderer, notes(100))
      yield* TestClock.adjust("20 seconds")
      assert.deepInclude(yield* statsOf(renderer), { emitted: 100, delivered: 0, failed: 0, pending: 100 })
      yield* Scope.close(locked, Exit.void)
      yield* TestClock.adjust("1 second")
      assert.deepInclude(yield* statsOf(renderer), { delivered: 100, failed: 0, pending: 0 })
    })
  )

  it.scoped("gives up on a database that stays locked, counts and reports the loss, and waits no second time", () =>
    withWarnings((warnings) =>
      Effect.gen(function* () {
        const filename = yield* file
        const renderer = yield* rendererOf(
          HistoryRenderer.layer({ path: filename, batchSize: 10, busyTimeout: "30 seconds" })
        )
        const locked = yield* Scope.make()
        yield* Scope.extend(lock(filename), locked)
        yield* emitAll(renderer, notes(100))
        yield* TestClock.adjust("31 seconds")
        assert.deepInclude(yield* statsOf(renderer), { delivered: 0, failed: 100, pending: 0 })
        assert.include(warnings[0], 'Renderer "history" failed')
        yield* Scope.close(locked, Exit.void)
        yield* emitAll(renderer, notes(7))
        yield* TestClock.adjust("1 second")
        const stats = yield* statsOf(renderer)
        assertConserved(stats)
        assert.deepInclude(stats, { delivered: 7, failed: 100, pending: 0 })
      })
    )
  )

  it.scoped("leaves the program's result alone when its database is locked for good", () =>
    withWarnings((warnings) =>
      Effect.gen(function* () {
        const filename = yield* file
        yield* recorded(Effect.void, filename)
        const running = yield* Effect.fork(
          Effect.gen(function* () {
            yield* lock(filename)
            return yield* program
          }).pipe((self) => recorded(self, filename, { shutdownTimeout: "2 seconds" }), Effect.scoped)
        )
        yield* TestClock.adjust("10 minutes")
        assert.strictEqual(yield* Fiber.join(running), 42)
        assert.isAbove(warnings.length, 0)
      })
    )
  )

  it.scoped("counts what does not fit on a full disk as failed, and goes on when there is room", () =>
    withWarnings((warnings) =>
      Effect.gen(function* () {
        const filename = yield* file
        const database = yield* openFile(filename)
        yield* migrate(database, makeDurable(database.sql))
        const renderer = yield* rendererOf(
          Layer.provide(HistoryRenderer.layerSql({ batchSize: 50 }), Layer.succeed(SqlClient.SqlClient, database.sql))
        )
        const { sql } = database
        const [pages] = yield* sql<{ page_count: number }>`PRAGMA page_count`
        yield* sql.unsafe(`PRAGMA max_page_count = ${(pages?.page_count ?? 0) + 1}`)
        yield* emitAll(renderer, notes(1_000))
        yield* TestClock.adjust("1 second")
        const full = yield* statsOf(renderer)
        assertConserved(full)
        assert.isAbove(full.failed, 0)
        assert.include(warnings[0], 'Renderer "history" failed')
        yield* sql.unsafe("PRAGMA max_page_count = 1000000")
        yield* emitAll(renderer, notes(100))
        yield* TestClock.adjust("1 second")
        const after = yield* statsOf(renderer)
        assert.strictEqual(after.delivered - full.delivered, 100)
        assert.deepStrictEqual(yield* rowsOf(filename, "SELECT count(*) AS n FROM events"), [{ n: after.delivered }])
        assert.deepStrictEqual(yield* rowsOf(filename, "PRAGMA integrity_check"), [{ integrity_check: "ok" }])
      })
    )
  )

  it.scoped("makes its file anew when that is deleted under it, says so, and loses nothing written since", () =>
    withWarnings((warnings) =>
      Effect.gen(function* () {
        const filename = yield* file
        const narrator = new Narrator()
        const renderer = yield* rendererOf(HistoryRenderer.layer({ path: filename }))
        yield* emitAll(renderer, [narrator.start()])
        yield* TestClock.adjust("1 second")
        for (const end of ["", "-wal", "-shm"]) unlinkSync(`${filename}${end}`)
        yield* emitAll(renderer, [narrator.note("after"), narrator.end()])
        yield* TestClock.adjust("1 second")
        assert.deepInclude(yield* settledStatsOf(renderer), { delivered: 3, failed: 0, pending: 0 })
        assert.deepStrictEqual(yield* rowsOf(filename, "SELECT status FROM stories"), [{ status: "success" }])
        assert.deepStrictEqual(yield* rowsOf(filename, "SELECT sequence FROM events"), [
          { sequence: 1 },
          { sequence: 2 }
        ])
        assert.lengthOf(
          warnings.filter((warning) => warning.includes("was deleted or replaced")),
          1
        )
      })
    )
  )

  it.scoped("counts and reports what it cannot write when a folder is where its file was", () =>
    withWarnings((warnings) =>
      Effect.gen(function* () {
        const filename = yield* file
        const result = yield* Effect.gen(function* () {
          unlinkSync(filename)
          mkdirSync(filename)
          const value = yield* program
          return value
        }).pipe((self) => recorded(self, filename))
        assert.strictEqual(result, 42)
        assert.isTrue(warnings.some((warning) => warning.includes('Renderer "history" failed')))
      })
    )
  )

  it.scoped("writes through the program's own client, whose transactions it does not enter", () =>
    Effect.gen(function* () {
      const filename = yield* file
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sql.withTransaction(Effect.zipRight(program, Effect.fail("rolled back"))).pipe(Effect.ignore)
      }).pipe(
        Effect.provide(Layer.provideMerge(HistoryRenderer.layerSql(), SqliteClient.layer({ filename }))),
        Effect.zipLeft(TestClock.adjust("1 second"))
      )
      assert.deepStrictEqual(yield* rowsOf(filename, "SELECT status FROM stories"), [{ status: "success" }])
    })
  )

  it.scoped("deletes what is too old in the background, a few at a time, and never what runs", () =>
    Effect.gen(function* () {
      const filename = yield* file
      const old = Array.from({ length: 120 }, (_, i) => new Narrator("Old", `old ${i}`))
      const open = new Narrator("Open", "open")
      const renderer = yield* rendererOf(HistoryRenderer.layer({ path: filename, keepDays: 0.5, heartbeat: "1 day" }))
      yield* emitAll(renderer, [open.start(), ...old.flatMap((narrator) => [narrator.start(), narrator.end()])])
      yield* TestClock.adjust("11 hours")
      assert.deepStrictEqual(yield* rowsOf(filename, "SELECT count(*) AS n FROM stories"), [{ n: 121 }])
      yield* TestClock.adjust("2 hours")
      assert.deepStrictEqual(yield* rowsOf(filename, "SELECT id FROM stories"), [{ id: "open" }])
      assert.deepStrictEqual(yield* rowsOf(filename, "SELECT count(*) AS n FROM events"), [{ n: 1 }])
    })
  )

  it.scoped("shows no span of its own to the program's tracer", () =>
    Effect.gen(function* () {
      const filename = yield* file
      const spans: Array<string> = []
      const { tracer } = yield* Effect.map(Effect.tracer, (tracer) => ({
        tracer: {
          ...tracer,
          span: (...args: Parameters<typeof tracer.span>) => {
            spans.push(args[0])
            return tracer.span(...args)
          }
        }
      }))
      yield* recorded(program, filename, { keepDays: 1 }).pipe(Effect.withTracer(tracer))
      assert.strictEqual(spans.filter((name) => name.startsWith("sql")).length, 0, spans.join())
      assert.include(spans, "Import")
    })
  )
})

describe("A history that cannot be opened", () => {
  const reasonOf = <A, R>(self: Effect.Effect<A, { readonly _tag: string; readonly message: string }, R>) =>
    Effect.map(Effect.flip(self), (error) => ({
      tag: error._tag,
      reason: "reason" in error ? error.reason : undefined,
      message: error.message
    }))
  const opening = (filename: string) => reasonOf(Effect.scoped(Layer.build(HistoryRenderer.layer({ path: filename }))))

  it.scoped("says so where the file is no database, and leaves it as it is", () =>
    Effect.gen(function* () {
      const filename = yield* file
      writeFileSync(filename, "Dear diary, today I was mistaken for a database once more.".repeat(100))
      const { message, reason } = yield* opening(filename)
      assert.strictEqual(reason, "NotADatabase", message)
      assert.include(message, filename)
    })
  )

  it.scoped("says so where it is somebody else's, and writes nothing to it", () =>
    Effect.gen(function* () {
      const filename = yield* file
      const database = openSqlite(filename)
      database.exec("CREATE TABLE customers (id); INSERT INTO customers VALUES (1)")
      database.close()
      const { message, reason } = yield* opening(filename)
      assert.strictEqual(reason, "Foreign", message)
      assert.include(message, "customers")
      assert.deepStrictEqual(yield* rowsOf(filename, "SELECT name FROM sqlite_master"), [{ name: "customers" }])
      assert.deepStrictEqual(yield* rowsOf(filename, "PRAGMA journal_mode"), [{ journal_mode: "delete" }])
    })
  )

  it.scoped("says so where its migrations are somebody else's", () =>
    Effect.gen(function* () {
      const filename = yield* file
      const database = openSqlite(filename)
      database.exec("CREATE TABLE schema_migrations (migration_id, name, created_at)")
      database.exec("INSERT INTO schema_migrations VALUES (1, 'create_customers', '')")
      database.close()
      assert.strictEqual((yield* opening(filename)).reason, "Foreign")
      assert.strictEqual((yield* reasonOf(asked(Effect.void, filename))).reason, "Foreign")
    })
  )

  it.scoped("is brought to this version where it is of the first one, with what is in it", () =>
    Effect.gen(function* () {
      const filename = yield* file
      yield* recorded(Effect.void.pipe(Narrative.story("Before")), filename)
      const database = openSqlite(filename)
      for (const statement of toFirstVersion(filename)) database.exec(statement)
      database.close()
      assert.strictEqual((yield* reasonOf(asked(Effect.void, filename))).reason, "OlderVersion")
      yield* recorded(Effect.void.pipe(Narrative.story("After"), Correlation.with({ requestId: "r" })), filename)
      const found = yield* asked(Effect.all([History.stories({}), History.stories({ correlation: "r" })]), filename)
      assert.deepStrictEqual(
        found.map(({ stories }) => stories.map(({ name }) => name)),
        [["After", "Before"], ["After"]]
      )
    })
  )

  it.scoped("says so where it is of a newer version", () =>
    Effect.gen(function* () {
      const filename = yield* file
      yield* recorded(Effect.void, filename)
      const database = openSqlite(filename)
      database.exec("INSERT INTO schema_migrations (migration_id, name) VALUES (1000, 'of_the_future')")
      database.close()
      const { message, reason } = yield* opening(filename)
      assert.strictEqual(reason, "NewerVersion")
      assert.include(message, "update it")
      assert.strictEqual((yield* reasonOf(asked(Effect.void, filename))).reason, "NewerVersion")
    })
  )

  it.scoped("says so where the file is not there, and makes none", () =>
    Effect.gen(function* () {
      const filename = yield* file
      assert.strictEqual((yield* reasonOf(asked(Effect.void, filename))).reason, "NotFound")
      assert.strictEqual((yield* reasonOf(asked(Effect.void, filename))).reason, "NotFound")
    })
  )

  it.scoped("says so where nothing was written yet", () =>
    Effect.gen(function* () {
      const filename = yield* file
      writeFileSync(filename, "")
      assert.strictEqual((yield* reasonOf(asked(Effect.void, filename))).reason, "NotCreated")
    })
  )

  it.scoped("says so where its folder cannot be made", () =>
    Effect.gen(function* () {
      const path = yield* folder
      writeFileSync(`${path}/occupied`, "")
      assert.strictEqual((yield* opening(`${path}/occupied/history.db`)).reason, "CannotOpen")
    })
  )

  it.scoped("makes the folders above it", () =>
    Effect.gen(function* () {
      const path = yield* folder
      mkdirSync(`${path}/a`)
      chmodSync(`${path}/a`, 0o755)
      yield* recorded(program, `${path}/a/b/c/history.db`)
      assert.deepStrictEqual(yield* rowsOf(`${path}/a/b/c/history.db`, "SELECT status FROM stories"), [
        { status: "success" }
      ])
    })
  )

  it.effect("fails with the setting that cannot be meant before anything is opened", () =>
    Effect.gen(function* () {
      const bad: ReadonlyArray<readonly [string, object]> = [
        ["path", { path: undefined, filename: "history.db" }],
        ["keepDays", { keepDays: -1 }],
        ["keepStories", { keepStories: 1.5 }],
        ["batchSize", { batchSize: 0 }],
        ["batchWithin", { batchWithin: "soon" }],
        ["capacity", { capacity: Number.NaN }],
        ["strategy", { strategy: "hoping" }],
        ["busyTimeout", { busyTimeout: "a while" }],
        ["events", { events: ["StoryStarted", "StoryEnded"] }]
      ]
      for (const [setting, options] of bad) {
        const layer = HistoryRenderer.layer({ path: "/proc/nowhere/history.db", ...options })
        const error = yield* Effect.flip(Effect.scoped(Layer.build(layer)))
        assert.deepInclude(error, { _tag: "InvalidOption", setting })
        assert.include(error.message, setting)
      }
    })
  )
})
