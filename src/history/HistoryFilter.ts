/**
 * What to ask a history for, and how a moment is written.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import type { ErrorCode } from "../event/FailureReport.js"
import { text } from "../plain/PlainValue.js"
import { InvalidHistorySetting } from "./HistoryError.js"
import { StoryState } from "./StoryRecord.js"

/**
 * A moment: a `Date`; milliseconds since the epoch; an ISO-8601 text, a day alone being its beginning in UTC and a time
 * without a zone being UTC; or how long ago, as a `Duration` or as a text such as `15m`, `24h`, `7d`, `2w` or
 * `30 minutes`.
 *
 * @since 0.1.0
 * @category models
 */
export type TimeInput = Date | number | string | Duration.Duration

/**
 * - `last`: how many, the newest first: 1–1,000 (default 10).
 * - `stage`, `story`: their names, exactly.
 * - `since`, `until`: from the one up to but without the other.
 * - `errorType`, `code`, `fingerprint`: as the report has them; of a fingerprint its beginning will do.
 * - `handled`: also those told with `Narrative.recordFailure` (default `true`).
 *
 * @since 0.1.0
 * @category models
 */
export interface FailureFilter {
  readonly last?: number | undefined
  readonly stage?: string | undefined
  readonly story?: string | undefined
  readonly since?: TimeInput | undefined
  readonly until?: TimeInput | undefined
  readonly errorType?: string | undefined
  readonly code?: ErrorCode | undefined
  readonly fingerprint?: string | undefined
  readonly handled?: boolean | undefined
}

/**
 * - `limit`: most on a page: 1–1,000 (default 50).
 * - `cursor`: the `next` of the page before.
 * - `status`: one or several.
 * - `name`: exactly.
 * - `since`, `until`: when they started.
 * - `labels`: all of these.
 * - `rootsOnly`: without sub-stories (default `false`).
 *
 * @since 0.1.0
 * @category models
 */
export interface StoryFilter {
  readonly limit?: number | undefined
  readonly cursor?: string | undefined
  readonly status?: StoryState | ReadonlyArray<StoryState> | undefined
  readonly name?: string | undefined
  readonly since?: TimeInput | undefined
  readonly until?: TimeInput | undefined
  readonly labels?: { readonly [name: string]: string } | undefined
  readonly rootsOnly?: boolean | undefined
}

/**
 * - `since` (default 24 hours ago), `until` (default now).
 * - `story`: of the stories of this name only.
 *
 * @since 0.1.0
 * @category models
 */
export interface StatsFilter {
  readonly since?: TimeInput | undefined
  readonly until?: TimeInput | undefined
  readonly story?: string | undefined
}

/**
 * - `limit`: most at once: 1–10,000 (default 500).
 * - `story`: of the stories of this name only.
 *
 * @since 0.1.0
 * @category models
 */
export interface EventFilter {
  readonly limit?: number | undefined
  readonly story?: string | undefined
}

/**
 * What to keep. Stories that are running are kept in any case.
 *
 * - `keepDays`: stories that ended within so many days (more than 0; a fraction is fine).
 * - `keepStories`: so many of the newest stories (0 or more).
 *
 * With both, a story goes that either of them does not keep.
 *
 * @since 0.1.0
 * @category models
 */
export interface Retention {
  readonly keepDays?: number | undefined
  readonly keepStories?: number | undefined
}

const day = "[+-]?\\d{4}-\\d\\d-\\d\\d"
const isoMoment = new RegExp(`^${day}(?:[T ]\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d+)?)?(Z|[+-]\\d\\d:?\\d\\d)?)?$`, "i")
const ago = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/i

const unitSeconds: { readonly [unit: string]: number } = {
  ...Object.fromEntries(["s", "sec", "second", "seconds"].map((unit) => [unit, 1])),
  ...Object.fromEntries(["m", "min", "minute", "minutes"].map((unit) => [unit, 60])),
  ...Object.fromEntries(["h", "hour", "hours"].map((unit) => [unit, 3_600])),
  ...Object.fromEntries(["d", "day", "days"].map((unit) => [unit, 86_400])),
  ...Object.fromEntries(["w", "week", "weeks"].map((unit) => [unit, 604_800]))
}

/** The last millisecond that is written with a year of four digits. */
const latest = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/**
 * A moment in milliseconds since the epoch, kept within the years 0–9999. Throws {@link InvalidHistorySetting}.
 *
 * @internal
 */
export const momentOf = (setting: string, input: TimeInput, now: number): number => {
  const millis = readMoment(input, now)
  if (!Number.isFinite(millis)) {
    throw new InvalidHistorySetting({
      setting,
      value: input instanceof Date ? "an invalid Date" : text(input),
      expected:
        "an ISO-8601 time such as 2026-01-31 or 2026-01-31T08:00:00Z, or how long ago, such as 15m, 24h, 7d or 2w"
    })
  }
  return Math.min(Math.max(Math.trunc(millis), 0), latest)
}

const readMoment = (input: TimeInput, now: number): number => {
  if (typeof input === "number") return input
  if (input instanceof Date) return input.getTime()
  if (Duration.isDuration(input)) return now - Duration.toMillis(input)
  if (typeof input !== "string") return Number.NaN
  const given = input.trim()
  const iso = isoMoment.exec(given)
  if (iso !== null) {
    const isDay = /^[+-]?\d{4}-\d\d-\d\d$/.test(given)
    return Date.parse(isDay || iso[1] !== undefined ? given : `${given}Z`)
  }
  const [, amount, unit = ""] = ago.exec(given) ?? []
  return amount === undefined
    ? Number.NaN
    : now - Number(amount) * (unitSeconds[unit.toLowerCase()] ?? Number.NaN) * 1_000
}

/**
 * A whole number within its range. Throws {@link InvalidHistorySetting}.
 *
 * @internal
 */
export const wholeNumber = (setting: string, value: number | undefined, range: Range): number => {
  if (value === undefined) return range.otherwise
  if (Number.isSafeInteger(value) && value >= range.least && value <= range.most) return value
  throw new InvalidHistorySetting({
    setting,
    value: text(value),
    expected: `a whole number, ${range.least.toLocaleString("en")} to ${range.most.toLocaleString("en")}`
  })
}

interface Range {
  readonly least: number
  readonly most: number
  readonly otherwise: number
}

/**
 * The states asked for, each once; `undefined` for all. Throws {@link InvalidHistorySetting}.
 *
 * @internal
 */
export const statesOf = (status: StoryFilter["status"]): ReadonlyArray<StoryState> | undefined => {
  if (status === undefined) return undefined
  const states = Array.from(new Set(typeof status === "string" ? [status] : status))
  const known: ReadonlyArray<string> = StoryState.literals
  const unknown = states.find((state) => !known.includes(state))
  if (unknown !== undefined || states.length === 0) {
    throw new InvalidHistorySetting({ setting: "status", value: text(unknown ?? []), expected: known.join(", ") })
  }
  return states
}
