/**
 * Idempotency as a law: whatever is written of runs, in any order and any number of times, gives what the same writes give
 * when each is applied once in order of revision.
 */
import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import * as journalLine from "../../src/runs/journalLine.js"
import * as revision from "../../src/runs/revision.js"
import type { Changes } from "../../src/runs/runColumns.js"
import * as runRows from "../../src/runs/runRows.js"
import * as storedRun from "../../src/runs/storedRun.js"

type Kind = "start" | "patch" | "end" | "sweep"

const write = (kind: Kind, at: number, changes: Changes): storedRun.RunWrite => ({
  revision: revision.of(kind === "start" ? 0 : kind === "sweep" ? 1 : 2, 1_000_000 + at, 0, "test"),
  event_id: "run",
  changes
})

const changesOf = (kind: Kind, n: number): Changes => {
  switch (kind) {
    case "start":
      return { run_id: "run", agent_name: "agent", job_type: "job", status: "running", items_discovered: n }
    case "patch":
      return n % 3 === 0 ? { output_summary: null } : { output_summary: `patch ${n}`, items_failed: n }
    case "end":
      return {
        status: n % 2 === 0 ? "success" : "failed",
        duration_ms: n,
        error_summary: n % 2 === 0 ? null : `end ${n}`
      }
    case "sweep":
      return { status: "cancelled", error_summary: "stale", end_time: "2026-01-01T00:00:00.000Z" }
  }
}

const writes = fc
  .uniqueArray(
    fc.tuple(fc.integer({ min: 0, max: 30 }), fc.constantFrom<Kind>("start", "patch", "end", "sweep"), fc.nat(9)),
    {
      selector: ([at]) => at,
      minLength: 1,
      maxLength: 12
    }
  )
  .map((all) => all.map(([at, kind, n]) => write(kind, at, changesOf(kind, n))))

const applied = (all: ReadonlyArray<storedRun.RunWrite>, restarts = false) =>
  all.reduce((run, one) => {
    const next = storedRun.apply(run, one)
    // As a process does that reads the row of another one.
    return restarts ? runRows.decodeStored({ ...runRows.encode(next) }) : next
  }, storedRun.empty("run"))

/** Once each, in order: what the run itself and people said of it, and a sweep only where the run never ended. */
const model = (all: ReadonlyArray<storedRun.RunWrite>): Changes => {
  const ordered = all.toSorted((a, b) => (a.revision < b.revision ? -1 : 1))
  const row: Record<string, unknown> = {}
  const said = ordered.filter(({ revision: made }) => revision.rankOf(made) !== 1)
  for (const { changes } of said) Object.assign(row, changes)
  const ended = said.some(({ changes, revision: made }) => revision.rankOf(made) === 2 && changes.status !== undefined)
  if (!ended) Object.assign(row, ordered.findLast(({ revision: made }) => revision.rankOf(made) === 1)?.changes)
  // Only columns of writes were put in.
  return row as Changes
}

describe("What is written of a run", () => {
  it("comes to the same in any order, with duplicates, and across restarts", () => {
    fc.assert(
      fc.property(
        writes.chain((all) =>
          fc.tuple(
            fc.constant(all),
            fc.shuffledSubarray(all, { minLength: all.length }),
            fc.array(fc.constantFrom(...all), { maxLength: 8 })
          )
        ),
        ([all, shuffled, again]) => {
          const expected = runRows.encode(applied(all.toSorted((a, b) => (a.revision < b.revision ? -1 : 1))))
          assert.deepStrictEqual(runRows.encode(applied([...shuffled, ...again])), expected)
          assert.deepStrictEqual(runRows.encode(applied([...again, ...shuffled], true)), expected)
          const row: Record<string, unknown> = { ...storedRun.rowOf(applied(shuffled)) }
          for (const [column, value] of Object.entries(model(all))) assert.deepStrictEqual(row[column], value, column)
        }
      ),
      { numRuns: 500 }
    )
  })

  it("keeps an end that arrives before its start", () => {
    const run = applied([write("end", 2, changesOf("end", 2)), write("start", 1, changesOf("start", 1))])
    assert.deepInclude(storedRun.rowOf(run), { status: "success", duration_ms: 2, items_discovered: 1 })
  })

  it("lets no sweep stay over an end, whichever came first", () => {
    const sweep = write("sweep", 9, changesOf("sweep", 0))
    const end = write("end", 5, { status: "success" })
    const start = write("start", 1, changesOf("start", 1))
    for (const order of [
      [start, sweep, end],
      [start, end, sweep],
      [sweep, end, start]
    ]) {
      const row = storedRun.rowOf(applied(order, true))
      assert.deepInclude(row, { status: "success" })
      assert.isNotOk(row.error_summary)
    }
    assert.deepInclude(storedRun.rowOf(applied([start, sweep])), { status: "cancelled", error_summary: "stale" })
  })

  it("keeps what was changed in its row by SQL", () => {
    const row = { ...runRows.encode(applied([write("start", 1, changesOf("start", 1))])), product: "by hand" }
    assert.strictEqual(
      storedRun.rowOf(storedRun.apply(runRows.decodeStored(row), write("end", 2, { status: "success" }))).product,
      "by hand"
    )
  })
})

describe("A revision", () => {
  it("is never before one that was made or seen, though the clock is set back", () => {
    const first = revision.next(5_000_000_000_000, 2)
    const second = revision.next(1_000, 2)
    assert.isBelow(first.localeCompare(second, "en"), 0)
    const seen = revision.of(2, 6_000_000_000_000, 0, "zzzz")
    revision.observe(seen)
    assert.isTrue(revision.next(1_000, 2) > seen)
    assert.isTrue(revision.isRevision(second))
  })
})

describe("A line of the journal", () => {
  const run = (event_id: string): journalLine.Write => ({
    record_type: "run",
    revision: revision.of(2, 1_000, 0, "test"),
    event_id,
    changes: {
      status: "success",
      output_summary: 'says {"record_type":"run"} and \n breaks',
      items_failed: 0,
      end_time: null
    }
  })

  it("is read as it was written", () => {
    const event: journalLine.Write = {
      record_type: "event",
      id: "1",
      run_id: "run",
      event_type: "checkpoint",
      timestamp: "2026-01-31T12:00:00.000Z",
      payload_json: '{"step":1}'
    }
    assert.deepStrictEqual(journalLine.decode(journalLine.encode(run("a")), 0), [run("a")])
    assert.deepStrictEqual(journalLine.decode(journalLine.encode(event), 0), [event])
  })

  it("is found where it was glued to one that a killed process left torn, wherever that was cut", () => {
    const torn = journalLine.encode(run("torn")).trimEnd()
    for (let cut = 1; cut < torn.length; cut++) {
      const found = journalLine.decode(torn.slice(0, cut) + journalLine.encode(run("whole")).trimEnd(), 0)
      assert.deepStrictEqual(found.at(-1), run("whole"), `cut at ${cut}`)
      assert.isTrue(found.slice(0, -1).every(({ record_type }) => record_type === "unread"))
    }
  })

  it("is read as another program writes it: the whole row, without a revision", () => {
    const row = {
      record_type: "run",
      event_id: "e",
      run_id: "r",
      agent_name: "a",
      job_type: "j",
      start_time: "2026-01-31T12:00:00+00:00",
      product: null,
      metrics_json: '{"n":1}'
    }
    const lines = [
      { ...row, status: "running" },
      { ...row, status: "failure", end_time: "2026-01-31T12:05:00+00:00", items_failed: 2 }
    ].map((one) => JSON.stringify(one))
    const read = lines.flatMap((line, i) => journalLine.decode(line, i))
    for (const order of [read, read.toReversed()]) {
      const run = applied(order.flatMap((one) => (one.record_type === "run" ? [one] : [])))
      assert.deepInclude(storedRun.rowOf(run), { status: "failed", items_failed: 2, metrics_json: { n: 1 } })
    }
  })
})
