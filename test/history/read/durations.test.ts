import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { durationsOf } from "../../../src/history/read/durations.js"

const duration = FastCheck.oneof(
  FastCheck.double({ min: 0, max: 1e6, noNaN: true }),
  // Many are the same.
  FastCheck.integer({ min: 0, max: 3 })
)

const lists = FastCheck.array(FastCheck.array(duration, { maxLength: 60 }), { maxLength: 8 })

describe("Durations of many lists", () => {
  it("have the percentiles that sorting all of them gives", () => {
    FastCheck.assert(
      FastCheck.property(lists, (lists) => {
        const sorted = lists.flat().sort((a, b) => a - b)
        const given = durationsOf(lists.map((list) => Float64Array.from(list)))
        if (sorted.length === 0) return assert.isNull(given)
        const rank = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN
        assert.deepInclude(given, { p50: rank(0.5), p95: rank(0.95), p99: rank(0.99), max: rank(1) })
        const mean = sorted.reduce((sum, one) => sum + one, 0) / sorted.length
        assert.closeTo(given?.mean ?? Number.NaN, mean, 1e-9 * Math.max(1, mean))
      })
    )
  })

  it("have a mean that does not depend on their order, nor on the lists that they are in", () => {
    FastCheck.assert(
      FastCheck.property(lists, (lists) => {
        const all = lists.flat()
        const backwards = all.toReversed()
        const half = backwards.length >>> 1
        assert.deepStrictEqual(durationsOf([backwards.slice(0, half), backwards.slice(half)]), durationsOf(lists))
      })
    )
  })

  it("are left as they are in their lists", () => {
    const list = Float64Array.of(3, 1, 2)
    assert.deepStrictEqual(durationsOf([list, [5, 4]]), { p50: 3, p95: 5, p99: 5, max: 5, mean: 3 })
    assert.deepStrictEqual(Array.from(list), [3, 1, 2])
  })
})
