/**
 * The events of a history from a cursor on, for following programs live.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"
import * as Effect from "effect/Effect"
import type { NarrativeEvent } from "../../event/NarrativeEvent.js"
import * as options from "../../plain/options.js"
import { nullable, whole } from "../database/columns.js"
import { decodeRow, type Found } from "../database/decodeRows.js"
import { nameOf } from "../database/eventNames.js"
import { aliveWriters } from "../database/writerProcesses.js"
import { type EventFilter, wholeNumber } from "../HistoryFilter.js"
import type { HistoryEvent, StoryState } from "../StoryRecord.js"
import { isSettled, where } from "./conditions.js"
import { type StoredEvent, storedEvents } from "./storedEvents.js"

/** The cursor before the newest events, so many of them: after the newest for 0. */
export const cursorBefore = (sql: SqlClient.SqlClient, last: number) =>
  Effect.gen(function* () {
    const count = yield* options.attempt(() =>
      wholeNumber("last", last, { least: 0, most: Number.MAX_SAFE_INTEGER, otherwise: 0 })
    )
    const [row = { id: 0 }] =
      yield* sql<Found>`SELECT e.id FROM events AS e WHERE ${where(sql, [isSettled(sql, "e.id")])}
      ORDER BY e.id DESC LIMIT 1 OFFSET ${count}`
    const { id } = yield* decodeRow({ id: whole }, row)
    return id
  })

export const events = (sql: SqlClient.SqlClient, after: number, filter: EventFilter) =>
  Effect.map(pageOf(sql, after, filter), ({ cursor, stored }) => ({
    events: stored.map(({ event }) => event),
    cursor
  }))

export const changes = (sql: SqlClient.SqlClient, after: number, filter: EventFilter) =>
  Effect.map(pageOf(sql, after, filter), ({ cursor, stored }) => ({ changes: stored.map(changeOf), cursor }))

const pageOf = (sql: SqlClient.SqlClient, after: number, filter: EventFilter) =>
  Effect.gen(function* () {
    const { from, limit } = yield* options.attempt(() => ({
      from: wholeNumber("cursor", after, { least: 0, most: Number.MAX_SAFE_INTEGER, otherwise: 0 }),
      limit: wholeNumber("limit", filter.limit, { least: 1, most: 10_000, otherwise: 500 })
    }))
    const { story } = filter
    const condition = where(sql, [
      sql`e.id > ${from}`,
      isSettled(sql, "e.id"),
      story === undefined ? undefined : sql`s.name = ${story}`
    ])
    const stored = yield* storedEvents(sql, condition, limit)
    return { stored, cursor: stored.at(-1)?.cursor ?? from }
  })

/** Events that are followed, of all that happens. */
export interface TailFilter {
  /** Most at once. */
  readonly limit: number
  /** Of the stories of this name only. */
  readonly story: string | undefined
  /** Of the story of this id, and of the stories inside it. */
  readonly storyId: string | undefined
  /** Of stories that are in one of these states when the event is read. */
  readonly states: ReadonlyArray<StoryState> | undefined
  /** Of these kinds only. */
  readonly kinds: ReadonlyArray<HistoryEvent["event"]> | undefined
}

/** Most events that are looked at for those of a filter, so that none which is rare takes long to find. */
const mostLookedAt = 5_000

/** The next events of a filter, in short, and up to where there are no others. */
export const tail = (sql: SqlClient.SqlClient, after: number, filter: TailFilter) =>
  Effect.gen(function* () {
    const { kinds, limit, states, story, storyId } = filter
    const from = where(sql, [sql`e.id > ${after}`, isSettled(sql, "e.id")])
    const conditions = [
      story === undefined ? undefined : sql`s.name = ${story}`,
      storyId === undefined ? undefined : sql`(s.id = ${storyId} OR s.root_story_id = ${storyId})`,
      kinds === undefined ? undefined : sql.in("e.event", kinds),
      states === undefined ? undefined : yield* isOf(sql, states)
    ]
    const isFiltered = conditions.some((condition) => condition !== undefined)
    const upTo = isFiltered ? yield* positionAfter(sql, from) : undefined
    if (upTo === null) return { changes: [], cursor: after, isLast: true }
    const within = upTo === undefined ? undefined : sql`e.id <= ${upTo}`
    const stored = yield* storedEvents(sql, where(sql, [from, within, ...conditions]), limit)
    const isFull = stored.length === limit
    const last = stored.at(-1)?.cursor ?? after
    return {
      changes: stored.map(changeOf),
      cursor: isFull ? last : (upTo ?? last),
      isLast: !isFull && upTo === undefined
    }
  })

const positionAfter = (sql: SqlClient.SqlClient, from: Fragment) =>
  Effect.gen(function* () {
    const rows = yield* sql<Found>`SELECT max(n.id) AS id FROM
      (SELECT e.id FROM events AS e WHERE ${from} ORDER BY e.id LIMIT ${mostLookedAt}) AS n`
    return (yield* decodeRow({ id: nullable(whole) }, rows[0] ?? { id: null })).id
  })

/** A story that runs without a writer that is alive was cut off. */
const isOf = (sql: SqlClient.SqlClient, states: ReadonlyArray<StoryState>) =>
  Effect.map(aliveWriters(sql), (alive) => {
    const living = alive.size === 0 ? sql`1 = 0` : sql.in("s.writer_id", Array.from(alive))
    return sql.or(
      states.map((state) =>
        state === "running"
          ? sql`(s.status = 'running' AND ${living})`
          : state === "interrupted"
            ? sql`(s.status = 'interrupted' OR (s.status = 'running' AND NOT (${living})))`
            : sql`s.status = ${state}`
      )
    )
  })

/** An event in short. */
const changeOf = ({ cursor, event, stage }: StoredEvent): HistoryEvent => {
  const path = stage?.path ?? []
  const short: HistoryEvent = {
    cursor,
    event: nameOf(event._tag),
    storyId: event.storyId,
    storyName: event.storyName,
    rootStoryId: event.rootStoryId,
    parentStoryId: event.parentStoryId,
    timestamp: event.timestamp,
    sequence: event.sequence,
    stageName: stage?.name ?? null,
    stagePath: path,
    stageIndex: stage?.index ?? null,
    depth: Math.max(0, path.length - 1),
    durationSeconds: "durationSeconds" in event ? event.durationSeconds : null,
    status: null,
    outcome: null,
    errorType: null,
    errorMessage: null,
    level: null,
    message: null,
    data: null
  }
  const details = detailsOf(event)
  return details === undefined ? short : { ...short, ...details }
}

/** What only some kinds of event have. */
const detailsOf = (event: NarrativeEvent): Partial<HistoryEvent> | undefined => {
  switch (event._tag) {
    case "StoryCompleted":
      return { status: event.status, outcome: event.outcome }
    case "StageFailed":
      return { errorType: event.errorType, errorMessage: event.errorMessage }
    case "StageProgressed":
      return { data: { done: event.done, total: event.total } }
    case "StageRetried":
      return { message: event.reason, data: { attempt: event.attempt, delay_seconds: event.delaySeconds } }
    case "LogRecorded":
      return { level: event.level, message: event.message, data: event.annotations }
    case "EventRecorded":
      return { message: event.name, data: event.data }
    case "FailureOccurred": {
      const [{ errorMessage, errorType, stageName }] = event.failures
      return { stageName, errorType, errorMessage }
    }
    default:
      return undefined
  }
}
