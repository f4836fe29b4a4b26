/**
 * Whole hours as they were counted, once, and kept: exact, with every duration.
 */
import { endianness } from "node:os"
import type * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { nullable, text } from "../database/columns.js"
import { decodeRows, type Found } from "../database/decodeRows.js"
import { hourLength } from "../database/hourTables.js"
import type * as tables from "../database/tables.js"
import type { Cells } from "../database/tables.js"
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

const columns = { hour: text, story_name: nullable(text), counts: nullable(text), seconds: nullable(text) }

/** The whole hours of the window that were counted and have not changed since. */
export const summarized = (sql: SqlClient.SqlClient, { from, story, to }: Window) =>
  Effect.gen(function* () {
    const ofStory = story === undefined ? sql`1 = 1` : sql`s.story_name = ${story}`
    // An hour that begins before the window is before it, also as a text.
    const found = yield* sql<Found>`SELECT h.hour, s.story_name, s.counts, s.seconds
      FROM summary_hours AS h LEFT JOIN hour_summaries AS s ON s.hour_id = h.id AND ${ofStory}
      WHERE h.complete = 1 AND h.hour >= ${hourOf(from)} AND h.hour < ${hourOf(to)} ORDER BY h.hour`
    const hours = new Map<string, Array<Counts> | undefined>()
    const first = hourOf(from)
    const isWhole = spanOf(first).from >= from
    for (const row of yield* decodeRows(columns, found)) {
      if (row.hour === first && !isWhole) continue
      const counts = hours.has(row.hour) ? hours.get(row.hour) : []
      hours.set(row.hour, counts)
      if (row.story_name === null || row.counts === null || row.seconds === null) continue
      const one = countsOf(row.story_name, { counts: row.counts, seconds: row.seconds })
      if (one === undefined) hours.set(row.hour, undefined)
      else counts?.push(one)
    }
    const known = Array.from(hours).flatMap(([hour, counts]) => (counts === undefined ? [] : [{ hour, counts }]))
    const rest = restOf(
      { from, to },
      known.map(({ hour }) => spanOf(hour))
    )
    return rest.length > mostSpans
      ? { counts: [], rest: [{ from, to }] }
      : { counts: known.flatMap(({ counts }) => counts), rest }
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
