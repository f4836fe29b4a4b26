/**
 * Hours put together into as many periods as a chart can show.
 */
import { type Bucket, emptyBucket, mergeInto } from "./runBucket.js"

export type Step = "hour" | "day" | "week" | "month" | "year"

const hour = 3_600_000
const day = 24 * hour

/** The longest time that is shown in each step. */
const longest: ReadonlyArray<readonly [Step, number]> = [
  ["hour", 3 * day],
  ["day", 92 * day],
  ["week", 730 * day],
  ["month", 3_650 * day]
]

/** Most periods; what is earlier is left out. */
const mostPeriods = 130

/** Where the period of a time begins, in UTC; weeks begin on Mondays. */
export const startOf = (step: Step, at: number): number => {
  const date = new Date(at)
  switch (step) {
    case "hour":
      return Math.floor(at / hour) * hour
    case "day":
      return Math.floor(at / day) * day
    case "week":
      // The epoch was a Thursday.
      return Math.floor((at + 3 * day) / (7 * day)) * 7 * day - 3 * day
    case "month":
      return monthStart(date.getUTCFullYear(), date.getUTCMonth())
    case "year":
      return monthStart(date.getUTCFullYear(), 0)
  }
}

/** `Date.UTC` takes the years before 100 for those of the last century. */
const monthStart = (year: number, month: number): number => new Date(0).setUTCFullYear(year, month, 1)

const nextStart = (step: Step, start: number): number => {
  const date = new Date(start)
  if (step === "month") return monthStart(date.getUTCFullYear(), date.getUTCMonth() + 1)
  if (step === "year") return monthStart(date.getUTCFullYear() + 1, 0)
  return start + { hour, day, week: 7 * day }[step]
}

/** Periods without a gap, the oldest first, and the hours before them. */
export const periodsOf = (
  hours: ReadonlyArray<Bucket>
): { readonly step: Step; readonly buckets: ReadonlyArray<Bucket>; readonly earlier: ReadonlyArray<Bucket> } => {
  const sorted = [...hours].sort((a, b) => a.start - b.start)
  const [first, last] = [sorted[0], sorted.at(-1)]
  if (first === undefined || last === undefined) return { step: "day", buckets: [], earlier: [] }
  const step = longest.find(([, most]) => last.end - first.start <= most)?.[0] ?? "year"
  const all: Array<Bucket> = []
  const earlier: Array<Bucket> = []
  const end = startOf(step, last.start)
  for (let start = startOf(step, first.start); start <= end; start = nextStart(step, start)) {
    all.push(emptyBucket(start, nextStart(step, start)))
  }
  const buckets = all.slice(-mostPeriods)
  let at = 0
  for (const one of sorted) {
    while ((buckets[at]?.end ?? Infinity) <= one.start) at += 1
    const into = buckets[at]
    if (into === undefined || one.start < into.start) earlier.push(one)
    else mergeInto(into, one)
  }
  return { step, buckets, earlier }
}
