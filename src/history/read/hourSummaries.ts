/**
 * Whole hours as they were counted, once, and kept: exact, with every duration.
 */
import { endianness } from "node:os"
import type * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { nullable, text, whole } from "../database/columns.js"
import { decodeRows, type Found, pick } from "../database/decodeRows.js"
import { hourLength } from "../database/hourTables.js"
import type { Cells } from "../database/tables.js"
import * as tables from "../database/tables.js"
import type { CountedHour, KeptHours } from "./keptHours.js"
import type { Counts, SlowStory, Span, StageGroup, StoryGroup, Window } from "./windowCounts.js"

const millisOfHour = 3_600_000

/** The hour in which a time is, as the rows of hours name it. */
export const hourOf = (time: string): string => time.slice(0, hourLength)

export const spanOf = (hour: string): Span => ({ from: `${hour}:00:00.000Z`, to: nextOf(hour) })

const nextOf = (hour: string): string => new Date(Date.parse(`${hour}:00:00.000Z`) + millisOfHour).toISOString()

/**
 * What is counted of the stories of one name: their groups, and how many durations each of them has. The durations are kept beside it, in
 * this order, and after them those of the slowest stories.
 */
interface Written {
  readonly stories: ReadonlyArray<readonly [status: StoryGroup["status"], count: number, durations: number]>
  readonly stages: ReadonlyArray<
    readonly [name: string, completed: number, failed: number, cancelled: number, open: number, durations: number]
  >
  readonly slowest: ReadonlyArray<number>
}

type SummaryRow = Omit<Cells<typeof tables.hourSummaries>, "hour_id">

/** A row for each name of a story. */
export const rowsOf = ({ slowest, stages, stories }: Counts): ReadonlyArray<SummaryRow> => {
  const names = new Set([...stories.map(({ name }) => name), ...stages.map(({ storyName }) => storyName)])
  return Array.from(names, (name) => {
    const ofStories = stories.filter((group) => group.name === name)
    const ofStages = stages.filter(({ storyName }) => storyName === name)
    const ofSlowest = slowest.filter((story) => story.name === name)
    const written: Written = {
      stories: ofStories.map(({ count, seconds, status }) => [status, count, seconds.length]),
      stages: ofStages.map(({ cancelled, completed, failed, open, seconds, stageName }) => [
        stageName,
        completed,
        failed,
        cancelled,
        open,
        seconds.length
      ]),
      slowest: ofSlowest.map(({ key }) => key)
    }
    const seconds: Array<ArrayLike<number>> = [
      ...ofStories.map(({ seconds }) => seconds),
      ...ofStages.map(({ seconds }) => seconds)
    ]
    seconds.push(ofSlowest.map(({ seconds }) => seconds))
    return { story_name: name, counts: JSON.stringify(written), seconds: encodeSeconds(seconds) }
  })
}

const bytesOfDuration = 8

const encodeSeconds = (lists: ReadonlyArray<ArrayLike<number>>): string => {
  const bytes = Buffer.alloc(lists.reduce((sum, { length }) => sum + length, 0) * bytesOfDuration)
  let at = 0
  for (const list of lists) for (const seconds of Array.from(list)) at = bytes.writeDoubleLE(seconds, at)
  return bytes.toString("base64")
}

const isLittleEndian = endianness() === "LE"

const decodeSeconds = (seconds: string): Float64Array => {
  const bytes = Buffer.from(seconds, "base64")
  const count = Math.floor(bytes.length / bytesOfDuration)
  if (isLittleEndian && bytes.byteOffset % bytesOfDuration === 0) {
    return new Float64Array(bytes.buffer, bytes.byteOffset, count)
  }
  return Float64Array.from({ length: count }, (_, i) => bytes.readDoubleLE(i * bytesOfDuration))
}

/** `undefined` where another program, or the disk, changed what was written. */
const countsOf = (name: string, { counts, seconds }: Pick<SummaryRow, "counts" | "seconds">): Counts | undefined =>
  Option.getOrUndefined(
    Option.liftThrowable(() => {
      const durations = decodeSeconds(seconds)
      let at = 0
      const take = (length: number) => {
        if (at + length > durations.length) throw new RangeError("there are fewer durations")
        at += length
        return durations.subarray(at - length, at)
      }
      // What `rowsOf` wrote.
      const written = JSON.parse(counts) as Written
      return {
        stories: written.stories.map(
          ([status, count, length]): StoryGroup => ({ name, status, count, seconds: take(length) })
        ),
        stages: written.stages.map(
          ([stageName, completed, failed, cancelled, open, length]): StageGroup => ({
            storyName: name,
            stageName,
            completed,
            failed,
            cancelled,
            open,
            seconds: take(length)
          })
        ),
        slowest: written.slowest.map((key): SlowStory => ({ key, name, seconds: take(1)[0] ?? 0 }))
      }
    })()
  )

/** What is known of a window, and what of it has still to be counted. */
export interface Summarized {
  readonly counts: ReadonlyArray<Counts>
  readonly rest: ReadonlyArray<Span>
}

const hourColumns = pick(tables.summaryHours, ["id", "hour", "claimed_at"])

/** The whole hours of the window that were counted and have not changed since. */
export const summarized = (sql: SqlClient.SqlClient, { from, story, to }: Window, kept: KeptHours) =>
  Effect.gen(function* () {
    // An hour that begins before the window is before it, also as a text.
    const found = yield* sql<Found>`SELECT id, hour, claimed_at FROM summary_hours
      WHERE complete = 1 AND hour >= ${hourOf(from)} AND hour < ${hourOf(to)} ORDER BY hour`
    const hours = (yield* decodeRows(hourColumns, found)).filter(({ hour }) => spanOf(hour).from >= from)
    kept.begin()
    const counted = new Map<number, ReadonlyArray<Counts>>()
    for (const hour of hours) {
      const counts = kept.get(hour)
      if (counts !== undefined) counted.set(hour.id, countsOfStory(counts, story))
    }
    const missing = hours.filter(({ id }) => !counted.has(id))
    for (const [id, counts] of yield* readHours(sql, missing, story)) counted.set(id, counts)
    if (story === undefined) {
      for (const hour of missing) {
        const counts = counted.get(hour.id)
        if (counts !== undefined) kept.set(hour, counts)
      }
    }
    const known = hours.flatMap(({ hour, id }) => {
      const counts = counted.get(id)
      return counts === undefined ? [] : [{ hour, counts }]
    })
    const rest = restOf(
      { from, to },
      known.map(({ hour }) => spanOf(hour))
    )
    return rest.length > mostSpans
      ? { counts: [], rest: [{ from, to }] }
      : { counts: known.flatMap(({ counts }) => counts), rest }
  })

const countsOfStory = (counts: ReadonlyArray<Counts>, story: string | undefined): ReadonlyArray<Counts> =>
  story === undefined
    ? counts
    : counts.map(({ slowest, stages, stories }) => ({
        stories: stories.filter(({ name }) => name === story),
        stages: stages.filter(({ storyName }) => storyName === story),
        slowest: slowest.filter(({ name }) => name === story)
      }))

const columns = { id: whole, story_name: nullable(text), counts: nullable(text), seconds: nullable(text) }

/** What was counted of hours, by their numbers: without those that changed meanwhile, or are damaged. */
const readHours = (sql: SqlClient.SqlClient, hours: ReadonlyArray<CountedHour>, story: string | undefined) =>
  Effect.gen(function* () {
    const counted = new Map<number, Array<Counts>>()
    if (hours.length === 0) return counted
    const ids = hours.map(({ id }) => id)
    const ofStory = story === undefined ? sql`1 = 1` : sql`s.story_name = ${story}`
    const found = yield* sql<Found>`SELECT h.id, s.story_name, s.counts, s.seconds
      FROM summary_hours AS h LEFT JOIN hour_summaries AS s ON s.hour_id = h.id AND ${ofStory}
      WHERE ${sql.in("h.id", ids)}`
    const damaged = new Set<number>()
    for (const { counts, id, seconds, story_name: name } of yield* decodeRows(columns, found)) {
      const ofHour = counted.get(id) ?? []
      counted.set(id, ofHour)
      if (name === null || counts === null || seconds === null) continue
      const one = countsOf(name, { counts, seconds })
      if (one === undefined) damaged.add(id)
      else ofHour.push(one)
    }
    for (const id of damaged) counted.delete(id)
    return counted
  })

/** Each is asked for by queries of its own. */
const mostSpans = 24

/** What of the window is in none of the spans, which are in their order. */
const restOf = ({ from, to }: Span, spans: ReadonlyArray<Span>): ReadonlyArray<Span> => {
  const rest: Array<Span> = []
  let at = from
  for (const span of spans) {
    if (at < span.from) rest.push({ from: at, to: span.from })
    at = span.to
  }
  if (at < to) rest.push({ from: at, to })
  return rest
}
