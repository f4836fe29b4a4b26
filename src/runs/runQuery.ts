/**
 * What the database is asked of runs.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import { parameterized } from "../history/database/connections.js"
import { type RunColumn, runColumns } from "./runColumns.js"
import { type Condition, cursorAt, type Order, type Position, type RunFilter } from "./runFilter.js"
import type * as runRows from "./runRows.js"

/** A page of runs, and the cursors of those beside it, where there are any. */
export interface RunPage {
  readonly rows: ReadonlyArray<runRows.Found>
  readonly next: string | undefined
  readonly previous: string | undefined
}

/** A page of runs in the order of the filter. */
export const page = (sql: SqlClient.SqlClient, filter: RunFilter): Effect.Effect<RunPage, SqlError> => {
  const { from, isBackward, limit, offset, order } = filter
  const walked: Order = isBackward ? { ...order, isDescending: !order.isDescending } : order
  const where = from === undefined ? filter.where : [...filter.where, beyond(from, walked, isBackward)]
  const conditions = whereOf(where)
  return Effect.map(
    sql.unsafe<runRows.Found>(
      parameterized(
        sql,
        `SELECT ${columnsOf(filter)} FROM agent_runs ${conditions.text} ORDER BY ${orderOf(walked, isBackward)} LIMIT ? OFFSET ?`
      ),
      // One more says whether there are more.
      [...conditions.parameters, limit + 1, offset]
    ),
    (found) => {
      const hasMore = found.length > limit
      const kept = hasMore ? found.slice(0, limit) : found
      const rows = isBackward ? kept.toReversed() : kept
      const hasBefore = isBackward ? hasMore : from !== undefined || offset > 0
      const hasAfter = isBackward ? from !== undefined : hasMore
      return {
        rows,
        next: hasAfter ? cursorOf(rows.at(-1), order, false) : undefined,
        previous: hasBefore ? cursorOf(rows[0], order, true) : undefined
      }
    }
  )
}

/** How many runs a filter finds. */
export const count = (sql: SqlClient.SqlClient, where: ReadonlyArray<Condition>): Effect.Effect<number, SqlError> => {
  const conditions = whereOf(where)
  return Effect.map(
    sql.unsafe<{ n: unknown }>(
      parameterized(sql, `SELECT count(*) AS n FROM agent_runs ${conditions.text}`),
      conditions.parameters
    ),
    ([row]) => Number(row?.n ?? 0)
  )
}

/** Conditions that all hold, as a `WHERE`. */
export const whereOf = (where: ReadonlyArray<Condition>): Condition => ({
  text: where.length === 0 ? "" : `WHERE ${where.map(({ text }) => text).join(" AND ")}`,
  parameters: where.flatMap(({ parameters }) => parameters)
})

const columnsOf = ({ fields, order }: RunFilter): string =>
  fields === undefined ? "*" : Array.from(new Set(["id", ...fields, "event_id", order.column])).join(", ")

const never: ReadonlySet<RunColumn> = new Set([
  "event_id",
  "run_id",
  "created_at",
  "updated_at",
  "start_time",
  "agent_name",
  "job_type",
  "status",
  "api_posted",
  "api_retry_count"
])

/** Whether a column can be empty. */
const isNullable = (column: RunColumn): boolean => !never.has(column)

/** What is empty comes last, in either direction of the list. */
const orderOf = ({ column, isDescending }: Order, isBackward: boolean): string => {
  const direction = isDescending ? "DESC" : "ASC"
  const nulls = isNullable(column) ? ` NULLS ${isBackward ? "FIRST" : "LAST"}` : ""
  return `${column} ${direction}${nulls}, id ${direction}`
}

/** What comes after a run in the order that is walked. */
export const beyond = ({ id, value }: Position, { column, isDescending }: Order, isBackward: boolean): Condition => {
  const sign = isDescending ? "<" : ">"
  if (value === null) {
    return isBackward
      ? { text: `(${column} IS NOT NULL OR (${column} IS NULL AND id ${sign} ?))`, parameters: [id] }
      : { text: `(${column} IS NULL AND id ${sign} ?)`, parameters: [id] }
  }
  // The first half says nothing more, but leads the planner of SQLite to the index of the order, where a database was analysed, too.
  const after: Condition = {
    text: `${column} ${sign}= ? AND (${column}, id) ${sign} (?, ?)`,
    parameters: [value, value, id]
  }
  return isNullable(column) && !isBackward ? { ...after, text: `((${after.text}) OR ${column} IS NULL)` } : after
}

const cursorOf = (row: runRows.Found | undefined, order: Order, isBackward: boolean): string | undefined => {
  return row === undefined ? undefined : cursorAt(positionOf(row, order), isBackward)
}

/** Where a row is in an order. */
export const positionOf = (row: runRows.Found, { column }: Order): Position => {
  const cell = row[column]
  const isNumber = ["count", "flag"].includes(runColumns[column].kind)
  const value = cell === null || cell === undefined ? null : isNumber ? Number(cell) : String(cell)
  return { value, id: Number(row["id"]) }
}

/** One run, by its event id. */
export const byEventId = (
  sql: SqlClient.SqlClient,
  eventId: string
): Effect.Effect<runRows.Found | undefined, SqlError> =>
  Effect.map(sql<runRows.Found>`SELECT * FROM agent_runs WHERE event_id = ${eventId}`, ([row]) => row)

/** Those of these event ids that there are. */
export const known = (
  sql: SqlClient.SqlClient,
  eventIds: ReadonlyArray<string>
): Effect.Effect<ReadonlySet<string>, SqlError> =>
  eventIds.length === 0
    ? Effect.succeed(new Set())
    : Effect.map(
        Effect.forEach(
          Arr.chunksOf(eventIds, mostParameters),
          (some) => sql<{ event_id: string }>`SELECT event_id FROM agent_runs WHERE ${sql.in("event_id", some)}`
        ),
        (found) => new Set(found.flat().map(({ event_id: id }) => id))
      )

/** Databases take some ten thousand. */
export const mostParameters = 5_000

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
