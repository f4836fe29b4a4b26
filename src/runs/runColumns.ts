/**
 * The columns of a run: what each holds, and how what is given becomes that.
 *
 * The same names are the keys of a journal's line, of the HTTP API and of the table `agent_runs`.
 */
import { from, type PlainValue } from "../plain/PlainValue.js"
import { attempt } from "../plain/untrusted.js"
import { parseJson } from "../plain/wireSchema.js"

/** @since 0.1.0 */
export const statuses = ["running", "success", "failed", "partial", "timeout", "cancelled"] as const

export type Status = (typeof statuses)[number]

/** Words that mean a status, as other programs write it. */
const aliases: Readonly<Record<string, Status>> = {
  failure: "failed",
  error: "failed",
  completed: "success",
  succeeded: "success",
  canceled: "cancelled"
}

/** The status that a word means. */
export const statusOf = (word: unknown): Status | undefined =>
  typeof word === "string"
    ? (statuses.find((status) => status === word) ?? (Object.hasOwn(aliases, word) ? aliases[word] : undefined))
    : undefined

/** Who may have made a commit. */
export const commitSources = ["manual", "llm", "ci"] as const

type CommitSource = (typeof commitSources)[number]

export const isTerminal = (status: unknown): boolean => status !== "running" && statusOf(status) !== undefined

interface Kinds {
  readonly text: string
  readonly count: number
  readonly time: string
  readonly status: Status
  readonly commitSource: CommitSource
  readonly json: PlainValue
  readonly flag: boolean
}

interface ColumnOf<K extends keyof Kinds> {
  readonly kind: K
  /** Longest text, in UTF-16 code units. */
  readonly most: number
  /** Whether it may be changed after the run began, by `PATCH` and by people. */
  readonly editable: boolean
}

const column =
  <K extends keyof Kinds>(kind: K, most = 0) =>
  (editable = false): ColumnOf<K> => ({ kind, most, editable })

const name = column("text", 255)
const line = column("text", 1_000)
const count = column("count")
const time = column("time")
const json = column("json")

/** New ones go to the end. */
export const runColumns = {
  event_id: name(),
  run_id: name(),
  start_time: time(),
  end_time: time(true),
  agent_name: name(),
  agent_owner: name(),
  job_type: name(),
  status: column("status")(true),
  product: name(),
  product_family: name(),
  platform: name(),
  subdomain: name(),
  website: name(),
  website_section: name(),
  item_name: name(),
  items_discovered: count(true),
  items_succeeded: count(true),
  items_failed: count(true),
  items_skipped: count(true),
  duration_ms: count(true),
  input_summary: line(true),
  output_summary: line(true),
  source_ref: line(),
  target_ref: line(),
  error_summary: column("text", 500)(true),
  error_details: column("text", 5_000)(true),
  git_repo: line(),
  git_branch: name(),
  git_commit_hash: column("text", 40)(),
  git_run_tag: line(),
  git_commit_source: column("commitSource")(true),
  git_commit_author: name(true),
  git_commit_timestamp: time(true),
  host: name(),
  environment: name(),
  trigger_type: name(),
  metrics_json: json(true),
  context_json: json(true),
  api_posted: column("flag")(),
  api_posted_at: time(),
  api_retry_count: count(),
  insight_id: name(),
  parent_run_id: name(),
  created_at: time(),
  updated_at: time(),
  /** The story that the run is. */
  story_id: name(),
  /** The process that runs it: pid, host, boot, namespace of pids, and when it started. */
  process: column("text", 1_000)()
} as const

export type RunColumn = keyof typeof runColumns

/** What a column holds, unless it is empty. */
export type ValueOf<C extends RunColumn> = Kinds[(typeof runColumns)[C]["kind"]]

/** Columns and what they are set to; `null` clears one. */
export type Changes = { readonly [C in RunColumn]?: ValueOf<C> | null }

// The keys of a literal that has no others.
export const columnNames = Object.keys(runColumns) as ReadonlyArray<RunColumn>

export const isColumn = (name: string): name is RunColumn => Object.hasOwn(runColumns, name)

/** A value that a column cannot hold, and what it takes. */
export interface Fault {
  readonly column: string
  readonly expected: string
  readonly given: unknown
}

export const isFault = (value: unknown): value is Fault => value instanceof Refused

class Refused implements Fault {
  constructor(
    readonly column: string,
    readonly expected: string,
    readonly given: unknown
  ) {}
}

/**
 * What a column makes of a value: the value in its one form, or a fault. `clipped`: a text that is too long is cut instead
 * of refused, as is right for a program that must not be troubled.
 */
export const valueFor = (name: RunColumn, given: unknown, clipped: boolean): PlainValue | Fault => {
  if (given === null || given === undefined) return null
  const { kind, most } = runColumns[name]
  const made = makers[kind](given, most, clipped)
  return made === undefined ? new Refused(name, expectedOf(kind, most), given) : made
}

const expectedOf = (kind: keyof Kinds, most: number): string => {
  switch (kind) {
    case "text":
      return `a text of at most ${most.toLocaleString("en")} characters`
    case "count":
      return "a whole number of 0 or more"
    case "time":
      return "a time in ISO 8601, such as 2026-01-31T08:00:00Z"
    case "status":
      return `one of ${statuses.join(", ")}`
    case "commitSource":
      return `one of ${commitSources.join(", ")}`
    case "json":
      return "JSON"
    case "flag":
      return "true or false"
  }
}

/** A text cut to a length, which says that it was cut. */
export const cut = (text: string, most: number): string => {
  if (text.length <= most) return text
  // Not in the middle of a character.
  const end = most - (/[\uD800-\uDBFF]/.test(text.charAt(most - 2)) ? 2 : 1)
  return `${text.slice(0, end)}…`
}

type Maker = (given: unknown, most: number, clipped: boolean) => PlainValue | undefined

const makers: { readonly [K in keyof Kinds]: Maker } = {
  text: (given, most, clipped) => {
    if (typeof given !== "string") return undefined
    return given.length <= most ? given : clipped ? cut(given, most) : undefined
  },
  count: (given) => (typeof given === "number" && Number.isSafeInteger(given) && given >= 0 ? given : undefined),
  time: (given) => {
    // It was made just now.
    if (given === lastText) return given
    const millis = given instanceof Date ? given.getTime() : typeof given === "number" ? given : millisOf(given)
    return millis === undefined ? undefined : timeText(millis)
  },
  status: statusOf,
  commitSource: (given) => commitSources.find((source) => source === given),
  json: (given) => (typeof given === "string" ? attempt(() => from(parseJson(given)), undefined) : from(given)),
  flag: (given) => (given === 1 || given === 0 ? given === 1 : typeof given === "boolean" ? given : undefined)
}

// What is written of a run has the same times again and again.
let lastMillis = Number.NaN
let lastText = ""

/** UTC of a fixed width, so that texts are in the order of the times. */
export const timeText = (millis: number): string | undefined => {
  if (millis === lastMillis) return lastText
  // The years that have four digits.
  if (!(millis >= -62_167_219_200_000 && millis < 253_402_300_800_000)) return undefined
  lastText = new Date(millis).toISOString()
  lastMillis = millis
  return lastText
}

// SQLite has a space where ISO 8601 has a T; a `+` in a query is often sent as it is, and arrives as a space.
const timePattern =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:Z|([+ -])(\d\d):?(\d\d))?)?$/i

/** A time in any form of ISO 8601 that says the day; without a zone it is UTC. In milliseconds since the epoch. */
export const millisOf = (text: unknown): number | undefined => {
  const found = typeof text === "string" ? timePattern.exec(text.trim()) : null
  if (found === null) return undefined
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", sign, zoneHour, zoneMinute] = found
  const parts = [year, month, day, hour, minute, second].map(Number)
  const [y = 0, m = 0, d = 0, h = 0, min = 0, s = 0] = parts
  const date = new Date(0)
  date.setUTCFullYear(y, m - 1, d)
  date.setUTCHours(h, min, s, Number(fraction.padEnd(3, "0").slice(0, 3)))
  const isReal =
    date.getUTCMonth() === m - 1 && date.getUTCDate() === d && date.getUTCHours() === h && min < 60 && s < 60
  if (!isReal || Number(zoneHour ?? 0) > 23 || Number(zoneMinute ?? 0) > 59) return undefined
  const offset = (Number(zoneHour ?? 0) * 60 + Number(zoneMinute ?? 0)) * 60_000
  return date.getTime() - (sign === "-" ? -offset : offset)
}
