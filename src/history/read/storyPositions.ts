/**
 * Where the stories of a filter are, the newest first.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { idsOf } from "../../event/correlationFields.js"
import * as options from "../../plain/options.js"
import { text as shown } from "../../plain/PlainValue.js"
import { text, time, whole } from "../database/columns.js"
import { isPg } from "../database/connections.js"
import { decodeRow, decodeRows, type Found } from "../database/decodeRows.js"
import type { Row } from "../database/tables.js"
import { momentOf, type StoryFilter, statesOf, wholeNumber } from "../HistoryFilter.js"
import { invalidSetting } from "../invalidSetting.js"
import { StoryState } from "../StoryRecord.js"
import { where } from "./conditions.js"
import { matches } from "./storySearch.js"

/** What a filter asks for, read. `most`: the most stories that may be asked for, and `otherwise`: how many without a limit. */
export const read = (filter: StoryFilter, { most, otherwise }: { readonly most: number; readonly otherwise: number }) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    options.attempt(
      (): Asked => ({
        ...filter,
        limit: wholeNumber("limit", filter.limit, { least: 1, most, otherwise }),
        after: filter.cursor === undefined ? undefined : readCursor(filter.cursor),
        since: filter.since === undefined ? undefined : time.encode(momentOf("since", filter.since, now)),
        until: filter.until === undefined ? undefined : time.encode(momentOf("until", filter.until, now)),
        states: statesOf(filter.status),
        text: textOf(filter.text)
      })
    )
  )

export interface Asked extends Omit<StoryFilter, "since" | "until"> {
  readonly limit: number
  readonly states: ReadonlyArray<StoryState> | undefined
  readonly after: StoryPosition | undefined
  readonly since: string | undefined
  readonly until: string | undefined
}

/** Longest text that is looked for. */
const longestText = 200

const textOf = (given: string | undefined): string | undefined => {
  const asked = given?.trim() ?? ""
  if (asked.length > longestText) {
    throw invalidSetting("text", `one of ${asked.length}`, `a text of at most ${longestText} characters`)
  }
  return asked === "" ? undefined : asked
}

/** The newest of them, one more than is asked for where there are more; with a text, from each place where it is. */
export const positions = (sql: SqlClient.SqlClient, asked: Asked, alive: ReadonlySet<number>) =>
  Effect.gen(function* () {
    if (asked.text === undefined) return yield* storyPositions(sql, asked, alive)
    const { keys, labels, names } = yield* matches(sql, asked.text)
    const found = new Map<number, StoryPosition>()
    const add = (positions: ReadonlyArray<StoryPosition>): void => {
      for (const position of positions) found.set(position.key, position)
    }
    for (let i = 0; i < keys.length; i += keysAtOnce) {
      add(yield* positionsAmong(sql, asked, alive, keys.slice(i, i + keysAtOnce)))
    }
    for (const name of names) {
      if (asked.name === undefined || asked.name === name) add(yield* storyPositions(sql, { ...asked, name }, alive))
    }
    for (const [name, value] of labels) {
      const known = asked.labels?.[name]
      // A story has one value of a label.
      if (known !== undefined && known !== value) continue
      add(yield* storyPositions(sql, { ...asked, labels: { [name]: value, ...asked.labels } }, alive))
    }
    return Array.from(found.values()).sort(newestFirst)
  })

/** A database takes so many parameters at least. */
const keysAtOnce = 10_000

/** Those of the stories of these keys, which are few enough to look at all of them. */
const positionsAmong = (
  sql: SqlClient.SqlClient,
  asked: Asked,
  alive: ReadonlySet<number>,
  keys: ReadonlyArray<number>
) =>
  Effect.gen(function* () {
    const { conditions, labelled, statuses } = conditionsOf(sql, asked, alive)
    const states = sql.or(statuses.map(({ status }) => sql`(${status})`))
    const found = yield* sql<Found>`SELECT s.key, s.started_at FROM stories AS s
      WHERE ${where(sql, [sql.in("s.key", keys), states, ...conditions, ...labelled])}
      ORDER BY s.started_at DESC, s.key DESC LIMIT ${asked.limit + 1}`
    return (yield* decodeRows(positionColumns, found)).map(positionOf)
  })

/** So few stories with a label are all looked at. */
const fewStories = 2_000

/**
 * Where the newest stories of some states are. A query for each status: within a status, or within a label, an index gives
 * stories in the right order, and reading stops when there are enough.
 */
const storyPositions = (sql: SqlClient.SqlClient, asked: Asked, alive: ReadonlySet<number>) =>
  Effect.gen(function* () {
    const { limit } = asked
    const [first] = Object.entries(asked.labels ?? {})
    const counted =
      first === undefined
        ? []
        : yield* sql<Found>`SELECT count(*) AS count FROM (
            SELECT 1 FROM story_labels WHERE name = ${first[0]} AND value = ${first[1]} LIMIT ${fewStories}) AS some_of_them`
    const few = yield* decodeRow({ count: whole }, counted[0] ?? { count: 0 })
    const isFew = first !== undefined && few.count < fewStories
    const { conditions, labelled, statuses } = conditionsOf(sql, asked, alive)
    const byStatus = (status: Fragment) =>
      sql<Found>`SELECT s.key, s.started_at FROM stories AS s
        WHERE ${where(sql, [status, ...conditions, ...labelled])}
        ORDER BY s.started_at DESC, s.key DESC LIMIT ${limit + 1}`
    // A cross join is not reordered: the label leads, in the order of its stories' starting.
    const byLabel = (label: string, value: string, status: Fragment) =>
      sql<Found>`SELECT s.key, s.started_at FROM story_labels AS l CROSS JOIN stories AS s
        WHERE l.name = ${label} AND l.value = ${value}
          AND ${where(sql, [sql`s.key = l.story_key`, status, ...conditions, ...labelled.slice(1)])}
        ORDER BY l.started_at DESC, l.story_key DESC LIMIT ${limit + 1}`
    const parts =
      first === undefined
        ? statuses.map(({ status }) => byStatus(status))
        : isFew
          ? [byLabel(...first, sql.or(statuses.map(({ status }) => sql`(${status})`)))]
          : statuses.map(({ frequent, status }) => (frequent ? byLabel(...first, status) : byStatus(status)))
    // Of a server, each question is a round trip.
    const all = parts
      .map((part, i) => sql`SELECT * FROM (${part}) AS ${sql.literal(`part_${i}`)}`)
      .reduce((before, part) => sql`${before} UNION ALL ${part}`)
    return (yield* decodeRows(positionColumns, yield* all)).map(positionOf).sort(newestFirst)
  })

/** What stories have to meet; and the states that they may be in, each by what an index gives in the order of time. */
const conditionsOf = (sql: SqlClient.SqlClient, asked: Asked, alive: ReadonlySet<number>) => {
  const { after, name, rootsOnly, since, until } = asked
  const living = alive.size === 0 ? sql`1 = 0` : sql.in("s.writer_id", Array.from(alive))
  const conditions = [
    name === undefined ? undefined : sql`s.name = ${name}`,
    since === undefined ? undefined : sql`s.started_at >= ${since}`,
    until === undefined ? undefined : sql`s.started_at < ${until}`,
    after === undefined ? undefined : sql`s.started_at <= ${after.startedAt}`,
    after === undefined ? undefined : sql`(s.started_at < ${after.startedAt} OR s.key < ${after.key})`,
    rootsOnly === true ? sql`s.parent_story_id IS NULL` : undefined,
    ...correlated(sql, asked.correlation)
  ]
  // PostgreSQL would join all stories of the status with all of the label, if it could.
  const probed = sql.literal(isPg(sql) ? " OFFSET 0" : "")
  const labelled = Object.entries(asked.labels ?? {}).map(
    ([label, value]) =>
      sql`EXISTS (SELECT 1 FROM story_labels AS l WHERE l.name = ${label} AND l.value = ${value}
        AND l.started_at = s.started_at AND l.story_key = s.key${probed})`
  )
  const statuses = (asked.states ?? StoryState.literals).flatMap((state) => {
    const stored = sql`s.status = ${state}`
    const open = sql`s.status = 'running'`
    if (state === "running") return [{ frequent: false, status: sql`${open} AND ${living}` }]
    if (state !== "interrupted") return [{ frequent: state === "success", status: stored }]
    return [stored, sql`${open} AND NOT (${living})`].map((status) => ({ frequent: false, status }))
  })
  return { conditions, labelled, statuses }
}

/** An id is rare, so that the stories which have it lead; the table has them by its primary key. */
const correlated = (sql: SqlClient.SqlClient, asked: StoryFilter["correlation"]): ReadonlyArray<Fragment> => {
  if (asked === undefined) return []
  if (typeof asked === "string") {
    return [sql`s.key IN (SELECT c.story_key FROM story_correlations AS c WHERE c.value = ${asked})`]
  }
  return idsOf(asked).map(
    ([name, value]) =>
      sql`s.key IN (SELECT c.story_key FROM story_correlations AS c WHERE c.value = ${value} AND c.name = ${name})`
  )
}

const positionColumns = { key: whole, started_at: text }

const positionOf = ({ key, started_at: startedAt }: Row<typeof positionColumns>): StoryPosition => ({ key, startedAt })

const newestFirst = (a: StoryPosition, b: StoryPosition): number =>
  a.startedAt < b.startedAt ? 1 : a.startedAt > b.startedAt ? -1 : b.key - a.key

export interface StoryPosition {
  readonly startedAt: string
  readonly key: number
}

export const writeCursor = ({ key, startedAt }: StoryPosition): string => `${startedAt}_${key}`

const readCursor = (cursor: string): StoryPosition => {
  const [, startedAt, key] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)_(\d{1,16})$/.exec(cursor) ?? []
  if (startedAt !== undefined && key !== undefined) return { startedAt, key: Number(key) }
  throw invalidSetting("cursor", shown(cursor), "the `next` of another page")
}
