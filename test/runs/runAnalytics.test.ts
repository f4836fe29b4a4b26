import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck as fc } from "effect"
import { RunFold } from "../../src/runs/runAnalytics.js"
import { analytics } from "../../src/runs/runAnalyticsQuery.js"
import { statuses } from "../../src/runs/runColumns.js"
import { histogramOf, percentilesOf } from "../../src/runs/runDurations.js"
import * as runFilter from "../../src/runs/runFilter.js"
import { isFaulty } from "../../src/runs/runInput.js"
import { startOf } from "../../src/runs/runPeriods.js"
import type { Found } from "../../src/runs/runRows.js"

const run = fc.record({
  start: fc.date({ min: new Date("2020-01-01T00:00:00Z"), max: new Date("2026-12-31T00:00:00Z"), noInvalidDate: true }),
  agent_name: fc.integer({ min: 0, max: 60 }).map((n) => `agent-${n}`),
  job_type: fc.constantFrom("nightly", "hourly", "test"),
  status: fc.constantFrom(...statuses),
  duration_ms: fc.option(fc.integer({ min: 0, max: 1e9 })),
  items_succeeded: fc.option(fc.integer({ min: 0, max: 1_000 })),
  cost: fc.option(fc.integer({ min: 0, max: 500 }))
})

const rowOf = ({ cost, start, ...columns }: typeof run extends fc.Arbitrary<infer A> ? A : never): Found => ({
  ...columns,
  start_time: start.toISOString(),
  metrics_json: cost === null ? null : JSON.stringify({ cost_usd: cost / 100, prompt_tokens: cost })
})

const sumOf = (counts: { readonly [status: string]: number | undefined }): number =>
  Object.values(counts).reduce<number>((sum, count = 0) => sum + count, 0)

describe("figures of runs", () => {
  it.prop(
    "count every run once: by status, by agent, by job type and over time",
    [fc.array(run, { maxLength: 200 })],
    ([runs]) => {
      const fold = new RunFold()
      for (const one of runs) fold.add(rowOf(one))
      const result = fold.result(false)
      assert.strictEqual(result.count, runs.length)
      assert.strictEqual(sumOf(result.by_status), runs.length)
      const groups = [...result.agents, ...(result.other_agents === null ? [] : [result.other_agents])]
      assert.strictEqual(
        groups.reduce((sum, { count }) => sum + count, 0),
        runs.length
      )
      for (const { by_status, count } of groups) assert.strictEqual(sumOf(by_status), count)
      assert.strictEqual(
        result.job_types.reduce((sum, { count }) => sum + count, 0),
        runs.length
      )
      assert.strictEqual(
        result.periods.reduce((sum, { count }) => sum + count, result.earlier),
        runs.length
      )
      const ended = runs.filter(({ duration_ms, status }) => duration_ms !== null && status !== "running")
      assert.strictEqual(
        result.histogram.reduce((sum, { count }) => sum + count, 0),
        ended.length
      )
      const cents = runs.reduce((sum, { cost }) => sum + (cost ?? 0), 0)
      assert.closeTo(result.cost_usd, cents / 100, 1e-6)
      assert.strictEqual(result.prompt_tokens, cents)
      assert.strictEqual(
        result.items.succeeded,
        runs.reduce((sum, { items_succeeded }) => sum + (items_succeeded ?? 0), 0)
      )
    }
  )

  it.prop("are bounded, and have periods without a gap", [fc.array(run, { maxLength: 100 })], ([runs]) => {
    const fold = new RunFold()
    for (const one of runs) fold.add(rowOf(one))
    const { agents, periods, step } = fold.result(true)
    assert.isAtMost(agents.length, 30)
    assert.isAtMost(periods.length, 130)
    for (const [i, { end, start }] of periods.entries()) {
      assert.strictEqual(startOf(step, Date.parse(start)), Date.parse(start))
      if (i > 0) assert.strictEqual(start, periods[i - 1]?.end)
      assert.isBelow(Date.parse(start), Date.parse(end))
    }
  })

  it("take a week from Monday on, and a year with its months", () => {
    assert.strictEqual(
      new Date(startOf("week", Date.parse("2026-11-29T23:00:00Z"))).toISOString(),
      "2026-11-23T00:00:00.000Z"
    )
    assert.strictEqual(
      new Date(startOf("month", Date.parse("2026-02-28T23:00:00Z"))).toISOString(),
      "2026-02-01T00:00:00.000Z"
    )
    assert.strictEqual(
      new Date(startOf("year", Date.parse("0042-07-01T00:00:00Z"))).toISOString(),
      "0042-01-01T00:00:00.000Z"
    )
  })

  it("leave out metrics that are no figures", () => {
    const fold = new RunFold()
    const base = { agent_name: "a", job_type: "b", status: "success", start_time: "2026-01-01T00:00:00Z" }
    for (const metrics_json of [
      "no JSON",
      "null",
      "[1]",
      '{"cost_usd":"much"}',
      '{"cost_usd":-1}',
      '{"cost_usd":0.5}'
    ]) {
      fold.add({ ...base, metrics_json })
    }
    assert.strictEqual(fold.result(false).cost_usd, 0.5)
  })
})

describe("figures of many runs", () => {
  it.effect("are made of pages, between which the program goes on", () =>
    Effect.gen(function* () {
      const filter = runFilter.parse({})
      if (isFaulty(filter)) return assert.fail("it asks for nothing")
      const row = { agent_name: "a", job_type: "b", status: "success", start_time: "2026-01-01T00:00:00Z" }
      let pages = 0
      let turns = 0
      const result = yield* analytics(() => {
        pages += 1
        setImmediate(() => {
          turns += 1
        })
        return Effect.succeed(Array.from({ length: pages === 5 ? 7 : 2_000 }, (_, id) => ({ ...row, id })))
      }, filter.value)
      assert.strictEqual(result.count, 8_007)
      assert.strictEqual(pages, 5)
      assert.isAtLeast(turns, 4)
    })
  )

  it.effect("are of the newest of them, and say so", () =>
    Effect.gen(function* () {
      const filter = runFilter.parse({})
      if (isFaulty(filter)) return assert.fail("it asks for nothing")
      const row = { agent_name: "a", job_type: "b", status: "failed", start_time: "2026-01-01T00:00:00Z" }
      const page = Array.from({ length: 2_000 }, (_, id) => ({ ...row, id }))
      const result = yield* analytics(() => Effect.succeed(page), filter.value)
      assert.deepInclude(result, { count: 200_000, limited: true })
    })
  )
})

describe("durations", () => {
  it("have percentiles that are durations of runs", () => {
    const durations = Array.from({ length: 100 }, (_, i) => 100 - i)
    assert.deepStrictEqual(percentilesOf(durations), { p50: 50, p90: 90, p99: 99, max: 100 })
    assert.isNull(percentilesOf([]))
  })

  it("are in bins as people count time, without empty ones at the ends", () => {
    assert.deepStrictEqual(
      histogramOf([0, 1_000, 1_999, 2_000, 61_000])
        .map(({ count, from, to }) => [from, to, count])
        .filter(([, , count]) => count !== 0),
      [
        [0, 1, 1],
        [1_000, 2_000, 2],
        [2_000, 5_000, 1],
        [60_000, 120_000, 1]
      ]
    )
    assert.deepStrictEqual(histogramOf([1e12]), [{ from: 172_800_000, to: null, count: 1 }])
  })
})
