import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { Run } from "../../src/runs.js"
import * as postgres from "../fixtures/postgres.js"
import * as tcpProxy from "../fixtures/tcpProxy.js"
import { folder, onPostgres } from "../history/histories.js"
import { withWarnings } from "../renderer/rendererSuite.js"

const server = postgres.ofFile()
const { file, rowsOf } = onPostgres(server)

const plain = { history: false, git: false, sweep: false }

/** A schema behind a network that can go away. */
const behindProxy = Effect.gen(function* () {
  const { port } = yield* server
  const proxy = yield* tcpProxy.make(port)
  const url = yield* file
  return { direct: url, proxy, url: url.replace(`:${port}/`, `:${proxy.port}/`) }
})

const count = (url: string, table: string) =>
  Effect.map(rowsOf(url, `SELECT count(*) AS n FROM ${table}`), ([row]) => Number(row?.["n"]))

const eventually = <A, E, R>(self: Effect.Effect<A, E, R>, until: (value: A) => boolean) =>
  self.pipe(Effect.filterOrFail(until), Effect.retry(Schedule.spaced("20 millis").pipe(Schedule.upTo("100 seconds"))))

/** On a busy machine a program does not wait for each of its writes. */
const whenAccepted = (writes: number) => eventually(Run.stats, ({ accepted }) => accepted === writes)

describe("Runs in a schema of PostgreSQL", () => {
  it.scopedLive("are merged, whoever writes of one at a time", () =>
    Effect.gen(function* () {
      const url = yield* file
      const run = { eventId: "shared", runId: "shared" }
      const fields = ["itemsDiscovered", "itemsSucceeded", "itemsFailed", "itemsSkipped", "durationMs"] as const
      const baseDir = yield* folder
      yield* Effect.forEach(
        fields,
        (field, i) =>
          Effect.forEach(Array.from({ length: 20 }), (_, j) => Run.patch(run, { [field]: 100 * i + j }), {
            discard: true
          }).pipe(
            Effect.zipRight(whenAccepted(20)),
            // The database has what is in a journal by then.
            Effect.zipRight(Run.records),
            Effect.provide(Run.layerPg({ ...plain, url, ...(i % 2 === 0 ? {} : { baseDir: join(baseDir, field) }) }))
          ),
        { concurrency: "unbounded", discard: true }
      )
      const [row] = yield* rowsOf(
        url,
        "SELECT items_discovered, items_succeeded, items_failed, items_skipped, duration_ms FROM agent_runs"
      )
      assert.deepStrictEqual(Object.values(row ?? {}), [19, 119, 219, 319, 419])
      assert.strictEqual(yield* count(url, "agent_runs"), 1)
    })
  )

  it.scopedLive("come from the journals of many machines, whose files have the same names", () =>
    Effect.gen(function* () {
      const url = yield* file
      const machines = yield* Effect.all(Array.from({ length: 4 }, () => folder))
      yield* Effect.forEach(
        machines,
        (baseDir, i) =>
          // Two programs of one machine.
          Effect.forEach(
            [1, 2],
            (program) =>
              Effect.repeatN(Run.track(Effect.void, `agent ${i} ${program}`, "job"), 9).pipe(
                Effect.zipRight(Run.records),
                Effect.provide(Run.layerPg({ ...plain, url, baseDir }))
              ),
            { concurrency: "unbounded", discard: true }
          ),
        { concurrency: "unbounded", discard: true }
      )
      const agents = yield* rowsOf(
        url,
        "SELECT agent_name, count(*) AS n FROM agent_runs WHERE status = 'success' GROUP BY agent_name"
      )
      assert.deepStrictEqual(new Set(agents.map(({ n }) => n)), new Set([10]))
      assert.lengthOf(agents, 8)
    })
  )

  it.scopedLive("take texts that PostgreSQL does not, and numbers beyond 32 bits", () =>
    Effect.gen(function* () {
      const url = yield* file
      const records = yield* Effect.gen(function* () {
        const run = yield* Run.start("agent", "job", { inputSummary: "nul \0, half \ud800", itemsDiscovered: 2 ** 40 })
        yield* Run.event(run, "odd \0", { text: "\0" })
        yield* whenAccepted(2)
        return yield* Run.records
      }).pipe(Effect.provide(Run.layerPg({ ...plain, url })))
      assert.deepInclude(records[0], { inputSummary: "nul \ufffd, half \ufffd", itemsDiscovered: 2 ** 40 })
      assert.strictEqual(yield* count(url, "run_events"), 1)
    })
  )

  it.scopedLive("wait on the disk while the server is out of reach, however many, and arrive when it is back", () =>
    Effect.gen(function* () {
      const { direct, proxy, url } = yield* behindProxy
      const baseDir = yield* folder
      yield* Effect.gen(function* () {
        yield* Run.start("before", "job")
        assert.lengthOf(yield* Run.records, 1)
        yield* proxy.stop
        yield* Effect.repeatN(Run.track(Effect.void, "meanwhile", "job"), 49)
        assert.deepInclude(yield* Run.stats, { accepted: 101, lost: 0 })
        yield* proxy.resume
        assert.lengthOf(yield* Run.records, 51)
      }).pipe(Effect.provide(Run.layerPg({ ...plain, url, baseDir })))
      assert.strictEqual(yield* count(direct, "agent_runs"), 51)
    })
  )

  it.scopedLive("wait in memory without a journal, do not hold the program up, and are counted beyond that", () =>
    Effect.gen(function* () {
      const { direct, proxy, url } = yield* behindProxy
      const capacity = 20
      const { stats, warnings } = yield* withWarnings((warnings) =>
        Effect.gen(function* () {
          const run = yield* Run.start("agent", "job")
          yield* whenAccepted(1)
          yield* proxy.stop
          // Only the first one waits, and that for a second.
          yield* Run.event(run, "first")
          const began = performance.now()
          yield* Effect.repeatN(Run.event(run, "more"), 99)
          assert.isBelow(performance.now() - began, 5_000)
          yield* eventually(Run.stats, ({ lost }) => lost === 101 - capacity)
          yield* proxy.resume
          yield* whenAccepted(1 + capacity)
          // From now on it waits for each again.
          yield* Run.end(run)
          yield* whenAccepted(2 + capacity)
          return { stats: yield* Run.stats, warnings }
        }).pipe(Effect.provide(Run.layerPg({ ...plain, url, capacity })))
      )
      assert.deepInclude(stats, { accepted: 2 + capacity, lost: 101 - capacity })
      assert.strictEqual(stats.lastError, `more than ${capacity} writes wait for the server`)
      assert.include(String(warnings), "A write of a run is lost")
      assert.strictEqual(yield* count(direct, "run_events"), capacity)
    })
  )

  it.scopedLive("are written once where a connection is lost in the middle", () =>
    Effect.gen(function* () {
      const { direct, proxy, url } = yield* behindProxy
      yield* Effect.gen(function* () {
        const run = yield* Run.start("agent", "job")
        yield* whenAccepted(1)
        for (const [i, text] of ["INSERT INTO run_events", "COMMIT"].entries()) {
          proxy.cutAfter(text)
          yield* Run.event(run, text)
          yield* whenAccepted(2 + i)
        }
      }).pipe(Effect.provide(Run.layerPg({ ...plain, url })))
      assert.strictEqual(proxy.cuts(), 2)
      assert.strictEqual(yield* count(direct, "run_events"), 2)
    })
  )

  it.scopedLive("are given up when the server is not back in time, and the program ends as it would", () =>
    Effect.gen(function* () {
      const { proxy, url } = yield* behindProxy
      const value = yield* Effect.gen(function* () {
        yield* Run.start("agent", "job")
        yield* whenAccepted(1)
        yield* proxy.stop
        const value = yield* Run.track(Effect.succeed(42), "agent", "job")
        yield* eventually(Run.stats, ({ lost }) => lost === 2)
        return value
      }).pipe(Effect.provide(Run.layerPg({ ...plain, url, reconnectTimeout: "200 millis" })))
      assert.strictEqual(value, 42)
    })
  )

  it.effect("are not kept where an option is wrong, which is a warning without the password", () =>
    Effect.gen(function* () {
      const warnings = yield* withWarnings((warnings) =>
        Effect.as(
          Run.track(Effect.void, "agent", "job").pipe(
            Effect.provide(Run.layerPg({ url: "postgres://ada:s3cret@db/shop", port: 0 }))
          ),
          warnings
        )
      )
      assert.include(String(warnings), "Run: port takes a whole number from 1 to 65,535")
      assert.notInclude(String(warnings), "s3cret")
    })
  )
})
