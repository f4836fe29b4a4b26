/**
 * Asks what programs did: which stories there were, what failed and why, how long things take, what happens right now.
 *
 * `HistoryRenderer` writes what is read here. Needs `@effect/sql`, `@effect/sql-sqlite-node` for a file, and `@effect/sql-pg` for PostgreSQL.
 *
 * @since 0.1.0
 */
import * as SqlClient from "@effect/sql/SqlClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { NarrativeEvent } from "../event/NarrativeEvent.js"
import type { InvalidOption } from "../plain/InvalidOption.js"
import { decode as decodeOptions, flag, nonEmptyText, takes, withDefault } from "../plain/options.js"
import { openExisting } from "./database/database.js"
import type { PgConnection } from "./database/pgOptions.js"
import { openPg } from "./database/postgres.js"
import type { AmbiguousStoryId, HistoryError, StoryNotFound } from "./HistoryError.js"
import type { EventFilter, FailureFilter, Retention, StatsFilter, StoryFilter } from "./HistoryFilter.js"
import type { ChangePage, EventPage, HistoryReader, StoryPage } from "./HistoryReader.js"
import type { HistoryStats } from "./HistoryStats.js"
import * as reader from "./read/reader.js"
import type { FailureSummary, StoryRecord } from "./StoryRecord.js"

export type { PgConnection } from "./database/pgOptions.js"
export type { ChangePage, EventPage, HistoryReader, StoryPage } from "./HistoryReader.js"

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
export const layer: Layer.Layer<History, HistoryError, SqlClient.SqlClient> = Layer.scoped(
  History,
  Effect.flatMap(SqlClient.SqlClient, (sql) => reader.make({ sql: sql.withoutTransforms(), filename: null }))
)

/**
 * @since 0.1.0
 * @category models
 */
export interface SqliteOptions {
  /** The file of a history. */
  readonly path: string
  /** Opens it for reading only (the default); `prune` fails then. */
  readonly readonly?: boolean | undefined
}

/**
 * Reads an SQLite file, which has to exist; programs may go on writing to it.
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
 * program.pipe(Effect.provide(History.layerSqlite({ path: "narrative.db" })), Effect.runPromise)
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerSqlite = (options: SqliteOptions): Layer.Layer<History, HistoryError | InvalidOption> =>
  Layer.scoped(
    History,
    decode(options).pipe(
      Effect.flatMap(({ path, readonly }) => openExisting(path, readonly)),
      Effect.flatMap(reader.make)
    )
  )

const decode = decodeOptions(
  "History",
  Schema.Struct({
    path: nonEmptyText.pipe(takes("the path of a database's file")),
    readonly: withDefault(flag, true)
  })
)

/**
 * @since 0.1.0
 * @category models
 */
export interface PgOptions extends PgConnection {}

/**
 * Reads a PostgreSQL schema that `HistoryRenderer.layerPg` made; any number of programs may go on writing to it. Needs
 * `@effect/sql-pg`.
 *
 * @example
 * ```ts
 * import { Console, Effect } from "effect"
 * import { History } from "effect-narrative/history"
 *
 * const program = Effect.flatMap(History.stories({ status: "failed" }), ({ stories }) => Console.table(stories))
 *
 * program.pipe(Effect.provide(History.layerPg({ url: "postgres://reader@db.internal/shop" })), Effect.runPromise)
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerPg = (options: PgOptions = {}): Layer.Layer<History, HistoryError | InvalidOption> =>
  Layer.scoped(History, Effect.flatMap(openPg(options), reader.make))

/**
 * The newest failures, in short; `story` has their full reports.
 *
 * @since 0.1.0
 * @category accessors
 */
export const failures = (
  filter?: FailureFilter
): Effect.Effect<ReadonlyArray<FailureSummary>, HistoryError | InvalidOption, History> =>
  Effect.flatMap(History, (history) => history.failures(filter))

/**
 * The one story whose id begins or ends with `idPrefix`, with everything kept of it; ends of 6 characters or more.
 *
 * @since 0.1.0
 * @category accessors
 */
export const story = (
  idPrefix: string
): Effect.Effect<StoryRecord, StoryNotFound | AmbiguousStoryId | HistoryError | InvalidOption, History> =>
  Effect.flatMap(History, (history) => history.story(idPrefix))

/**
 * Stories in short, a page at a time, the newest first.
 *
 * @since 0.1.0
 * @category accessors
 */
export const stories = (filter?: StoryFilter): Effect.Effect<StoryPage, HistoryError | InvalidOption, History> =>
  Effect.flatMap(History, (history) => history.stories(filter))

/**
 * Counts, durations and the most frequent failures of a span of time.
 *
 * @since 0.1.0
 * @category accessors
 */
export const stats = (filter?: StatsFilter): Effect.Effect<HistoryStats, HistoryError | InvalidOption, History> =>
  Effect.flatMap(History, (history) => history.stats(filter))

/**
 * The events written after a cursor, each as it was emitted; 0 is before everything. Ask again with the cursor of the page
 * to follow a program.
 *
 * @since 0.1.0
 * @category accessors
 */
export const events = (
  cursor: number,
  filter?: EventFilter
): Effect.Effect<EventPage, HistoryError | InvalidOption, History> =>
  Effect.flatMap(History, (history) => history.events(cursor, filter))

/**
 * The events after a cursor and those that come, for as long as the stream is read: pages that have events, as {@link events} gives them.
 *
 * @example
 * ```ts
 * import { Console, Effect, Stream } from "effect"
 * import { History } from "effect-narrative/history"
 *
 * const program = Effect.flatMap(History.cursor, (now) =>
 *   Stream.runForEach(History.follow(now), ({ events }) =>
 *     Effect.forEach(events, (event) => Console.log(event._tag, event.storyName))
 *   )
 * )
 *
 * program.pipe(Effect.provide(History.layerSqlite({ path: "narrative.db" })), Effect.runPromise)
 * ```
 *
 * @since 0.1.0
 * @category accessors
 */
export const follow = (
  cursor: number,
  filter?: EventFilter
): Stream.Stream<EventPage, HistoryError | InvalidOption, History> =>
  Stream.unwrap(Effect.map(History, (history) => history.follow(cursor, filter)))

/**
 * The events after a cursor in short: one flat record an event, all of the same columns.
 *
 * @since 0.1.0
 * @category accessors
 */
export const changes = (
  cursor: number,
  filter?: EventFilter
): Effect.Effect<ChangePage, HistoryError | InvalidOption, History> =>
  Effect.flatMap(History, (history) => history.changes(cursor, filter))

/**
 * The events of the one story whose id begins or ends with `idPrefix`, and of its sub-stories, in their order: what a renderer was
 * given. An event without a row of its own is made of its stage, its failure or its story.
 *
 * @since 0.1.0
 * @category accessors
 */
export const replay = (
  idPrefix: string
): Effect.Effect<
  ReadonlyArray<NarrativeEvent>,
  StoryNotFound | AmbiguousStoryId | HistoryError | InvalidOption,
  History
> => Effect.flatMap(History, (history) => history.replay(idPrefix))

/**
 * The cursor after everything written so far.
 *
 * @since 0.1.0
 * @category accessors
 */
export const cursor: Effect.Effect<number, HistoryError, History> = Effect.flatMap(History, ({ cursor }) => cursor)

/**
 * The cursor before the newest events, so many of them: what follows it are the last `count` events.
 *
 * @since 0.1.0
 * @category accessors
 */
export const cursorBefore = (count: number): Effect.Effect<number, HistoryError | InvalidOption, History> =>
  Effect.flatMap(History, (history) => history.cursorBefore(count))

/**
 * For each id, in order, the shortest end that finds no other story: 6 characters or more, as the console shows it.
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
export const prunable = (retention: Retention): Effect.Effect<number, HistoryError | InvalidOption, History> =>
  Effect.flatMap(History, (history) => history.prunable(retention))

/**
 * Deletes what is not to be kept, and gives how many stories that were.
 *
 * @since 0.1.0
 * @category accessors
 */
export const prune = (retention: Retention): Effect.Effect<number, HistoryError | InvalidOption, History> =>
  Effect.flatMap(History, (history) => history.prune(retention))
