/**
 * Failures of one kind at one place, counted: how often, since when, and in which versions.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as options from "../../plain/options.js"
import { text, time, whole } from "../database/columns.js"
import { decodeRow, decodeRows, type Found, pick, selected } from "../database/decodeRows.js"
import * as tables from "../database/tables.js"
import { type FailureFilter, momentOf, wholeNumber } from "../HistoryFilter.js"
import { invalidSetting } from "../invalidSetting.js"
import { where } from "./conditions.js"
import { failureConditions } from "./failureList.js"

export interface GroupFilter extends Omit<FailureFilter, "last"> {
  /** Most groups: 1–200 (default 50). */
  readonly limit?: number | undefined
}

/** Parts that the time is divided into. */
const bucketCount = 30
/** Failures of a group whose labels are read. */
const labelled = 1_000

/** The groups of a span of time, by default of seven days, the most frequent first. */
export const failureGroups = (sql: SqlClient.SqlClient, filter: GroupFilter) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const { limit, since, until } = yield* options.attempt(() => {
      const limit = wholeNumber("limit", filter.limit, { least: 1, most: 200, otherwise: 50 })
      const since = momentOf("since", filter.since ?? now - 7 * 86_400_000, now)
      const until = momentOf("until", filter.until ?? now + 1, now)
      if (since < until) return { limit, since, until }
      throw invalidSetting("until", time.encode(until), `a time after since, which is ${time.encode(since)}`)
    })
    const conditions = where(
      sql,
      yield* options.attempt(() => failureConditions(sql, { ...filter, since, until }, now))
    )
    const counted = yield* decodeRows(
      countColumns,
      yield* sql<Found>`SELECT f.fingerprint, count(*) AS count, sum(f.handled) AS handled,
          min(f.occurred_at) AS first_at, max(f.occurred_at) AS last_at, min(f.id) AS oldest, max(f.id) AS newest
        FROM failures AS f WHERE ${conditions} GROUP BY f.fingerprint ORDER BY count DESC, last_at DESC`
    )
    const seconds = (until - since) / 1_000 / bucketCount
    const groups = yield* Effect.forEach(counted.slice(0, limit), (group) =>
      Effect.gen(function* () {
        const condition = sql`${conditions} AND f.fingerprint = ${group.fingerprint}`
        const [first, newest] = yield* ends(sql, group.oldest, group.newest)
        return {
          fingerprint: group.fingerprint,
          count: group.count,
          handled: group.handled,
          stories: yield* storyCount(sql, condition),
          firstAt: group.first_at,
          lastAt: group.last_at,
          firstStoryId: first.story_id,
          newest,
          buckets: yield* buckets(sql, condition, since, seconds),
          labels: yield* labels(sql, condition)
        }
      })
    )
    return {
      since,
      until,
      bucketSeconds: seconds,
      count: counted.reduce((sum, { count }) => sum + count, 0),
      total: counted.length,
      groups
    }
  })

const countColumns = {
  fingerprint: text,
  count: whole,
  handled: whole,
  first_at: time,
  last_at: time,
  oldest: whole,
  newest: whole
}

const shownColumns = pick(tables.failures, [
  "id",
  "story_id",
  "story_name",
  "stage_name",
  "error_type",
  "error_message",
  "error_code",
  "location"
])

/** The first failure of a group, and the last. */
const ends = (sql: SqlClient.SqlClient, oldest: number, newest: number) =>
  Effect.gen(function* () {
    const found = yield* sql<Found>`SELECT ${sql.literal(selected("f", shownColumns))} FROM failures AS f
      WHERE ${sql.in("f.id", [oldest, newest])} ORDER BY f.id`
    const first = yield* decodeRow(shownColumns, found[0] ?? {})
    return [first, yield* decodeRow(shownColumns, found.at(-1) ?? {})] as const
  })

const storyCount = (sql: SqlClient.SqlClient, condition: Fragment) =>
  Effect.gen(function* () {
    const [row] = yield* sql<Found>`SELECT count(DISTINCT f.story_key) AS count FROM failures AS f WHERE ${condition}`
    return (yield* decodeRow({ count: whole }, row ?? {})).count
  })

/** How many there were in each part of the time. Counted by the minute, which an index gives, and then put together. */
const buckets = (sql: SqlClient.SqlClient, condition: Fragment, since: number, seconds: number) =>
  Effect.gen(function* () {
    // The first characters of a time are its day, its hour, its minute.
    const width = seconds > 86_400 ? 13 : seconds > 1_800 ? 16 : 23
    const minute = sql.literal(`substr(f.occurred_at, 1, ${width})`)
    const rows = yield* decodeRows(
      { minute: text, count: whole },
      yield* sql<Found>`SELECT ${minute} AS minute, count(*) AS count FROM failures AS f WHERE ${condition}
        GROUP BY ${minute}`
    )
    const counts = Array.from({ length: bucketCount }, () => 0)
    for (const { count, minute } of rows) {
      const at = Date.parse(`${minute}${restOfTime.slice(minute.length)}`)
      const bucket = Math.min(Math.max(0, Math.floor((at - since) / 1_000 / seconds)), bucketCount - 1)
      counts[bucket] = (counts[bucket] ?? 0) + count
    }
    return counts
  })

const restOfTime = "0000-00-00T00:00:00.000Z"

const labelColumns = { name: text, value: text, count: whole, first_at: time, last_at: time }

/** Most values of one label. */
const mostValues = 20

/** The labels of the stories of the newest failures; of one that has many values, those seen most often. */
const labels = (sql: SqlClient.SqlClient, condition: Fragment) =>
  Effect.gen(function* () {
    const rows = yield* decodeRows(
      labelColumns,
      yield* sql<Found>`SELECT l.name, l.value, count(*) AS count, min(n.occurred_at) AS first_at, max(n.occurred_at) AS last_at
        FROM (SELECT f.story_key, f.occurred_at FROM failures AS f WHERE ${condition}
          ORDER BY f.occurred_at DESC, f.id DESC LIMIT ${labelled}) AS n
        JOIN story_labels AS l ON l.story_key = n.story_key
        GROUP BY l.name, l.value ORDER BY count DESC, first_at DESC`
    )
    const counts = new Map<string, number>()
    const kept = rows.filter(({ name }) => {
      const count = (counts.get(name) ?? 0) + 1
      counts.set(name, count)
      return count <= mostValues
    })
    return kept.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.first_at - b.first_at))
  })
