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

export const count = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString("en-GB")} ${n === 1 ? one : many}`

const round = (value: number, digits: number): string => {
  const text = value.toFixed(digits)
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text
}

const pad = (n: number): string => String(n).padStart(2, "0")

/** Steps of 1, 2 or 5 times a power of ten that cut a span of time into at most `most` parts. */
export const tickStep = (span: number, most: number): number => {
  const raw = span / Math.max(1, most)
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = [1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10
  return step * power
}
