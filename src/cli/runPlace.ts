/**
 * The runs that a command is about: those of a folder, or of a schema of PostgreSQL.
 */
import { existsSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Scope from "effect/Scope"
import * as pgOptions from "../history/database/pgOptions.js"
import { ofPg } from "../history/database/source.js"
import type { HistoryError } from "../history/HistoryError.js"
import { InvalidOption } from "../plain/InvalidOption.js"
import * as embedded from "../runs/embedded.js"
import * as onPostgres from "../runs/onPostgres.js"
import { checkReadable } from "../runs/runTables.js"
import { checkPassword, isServer } from "./historyFile.js"
import { NoRuns } from "./runIds.js"

export interface RunPlace {
  readonly baseDir: string
  /** The URL of a server. */
  readonly db?: string | undefined
}

const plain = { defaults: {}, repository: undefined }

/** Opens them, with all that a journal says in the database. What is not there is not made. */
export const open = ({
  baseDir,
  db
}: RunPlace): Effect.Effect<embedded.Embedded, NoRuns | InvalidOption | HistoryError, Scope.Scope> =>
  Effect.gen(function* () {
    const opened = db === undefined ? yield* inFolder(baseDir) : yield* onServer(db)
    yield* opened.store.catchUp
    return opened
  })

const inFolder = (baseDir: string) => Effect.flatMap(filesIn(baseDir), openFiles)

/** Where the journal and the database of a folder are; it has one of them. */
export const filesIn = (baseDir: string): Effect.Effect<embedded.Places, NoRuns> =>
  Effect.suspend(() => {
    const places = embedded.placesIn(baseDir)
    return existsSync(places.journal) || existsSync(places.database)
      ? Effect.succeed(places)
      : new NoRuns({ message: `there are no runs in ${baseDir}; --base-dir names another folder` })
  })

const openFiles = (places: embedded.Places) => embedded.open({ ...places, ...plain })

/** Opens the runs of a folder, which is made if it is not there. */
export const openNew = (baseDir: string): Effect.Effect<embedded.Embedded, HistoryError, Scope.Scope> =>
  Effect.tap(openFiles(embedded.placesIn(baseDir)), ({ store }) => store.catchUp)

const onServer = (url: string) =>
  Effect.gen(function* () {
    yield* checkUrl(url)
    const source = ofPg(yield* Either.mapLeft(pgOptions.decode({ url }), asOption))
    return yield* onPostgres.open({
      ...plain,
      source: { ...source, open: Effect.tap(source.open, checkReadable) },
      journal: undefined,
      capacity: 10_000,
      reconnectTimeout: 5_000
    })
  })

/** Runs are in a folder, or on a server; and a password is seen by others among arguments. */
export const checkUrl = (url: string): Effect.Effect<void, InvalidOption> =>
  isServer(url)
    ? checkPassword(url)
    : new InvalidOption({
        setting: "--db",
        given: url,
        expected: "postgres://user@host/database; --base-dir names a folder"
      })

const asOption = ({ expected, given }: InvalidOption) => new InvalidOption({ setting: "--db", expected, given })
