/**
 * The database of a server of runs: the files of a folder, by a journal; or a schema of PostgreSQL, which other servers may share.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Scope from "effect/Scope"
import { queryFailed } from "../history/database/database.js"
import * as pgOptions from "../history/database/pgOptions.js"
import * as readingThread from "../history/database/readingThread.js"
import * as reopened from "../history/database/reopened.js"
import { ofFile, ofPg, type Source } from "../history/database/source.js"
import type { InvalidOption } from "../plain/InvalidOption.js"
import * as options from "../plain/options.js"
import * as embedded from "../runs/embedded.js"
import * as onPostgres from "../runs/onPostgres.js"
import type { RunStore } from "../runs/runStore.js"
import type { ServerOptions } from "./settings.js"

export interface RunDatabase {
  readonly opened: embedded.Embedded
  /** Where the history is, too. */
  readonly source: Source
  /**
   * Asks what may take long. A file is asked by a thread of its own, so that other requests are answered meanwhile; PostgreSQL works elsewhere
   * anyway.
   */
  readonly slowly: RunStore["use"]
}

/** The server's own runs have no defaults. */
const plain = { defaults: {}, repository: undefined }

/** A caller waits for the database for so long: it can come again, and knows best what to do with what it has. */
const reconnectTimeout = Duration.toMillis("5 seconds")

/** @internal */
export const open = (
  given: Pick<ServerOptions, "databasePath" | "journalDir" | "postgres"> & { readonly baseDir: string }
): Effect.Effect<RunDatabase, InvalidOption, Scope.Scope> =>
  Effect.gen(function* () {
    if (given.postgres !== undefined) {
      const target = yield* Either.mapLeft(pgOptions.decode(given.postgres), options.within("postgres"))
      const source = ofPg(target)
      const opened = yield* onPostgres.open({
        ...plain,
        source,
        // What one server answered, every other one has to know.
        journal: undefined,
        capacity: 100_000,
        reconnectTimeout
      })
      return { opened, source, slowly: opened.store.use }
    }
    const places = embedded.placesIn(given.baseDir)
    const database = given.databasePath ?? places.database
    const opened = yield* embedded.open({ ...plain, database, journal: given.journalDir ?? places.journal })
    const source = ofFile(database)
    return { opened, source, slowly: yield* onThread(opened.store, database, source) }
  })

const onThread = (store: RunStore, filename: string, source: Source) =>
  Effect.gen(function* () {
    const { current } = yield* reopened.make({ open: readingThread.make(filename), identity: source.identity })
    const slowly: RunStore["use"] = (query) =>
      Effect.gen(function* () {
        // Its client says what is asked; the thread asks it.
        const sql = yield* store.use(Effect.succeed)
        const thread = yield* current
        return yield* Effect.mapError(thread.reading(query(sql)), queryFailed(source.name))
      })
    return slowly
  })
