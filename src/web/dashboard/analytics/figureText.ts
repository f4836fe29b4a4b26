/**
 * Figures as the charts write them.
 */
import { duration, number } from "../../kit/format.js"

/** Milliseconds. */
export const took = (millis: number): string => duration(millis / 1_000)

/** On an axis, where there is little room. */
export const shortDuration = (millis: number): string => {
  if (millis < 1_000) return `${millis} ms`
  if (millis < 60_000) return `${millis / 1_000} s`
  if (millis < 3_600_000) return `${millis / 60_000} min`
  return `${millis / 3_600_000} h`
}

const compactForm = new Intl.NumberFormat("en-GB", { notation: "compact", maximumFractionDigits: 1 })

export const compact = (n: number): string => (n < 10_000 ? number(n) : compactForm.format(n))

export const dollars = (usd: number): string =>
  `$${usd.toLocaleString("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: usd < 1 ? 4 : 2 })}`

export const percentOf = (part: number, whole: number): string => {
  if (whole === 0) return "–"
  const share = (part / whole) * 100
  // Not every one of many is 100 %.
  return part === whole ? "100 %" : `${Math.min(99.9, share).toFixed(1)} %`
}
