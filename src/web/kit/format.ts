/**
 * Times, durations and counts as a person reads them.
 */

export const duration = (seconds: number): string => {
  if (seconds < 0.000_001) return "0 ms"
  if (seconds < 0.001) return `${round(seconds * 1_000_000, 0)} µs`
  if (seconds < 1) return `${round(seconds * 1_000, seconds < 0.1 ? 1 : 0)} ms`
  if (seconds < 60) return `${round(seconds, seconds < 10 ? 2 : 1)} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${pad(Math.floor(seconds % 60))} s`
  return `${Math.floor(seconds / 3_600)} h ${pad(Math.floor((seconds % 3_600) / 60))} min`
}

/** Since the story began. */
export const offset = (millis: number): string => `+${duration(millis / 1_000)}`

/** A point of time in UTC, to the second. */
export const time = (millis: number): string => {
  const date = new Date(millis)
  return Number.isNaN(date.getTime()) ? "unknown" : `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`
}

/** The same on the reader's own clock. */
export const localTime = (millis: number): string => {
  const date = new Date(millis)
  return Number.isNaN(date.getTime()) ? "unknown" : date.toLocaleString()
}

// Making one takes longer than a list has time for.
const grouped = new Intl.NumberFormat("en-GB")

/** A number with its thousands apart. */
export const number = (n: number): string => grouped.format(n)

export const count = (n: number, one: string, many = `${one}s`): string => `${number(n)} ${n === 1 ? one : many}`

/** A share between 0 and 1 as a length in CSS. */
export const percent = (share: number): string => `${(share * 100).toFixed(4)}%`

const round = (value: number, digits: number): string => {
  const text = value.toFixed(digits)
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text
}

const pad = (n: number): string => String(n).padStart(2, "0")
