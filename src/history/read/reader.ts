/**
 * What a history is asked. Each question is bounded by the size of its answer, not by that of the history.
 */
import { SqlError } from "@effect/sql/SqlError"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as options from "../../plain/options.js"
import { isLost, isPg } from "../database/connections.js"
import { type Database, failure, isBusy, queryFailed } from "../database/database.js"
import { DamagedRow } from "../database/decodeRows.js"
import { checkReadable } from "../database/migrations.js"
import * as retention from "../database/retention.js"
import type { HistoryError } from "../HistoryError.js"
import type { Retention } from "../HistoryFilter.js"
import type { EventPage, HistoryReader } from "../HistoryReader.js"
import { retentionOf } from "../write/settings.js"
import * as arrivals from "./arrivals.js"
import { changes, cursorBefore, events } from "./eventList.js"
import { failures } from "./failureList.js"
import { KeptHours } from "./keptHours.js"
import * as polling from "./polling.js"
import { replay } from "./replay.js"
import { shortIds } from "./shortId.js"
import * as statistics from "./statistics.js"
import { story } from "./storyDetail.js"
import { stories } from "./storyList.js"

/**
 * Queries whose errors are in the history's own words, and that have no spans.
 *
 * @internal
 */
export const asking =
  ({ filename, sql }: Database) =>
  <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, Exclude<E, SqlError | DamagedRow> | HistoryError> =>
    self.pipe(
      // Over a network: what was asked once can be asked again.
      Effect.retry({
        times: 1,
        while: (error) => error instanceof SqlError && isPg(sql) && (isLost(sql, error) || isBusy(error))
      }),
      Effect.mapError((error) => {
        if (error instanceof SqlError) return queryFailed(filename)(error)
        if (error instanceof DamagedRow) {
          return failure(filename)("Damaged", `has a row that cannot be read: ${error.message}`, error)
        }
        // It is neither, which the type of a parameter cannot say.
        return error as Exclude<E, SqlError | DamagedRow>
      }),
      Effect.withTracerEnabled(false)
    )

/** @internal */
export const make = (database: Database): Effect.Effect<HistoryReader, HistoryError, Scope.Scope> =>
  Effect.zipRight(
    checkReadable(database),
    Effect.map(arrivals.shared(database.sql), (shared) => of(database, shared))
  )

/** The pages after a cursor that have events, and those that come. */
const following = <E>(
  shared: Effect.Effect<arrivals.Arrivals, never, Scope.Scope>,
  cursor: number,
  page: (cursor: number) => Effect.Effect<EventPage, E>
): Stream.Stream<EventPage, E> =>
  Stream.unwrapScoped(
    Effect.map(shared, (notified) => {
      const { ask } = polling.make(notified)
      return Stream.paginateChunkEffect(cursor, (cursor) =>
        Effect.map(
          ask(page(cursor), ({ events }) => events.length > 0),
          (page) => [page.events.length === 0 ? Chunk.empty() : Chunk.of(page), Option.some(page.cursor)] as const
        )
      )
    })
  )

const of = (database: Database, shared: Effect.Effect<arrivals.Arrivals, never, Scope.Scope>): HistoryReader => {
  const { sql } = database
  const reading = asking(database)
  const kept = new KeptHours()
  return {
    failures: (filter = {}) => reading(failures(sql, filter)),
    story: (idPrefix) => reading(story(sql, idPrefix)),
    stories: (filter = {}) => reading(stories(sql, filter)),
    stats: (filter = {}) => reading(statistics.stats(sql, filter, kept)),
    events: (cursor, filter = {}) => reading(events(sql, cursor, filter)),
    changes: (cursor, filter = {}) => reading(changes(sql, cursor, filter)),
    follow: (cursor, filter = {}) => following(shared, cursor, (cursor) => reading(events(sql, cursor, filter))),
    replay: (idPrefix) => reading(replay(sql, idPrefix)),
    // Nothing can be wrong with 0.
    cursor: reading(Effect.catchTag(cursorBefore(sql, 0), "InvalidOption", Effect.die)),
    cursorBefore: (last) => reading(cursorBefore(sql, last)),
    shortIds: (ids) => reading(shortIds(sql, ids)),
    prunable: (keep) =>
      reading(
        Effect.flatMap(
          options.attempt(() => retentionOf(keep)),
          (keep) => (keep === undefined ? Effect.succeed(0) : retention.prunable(sql, keep))
        )
      ),
    prune: (keep: Retention) =>
      reading(
        Effect.flatMap(
          options.attempt(() => retentionOf(keep)),
          (keep) => (keep === undefined ? Effect.succeed(0) : retention.prune(sql, keep))
        )
      )
  }
}
