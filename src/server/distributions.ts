/**
 * What two groups of durations and failures have in common, and how sure it is that they differ.
 */
import type { Durations } from "../history/HistoryStats.js"
import type { DistributionJson, GroupComparisonJson, GroupDifferenceJson } from "./readModels.js"

/** Durations in seconds, sorted, of those that have an end; and how many there are in all, and failed. */
export interface Sample {
  readonly seconds: Float64Array
  readonly count: number
  readonly failed: number
}

/** Fewer say nothing of how sure it is. */
const fewest = 8

const quantileSteps = 40

export const distributionOf = ({ count, failed, seconds }: Sample): DistributionJson => ({
  count,
  failed,
  failure_rate: count === 0 ? 0 : failed / count,
  durations: seconds.length === 0 ? null : durationsOf(seconds),
  quantiles:
    seconds.length === 0 ? [] : Array.from({ length: quantileSteps + 1 }, (_, i) => rank(seconds, i / quantileSteps))
})

/** The nearest rank: a duration that was measured. */
const rank = (sorted: Float64Array, share: number): number =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0

const durationsOf = (sorted: Float64Array): Durations => ({
  p50: rank(sorted, 0.5),
  p95: rank(sorted, 0.95),
  p99: rank(sorted, 0.99),
  max: rank(sorted, 1),
  mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length
})

/** `comparisons`: of so many that are made at a time, as many more may look different by chance (Bonferroni). */
export const differenceOf = (a: Sample, b: Sample, comparisons = 1): GroupDifferenceJson => {
  const isEnough = a.seconds.length >= fewest && b.seconds.length >= fewest
  const test = isEnough ? mannWhitney(a.seconds, b.seconds) : undefined
  const medians = isEnough ? medianDifferences(a.seconds, b.seconds) : undefined
  const isCounted = a.count >= fewest && b.count >= fewest
  const failurePValue = isCounted ? fisher(a, b) : null
  return {
    median_seconds: medians?.difference ?? null,
    median_ratio: medians?.ratio ?? null,
    duration_p_value: test?.pValue ?? null,
    probability_longer: test?.probabilityLonger ?? null,
    failure_rate: isCounted ? newcombe(a, b) : null,
    failure_p_value: failurePValue,
    certainty: certaintyOf(test?.pValue ?? null, failurePValue, comparisons)
  }
}

const certaintyOf = (
  durations: number | null,
  failures: number | null,
  comparisons: number
): GroupDifferenceJson["certainty"] => {
  if (durations === null && failures === null) return "unknown"
  // There are two questions, of durations and of failures.
  const least = Math.min(durations ?? 1, failures ?? 1) * 2 * comparisons
  return least < 0.01 ? "clear" : least < 0.05 ? "likely" : "none"
}

/**
 * Whether two samples are of one distribution, whatever its shape: Mann and Whitney (1947), by the normal approximation with a
 * correction for ties and for continuity, as in Hollander, Wolfe and Chicken, Nonparametric Statistical Methods (2014), 4.1.
 */
export const mannWhitney = (
  a: Float64Array,
  b: Float64Array
): { readonly pValue: number; readonly probabilityLonger: number } => {
  const [n, m] = [a.length, b.length]
  let [i, j, ranks, ties] = [0, 0, 0, 0]
  while (i < n || j < m) {
    const value = Math.min(a[i] ?? Number.POSITIVE_INFINITY, b[j] ?? Number.POSITIVE_INFINITY)
    const [fromA, fromB] = [i, j]
    while (i < n && a[i] === value) i += 1
    while (j < m && b[j] === value) j += 1
    const equal = i - fromA + j - fromB
    // Equal values share the mean of their ranks.
    ranks += (j - fromB) * (fromA + fromB + (equal + 1) / 2)
    ties += equal ** 3 - equal
  }
  const u = ranks - (m * (m + 1)) / 2
  const all = n + m
  const variance = ((n * m) / 12) * (all + 1 - ties / (all * (all - 1)))
  const distance = Math.max(0, Math.abs(u - (n * m) / 2) - 0.5)
  return {
    pValue: variance === 0 ? 1 : Math.min(1, 2 * (1 - normal(distance / Math.sqrt(variance)))),
    probabilityLonger: u / (n * m)
  }
}

/** The normal distribution below z: Abramowitz and Stegun, 26.2.17; off by at most 7.5e-8. */
const normal = (z: number): number => {
  const t = 1 / (1 + 0.231_641_9 * Math.abs(z))
  const polynomial =
    t * (0.319_381_53 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))))
  const above = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * polynomial
  return z >= 0 ? 1 - above : above
}

const resamples = 2_000

/**
 * How far apart the medians are, by the bootstrap's percentile interval: Efron and Tibshirani, An Introduction to the Bootstrap
 * (1993), 13.3. The median of a resample is drawn at once: the k-th of n uniform draws has the distribution Beta(k, n + 1 - k).
 */
export const medianDifferences = (a: Float64Array, b: Float64Array) => {
  const random = randomNumbers(1)
  const [medianA, medianB] = [rank(a, 0.5), rank(b, 0.5)]
  const differences = new Float64Array(resamples)
  const ratios = new Float64Array(resamples)
  for (let i = 0; i < resamples; i++) {
    const [fromA, fromB] = [resampledMedian(a, random), resampledMedian(b, random)]
    differences[i] = fromB - fromA
    ratios[i] = fromB / fromA
  }
  return {
    difference: interval(medianB - medianA, differences),
    // Of a median of 0 there is no multiple.
    ratio: medianA > 0 && ratios.every(Number.isFinite) ? interval(medianB / medianA, ratios) : null
  }
}

const interval = (estimate: number, drawn: Float64Array) => {
  const sorted = drawn.sort()
  return { estimate, low: rank(sorted, 0.025), high: rank(sorted, 0.975) }
}

const resampledMedian = (sorted: Float64Array, random: () => number): number => {
  const n = sorted.length
  const k = Math.ceil(n / 2)
  const [x, y] = [gamma(k, random), gamma(n + 1 - k, random)]
  return sorted[Math.min(n - 1, Math.floor((x / (x + y)) * n))] ?? 0
}

/** A gamma variate of a shape of 1 or more: Marsaglia and Tsang, ACM Transactions on Mathematical Software 26 (2000). */
const gamma = (shape: number, random: () => number): number => {
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const z = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    const v = (1 + c * z) ** 3
    if (v > 0 && Math.log(1 - random()) < (z * z) / 2 + d - d * v + d * Math.log(v)) return d * v
  }
}

/** The same numbers each time, so that one question has one answer: mulberry32. */
const randomNumbers = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

type Counts = Pick<Sample, "count" | "failed">

/** The interval of a difference of two shares: Newcombe, Statistics in Medicine 17 (1998), method 10. */
export const newcombe = (a: Counts, b: Counts) => {
  const [p, q] = [a.failed / a.count, b.failed / b.count]
  const [lowA, highA] = wilson(a)
  const [lowB, highB] = wilson(b)
  const estimate = q - p
  return {
    estimate,
    low: estimate - Math.hypot(q - lowB, highA - p),
    high: estimate + Math.hypot(highB - q, p - lowA)
  }
}

/** The 97.5th percentile of the normal distribution. */
const z975 = 1.959_963_984_540_054

/** The interval of a share: Wilson (1927). */
const wilson = ({ count, failed }: Counts): readonly [number, number] => {
  const p = failed / count
  const square = z975 ** 2
  const middle = p + square / (2 * count)
  const half = z975 * Math.sqrt((p * (1 - p)) / count + square / (4 * count ** 2))
  return [(middle - half) / (1 + square / count), (middle + half) / (1 + square / count)]
}

/** Fisher's exact test, two-sided: the share of all tables of the same sums that are no likelier than this one. */
export const fisher = (a: Counts, b: Counts): number => {
  const failed = a.failed + b.failed
  const all = a.count + b.count
  const logs = logFactorials(all)
  const choose = (n: number, k: number) => (logs[n] ?? 0) - (logs[k] ?? 0) - (logs[n - k] ?? 0)
  const chance = (k: number) => Math.exp(choose(a.count, k) + choose(b.count, failed - k) - choose(all, failed))
  const found = chance(a.failed) * (1 + 1e-7)
  let sum = 0
  for (let k = Math.max(0, failed - b.count); k <= Math.min(failed, a.count); k++) {
    const one = chance(k)
    if (one <= found) sum += one
  }
  return Math.min(1, sum)
}

const logFactorials = (most: number): Float64Array => {
  const logs = new Float64Array(most + 1)
  for (let i = 2; i <= most; i++) logs[i] = (logs[i - 1] ?? 0) + Math.log(i)
  return logs
}

const bins = 24

/** Both groups in the same bins; by powers where durations are of many sizes. The last bin has all above it, too. */
export const histogramOf = (a: Float64Array, b: Float64Array): GroupComparisonJson["histogram"] => {
  const both = Float64Array.of(...a, ...b).sort()
  if (both.length === 0) return { edges: [], a: [], b: [] }
  const [low, high] = [rank(both, 0), Math.max(rank(both, 0.995), rank(both, 0) + 1e-6)]
  const isWide = low > 0 && high / Math.max(rank(both, 0.02), 1e-9) > 20
  const edges = Array.from({ length: bins + 1 }, (_, i) =>
    isWide ? low * (high / low) ** (i / bins) : low + ((high - low) * i) / bins
  )
  const counted = (seconds: Float64Array) => {
    const counts = Array.from({ length: bins }, () => 0)
    let bin = 0
    for (const value of seconds) {
      while (bin < bins - 1 && value >= (edges[bin + 1] ?? Number.POSITIVE_INFINITY)) bin += 1
      counts[bin] = (counts[bin] ?? 0) + 1
    }
    return counts
  }
  return { edges, a: counted(a), b: counted(b) }
}
