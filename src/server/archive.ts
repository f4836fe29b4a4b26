/**
 * The history beside the runs, in the same database: opened when it is first asked, and anew when a file was replaced.
 *
 * It has a connection of its own, so that who reads a long story does not keep runs from being written.
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { isPg } from "../history/database/connections.js"
import type { Database } from "../history/database/database.js"
import type { DamagedRow } from "../history/database/decodeRows.js"
import { migrate } from "../history/database/migrations.js"
import * as readingThread from "../history/database/readingThread.js"
import * as reopened from "../history/database/reopened.js"
import type { Source } from "../history/database/source.js"
import type { AmbiguousStoryId, HistoryError, StoryNotFound } from "../history/HistoryError.js"
import type { HistoryReader } from "../history/HistoryReader.js"
import * as arrivals from "../history/read/arrivals.js"
import * as reader from "../history/read/reader.js"
import type { InvalidOption } from "../plain/InvalidOption.js"
import { Refusal } from "./answers.js"

export interface Archive {
  /** Asks the history. */
  readonly read: <A, E extends QueryError>(
    query: (history: HistoryReader) => Effect.Effect<A, E>
  ) => Effect.Effect<A, Refusal>
  /** The same for what may take long: a file is asked by a thread of its own, so that others are answered meanwhile. */
  readonly readSlowly: Archive["read"]
  /** Asks its tables. */
  readonly query: <A, E extends QueryError | SqlError | DamagedRow>(
    query: (sql: SqlClient) => Effect.Effect<A, E>
  ) => Effect.Effect<A, Refusal>
  readonly querySlowly: Archive["query"]
  /** When something is written to it. */
  readonly arrivals: Effect.Effect<arrivals.Arrivals, Refusal, Scope.Scope>
}

/** What a question to a history may fail with. */
type QueryError = HistoryError | InvalidOption | StoryNotFound | AmbiguousStoryId

interface Opened {
  readonly database: Database
  readonly history: HistoryReader
  readonly thread: readingThread.ReadingThread
  readonly arrivals: Effect.Effect<arrivals.Arrivals, never, Scope.Scope>
}

const open = (source: Source): Effect.Effect<Opened, HistoryError, Scope.Scope> =>
  Effect.gen(function* () {
    const database = yield* source.open
    yield* migrate(database, source.prepare(database.sql))
    const { filename, sql } = database
    // A server works elsewhere by itself.
    const thread = isPg(sql) || filename === null ? readingThread.none : yield* readingThread.make(filename)
    return { database, history: yield* reader.make(database), thread, arrivals: yield* arrivals.shared(sql) }
  })

/** @internal */
export const make = (source: Source): Effect.Effect<Archive, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { current } = yield* reopened.make({ open: open(source), identity: source.identity })
    const asked = <A, E extends QueryError | SqlError | DamagedRow>(
      { database }: Opened,
      query: (sql: SqlClient) => Effect.Effect<A, E>
    ) => reader.asking(database)(query(database.sql))
    return {
      read: (query) => refused(Effect.flatMap(current, ({ history }) => query(history))),
      readSlowly: (query) => refused(Effect.flatMap(current, ({ history, thread }) => thread.reading(query(history)))),
      query: (query) => refused(Effect.flatMap(current, (opened) => asked(opened, query))),
      querySlowly: (query) => refused(Effect.flatMap(current, (opened) => opened.thread.reading(asked(opened, query)))),
      arrivals: refused(Effect.flatMap(current, ({ arrivals }) => arrivals))
    }
  })

/** The parameters of a request that an option of the history comes from. */
const parameterOf: Readonly<Record<string, string>> = { last: "limit", cursor: "cursor" }

const refused = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, Refusal, R> =>
  Effect.mapError(self, (error) => {
    // Each of them is a QueryError, which the types of generic queries cannot say.
    const failed = error as unknown as QueryError
    switch (failed._tag) {
      case "InvalidOption": {
        const { expected, setting } = failed
        const loc = setting === "idPrefix" ? ["path", "story_id"] : ["query", parameterOf[setting] ?? setting]
        return new Refusal({ status: 422, detail: [{ loc, msg: `takes ${expected}`, type: "value_error" }] })
      }
      case "StoryNotFound":
        return new Refusal({ status: 404, detail: failed.message })
      case "AmbiguousStoryId":
        return new Refusal({ status: 409, detail: failed.message })
      case "HistoryError":
        return new Refusal({ status: 503, detail: failed.message })
    }
  })
