/**
 * The history that `--db` names: a file, or a schema of PostgreSQL. What reads it is loaded only by the commands that do.
 */
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { type AmbiguousStoryId, beginsOrEnds, type HistoryError, type StoryNotFound } from "../history/HistoryError.js"
import type { HistoryReader } from "../history/HistoryReader.js"
import { InvalidOption } from "../plain/InvalidOption.js"
import { type MissingPackage, needing } from "./missingPackage.js"
import { ago } from "./relativeTime.js"

/** More than one story's id begins or ends so. */
export class AmbiguousId extends Data.TaggedError("AmbiguousId")<{
  readonly given: string
  /** `begins with`, `ends with`. */
  readonly relation: string
  readonly candidates: ReadonlyArray<{ readonly id: string; readonly name: string; readonly age: string }>
}> {
  override get message(): string {
    return `more than one story has an id that ${this.relation} "${this.given}": give more of it, or all of one of these`
  }

  /** A line for each of them. */
  get details(): ReadonlyArray<string> {
    return this.candidates.map(({ age, id, name }) => `  ${id}  ${name} (${age})`)
  }
}

type HistoryFault = HistoryError | StoryNotFound | AmbiguousStoryId | InvalidOption

/** Reads the history for as long as `use` takes; what goes wrong is said in terms of this command's options. */
export const read = <A, E extends HistoryFault, R>(
  filename: string,
  use: (history: HistoryReader) => Effect.Effect<A, E, R>,
  options: { readonly readonly: boolean } = { readonly: true }
): Effect.Effect<A, HistoryError | StoryNotFound | InvalidOption | AmbiguousId | MissingPackage, R> =>
  Effect.zipRight(
    checkPassword(filename),
    Effect.flatMap(historyModule, ({ History, layerPg, layerSqlite }) =>
      Effect.flatMap(History, use).pipe(
        Effect.provide(isServer(filename) ? layerPg({ url: filename }) : layerSqlite({ path: filename, ...options })),
        Effect.catchAll(inOptions)
      )
    )
  )

/** Whether it is the URL of a server, and not a file. */
export const isServer = (given: string): boolean => /^postgres(ql)?:\/\//i.test(given)

/** Arguments are in the list of processes, which every user of the machine reads, and in the history of the shell. */
export const checkPassword = (given: string, setting = "--db"): Effect.Effect<void, InvalidOption> =>
  Effect.gen(function* () {
    if (!isServer(given) || !/^\w+:\/\/[^/?#@]*:[^/?#]*@|[?&]password=/i.test(given)) return
    const fromEnvironment = yield* Effect.orElseSucceed(Config.string("NARRATIVE_DB"), () => "")
    if (fromEnvironment === given) return
    return yield* new InvalidOption({
      setting,
      expected:
        "a URL without a password, which is read from PGPASSWORD, NARRATIVE_DB or the file that PGPASSFILE names"
    })
  })

const historyModule = needing(() => import("../history/History.js"))

/** What one types, where it is not named as the history's setting. */
const optionNames: Readonly<Record<string, string>> = {
  errorType: "--type",
  idPrefix: "<id>",
  keepDays: "--keep-days",
  keepStories: "--keep-stories",
  labels: "--label",
  limit: "--last",
  name: "--story"
}

const inOptions = (
  error: HistoryFault
): Effect.Effect<never, HistoryError | StoryNotFound | InvalidOption | AmbiguousId> =>
  Effect.flatMap(Clock.currentTimeMillis, (now): ReturnType<typeof inOptions> => {
    if (error._tag === "InvalidOption") {
      const { expected, given, setting } = error
      return new InvalidOption({ setting: optionNames[setting] ?? `--${setting}`, given, expected })
    }
    if (error._tag !== "AmbiguousStoryId") return Effect.fail(error)
    const candidates = error.candidates.map(({ id, name, startedAt }) => ({ id, name, age: ago(startedAt, now) }))
    return new AmbiguousId({ given: error.idPrefix, relation: beginsOrEnds(error), candidates })
  })
