/**
 * Runs of one machine: a journal and a database in a folder, with nothing to start.
 */
import { join, resolve } from "node:path"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { ofFile, type Source } from "../history/database/source.js"
import { withoutNarration } from "../runtime/muting.js"
import * as git from "./git.js"
import * as journal from "./journal.js"
import * as journalLine from "./journalLine.js"
import type { RunSink } from "./Runs.js"
import type { Changes } from "./runColumns.js"
import * as runQuery from "./runQuery.js"
import * as runReader from "./runReader.js"
import * as runStore from "./runStore.js"

/** Where the parts are. */
export interface Places {
  /** The database. */
  readonly database: string
  /** The folder of the journal. */
  readonly journal: string
}

/** The places below a folder, as other programs know them. */
export const placesIn = (baseDir: string): Places => ({
  database: resolve(join(baseDir, "db", "telemetry.sqlite")),
  journal: resolve(join(baseDir, "raw"))
})

export interface EmbeddedOptions extends Places {
  /** What every run is given, unless it says otherwise. */
  readonly defaults: Changes
  /** The folder whose repository is noted. `undefined`: none. */
  readonly repository: string | undefined
}

/** How long a run that begins waits for `git`; later runs have what it said then. */
const gitPatience = "200 millis"

/** The sink of a folder, and the database behind it. */
export interface Embedded {
  readonly sink: RunSink
  readonly store: runStore.RunStore
}

/** @internal */
export const make = (options: EmbeddedOptions): Effect.Effect<RunSink, never, Scope.Scope> =>
  Effect.map(open(options), ({ sink }) => sink)

/** @internal */
export const open = (options: EmbeddedOptions): Effect.Effect<Embedded, never, Scope.Scope> =>
  journalled({ ...options, source: ofFile(options.database), prefix: "" })

/** What is put into a database by way of a journal. */
export interface JournalledOptions extends Omit<EmbeddedOptions, "database"> {
  readonly source: Source
  /** What the database knows the journal by. */
  readonly prefix: string
}

/** @internal */
export const journalled = (options: JournalledOptions): Effect.Effect<Embedded, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { journal: folder, prefix, source } = options
    // In this order: the database takes in what the journal was given until it was closed.
    const store = yield* runStore.make({ source, journal: { folder, prefix } })
    const lines = yield* journal.make(folder)
    const write: RunSink["write"] = (write) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Effect.zipRight(lines.append(journalLine.encode(write), now), store.wake)
      )
    return { sink: { write, defaults: yield* withGit(options), ...reading(store) }, store }
  })

/** How runs are read back, with all that was accepted before. */
export const reading = (store: runStore.RunStore): Pick<RunSink, "running" | "run" | "records" | "events"> => {
  const use: runStore.RunStore["use"] = (query) => Effect.zipRight(store.catchUp, store.use(query))
  return {
    running: (agentName, isWanted) => use((sql) => runReader.running(sql, agentName, isWanted)),
    run: (eventId) =>
      Effect.map(
        use((sql) => runQuery.byEventId(sql, eventId)),
        (row) => (row === undefined ? undefined : runReader.recordOf(row))
      ),
    records: use(runReader.records),
    events: (runId) => use((sql) => runReader.events(sql, runId))
  }
}

/** The defaults, with what `git` says once it did. */
export const withGit = ({
  defaults,
  repository
}: Pick<EmbeddedOptions, "defaults" | "repository">): Effect.Effect<Effect.Effect<Changes>, never, Scope.Scope> =>
  Effect.gen(function* () {
    if (repository === undefined) return Effect.succeed(defaults)
    const found = yield* Deferred.make<Changes>()
    yield* Effect.forkScoped(withoutNarration(Effect.intoDeferred(git.lookUp(repository), found)))
    return Deferred.await(found).pipe(
      Effect.timeoutOption(gitPatience),
      Effect.map((said) => ({ ...Option.getOrElse(said, () => ({})), ...defaults }))
    )
  })
