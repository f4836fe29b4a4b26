import { type ChildProcess, spawn } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Ref, Schedule } from "effect"
import { History } from "../../src/history/index.js"
import { bundled } from "../fixtures/compiled.js"
import * as postgres from "../fixtures/postgres.js"
import { asked, onPostgres, recorded } from "./histories.js"

const server = postgres.ofFile()
const { file, rowsOf } = onPostgres(server)

/** Each of four events; 5,000 are the 20,000 events that it has to hold for, which take some minutes. */
const storiesEach = Number(process.env["NARRATIVE_TEST_STORIES"] ?? 120)

interface Started {
  readonly name: string
  readonly child: ChildProcess
  /** Its exit code, once it has ended; `null` if it was killed. */
  readonly ended: Promise<number | null>
}

const start = (place: string, name: string, mode = "stories") =>
  Effect.acquireRelease(
    Effect.map(bundled("test/fixtures/historyProgram.ts"), (program): Started => {
      const count = mode === "stories" ? storiesEach : 1
      const child = spawn(process.execPath, [program, place, mode, String(count), name], {
        stdio: ["ignore", "ignore", "inherit"]
      })
      return { name, child, ended: new Promise((resolve) => child.once("close", resolve)) }
    }),
    ({ child, ended }) =>
      Effect.promise(() => {
        child.kill("SIGKILL")
        return ended
      })
  )

describe("A script that never closes its layer", () => {
  // The pool says goodbye to connections that it closes, as it does after ten idle seconds; a process that ends does not.
  it.scopedLive("ends when its last batch is written, while its connections are open", () =>
    Effect.gen(function* () {
      const place = yield* file
      const abandoned = Effect.map(
        rowsOf(place, "SELECT sum(sessions_abandoned) AS n FROM pg_stat_database"),
        ([row]) => Number(row?.["n"])
      )
      assert.strictEqual(yield* abandoned, 0)
      const { ended } = yield* start(place, "Script", "undisposed")
      assert.strictEqual(yield* Effect.promise(() => ended), 0)
      assert.deepStrictEqual(yield* rowsOf(place, "SELECT name, status FROM stories"), [
        { name: "Script", status: "success" }
      ])
      yield* Effect.repeat(
        rowsOf(place, "SELECT pid FROM pg_stat_activity WHERE application_name = 'effect-narrative'"),
        {
          until: (sessions) => sessions.length === 0,
          schedule: Schedule.spaced("50 millis")
        }
      )
      assert.isAbove(yield* abandoned, 0)
    })
  )
})

describe("Eight processes that write to one schema, of which some are killed and all are cut off", () => {
  it.scopedLive(
    "lose nothing but what the killed ones had not sent, write nothing twice, and are followed without a gap",
    () =>
      Effect.gen(function* () {
        const place = yield* file
        yield* recorded(Effect.void, place)
        const seen: Array<string> = []
        const done = yield* Ref.make(false)
        const following = yield* Effect.fork(
          asked(
            Effect.gen(function* () {
              let cursor = 0
              for (;;) {
                const wasDone = yield* Ref.get(done)
                const page = yield* History.events(cursor, { limit: 2_000 })
                cursor = page.cursor
                seen.push(...page.events.map(({ sequence, storyId }) => `${storyId} ${sequence}`))
                if (page.events.length > 0) continue
                if (wasDone) return
                yield* Effect.sleep("20 millis")
              }
            }),
            `${place}&application_name=follower`
          )
        )
        const names = Array.from({ length: 8 }, (_, i) => `Program ${i}`)
        const started = yield* Effect.forEach(names, (name) => start(place, name))
        const cutSome = rowsOf(
          place,
          `SELECT count(pg_terminate_backend(pid)) AS n FROM (
          SELECT pid FROM pg_stat_activity WHERE application_name = 'effect-narrative'
          ORDER BY state = 'idle', random() LIMIT 2) AS chosen`
        )
        let cuts = 0
        const share = (storiesEach * 4 * 8) / 40
        // As they come along: four are killed, one after the other; and connections of everyone who writes are cut all the time.
        const harming = yield* Effect.fork(
          Effect.gen(function* () {
            for (let step = 1; ; step++) {
              while (seen.length < step * share) yield* Effect.sleep("5 millis")
              if (step % 4 === 0 && step <= 16) started[step / 4 - 1]?.child.kill("SIGKILL")
              const [row] = yield* cutSome
              cuts += Number(row?.["n"])
              yield* Effect.sleep("300 millis")
            }
          })
        )
        const codes = yield* Effect.promise(() => Promise.all(started.map(({ ended }) => ended)))
        yield* Fiber.interrupt(harming)
        yield* Ref.set(done, true)
        yield* Fiber.join(following)

        const survivors = names.filter((_, i) => codes[i] === 0)
        assert.isAtLeast(survivors.length, 4)
        assert.isAbove(cuts, 0)
        const counts = yield* rowsOf(
          place,
          `SELECT s.name, count(DISTINCT s.id) AS stories, count(*) AS rows, count(e.id) AS events
          FROM stories AS s JOIN events AS e ON e.story_key = s.key GROUP BY 1`
        )
        for (const name of survivors) {
          const found = counts.find((row) => row["name"] === name)
          assert.deepInclude(found, { stories: storiesEach, rows: storiesEach * 4, events: storiesEach * 4 }, name)
        }
        // No story twice, and of each the events from the first on, without a gap.
        assert.deepStrictEqual(yield* rowsOf(place, "SELECT id FROM stories GROUP BY id HAVING count(*) > 1"), [])
        assert.deepStrictEqual(
          yield* rowsOf(
            place,
            `SELECT story_key FROM events GROUP BY story_key
            HAVING count(*) <> max(sequence) + 1 OR count(DISTINCT id) <> count(*)`
          ),
          []
        )
        const rows = yield* rowsOf(
          place,
          "SELECT s.id || ' ' || e.sequence AS event FROM events AS e JOIN stories AS s ON s.key = e.story_key ORDER BY e.id"
        )
        assert.deepStrictEqual(
          seen,
          rows.map(({ event }) => event)
        )
        yield* Effect.logDebug(
          `${seen.length} events, ${cuts} connections cut, ${8 - survivors.length} processes killed`
        )
      })
  )
})
