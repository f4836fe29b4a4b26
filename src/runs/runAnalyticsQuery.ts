/**
 * Reads the runs of a filter for their figures, a page at a time, so that the program does other things in between.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { parameterized } from "../history/database/connections.js"
import { otherWork } from "../runtime/otherWork.js"
import { analysedColumns, type RunAnalytics, RunFold } from "./runAnalytics.js"
import { newestFirst, type RunFilter } from "./runFilter.js"
import * as runQuery from "./runQuery.js"
import type * as runRows from "./runRows.js"

/** Most runs that figures are made of: the newest. */
const mostRuns = 200_000

const pageSize = 2_000

/** The figures of the runs that a filter finds. `use` asks the database; between two pages others may. */
export const analytics = <E>(
  use: (
    query: (sql: SqlClient.SqlClient) => Effect.Effect<ReadonlyArray<runRows.Found>, SqlError>
  ) => Effect.Effect<ReadonlyArray<runRows.Found>, E>,
  filter: RunFilter
): Effect.Effect<RunAnalytics, E> =>
  Effect.gen(function* () {
    const fold = new RunFold()
    let after: runRows.Found | undefined
    for (let read = 0; read < mostRuns; read += pageSize) {
      const last = after
      const rows = yield* use((sql) => page(sql, filter, last))
      for (const row of rows) fold.add(row)
      after = rows.at(-1)
      if (rows.length < pageSize) return fold.result(false)
      yield* otherWork
    }
    return fold.result(true)
  })

const page = (
  sql: SqlClient.SqlClient,
  filter: RunFilter,
  after: runRows.Found | undefined
): Effect.Effect<ReadonlyArray<runRows.Found>, SqlError> => {
  const { parameters, text } = runQuery.whereOf(
    after === undefined
      ? filter.where
      : [...filter.where, runQuery.beyond(runQuery.positionOf(after, newestFirst), newestFirst, false)]
  )
  return sql.unsafe<runRows.Found>(
    parameterized(
      sql,
      `SELECT ${analysedColumns.join(", ")} FROM agent_runs ${text} ORDER BY created_at DESC, id DESC LIMIT ${pageSize}`
    ),
    parameters
  )
}
