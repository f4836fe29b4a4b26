import { assert, describe, it } from "@effect/vitest"
import * as distributions from "../../src/server/distributions.js"

const sample = (...seconds: ReadonlyArray<number>) => Float64Array.from(seconds).sort()

describe("Two groups of durations", () => {
  it("have the p value that others compute for samples with ties", () => {
    const a = sample(1, 2, 2, 3, 4, 5, 6, 7)
    const b = sample(2, 5, 6, 8, 8, 9, 10, 11)
    const { pValue, probabilityLonger } = distributions.mannWhitney(a, b)
    // By the formula of wilcox.test(a, b, exact = FALSE, correct = TRUE) of R, in doubles: W = 10.0.
    assert.closeTo(pValue, 0.023228, 1e-6)
    assert.closeTo(probabilityLonger, pairwise(a, b), 1e-12)
    const mirrored = distributions.mannWhitney(b, a)
    assert.closeTo(mirrored.pValue, pValue, 1e-12)
    assert.closeTo(mirrored.probabilityLonger, 1 - probabilityLonger, 1e-12)
  })

  it("differ for sure when one is over the other, and not when both are the same", () => {
    const a = sample(...Array.from({ length: 40 }, (_, i) => 1 + i / 100))
    const b = sample(...Array.from({ length: 40 }, (_, i) => 2 + i / 100))
    assert.isBelow(distributions.mannWhitney(a, b).pValue, 1e-9)
    assert.strictEqual(distributions.mannWhitney(a, b).probabilityLonger, 1)
    assert.closeTo(distributions.mannWhitney(a, a).pValue, 1, 1e-6)
    assert.strictEqual(distributions.mannWhitney(sample(1, 1, 1), sample(1, 1)).pValue, 1)
  })

  it("have an interval around the difference of their medians that holds it, the same each time", () => {
    const a = sample(...Array.from({ length: 101 }, (_, i) => 1 + i / 100))
    const b = sample(...Array.from({ length: 101 }, (_, i) => 3 + i / 100))
    const { difference, ratio } = distributions.medianDifferences(a, b)
    assert.strictEqual(difference.estimate, 2)
    assert.isBelow(difference.low, 2)
    assert.isAbove(difference.high, 2)
    // The standard error of a uniform sample's median is 1 / (2 √n).
    assert.closeTo(difference.high - difference.low, 2 * 1.96 * Math.SQRT2 * 0.05, 0.06)
    assert.closeTo(ratio?.estimate ?? 0, 3.5 / 1.5, 1e-12)
    assert.deepStrictEqual(distributions.medianDifferences(a, b), { difference, ratio })
  })

  it("say nothing when there are too few", () => {
    const few = { seconds: sample(1, 2), count: 2, failed: 1 }
    const difference = distributions.differenceOf(few, few)
    assert.deepInclude(difference, { median_seconds: null, duration_p_value: null, certainty: "unknown" })
  })

  it("are counted in the same bins, each duration once", () => {
    const a = sample(...Array.from({ length: 500 }, (_, i) => 0.001 * 1.02 ** i))
    const b = sample(0.5, 0.5, 90_000)
    const { a: ofA, b: ofB, edges } = distributions.histogramOf(a, b)
    const sum = (counts: ReadonlyArray<number>) => counts.reduce((total, count) => total + count, 0)
    assert.deepStrictEqual([sum(ofA), sum(ofB), edges.length], [500, 3, ofA.length + 1])
    assert.deepStrictEqual(distributions.histogramOf(sample(), sample()), { edges: [], a: [], b: [] })
  })
})

describe("Two shares of failures", () => {
  it("have the p value of Fisher's tea tasting, and of a table that is larger", () => {
    // R: fisher.test(matrix(c(3, 1, 1, 3), 2)): p-value = 0.4857
    assert.closeTo(distributions.fisher({ count: 4, failed: 3 }, { count: 4, failed: 1 }), 0.485_714, 1e-6)
    // R: fisher.test(matrix(c(10, 2, 3, 15), 2)): p-value = 0.0005367 (Convictions of like-sex twins)
    assert.closeTo(distributions.fisher({ count: 12, failed: 10 }, { count: 18, failed: 3 }), 0.000_536_7, 1e-7)
  })

  it("have the interval of Newcombe's own table", () => {
    // Newcombe (1998), table II: 56/70 − 48/80 by method 10 is 0.0524 to 0.3339.
    const { estimate, high, low } = distributions.newcombe({ count: 80, failed: 48 }, { count: 70, failed: 56 })
    assert.closeTo(estimate, 0.2, 1e-12)
    assert.closeTo(low, 0.0524, 5e-5)
    assert.closeTo(high, 0.3339, 5e-5)
  })
})

/** How often one of `b` is longer than one of `a`; half for equal ones. */
const pairwise = (a: Float64Array, b: Float64Array): number => {
  let sum = 0
  for (const x of a) for (const y of b) sum += y > x ? 1 : y === x ? 0.5 : 0
  return sum / (a.length * b.length)
}
