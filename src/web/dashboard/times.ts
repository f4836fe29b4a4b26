/**
 * Points of time as a list shows them: on the reader's own clock, and as short as they are clear.
 */
import { time } from "../kit/format.js"

const sameYear = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit"
})

const otherYear = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit"
})

/** `29 Nov, 21:59:24`; with its year where that is not the present one. */
export const when = (millis: number): string => {
  const date = new Date(millis)
  if (Number.isNaN(date.getTime())) return "unknown"
  return (date.getFullYear() === new Date().getFullYear() ? sameYear : otherYear).format(date)
}

const here = new Intl.DateTimeFormat(undefined, { dateStyle: "short", timeStyle: "medium" })

const dayMonth = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" })

/** The day in UTC: `29 Nov`. */
export const dayOf = (millis: number): string => dayMonth.format(millis)

/** The same in full, in UTC and on the reader's clock. */
export const inFull = (millis: number): string =>
  Number.isNaN(new Date(millis).getTime()) ? "unknown" : `${time(millis)} (${here.format(millis)} here)`

const steps: ReadonlyArray<readonly [seconds: number, unit: Intl.RelativeTimeFormatUnit]> = [
  [31_536_000, "year"],
  [2_592_000, "month"],
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
  [1, "second"]
]

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" })

/** `3 hours ago`. */
export const ago = (millis: number, now = Date.now()): string => {
  const seconds = (millis - now) / 1_000
  const [size, unit] = steps.find(([size]) => Math.abs(seconds) >= size) ?? [1, "second"]
  return relative.format(Math.round(seconds / size), unit)
}

/** A time of the API in milliseconds since the epoch. */
export const millisOf = (value: unknown): number | undefined => {
  const millis = typeof value === "string" ? Date.parse(value) : Number.NaN
  return Number.isNaN(millis) ? undefined : millis
}

/** What a field for a time on the reader's clock has for a time in UTC, and the other way round. */
export const toLocalField = (text: string): string => {
  const millis = millisOf(text)
  if (millis === undefined) return ""
  const shifted = millis - new Date(millis).getTimezoneOffset() * 60_000
  return new Date(shifted).toISOString().slice(0, 19)
}

export const fromLocalField = (text: string): string => {
  const date = new Date(text)
  return text === "" || Number.isNaN(date.getTime()) ? "" : date.toISOString()
}
