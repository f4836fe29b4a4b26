/**
 * Idempotency as a law, in the database itself: whatever is written of runs, in any interleaving, in any batches, again and across
 * restarts, gives the tables that the same writes give when each is taken in once in order of revision.
 */
import { assert, it } from "@effect/vitest"
import { Effect, FastCheck as fc } from "effect"
import * as database from "../../src/history/database/database.js"
import { decode } from "../../src/history/database/pgOptions.js"
import { ofFile, ofPg } from "../../src/history/database/source.js"
import * as journalLine from "../../src/runs/journalLine.js"
import * as revision from "../../src/runs/revision.js"
import type { Changes } from "../../src/runs/runColumns.js"
import * as runStore from "../../src/runs/runStore.js"
import { migrate } from "../../src/runs/runTables.js"
import { takeIn } from "../../src/runs/runUpsert.js"
import { onBothDatabases, type TestDatabase } from "../history/histories.js"

const runIds = ["a", "b", "c"] as const

const hashes = ["abcdef0", "abcdef1", "abcdef2"]

const changes: fc.Arbitrary<readonly [rank: revision.Rank, changes: Changes]> = fc.oneof(
  fc.nat(9).map((n) => [0, { agent_name: "agent", job_type: "job", status: "running", items_discovered: n }] as const),
  fc
    .nat(9)
    .map(
      (n) => [2, n % 3 === 0 ? { output_summary: null } : { output_summary: `patch ${n}`, items_failed: n }] as const
    ),
  fc
    .record({ status: fc.constantFrom("success" as const, "failed" as const, "partial" as const), n: fc.nat(9) })
    .map(({ n, status }) => [2, { status, duration_ms: n, end_time: `2026-01-31T12:00:0${n}.000Z` }] as const),
  fc
    .nat(9)
    .map((n) => [2, { git_commit_hash: hashes[n % 3] ?? "", git_commit_source: "ci", metrics_json: { n } }] as const),
  fc
    .nat(9)
    .map(
      (n) => [2, { agent_name: `agent ${n}`, git_branch: `branch ${n}`, git_commit_author: `author ${n}` }] as const
    ),
  fc.constant([1, { status: "cancelled", error_summary: "stale" }] as const),
  fc.nat(9).map((n) => [2, { api_posted: true, api_retry_count: n }] as const)
)

const runWrite = (at: number) =>
  fc.tuple(fc.constantFrom(...runIds), changes).map(
    ([event_id, [rank, changed]]): journalLine.Write => ({
      record_type: "run",
      // Some are of one millisecond, and differ in who wrote them.
      revision: revision.of(rank, 1_000_000 + Math.floor(at / 2), 0, `writer${at % 2}`),
      event_id,
      changes: changed
    })
  )

const eventWrite = (at: number) =>
  fc.constantFrom(...runIds).map(
    (run_id): journalLine.Write => ({
      record_type: "event",
      id: `event ${at}`,
      run_id,
      event_type: "checkpoint",
      timestamp: new Date(1_000_000 + at).toISOString(),
      payload_json: `{"at":${at}}`
    })
  )

const commitWrite = fc
  .record({
    commit_hash: fc.constantFrom(...hashes, "abcdef3"),
    files_changed: fc.nat(9),
    run_id: fc.constantFrom("b", "gone")
  })
  .map(
    ({ commit_hash, ...facts }): journalLine.Write => ({
      record_type: "commit",
      commit_hash,
      facts: { ...facts, message: `commit of ${facts.files_changed} files` }
    })
  )

/** Writes, each with its own revision or id; and how they arrive: shuffled, some of them again, in batches. */
const arrivals = fc
  .integer({ min: 1, max: 14 })
  .chain((count) =>
    fc.tuple(
      ...Array.from({ length: count }, (_, at) =>
        fc.oneof({ weight: 4, arbitrary: runWrite(at) }, eventWrite(at), commitWrite)
      )
    )
  )
  .chain((writes) =>
    fc.record({
      writes: fc.constant<ReadonlyArray<journalLine.Write>>(writes),
      arriving: fc
        .tuple(
          fc.shuffledSubarray<journalLine.Write>(writes, { minLength: writes.length }),
          fc.array(fc.constantFrom<journalLine.Write>(...writes), { maxLength: 8 })
        )
        .chain(([once, again]) => fc.shuffledSubarray([...once, ...again], { minLength: once.length + again.length })),
      cuts: fc.array(fc.nat(20), { maxLength: 5 })
    })
  )

const inBatches = (writes: ReadonlyArray<journalLine.Write>, cuts: ReadonlyArray<number>) => {
  const places = [...new Set([0, ...cuts.filter((cut) => cut < writes.length), writes.length])].sort((a, b) => a - b)
  return places.slice(1).map((end, i) => writes.slice(places[i], end))
}

/** Takes batches in, each by a connection of its own, as after a restart; lines go through the text of a journal. */
const taken = (place: string, batches: ReadonlyArray<ReadonlyArray<journalLine.Write>>) =>
  Effect.forEach(
    batches,
    (batch) =>
      Effect.scoped(
        Effect.gen(function* () {
          const source = place.startsWith("postgres:") ? ofPg(yield* decode({ url: place })) : ofFile(place)
          const opened = yield* source.open
          yield* migrate(opened, runStore.prepare(source, opened.sql))
          const lines = batch.map(journalLine.encode).join("").split("\n")
          const read = lines.flatMap((line) => journalLine.decode(line, 0))
          const writes = read.filter((write): write is journalLine.Write => write.record_type !== "unread")
          yield* database.writing(opened.sql, takeIn(opened.sql, writes))
        })
      ),
    { discard: true }
  )

const tables = (rowsOf: TestDatabase["rowsOf"], place: string) =>
  Effect.gen(function* () {
    const runs = yield* rowsOf(place, "SELECT * FROM agent_runs ORDER BY event_id")
    return {
      runs: runs.map(({ id: _, ...row }) => row),
      events: yield* rowsOf(
        place,
        "SELECT event_key, run_id, timestamp, payload_json FROM run_events ORDER BY event_key"
      ),
      commits: yield* rowsOf(place, "SELECT * FROM commits ORDER BY commit_hash")
    }
  })

const orderOf = (write: journalLine.Write): string =>
  write.record_type === "run" ? write.revision : write.record_type === "event" ? write.id : write.commit_hash

onBothDatabases(({ file, rowsOf }) => {
  it.scopedLive(
    "Writes of runs give the same tables in any interleaving, in any batches, again and across restarts",
    () =>
      Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(arrivals, ({ arriving, cuts, writes }) =>
            Effect.gen(function* () {
              const [one, other] = [yield* file, yield* file]
              const inOrder = writes.toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
              yield* taken(one, [inOrder])
              yield* taken(other, inBatches(arriving, cuts))
              assert.deepStrictEqual(yield* tables(rowsOf, other), yield* tables(rowsOf, one))
            }).pipe(Effect.scoped, Effect.runPromise)
          ),
          { numRuns: 25 }
        )
      ),
    300_000
  )
})
