/**
 * Events read back as they were emitted: a row of `events`, and what its story, its stage and its failure hold of it.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { Interruptor, Location, Progress } from "../../event/FailureReport.js"
import {
  type NarrativeEvent,
  StageProgressed,
  StageRetried,
  StoryStarted,
  StoryStatus
} from "../../event/NarrativeEvent.js"
import { type Cell, type Column, DamagedCell, nullableJson, plainRecord } from "../database/columns.js"
import { DamagedRow, decodeRow, decodeRows, eventOf, type Found, selected } from "../database/decodeRows.js"
import type { Row } from "../database/tables.js"
import * as tables from "../database/tables.js"
import { type StageFields, stageFields, storyDetail, storyFields } from "./records.js"
import * as restore from "./restoreEvent.js"

export interface StoredEvent {
  /** What to go on from. */
  readonly cursor: number
  readonly event: NarrativeEvent
  /** The stage that it belongs to, or that it was emitted in. */
  readonly stage: StageFields | undefined
}

/** The events of the rows that meet the condition on `events AS e` and `stories AS s`, in order. */
export const storedEvents = (
  sql: SqlClient.SqlClient,
  condition: Fragment,
  limit: number
): Effect.Effect<ReadonlyArray<StoredEvent>, SqlError | DamagedRow> =>
  Effect.gen(function* () {
    const rows = yield* sql<Found>`SELECT ${sql.literal(columns)}
      FROM events AS e
      JOIN stories AS s ON s.key = e.story_key
      LEFT JOIN stages AS t ON t.story_key = e.story_key AND t.stage_index = e.stage_index
      LEFT JOIN failures AS f ON e.event = 'FailureOccurred' AND f.story_key = e.story_key AND f.sequence = e.sequence
      WHERE ${condition} ORDER BY e.id LIMIT ${limit}`
    const keys = Array.from(new Set(rows.map((row) => row["e_story_key"])))
    const found = keys.length === 0 ? [] : yield* sql<Found>`SELECT * FROM stories WHERE ${sql.in("key", keys)}`
    const stories = new Map<number, restore.StoryOf>()
    for (const row of yield* decodeRows(tables.stories, found)) {
      stories.set(row.key, { ...storyFields(row), ...storyDetail(row) })
    }
    const decoded = new Decoded(stories)
    return (yield* Either.all(rows.map((row) => decoded.event(row)))).flat()
  })

const columns = [selected("e", tables.events, "e_"), selected("t", tables.stages, "t_"), "f.report"].join(", ")

/** What the rows of events share: most stages have a start and an end. */
class Decoded {
  readonly #stories: ReadonlyMap<number, restore.StoryOf>
  readonly #stages = new Map<string, StageFields>()

  constructor(stories: ReadonlyMap<number, restore.StoryOf>) {
    this.#stories = stories
  }

  /** None for a story that was pruned just now. */
  event(found: Found): Either.Either<ReadonlyArray<StoredEvent>, DamagedRow> {
    return Either.flatMap(decodeRow(tables.events, found, "e_"), (row) => {
      const story = this.#stories.get(row.story_key)
      if (story === undefined) return Either.right([])
      return Either.flatMap(this.#stage(found, `${row.story_key} ${row.stage_index}`), (stage) =>
        Either.map(fromRows(row, story, stage, found["report"]), (event) => [{ cursor: row.id, event, stage }])
      )
    })
  }

  #stage(found: Found, key: string): Either.Either<StageFields | undefined, DamagedRow> {
    const known = this.#stages.get(key)
    if (known !== undefined) return Either.right(known)
    if (found["t_story_key"] === null || found["t_story_key"] === undefined) return Either.right(undefined)
    return Either.map(decodeRow(tables.stages, found, "t_"), (row) => {
      const stage = stageFields(row)
      this.#stages.set(key, stage)
      return stage
    })
  }
}

const fromRows = (
  row: Row<typeof tables.events>,
  story: restore.StoryOf,
  stage: StageFields | undefined,
  report: unknown
): Either.Either<NarrativeEvent, DamagedRow> => {
  const { data, event } = row
  const at = { timestamp: row.recorded_at, sequence: row.sequence }
  switch (event) {
    case "LogRecorded":
    case "EventRecorded":
      return eventOf(data, event)
    case "LLMAnalysisReady":
      return eventOf(data, "AnalysisReady")
    case "FailureOccurred":
      return eventOf(typeof report === "string" ? report : null, event)
    case "StoryStarted":
      return Either.map(dataOf(StartOfStory, data), (start) => restore.storyStarted(story, at, start ?? story))
    case "StoryCompleted": {
      const { progress, status } = story
      if (!isEnded(status) || progress === null) return damaged(event, "its story has no end")
      return Either.map(dataOf(EndOfStory, data), (end) =>
        restore.storyCompleted(story, at, status, progress, end?.interruptors ?? [])
      )
    }
  }
  if (stage === undefined) return damaged(event, "its stage has no row")
  switch (event) {
    case "StageStarted":
      return Either.map(dataOf(plainRecord, data), (attributes) => restore.stageStarted(story, stage, at, attributes))
    case "StageProgressed":
      return Either.map(required(dataOf(Progressed, data), event), (progress) =>
        restore.stageProgressed(story, stage, at, progress)
      )
    case "StageRetried":
      return Either.map(required(dataOf(Retried, data), event), (retry) =>
        restore.stageRetried(story, stage, at, retry)
      )
    case "StageCompleted":
    case "StageFailed":
    case "StageCancelled":
      return Either.map(dataOf(AtEnd, data), (end) => {
        const { location = null, ...progress } = end ?? { ...(story.progress ?? noProgress), location: null }
        return restore.stageEnded(story, stage, at, event, progress, location)
      })
  }
}

const noProgress = { percent: 0, completedStages: 0, totalStages: 0 }

const isEnded = Schema.is(StoryStatus)

const StartOfStory = nullableJson(Schema.Struct(Struct.pick(StoryStarted.fields, "labels", "attributes")))
const EndOfStory = nullableJson(Schema.Struct({ interruptors: Schema.Array(Interruptor) }))
const AtEnd = nullableJson(Schema.Struct({ ...Progress.fields, location: Schema.optional(Schema.NullOr(Location)) }))
const Progressed = nullableJson(Schema.Struct(Struct.pick(StageProgressed.fields, "done", "total")))
const Retried = nullableJson(Schema.Struct(Struct.pick(StageRetried.fields, "attempt", "delaySeconds", "reason")))

const damaged = (column: string, why: string) => Either.left(new DamagedRow({ column, why }))

const dataOf = <A>(column: Column<A, Cell>, data: string | null): Either.Either<A, DamagedRow> => {
  const value = column.decode(data)
  return value instanceof DamagedCell ? damaged("data", value.why) : Either.right(value)
}

const required = <A>(decoded: Either.Either<A | null, DamagedRow>, event: string): Either.Either<A, DamagedRow> =>
  Either.flatMap(decoded, (value) => (value === null ? damaged(event, "it has no data") : Either.right(value)))
