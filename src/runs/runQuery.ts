/**
 * Which runs are asked for: one filter for lists, counts and exports.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import * as Effect from "effect/Effect"
import { parameterized } from "../history/database/connections.js"
import { attempt } from "../plain/untrusted.js"
import { isFault, type RunColumn, statusOf, valueFor } from "./runColumns.js"
import type { Checked, InputFault } from "./runInput.js"
import type * as runRows from "./runRows.js"

export interface RunFilter {
  readonly where: ReadonlyArray<readonly [condition: string, parameter: string | number]>
  readonly statuses: ReadonlyArray<string>
  readonly limit: number
  readonly offset: number
  /** The last run of the page before. */
  readonly after: readonly [createdAt: string, id: number] | undefined
}

/** Most runs of one page. */
const mostRuns = 1_000

const texts: ReadonlyArray<RunColumn> = [
  "agent_name",
  "job_type",
  "run_id",
  "parent_run_id",
  "product",
  "git_commit_hash"
]

const times: Readonly<Record<string, string>> = {
  created_before: "created_at <",
  created_after: "created_at >",
  start_time_from: "start_time >=",
  start_time_to: "start_time <="
}

/** In milliseconds. */
const durations: Readonly<Record<string, string>> = {
  duration_ms_from: "duration_ms >=",
  duration_ms_to: "duration_ms <="
}

/** Reads a filter from the parameters of a query. */
export const parse = (
  given: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
): Checked<RunFilter> => {
  const faults: Array<InputFault> = []
  const fail = (name: string, msg: string) => faults.push({ loc: ["query", name], msg, type: "value_error" })
  const textOf = (name: string): string | undefined => {
    const value = given[name]
    if (value === undefined || typeof value === "string") return value
    fail(name, "is given more than once")
    return undefined
  }
  const where: Array<readonly [string, string | number]> = []
  for (const column of texts) {
    const value = textOf(column)
    if (value !== undefined) where.push([`${column} = `, value])
  }
  for (const [name, condition] of Object.entries(times)) {
    const value = textOf(name)
    if (value === undefined) continue
    const made = valueFor("created_at", value, false)
    if (isFault(made)) fail(name, `takes ${made.expected}`)
    else where.push([`${condition} `, String(made)])
  }
  const statuses: Array<string> = []
  for (const word of textOf("status")?.split(",") ?? []) {
    const status = statusOf(word.trim())
    if (status === undefined) fail("status", "takes running, success, failed, partial, timeout, cancelled")
    else statuses.push(status)
  }
  const whole = (name: string, least: number, most: number, otherwise: number): number => {
    const value = textOf(name)
    if (value === undefined) return otherwise
    if (/^\d{1,15}$/.test(value) && Number(value) >= least && Number(value) <= most) return Number(value)
    fail(name, `takes a whole number from ${least} to ${most}`)
    return otherwise
  }
  const limit = whole("limit", 1, mostRuns, 100)
  const offset = whole("offset", 0, 1_000_000_000, 0)
  for (const [name, condition] of Object.entries(durations)) {
    if (textOf(name) !== undefined) where.push([`${condition} `, whole(name, 0, Number.MAX_SAFE_INTEGER, 0)])
  }
  const cursor = textOf("cursor")
  const after = cursor === undefined ? undefined : decodeCursor(cursor)
  if (cursor !== undefined && after === undefined) fail("cursor", "takes the X-Next-Cursor of an earlier answer")
  return faults.length > 0 ? { faults } : { value: { where, statuses, limit, offset, after } }
}

const decodeCursor = (text: string): RunFilter["after"] => {
  const parsed: unknown = attempt(() => JSON.parse(Buffer.from(text, "base64url").toString("utf8")), undefined)
  if (!Array.isArray(parsed)) return undefined
  const [createdAt, id] = parsed
  return typeof createdAt === "string" && Number.isSafeInteger(id) ? [createdAt, Number(id)] : undefined
}

/** What to ask the next page with. */
export const cursorAfter = (row: runRows.Found): string =>
  Buffer.from(JSON.stringify([row["created_at"], row["id"]])).toString("base64url")

/** A page of runs, the newest first. */
export const page = (
  sql: SqlClient.SqlClient,
  filter: RunFilter
): Effect.Effect<ReadonlyArray<runRows.Found>, SqlError> => {
  const { after, limit, offset } = filter
  const conditions = conditionsOf(filter)
  if (after !== undefined) {
    conditions.texts.push("(created_at, id) < (?, ?)")
    conditions.parameters.push(...after)
  }
  const where = conditions.texts.length === 0 ? "" : `WHERE ${conditions.texts.join(" AND ")}`
  return sql.unsafe<runRows.Found>(
    parameterized(sql, `SELECT * FROM agent_runs ${where} ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?`),
    [...conditions.parameters, limit, offset]
  )
}

/** The conditions of a filter, and their parameters, without where its page begins. */
export const conditionsOf = ({ statuses, where }: RunFilter) => {
  const texts = where.map(([condition]) => `${condition}?`)
  const parameters: Array<string | number> = where.map(([, parameter]) => parameter)
  if (statuses.length > 0) {
    texts.push(`status IN (${statuses.map(() => "?").join(", ")})`)
    parameters.push(...statuses)
  }
  return { texts, parameters }
}

/** One run, by its event id. */
export const byEventId = (
  sql: SqlClient.SqlClient,
  eventId: string
): Effect.Effect<runRows.Found | undefined, SqlError> =>
  Effect.map(sql<runRows.Found>`SELECT * FROM agent_runs WHERE event_id = ${eventId}`, ([row]) => row)

/** The runs whose id or event id is this, or begins or ends with it; the newest ten. */
export const byAnyId = (
  sql: SqlClient.SqlClient,
  text: string
): Effect.Effect<ReadonlyArray<runRows.Found>, SqlError> =>
  Effect.flatMap(
    sql<runRows.Found>`SELECT * FROM agent_runs WHERE event_id = ${text} OR run_id = ${text} LIMIT 1`,
    (exact) =>
      exact.length > 0 || text === ""
        ? Effect.succeed(exact)
        : sql<runRows.Found>`SELECT * FROM agent_runs WHERE ${sql.or(
            ["event_id", "run_id"].flatMap((column) => [beginsWith(sql, column, text), endsWith(sql, column, text)])
          )} ORDER BY created_at DESC LIMIT 10`
  )

const beginsWith = (sql: SqlClient.SqlClient, column: string, text: string): Fragment =>
  sql`substr(${sql.literal(column)}, 1, ${lengthOf(text)}) = ${text}`

const endsWith = (sql: SqlClient.SqlClient, column: string, text: string): Fragment =>
  sql.onDialectOrElse({
    sqlite: () => sql`substr(${sql.literal(column)}, ${sql.literal(String(-lengthOf(text)))}) = ${text}`,
    orElse: () => sql`right(${sql.literal(column)}, ${lengthOf(text)}) = ${text}`
  })

/** In characters, as databases count. */
const lengthOf = (text: string): number => Array.from(text).length
