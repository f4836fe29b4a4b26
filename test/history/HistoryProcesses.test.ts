import { type ChildProcess, spawn } from "node:child_process"
import { chmodSync } from "node:fs"
import { dirname } from "node:path"
import * as SqlClient from "@effect/sql/SqlClient"
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { History, HistoryRenderer } from "../../src/history/index.js"
import { Narrative, Renderer } from "../../src/index.js"
import { bundled } from "../fixtures/compiled.js"
import { withWarnings } from "../renderer/rendererSuite.js"
import { asked, file, folder, onBothDatabases, recorded, rowsOf } from "./histories.js"

interface Started {
  readonly child: ChildProcess
  /** Its exit code, once it has ended; `null` if it was killed. */
  readonly ended: Effect.Effect<number | null>
}

/** The fixture in a process of its own, killed at the latest when the scope closes. */
const start = (...args: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.map(bundled("test/fixtures/historyProgram.ts"), (program): Started => {
      const child = spawn(process.execPath, [program, ...args], {
        stdio: ["ignore", "pipe", "inherit"]
      })
      const ended = new Promise<number | null>((resolve) => child.once("close", resolve))
      child.stdout?.resume()
      return { child, ended: Effect.promise(() => ended) }
    }),
    ({ child, ended }) =>
      Effect.zipRight(
        Effect.sync(() => child.kill("SIGKILL")),
        ended
      )
  )

/** Asks again until there is an answer. */
const eventually = <A, E>(self: Effect.Effect<A, E>, until: (value: A) => boolean) =>
  self.pipe(Effect.filterOrFail(until), Effect.retry(Schedule.spaced("20 millis").pipe(Schedule.upTo("25 seconds"))))

onBothDatabases(({ file, rowsOf }) => {
  /** How many events are there, once there is a history. */
  const eventsIn = (filename: string) =>
    asked(History.cursor, filename).pipe(
      Effect.zipRight(rowsOf(filename, "SELECT count(*) AS n FROM events")),
      Effect.map(([row]) => Number(row?.["n"]))
    )

  const assertSound = (filename: string) =>
    filename.startsWith("postgres:")
      ? Effect.void
      : Effect.gen(function* () {
          assert.deepStrictEqual(yield* rowsOf(filename, "PRAGMA integrity_check"), [{ integrity_check: "ok" }])
          assert.deepStrictEqual(yield* rowsOf(filename, "PRAGMA foreign_key_check"), [])
        })

  describe("A history of a process that is killed", () => {
    it.scopedLive(
      "keeps every committed batch, shows its story interrupted, and goes on at the next start",
      () =>
        Effect.gen(function* () {
          const filename = yield* file
          const { child, ended } = yield* start(filename, "endless")
          const seen = yield* eventually(eventsIn(filename), (count) => count > 1_000)
          const [running] = (yield* asked(History.stories({ status: "running" }), filename)).stories
          assert.deepInclude(running, { name: "Endless", status: "running", endedAt: null })

          child.kill("SIGKILL")
          yield* ended
          yield* assertSound(filename)
          // Whole batches: the sequence has no gap.
          const [kept] = yield* rowsOf(
            filename,
            "SELECT count(*) AS n, max(sequence) + 1 AS next, min(sequence) AS first FROM events"
          )
          assert.deepInclude(kept, { next: kept?.["n"], first: 0 })
          assert.isAtLeast(Number(kept?.["n"]), seen)

          const story = yield* asked(History.story(running?.id ?? ""), filename)
          assert.deepInclude(story, { status: "interrupted", endedAt: null, durationSeconds: null })
          assert.strictEqual(story.stages[0]?.name, "Watch")
          assert.strictEqual(story.stages[0]?.status, "interrupted")
          assert.isAbove(story.stages[0]?.stages.length ?? 0, 100)
          assert.strictEqual(story.writer.pid, child.pid)
          assert.isEmpty((yield* asked(History.stories({ status: "running" }), filename)).stories)
          assert.lengthOf((yield* asked(History.stories({ status: "interrupted" }), filename)).stories, 1)
          assert.deepInclude((yield* asked(History.stats(), filename)).byStatus, { interrupted: 1, running: 0 })

          yield* recorded(Narrative.story(Effect.void, "Next"), filename)
          const { stories } = yield* asked(History.stories(), filename)
          assert.deepStrictEqual(
            stories.map(({ name, status }) => ({ name, status })),
            [
              { name: "Next", status: "success" },
              { name: "Endless", status: "interrupted" }
            ]
          )
          // Those who ask with SQL see it now, too.
          assert.deepStrictEqual(yield* rowsOf(filename, "SELECT DISTINCT status FROM stories ORDER BY status"), [
            { status: "interrupted" },
            { status: "success" }
          ])
          assert.deepStrictEqual(yield* rowsOf(filename, "SELECT count(*) AS n FROM stages WHERE status = 'running'"), [
            { n: 0 }
          ])
        }),
      300_000
    )

    it.scopedLive(
      "does not take a running story for interrupted when another program starts beside it, nor one whose pid another process got",
      () =>
        Effect.gen(function* () {
          const filename = yield* file
          yield* start(filename, "endless")
          yield* eventually(eventsIn(filename), (count) => count > 10)
          yield* recorded(Narrative.story(Effect.void, "Beside"), filename)
          const running = yield* asked(History.stories({ status: "running" }), filename)
          assert.deepStrictEqual(
            running.stories.map(({ name }) => name),
            ["Endless"]
          )
          // As if that process had been an earlier one with the pid of one that lives: this one.
          yield* rowsOf(filename, `UPDATE writers SET pid = ${process.pid} WHERE ended_at IS NULL RETURNING id`)
          const after = yield* asked(History.stories({ status: "interrupted" }), filename)
          assert.deepStrictEqual(
            after.stories.map(({ name }) => name),
            ["Endless"]
          )
        }),
      300_000
    )

    it.scopedLive("judges a process of another machine by when it was last seen", () =>
      Effect.gen(function* () {
        const filename = yield* file
        yield* recorded(
          Effect.gen(function* () {
            yield* eventually(eventsIn(filename), (count) => count > 0)
            const elsewhere = (seen: number) =>
              rowsOf(
                filename,
                `UPDATE writers SET host = 'elsewhere', process_identity = 'its-boot pid:[1] 4711',
                last_seen_at = '${new Date(seen).toISOString()}' RETURNING id`
              )
            const statuses = Effect.map(asked(History.stories(), filename), ({ stories }) =>
              stories.map(({ status }) => status)
            )
            yield* elsewhere(Date.now())
            assert.deepStrictEqual(yield* statuses, ["running"])
            yield* elsewhere(Date.now() - 120_000)
            assert.deepStrictEqual(yield* statuses, ["interrupted"])
          }).pipe(Narrative.story("Far Away")),
          filename,
          { batchWithin: 0 }
        )
        // It was alive all the time, and says so by its end.
        const { stories } = yield* asked(History.stories(), filename)
        assert.strictEqual(stories[0]?.status, "success")
      })
    )
  })

  describe("A history of a script", () => {
    it.scopedLive(
      "does not keep a process alive that has nothing left to do",
      () =>
        Effect.gen(function* () {
          const filename = yield* file
          const { ended } = yield* start(filename, "undisposed", "1", "Script")
          assert.strictEqual(yield* ended, 0)
          assert.deepStrictEqual(yield* rowsOf(filename, "SELECT name, status FROM stories"), [
            { name: "Script", status: "success" }
          ])
        }),
      300_000
    )
  })

  describe("A history that several processes write to", () => {
    it.scopedLive(
      "is made once, however many open it at a time, and loses nothing",
      () =>
        Effect.gen(function* () {
          const filename = yield* file
          const names = ["North", "South", "East"]
          const started = yield* Effect.forEach(names, (name) => start(filename, "stories", "60", name))
          for (const { ended } of started) assert.strictEqual(yield* ended, 0)
          assert.deepStrictEqual(
            yield* rowsOf(filename, "SELECT name, count(*) AS n FROM stories GROUP BY name ORDER BY name"),
            [
              { name: "East", n: 60 },
              { name: "North", n: 60 },
              { name: "South", n: 60 }
            ]
          )
          assert.deepStrictEqual(
            yield* rowsOf(filename, "SELECT count(*) AS n FROM stages WHERE status = 'completed'"),
            [{ n: 180 }]
          )
          assert.deepStrictEqual(yield* rowsOf(filename, "SELECT count(*) AS n FROM events"), [{ n: 720 }])
          assert.deepStrictEqual(yield* rowsOf(filename, "SELECT migration_id FROM schema_migrations"), [
            { migration_id: 1 },
            { migration_id: 2 },
            { migration_id: 3 }
          ])
          yield* assertSound(filename)
        }),
      300_000
    )
  })
})

// A process that exits at once has no time for a server.
describe("A history of a process that ends by itself", () => {
  it.scopedLive(
    "has everything that was emitted before process.exit, and its open story as interrupted",
    () =>
      Effect.gen(function* () {
        const filename = yield* file
        const { ended } = yield* start(filename, "exit", "3000")
        assert.strictEqual(yield* ended, 3)
        assert.deepStrictEqual(yield* rowsOf(filename, "SELECT count(*) AS n, max(sequence) AS last FROM events"), [
          { n: 6_001, last: 6_000 }
        ])
        assert.deepStrictEqual(yield* rowsOf(filename, "SELECT status FROM stories"), [{ status: "interrupted" }])
        assert.deepStrictEqual(yield* rowsOf(filename, "PRAGMA integrity_check"), [{ integrity_check: "ok" }])
      }),
    300_000
  )
})

// By the rights of files.
describe("A history where nothing may be written", () => {
  /** Somebody whom permissions bind: they do not bind root. */
  const asNobody = Effect.acquireRelease(
    Effect.sync(() => {
      if (process.getuid?.() === 0) process.seteuid?.(65_534)
    }),
    () =>
      Effect.sync(() => {
        if (process.getuid?.() === 0) process.seteuid?.(0)
      })
  )

  const opening = (filename: string) =>
    Effect.scoped(Effect.zipRight(asNobody, Effect.flip(Layer.build(HistoryRenderer.layer({ path: filename })))))

  it.scopedLive("says so where its folder is read-only", () =>
    Effect.gen(function* () {
      const path = yield* folder
      chmodSync(path, 0o555)
      const error = yield* opening(`${path}/history.db`)
      assert.deepInclude(error, { _tag: "HistoryError", reason: "CannotOpen" })
    })
  )

  it.scopedLive("says so where its file is read-only, and still reads it", () =>
    Effect.gen(function* () {
      const filename = yield* file
      yield* recorded(Narrative.story(Effect.void, "Import"), filename)
      chmodSync(dirname(filename), 0o777)
      chmodSync(filename, 0o444)
      const error = yield* opening(filename)
      assert.deepInclude(error, { _tag: "HistoryError", reason: "ReadOnly" })
      assert.include(error.message, filename)
      const { stories } = yield* asked(History.stories(), filename)
      assert.lengthOf(stories, 1)
    })
  )

  it.scopedLive("is read all the same, from a folder in which nothing can be made", () =>
    Effect.gen(function* () {
      const filename = yield* file
      yield* recorded(Narrative.story(Effect.void, "Import"), filename)
      chmodSync(filename, 0o444)
      chmodSync(dirname(filename), 0o555)
      const { stories } = yield* Effect.scoped(Effect.zipRight(asNobody, asked(History.stories(), filename)))
      assert.deepStrictEqual(
        stories.map(({ name }) => name),
        ["Import"]
      )
      chmodSync(dirname(filename), 0o755)
    })
  )

  it.scopedLive(
    "does not disturb the program when that begins while it runs: what was lost is counted and reported",
    () =>
      withWarnings((warnings) =>
        Effect.gen(function* () {
          const filename = yield* file
          const run = Effect.gen(function* () {
            const sql = yield* SqlClient.SqlClient
            yield* sql.unsafe("PRAGMA query_only = ON")
            yield* Narrative.story(Narrative.stage(Effect.void, "Load"), "Import")
            const counts = Effect.map(Renderer.stats, (all) => all.find(({ name }) => name === "history"))
            const stats = yield* eventually(counts, (stats) => stats?.pending === 0)
            yield* sql.unsafe("PRAGMA query_only = OFF")
            return stats
          })
          const stats = yield* Effect.provide(
            run,
            Layer.provideMerge(HistoryRenderer.layerSql(), SqliteClient.layer({ filename }))
          )
          assert.deepInclude(stats, { emitted: 4, delivered: 0, failed: 4 })
          assert.isTrue(warnings.some((warning) => warning.includes('Renderer "history" failed')))
        })
      )
  )
})
