/**
 * The failures of a history, in short.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as options from "../../plain/options.js"
import { time } from "../database/columns.js"
import type { Found } from "../database/decodeRows.js"
import { type FailureFilter, momentOf, wholeNumber } from "../HistoryFilter.js"
import { beginsWith, where } from "./conditions.js"
import * as records from "./records.js"

export const failures = (sql: SqlClient.SqlClient, filter: FailureFilter) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const { last, since, until } = yield* options.attempt(() => ({
      last: wholeNumber("last", filter.last, { least: 1, most: 1_000, otherwise: 10 }),
      since: filter.since === undefined ? undefined : time.encode(momentOf("since", filter.since, now)),
      until: filter.until === undefined ? undefined : time.encode(momentOf("until", filter.until, now))
    }))
    const { code, errorType, fingerprint, handled, stage, story } = filter
    const rows = yield* sql<Found>`SELECT ${sql.literal(records.failureColumns)} FROM failures AS f
      WHERE ${where(sql, [
        since === undefined ? undefined : sql`f.occurred_at >= ${since}`,
        until === undefined ? undefined : sql`f.occurred_at < ${until}`,
        story === undefined ? undefined : sql`f.story_name = ${story}`,
        stage === undefined ? undefined : sql`f.stage_name = ${stage}`,
        errorType === undefined ? undefined : sql`f.error_type = ${errorType}`,
        code === undefined ? undefined : sql`f.error_code = ${code}`,
        fingerprint === undefined ? undefined : beginsWith(sql, "f.fingerprint", fingerprint),
        handled === false ? sql`f.handled = 0` : undefined
      ])}
      ORDER BY f.occurred_at DESC, f.id DESC LIMIT ${last}`
    return yield* Either.all(rows.map(records.failureSummaryOf))
  })
