/**
 * How long many runs took: percentiles, and a histogram whose bins are as people count time.
 */

/** In milliseconds. */
export interface Percentiles {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

/** Exact: each one is the duration of a run. */
export const percentilesOf = (durations: ReadonlyArray<number>): Percentiles | null => {
  if (durations.length === 0) return null
  const sorted = Float64Array.from(durations).sort()
  const rank = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0
  return { p50: rank(0.5), p90: rank(0.9), p99: rank(0.99), max: rank(1) }
}

const second = 1_000
const minute = 60_000
const hour = 3_600_000

/** Where bins begin, in milliseconds. */
const edges: ReadonlyArray<number> = [
  0,
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 20, 30].map((n) => n * second),
  ...[1, 2, 5, 10, 20, 30].map((n) => n * minute),
  ...[1, 2, 5, 10, 24, 48].map((n) => n * hour)
]

/** A bin of a histogram; see `DurationBin`. */
interface Bin {
  readonly from: number
  readonly to: number | null
  readonly count: number
}

/** Each duration is in one bin; bins before the first and after the last that has any are left out. */
export const histogramOf = (durations: ReadonlyArray<number>): ReadonlyArray<Bin> => {
  const counts = edges.map(() => 0)
  for (const duration of durations) {
    const at = binOf(duration)
    counts[at] = (counts[at] ?? 0) + 1
  }
  const bins = edges.map((from, i) => ({ from, to: edges[i + 1] ?? null, count: counts[i] ?? 0 }))
  const first = bins.findIndex(({ count }) => count > 0)
  const last = bins.findLastIndex(({ count }) => count > 0)
  return first < 0 ? [] : bins.slice(first, last + 1)
}

const binOf = (duration: number): number =>
  Math.max(
    0,
    edges.findLastIndex((edge) => edge <= duration)
  )
