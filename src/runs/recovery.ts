/**
 * What brings runs back: the journal, whatever became of the database; and backups.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { copyStories } from "../history/database/copyStories.js"
import * as database from "../history/database/database.js"
import * as migrations from "../history/database/migrations.js"
import type { HistoryError } from "../history/HistoryError.js"
import * as embedded from "./embedded.js"
import * as importing from "./importing.js"
import * as sqliteFile from "./sqliteFile.js"

export interface Recovered {
  /** How the database was. */
  readonly was: "missing" | "sound" | "broken"
  /** Why it was broken. */
  readonly reason: string | null
  /** Where a broken one is now. */
  readonly moved: string | null
  /** Runs that the database has now. */
  readonly runs: number
  /** Runs that the journal does not have, or knows less about, taken over from the broken database. */
  readonly salvaged: number
  /** Stories taken over from it. */
  readonly stories: number
}

type Recovery<A> = Effect.Effect<A, HistoryError | sqliteFile.FileFault, Scope.Scope>

const open = (places: embedded.Places) => embedded.open({ ...places, defaults: {}, repository: undefined })

/** `20260131T080000Z` */
const stamp = Effect.map(Clock.currentTimeMillis, (now) => new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, ""))

/** Puts the database together from the journal, unless it is sound: then what waits is taken in. */
export const recover = (places: embedded.Places): Recovery<Recovered> =>
  Effect.gen(function* () {
    const condition = yield* sqliteFile.conditionOf(places.database)
    if (condition._tag === "NotOurs") return yield* condition.error
    const moved =
      condition._tag === "Broken"
        ? yield* sqliteFile.moveAside(places.database, `${places.database}.broken-${yield* stamp}`)
        : null
    const opened = yield* open(places)
    yield* opened.store.catchUp
    const salvaged = moved === null ? 0 : yield* salvagedFrom(opened, moved)
    const stories = moved === null ? 0 : yield* storiesFrom(opened, moved)
    return {
      was: condition._tag === "Missing" ? "missing" : condition._tag === "Sound" ? "sound" : "broken",
      reason: condition._tag === "Broken" ? condition.reason : null,
      moved,
      runs: yield* countRuns(opened),
      salvaged,
      stories
    }
  })

const countRuns = ({ store }: embedded.Embedded) =>
  store.use((sql) =>
    Effect.map(sql<{ n: number }>`SELECT count(*) AS n FROM agent_runs`, ([row]) => Number(row?.n ?? 0))
  )

/** Whatever can still be read. */
const salvagedFrom = (opened: embedded.Embedded, broken: string) =>
  importing.importFile(opened, broken).pipe(
    Effect.map(({ runs }) => runs),
    Effect.catchAllCause(() => Effect.succeed(0))
  )

const storiesFrom = ({ store }: embedded.Embedded, broken: string) =>
  Effect.gen(function* () {
    const source = yield* database.openExisting(broken, true)
    yield* migrations.checkReadable(source)
    return yield* store.use((sql) =>
      Effect.gen(function* () {
        yield* Effect.orDie(migrations.migrate({ sql, filename: null }, Effect.void))
        const { copied } = yield* copyStories(source.sql, sql, () => Effect.void)
        return copied
      })
    )
  }).pipe(
    Effect.scoped,
    Effect.catchAllCause(() => Effect.succeed(0))
  )

export interface BackedUp {
  readonly file: string
  readonly bytes: number
  readonly runs: number
  /** Older backups that were deleted. */
  readonly removed: ReadonlyArray<string>
}

const isBackup = (name: string): boolean => /^telemetry_\d{8}T\d{6}Z\.sqlite$/.test(name)

/** Where backups are, unless another place is given. */
export const backupsIn = (places: embedded.Places): string => join(dirname(dirname(places.database)), "backups")

/**
 * Copies the database while programs write to it, with all that they wrote before. The copy is checked before it has its name.
 * In the folder of backups, only the newest `keep` stay.
 */
export const backup = (places: embedded.Places, file: string | undefined, keep: number): Recovery<BackedUp> =>
  Effect.gen(function* () {
    const opened = yield* open(places)
    yield* opened.store.catchUp
    const folder = backupsIn(places)
    const target = file ?? join(folder, `telemetry_${yield* stamp}.sqlite`)
    yield* copied(places.database, target)
    const removed = file === undefined ? yield* rotated(folder, keep) : []
    return { file: target, bytes: sqliteFile.sizeOf(target), runs: yield* countRuns(opened), removed }
  })

/** A copy that is checked, and has its name only then. */
const copied = (from: string, target: string) => {
  const beside = join(dirname(target), `.${basename(target)}.tmp`)
  return onFiles(target, () => {
    mkdirSync(dirname(target), { recursive: true })
    sqliteFile.remove(beside)
  }).pipe(
    Effect.zipRight(sqliteFile.copy(from, beside)),
    Effect.zipRight(sqliteFile.settle(beside)),
    Effect.zipRight(onFiles(target, () => renameSync(beside, target))),
    Effect.onError(() => Effect.ignore(onFiles(beside, () => sqliteFile.remove(beside))))
  )
}

const rotated = (folder: string, keep: number) =>
  onFiles(folder, () => {
    const old = readdirSync(folder).filter(isBackup).sort().toReversed().slice(keep)
    for (const name of old) rmSync(join(folder, name))
    return old
  })

const onFiles = <A>(filename: string, use: () => A): Effect.Effect<A, sqliteFile.FileFault> =>
  Effect.try({
    try: use,
    catch: (error) =>
      new sqliteFile.FileFault({
        filename,
        detail: `could not be written: ${error instanceof Error ? error.message : String(error)}`
      })
  })

export interface Restored {
  /** Where what was there before is now. */
  readonly previous: string | null
  /** Runs that the database has now: those of the backup, and what the journal has since. */
  readonly runs: number
}

/**
 * Puts a backup in the place of the database, also while programs run. What the journal has is taken in again, so that nothing is
 * lost that was written after the backup.
 */
export const restore = (places: embedded.Places, file: string): Recovery<Restored> =>
  Effect.gen(function* () {
    const source = yield* sqliteFile.conditionOf(file)
    if (source._tag === "Missing") return yield* new sqliteFile.FileFault({ filename: file, detail: "does not exist" })
    if (source._tag === "NotOurs") return yield* source.error
    if (source._tag === "Broken") return yield* new sqliteFile.FileFault({ filename: file, detail: source.reason })
    const previous = yield* keepPrevious(places)
    yield* onFiles(places.database, () => mkdirSync(dirname(places.database), { recursive: true }))
    yield* sqliteFile.copy(file, places.database)
    const opened = yield* open(places)
    // From the start: the backup knows how far it was, in files that may be others now.
    yield* opened.store.use((sql) => sql`DELETE FROM run_journal`)
    yield* opened.store.catchUp
    return { previous, runs: yield* countRuns(opened) }
  })

const keepPrevious = (places: embedded.Places) =>
  Effect.gen(function* () {
    const condition = yield* sqliteFile.conditionOf(places.database)
    if (condition._tag === "NotOurs") return yield* condition.error
    if (condition._tag === "Missing" || !existsSync(places.database)) return null
    const now = yield* stamp
    if (condition._tag === "Broken") {
      return yield* sqliteFile.moveAside(places.database, `${places.database}.broken-${now}`)
    }
    const kept = join(backupsIn(places), `before-restore_${now}.sqlite`)
    yield* copied(places.database, kept)
    return kept
  })
