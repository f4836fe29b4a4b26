/**
 * The failures of a history, in short.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as options from "../../plain/options.js"
import { text as shownText } from "../../plain/PlainValue.js"
import { time } from "../database/columns.js"
import type { Found } from "../database/decodeRows.js"
import { type FailureFilter, momentOf, wholeNumber } from "../HistoryFilter.js"
import { invalidSetting } from "../invalidSetting.js"
import { beginsWith, where } from "./conditions.js"
import * as records from "./records.js"

export const failures = (sql: SqlClient.SqlClient, filter: FailureFilter) =>
  Effect.map(failurePage(sql, filter, undefined), (page) => page.failures)

/** The failures after a cursor, and the cursor of the next page; `null` on the last. */
export const failurePage = (sql: SqlClient.SqlClient, filter: FailureFilter, cursor: string | undefined) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const { after, last } = yield* options.attempt(() => ({
      last: wholeNumber("last", filter.last, { least: 1, most: 1_000, otherwise: 10 }),
      after: cursor === undefined ? undefined : readCursor(cursor)
    }))
    const conditions = yield* options.attempt(() => failureConditions(sql, filter, now))
    const rows = yield* sql<Found>`SELECT ${sql.literal(records.failureColumns)} FROM failures AS f
      WHERE ${where(sql, [
        ...conditions,
        after === undefined ? undefined : sql`f.occurred_at <= ${after.occurredAt}`,
        after === undefined ? undefined : sql`(f.occurred_at < ${after.occurredAt} OR f.id < ${after.id})`
      ])}
      ORDER BY f.occurred_at DESC, f.id DESC LIMIT ${last + 1}`
    const shown = rows.slice(0, last)
    const failures = yield* Either.all(shown.map(records.failureSummaryOf))
    const oldest = failures.at(-1)
    const isLast = rows.length <= last || oldest === undefined
    return {
      failures,
      next: isLast ? null : `${time.encode(oldest.occurredAt)}_${Number(shown.at(-1)?.["id"])}`
    }
  })

/** What the failures of a filter have in common. Throws `InvalidOption`. */
export const failureConditions = (
  sql: SqlClient.SqlClient,
  filter: FailureFilter,
  now: number
): ReadonlyArray<Fragment | undefined> => {
  const { code, errorType, fingerprint, handled, stage, story } = filter
  const since = filter.since === undefined ? undefined : time.encode(momentOf("since", filter.since, now))
  const until = filter.until === undefined ? undefined : time.encode(momentOf("until", filter.until, now))
  return [
    since === undefined ? undefined : sql`f.occurred_at >= ${since}`,
    until === undefined ? undefined : sql`f.occurred_at < ${until}`,
    story === undefined ? undefined : sql`f.story_name = ${story}`,
    stage === undefined ? undefined : sql`f.stage_name = ${stage}`,
    errorType === undefined ? undefined : sql`f.error_type = ${errorType}`,
    code === undefined ? undefined : sql`f.error_code = ${code}`,
    fingerprint === undefined ? undefined : beginsWith(sql, "f.fingerprint", fingerprint),
    handled === false ? sql`f.handled = 0` : undefined
  ]
}

const readCursor = (cursor: string) => {
  const [, occurredAt, id] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)_(\d{1,16})$/.exec(cursor) ?? []
  if (occurredAt !== undefined && id !== undefined) return { occurredAt, id: Number(id) }
  throw invalidSetting("cursor", shownText(cursor), "the `next` of another page")
}
