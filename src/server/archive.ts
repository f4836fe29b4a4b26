/**
 * The history beside the runs, in the same database: opened when it is first asked, and anew when a file was replaced.
 *
 * It has a connection of its own, so that who reads a long story does not keep runs from being written.
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Database } from "../history/database/database.js"
import type { DamagedRow } from "../history/database/decodeRows.js"
import { migrate } from "../history/database/migrations.js"
import * as reopened from "../history/database/reopened.js"
import type { Source } from "../history/database/source.js"
import type { AmbiguousStoryId, HistoryError, StoryNotFound } from "../history/HistoryError.js"
import type { HistoryReader } from "../history/HistoryReader.js"
import * as reader from "../history/read/reader.js"
import type { InvalidOption } from "../plain/InvalidOption.js"
import { Refusal } from "./answers.js"

export interface Archive {
  /** Asks the history. */
  readonly read: <A, E extends QueryError>(
    query: (history: HistoryReader) => Effect.Effect<A, E>
  ) => Effect.Effect<A, Refusal>
  /** Asks its tables. */
  readonly query: <A, E extends QueryError | SqlError | DamagedRow>(
    query: (sql: SqlClient) => Effect.Effect<A, E>
  ) => Effect.Effect<A, Refusal>
}

/** What a question to a history may fail with. */
type QueryError = HistoryError | InvalidOption | StoryNotFound | AmbiguousStoryId

interface Opened {
  readonly database: Database
  readonly history: HistoryReader
}

const open = (source: Source): Effect.Effect<Opened, HistoryError, Scope.Scope> =>
  Effect.gen(function* () {
    const database = yield* source.open
    yield* migrate(database, source.prepare(database.sql))
    return { database, history: yield* reader.make(database) }
  })

/** @internal */
export const make = (source: Source): Effect.Effect<Archive, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { current } = yield* reopened.make({ open: open(source), identity: source.identity })
    return {
      read: (query) => refused(Effect.flatMap(current, ({ history }) => query(history))),
      query: (query) => refused(Effect.flatMap(current, ({ database }) => reader.asking(database)(query(database.sql))))
    }
  })

/** The parameters of a request that an option of the history comes from. */
const parameterOf: Readonly<Record<string, string>> = { last: "limit", cursor: "cursor" }

const refused = <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, Refusal> =>
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
