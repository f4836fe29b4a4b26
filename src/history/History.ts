/**
 * Asks the past: which stories there were, what failed and why, how long things take, what happens right now.
 *
 * `HistoryRenderer` writes what is asked for here. Needs `@effect/sql`, and `@effect/sql-sqlite-node` for a file.
 *
 * @since 0.1.0
 */
import * as SqlClient from "@effect/sql/SqlClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { NarrativeEvent } from "../event/NarrativeEvent.js"
import { openExisting } from "./database/database.js"
import type { AmbiguousStoryId, HistoryError, InvalidHistorySetting, StoryNotFound } from "./HistoryError.js"
import type { EventFilter, FailureFilter, Retention, StatsFilter, StoryFilter } from "./HistoryFilter.js"
import type { HistoryStats } from "./HistoryStats.js"
import * as reader from "./read/reader.js"
import type { FailureSummary, HistoryEvent, StoryRecord, StorySummary } from "./StoryRecord.js"

/**
 * A page of stories, the newest first. `next` is the cursor of the page after it, `null` on the last one.
 *
 * @since 0.1.0
 * @category models
 */
export interface StoryPage {
  readonly stories: ReadonlyArray<StorySummary>
  readonly next: string | null
}

/**
 * The events after a cursor, in the order in which they were written, and the cursor to go on from.
 *
 * @since 0.1.0
 * @category models
 */
export interface EventPage {
  readonly events: ReadonlyArray<HistoryEvent>
  readonly cursor: number
}

/**
 * The events after a cursor as they were told, in the order in which they were written, and the cursor to go on from. Of
 * the progress at each stage's end only the story's last is kept.
 *
 * @since 0.1.0
 * @category models
 */
export interface ToldPage {
  readonly events: ReadonlyArray<NarrativeEvent>
  readonly cursor: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface HistoryReader {
  /** The newest failures, in short; `story` has their full reports. */
  readonly failures: (
    filter?: FailureFilter
  ) => Effect.Effect<ReadonlyArray<FailureSummary>, HistoryError | InvalidHistorySetting>
  /** The one story whose id begins so, with everything kept of it. */
  readonly story: (
    idPrefix: string
  ) => Effect.Effect<StoryRecord, StoryNotFound | AmbiguousStoryId | HistoryError | InvalidHistorySetting>
  readonly stories: (filter?: StoryFilter) => Effect.Effect<StoryPage, HistoryError | InvalidHistorySetting>
  readonly stats: (filter?: StatsFilter) => Effect.Effect<HistoryStats, HistoryError | InvalidHistorySetting>
  /** What was written after a cursor: 0 is before everything. Ask again with the cursor it gives to follow a program. */
  readonly eventsSince: (
    cursor: number,
    filter?: EventFilter
  ) => Effect.Effect<EventPage, HistoryError | InvalidHistorySetting>
  /** The same as the events themselves, for a renderer: each as it was told. */
  readonly told: (cursor: number, filter?: EventFilter) => Effect.Effect<ToldPage, HistoryError | InvalidHistorySetting>
  /** The cursor after everything written so far. */
  readonly cursor: Effect.Effect<number, HistoryError>
  /** Of each id, in order, the shortest beginning that means its story: 8 characters or more. */
  readonly shortIds: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string>, HistoryError>
  /** How many stories `prune` would delete now. */
  readonly prunable: (retention: Retention) => Effect.Effect<number, HistoryError | InvalidHistorySetting>
  /** Deletes what is not to be kept, a few stories at a time, and gives how many stories that were. */
  readonly prune: (retention: Retention) => Effect.Effect<number, HistoryError | InvalidHistorySetting>
}

/**
 * @since 0.1.0
 * @category services
 */
export class History extends Context.Tag("effect-narrative/History")<History, HistoryReader>() {}

/**
 * Reads through the `SqlClient` of the program.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<History, HistoryError, SqlClient.SqlClient> = Layer.effect(
  History,
  Effect.flatMap(SqlClient.SqlClient, (sql) => reader.make({ sql: sql.withoutTransforms(), filename: null }))
)

/**
 * Reads an SQLite file, which has to be there; programs may go on writing to it. With `readonly` (default `true`)
 * nothing can be written to it, and `prune` fails.
 *
 * @example
 * ```ts
 * import { Console, Effect } from "effect"
 * import { History } from "effect-narrative/history"
 *
 * const program = Effect.gen(function* () {
 *   for (const failure of yield* History.failures({ last: 5, since: "24h" })) {
 *     yield* Console.log(`${failure.storyName} / ${failure.stageName}: ${failure.errorMessage}`)
 *   }
 * })
 *
 * program.pipe(Effect.provide(History.layerSqlite({ filename: "narrative.db" })), Effect.runPromise)
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerSqlite = (options: {
  readonly filename: string
  readonly readonly?: boolean | undefined
}): Layer.Layer<History, HistoryError> =>
  Layer.scoped(History, Effect.flatMap(openExisting(options.filename, options.readonly ?? true), reader.make))

/**
 * The newest failures, in short; `story` has their full reports.
 *
 * @since 0.1.0
 * @category accessors
 */
export const failures = (
  filter?: FailureFilter
): Effect.Effect<ReadonlyArray<FailureSummary>, HistoryError | InvalidHistorySetting, History> =>
  Effect.flatMap(History, (history) => history.failures(filter))

/**
 * The one story whose id begins so, with everything kept of it.
 *
 * @since 0.1.0
 * @category accessors
 */
export const story = (
  idPrefix: string
): Effect.Effect<StoryRecord, StoryNotFound | AmbiguousStoryId | HistoryError | InvalidHistorySetting, History> =>
  Effect.flatMap(History, (history) => history.story(idPrefix))

/**
 * Stories in short, a page at a time, the newest first.
 *
 * @since 0.1.0
 * @category accessors
 */
export const stories = (
  filter?: StoryFilter
): Effect.Effect<StoryPage, HistoryError | InvalidHistorySetting, History> =>
  Effect.flatMap(History, (history) => history.stories(filter))

/**
 * Counts, durations and the most frequent failures of a span of time.
 *
 * @since 0.1.0
 * @category accessors
 */
export const stats = (
  filter?: StatsFilter
): Effect.Effect<HistoryStats, HistoryError | InvalidHistorySetting, History> =>
  Effect.flatMap(History, (history) => history.stats(filter))

/**
 * What was written after a cursor, for following programs live.
 *
 * @since 0.1.0
 * @category accessors
 */
export const eventsSince = (
  cursor: number,
  filter?: EventFilter
): Effect.Effect<EventPage, HistoryError | InvalidHistorySetting, History> =>
  Effect.flatMap(History, (history) => history.eventsSince(cursor, filter))

/**
 * The same as the events themselves, for a renderer: each as it was told.
 *
 * @since 0.1.0
 * @category accessors
 */
export const told = (
  cursor: number,
  filter?: EventFilter
): Effect.Effect<ToldPage, HistoryError | InvalidHistorySetting, History> =>
  Effect.flatMap(History, (history) => history.told(cursor, filter))

/**
 * The cursor after everything written so far.
 *
 * @since 0.1.0
 * @category accessors
 */
export const cursor: Effect.Effect<number, HistoryError, History> = Effect.flatMap(History, ({ cursor }) => cursor)

/**
 * Of each id, in order, the shortest beginning that means its story: 8 characters or more.
 *
 * @since 0.1.0
 * @category accessors
 */
export const shortIds = (ids: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<string>, HistoryError, History> =>
  Effect.flatMap(History, (history) => history.shortIds(ids))

/**
 * How many stories {@link prune} would delete now.
 *
 * @since 0.1.0
 * @category accessors
 */
export const prunable = (retention: Retention): Effect.Effect<number, HistoryError | InvalidHistorySetting, History> =>
  Effect.flatMap(History, (history) => history.prunable(retention))

/**
 * Deletes what is not to be kept, and gives how many stories that were.
 *
 * @since 0.1.0
 * @category accessors
 */
export const prune = (retention: Retention): Effect.Effect<number, HistoryError | InvalidHistorySetting, History> =>
  Effect.flatMap(History, (history) => history.prune(retention))
