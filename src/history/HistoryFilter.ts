/**
 * What to ask a history for, and how a moment is written.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import type { Correlation, IdField } from "../event/correlationFields.js"
import type { ErrorCode } from "../event/FailureReport.js"
import { text } from "../plain/PlainValue.js"
import { invalidSetting } from "./invalidSetting.js"
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
 * @since 0.1.0
 * @category models
 */
export interface FailureFilter {
  /** How many, the newest first: 1–1,000 (default 10). */
  readonly last?: number | undefined
  /** The name of the stage, exactly. */
  readonly stage?: string | undefined
  /** The name of the story, exactly. */
  readonly story?: string | undefined
  /** From this moment on. */
  readonly since?: TimeInput | undefined
  /** Up to but without this moment. */
  readonly until?: TimeInput | undefined
  /** As the report has it. */
  readonly errorType?: string | undefined
  /** As the report has it. */
  readonly code?: ErrorCode | undefined
  /** As the report has it, or its beginning. */
  readonly fingerprint?: string | undefined
  /** Also those reported with `Narrative.recordFailure` (default `true`). */
  readonly handled?: boolean | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface StoryFilter {
  /** Most on a page: 1–1,000 (default 50). */
  readonly limit?: number | undefined
  /** The `next` of the page before. */
  readonly cursor?: string | undefined
  /** One or several. */
  readonly status?: StoryState | ReadonlyArray<StoryState> | undefined
  /** The name, exactly. */
  readonly name?: string | undefined
  /**
   * A part of its name, of a label as `name=value`, or of the type, the message or the stage of a failure, whatever the case; or the
   * beginning of its id, or of an id of whoever asked for it: at most 200 characters. Messages are those of the newest 10,000
   * failures, and of the newest one of each kind; of a label with thousands of values, the beginning of a value is looked for.
   */
  readonly text?: string | undefined
  /** Started at this moment or later. */
  readonly since?: TimeInput | undefined
  /** Started before this moment. */
  readonly until?: TimeInput | undefined
  /** Those that have all of these. */
  readonly labels?: { readonly [name: string]: string } | undefined
  /**
   * Those that were asked for so: an id, whatever it is the id of (a request, a trace, a tenant, …), or the values of some
   * fields, all of them.
   */
  readonly correlation?: string | CorrelationFilter | undefined
  /** Without sub-stories (default `false`). */
  readonly rootsOnly?: boolean | undefined
}

/**
 * Fields of a correlation, each as it is shown: what `Redaction` hides cannot be asked for.
 *
 * @since 0.1.0
 * @category models
 */
export interface CorrelationFilter extends Partial<Pick<Correlation, IdField | "traceId">> {}

/**
 * @since 0.1.0
 * @category models
 */
export interface StatsFilter {
  /** From this moment on (default 24 hours ago). */
  readonly since?: TimeInput | undefined
  /** Up to but without this moment (default now). */
  readonly until?: TimeInput | undefined
  /** Of the stories of this name only. */
  readonly story?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface EventFilter {
  /** Most at once: 1–10,000 (default 500). */
  readonly limit?: number | undefined
  /** Of the stories of this name only. */
  readonly story?: string | undefined
}

/**
 * What to keep. Stories that are running are kept in any case. With both options, a story is deleted that either of them
 * does not keep.
 *
 * @since 0.1.0
 * @category models
 */
export interface Retention {
  /** Stories that ended within so many days: more than 0; a fraction is fine. */
  readonly keepDays?: number | undefined
  /** So many of the newest stories: 0 or more. */
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
 * A moment in milliseconds since the epoch, kept within the years 0–9999. Throws `InvalidOption`.
 *
 * @internal
 */
export const momentOf = (setting: string, input: TimeInput, now: number): number => {
  const millis = readMoment(input, now)
  if (!Number.isFinite(millis)) {
    throw invalidSetting(
      setting,
      input instanceof Date ? "an invalid Date" : text(input),
      "an ISO-8601 time such as 2026-01-31 or 2026-01-31T08:00:00Z, or how long ago, such as 15m, 24h, 7d or 2w"
    )
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
 * A whole number within its range. Throws `InvalidOption`.
 *
 * @internal
 */
export const wholeNumber = (setting: string, value: number | undefined, range: Range): number => {
  if (value === undefined) return range.otherwise
  if (Number.isSafeInteger(value) && value >= range.least && value <= range.most) return value
  throw invalidSetting(
    setting,
    text(value),
    `a whole number, ${range.least.toLocaleString("en")} to ${range.most.toLocaleString("en")}`
  )
}

interface Range {
  readonly least: number
  readonly most: number
  readonly otherwise: number
}

/**
 * The states asked for, each once; `undefined` for all. Throws `InvalidOption`.
 *
 * @internal
 */
export const statesOf = (status: StoryFilter["status"]): ReadonlyArray<StoryState> | undefined => {
  if (status === undefined) return undefined
  const states = Array.from(new Set(typeof status === "string" ? [status] : status))
  const known: ReadonlyArray<string> = StoryState.literals
  const unknown = states.find((state) => !known.includes(state))
  if (unknown !== undefined || states.length === 0) {
    throw invalidSetting("status", text(unknown ?? []), known.join(", "))
  }
  return states
}
