/**
 * Which runs are asked for, in which order and which part of them: one filter for lists, counts, exports and bulk changes.
 */
import { attempt } from "../plain/untrusted.js"
import { columnNames, isColumn, isFault, type RunColumn, runColumns, statusOf, valueFor } from "./runColumns.js"
import type { Checked, InputFault } from "./runInput.js"

/** A condition of SQL, with a `?` for each of its parameters. */
export interface Condition {
  readonly text: string
  readonly parameters: ReadonlyArray<string | number>
}

export interface Order {
  readonly column: RunColumn
  readonly isDescending: boolean
}

/** Where a page begins: beside a run, which is not part of it. */
export interface Position {
  /** What that run has in the column of the order. */
  readonly value: string | number | null
  readonly id: number
}

export interface RunFilter {
  /** All of them hold. */
  readonly where: ReadonlyArray<Condition>
  readonly order: Order
  readonly limit: number
  readonly offset: number
  /** The run before the page; the one after it, where the page is read backwards. */
  readonly from: Position | undefined
  readonly isBackward: boolean
  /** The columns that are wanted; `undefined` for all. */
  readonly fields: ReadonlyArray<RunColumn> | undefined
}

/** Parameters as a URL gives them. */
export type Parameters = Readonly<Record<string, string | ReadonlyArray<string> | undefined>>

/** Most runs of one page. */
const mostRuns = 1_000

/** The page at the end of the list. */
export const lastPage = "last"

export const newestFirst: Order = { column: "created_at", isDescending: true }

const texts: ReadonlyArray<RunColumn> = [
  "event_id",
  "run_id",
  "parent_run_id",
  "story_id",
  "insight_id",
  "agent_name",
  "agent_owner",
  "job_type",
  "product",
  "environment",
  "host",
  "trigger_type",
  "git_branch",
  "git_commit_hash"
]

const times: Readonly<Record<string, string>> = {
  created_before: "created_at <",
  created_after: "created_at >",
  start_time_from: "start_time >=",
  start_time_to: "start_time <="
}

const figures: Readonly<Record<string, string>> = {
  duration_ms_from: "duration_ms >=",
  duration_ms_to: "duration_ms <="
}

/** What `text` is looked for in. */
const searched: ReadonlyArray<RunColumn> = [
  "run_id",
  "event_id",
  "agent_name",
  "job_type",
  "item_name",
  "product",
  "website",
  "error_summary",
  "input_summary",
  "output_summary",
  "git_branch",
  "git_commit_hash"
]

/** The column of runs that are no real ones, and its value. */
const tests = ["job_type", "test"] as const

const mostText = 500

/** Whether runs can be in the order of a column. */
const isSortable = (name: string): name is RunColumn =>
  isColumn(name) && runColumns[name].kind !== "json" && name !== "process"

/** Reads a filter from the parameters of a query. */
export const parse = (given: Parameters): Checked<RunFilter> => {
  const read = reader(given)
  const where = conditionsIn(read)
  const order = orderIn(read)
  const limit = read.whole("limit", 1, mostRuns, 100)
  const offset = read.whole("offset", 0, 1_000_000_000, 0)
  const cursor = read.text("cursor")
  const place = cursor === undefined ? undefined : decodeCursor(cursor, order)
  if (cursor !== undefined && place === undefined) {
    read.fail("cursor", "takes the X-Next-Cursor or X-Previous-Cursor of an answer in the same order, or last")
  }
  const fields = fieldsIn(read)
  const page = { from: place?.from, isBackward: place?.isBackward ?? false }
  return read.faults.length > 0 ? { faults: read.faults } : { value: { where, order, limit, offset, fields, ...page } }
}

interface Reader {
  readonly faults: Array<InputFault>
  readonly fail: (name: string, msg: string) => void
  readonly text: (name: string) => string | undefined
  readonly whole: <A>(name: string, least: number, most: number, otherwise: A) => number | A
}

const reader = (given: Parameters): Reader => {
  const faults: Array<InputFault> = []
  const fail = (name: string, msg: string) => {
    faults.push({ loc: ["query", name], msg, type: "value_error" })
  }
  const text = (name: string): string | undefined => {
    const value = given[name]
    if (value === undefined || typeof value === "string") return value
    fail(name, "is given more than once")
    return undefined
  }
  return {
    faults,
    fail,
    text,
    whole: (name, least, most, otherwise) => {
      const value = text(name)
      if (value === undefined) return otherwise
      if (/^\d{1,15}$/.test(value) && Number(value) >= least && Number(value) <= most) return Number(value)
      fail(name, `takes a whole number from ${least} to ${most}`)
      return otherwise
    }
  }
}

const conditionsIn = (read: Reader): ReadonlyArray<Condition> => {
  const where: Array<Condition> = []
  const add = (text: string, ...parameters: ReadonlyArray<string | number>) => where.push({ text, parameters })
  for (const column of texts) {
    const value = read.text(column)
    if (value !== undefined) add(`${column} = ?`, value)
  }
  for (const [name, condition] of Object.entries(times)) {
    const value = read.text(name)
    if (value === undefined) continue
    const made = valueFor("created_at", value, false)
    if (isFault(made)) read.fail(name, `takes ${made.expected}`)
    else add(`${condition} ?`, String(made))
  }
  for (const [name, condition] of Object.entries(figures)) {
    const value = read.whole(name, 0, Number.MAX_SAFE_INTEGER, undefined)
    if (value !== undefined) add(`${condition} ?`, value)
  }
  const statuses = statusesIn(read)
  if (statuses.length > 0) add(`status IN (${statuses.map(() => "?").join(", ")})`, ...statuses)
  const withoutTests = read.text("exclude_tests")
  if (withoutTests === "true") add(`${tests[0]} <> ?`, tests[1])
  else if (withoutTests !== undefined && withoutTests !== "false") read.fail("exclude_tests", "takes true or false")
  const text = read.text("text")?.trim() ?? ""
  if (text.length > mostText) read.fail("text", `takes at most ${mostText} characters`)
  if (text !== "") where.push(containing(text))
  return where
}

/** Whether any of the columns that are searched contains a text, in upper or lower case. */
const containing = (text: string): Condition => {
  const pattern = `%${text.replace(/[\\%_]/g, "\\$&")}%`
  return {
    text: `(${searched.map((column) => `${column} LIKE ? ESCAPE '\\'`).join(" OR ")})`,
    parameters: searched.map(() => pattern)
  }
}

const statusesIn = (read: Reader): ReadonlyArray<string> =>
  (read.text("status")?.split(",") ?? []).flatMap((word) => {
    const status = statusOf(word.trim())
    if (status === undefined) read.fail("status", "takes running, success, failed, partial, timeout, cancelled")
    return status ?? []
  })

const orderIn = (read: Reader): Order => {
  const given = read.text("sort")
  if (given === undefined) return newestFirst
  const column = given.replace(/^-/, "")
  if (isSortable(column)) return { column, isDescending: given.startsWith("-") }
  read.fail("sort", "takes a column, with a - before it for the greatest first")
  return newestFirst
}

const fieldsIn = (read: Reader): ReadonlyArray<RunColumn> | undefined => {
  const given = read.text("fields")?.split(",")
  const wrong = given?.find((name) => !isColumn(name))
  if (wrong !== undefined) read.fail("fields", "takes columns with a comma between them")
  return given === undefined ? undefined : columnNames.filter((column) => given.includes(column))
}

const decodeCursor = (
  text: string,
  order: Order
): { readonly from: Position | undefined; readonly isBackward: boolean } | undefined => {
  if (text === lastPage) return { from: undefined, isBackward: true }
  const parsed: unknown = attempt(() => JSON.parse(Buffer.from(text, "base64url").toString("utf8")), undefined)
  if (!Array.isArray(parsed)) return undefined
  const [value, id, direction]: ReadonlyArray<unknown> = parsed
  const isNumber = ["count", "flag"].includes(runColumns[order.column].kind)
  if (!(value === null || (isNumber ? Number.isSafeInteger(value) : typeof value === "string"))) return undefined
  if (!Number.isSafeInteger(id)) return undefined
  // It was just found to be one of these.
  return { from: { value: value as Position["value"], id: Number(id) }, isBackward: direction === "back" }
}

/** The cursor of the page after a run, or of the one before it. */
export const cursorAt = ({ id, value }: Position, isBackward: boolean): string =>
  Buffer.from(JSON.stringify(isBackward ? [value, id, "back"] : [value, id])).toString("base64url")
