/**
 * A lock that processes share through the file system, and that a killed holder does not keep.
 *
 * The lock is a folder that holds one entry, named after its owner. An owner keeps such a folder under a name of its
 * own, and renames it to take the lock, which fails while a folder that is not empty stands there: one system call, and
 * no moment at which a lock has no owner. Whoever finds a dead owner's entry removes that one entry, by its name: of
 * several that do so at once none can remove the lock of a newer owner.
 */
import { rmdir } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import { atOnce, type Files, isNotFound, optional } from "./fileAccess.js"
import * as lockOwner from "./lockOwner.js"

/** The lock was not to be had: its holder hangs. */
export class LockHeld extends Data.TaggedError("LockHeld")<{ readonly path: string; readonly owner: string }> {
  override get message(): string {
    return `${this.path} is locked by another writer (${this.owner}), which does not let go of it`
  }
}

export interface FileLock {
  /** This owner's name, for what it leaves beside the file. */
  readonly owner: string
  /**
   * Runs an effect on files while nobody else, in any process, runs one under this lock. The effect is not interrupted:
   * waiting for the lock is. A wait ends with an error when the holder has changed nothing for too long; while it still
   * has not, the next one does so at once. Where there are others, the files are such as do everything at once.
   */
  readonly hold: <A, E, R>(
    use: (files: Files) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | LockHeld | PlatformError, R>
}

/** How long an owner of whom nothing is known may stand unchanged before the lock is taken from it. */
const abandonedAfter = 5_000
/** How often an owner shows that it is there, in milliseconds. Well below {@link abandonedAfter}. */
const showEvery = 1_000
/** After how long what such an owner left beside the file is removed. */
const oldAfter = 3_600_000
/** Longest pause between two looks at a lock that is held. */
const maxPause = 250
/** How long others are reckoned with after they were seen. */
const rivalsFor = 10_000
/** How often it is looked at who holds it. */
const lookEvery = 100

/**
 * A lock for the file at a path, until the scope is closed. `timeout`: longest wait for a holder that changes nothing.
 *
 * @internal
 */
export const make = (
  path: string,
  timeout: Duration.Duration
): Effect.Effect<FileLock, PlatformError, FileSystem.FileSystem | Scope.Scope> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const owner = lockOwner.make()
    const lock = join(dirname(path), `.${basename(path)}.lock`)
    const own = besideOf(path, owner)
    const patience = Duration.toMillis(timeout)
    // Of the fibers of this owner, too, one at a time.
    const alone = yield* Effect.makeSemaphore(1)
    let shown = Number.NEGATIVE_INFINITY
    /** When others were last seen to have it. */
    let contended = Number.NEGATIVE_INFINITY
    /** What it looked like when a wait was in vain. */
    let hung: string | undefined
    let closed = false

    const prepare = fs
      .makeDirectory(own, { recursive: true })
      .pipe(Effect.zipRight(fs.writeFileString(join(own, owner), "")))

    const removeOwn = Effect.ignore(fs.remove(own, { recursive: true }))

    const show = (now: number) =>
      Effect.suspend(() => {
        if (now - shown < showEvery) return Effect.void
        shown = now
        return Effect.ignore(fs.utimes(join(own, owner), new Date(now), new Date(now)))
      })

    /** The last owner of whom nothing was known, and since when it was seen to stand unchanged. */
    let watched = { owner: "", shown: Number.NaN, since: 0 }

    const isAbandoned = (holder: string) =>
      Effect.gen(function* () {
        const info = yield* optional(fs.stat(join(lock, holder)))
        if (info === undefined) return false
        const now = yield* monotonicMillis
        const shown = Option.match(info.mtime, { onNone: () => 0, onSome: (time) => time.getTime() })
        if (watched.owner !== holder || watched.shown !== shown) watched = { owner: holder, shown, since: now }
        if (now - watched.since < abandonedAfter) return false
        yield* Effect.logWarning(`The lock of ${path} was taken from ${holder}: it had stood there unchanged`)
        return true
      })

    const isLeft = (holder: string) =>
      Effect.suspend(() => {
        const life = lockOwner.lifeOf(holder)
        return life === "unknown" ? isAbandoned(holder) : Effect.succeed(life === "dead")
      })

    /** Whether it is ours now. */
    const attempt = (fs: Files): Effect.Effect<boolean, PlatformError> =>
      fs.rename(own, lock).pipe(
        Effect.as(true),
        Effect.catchAll((error) => {
          if (isNotFound(error)) return Effect.as(prepare, false)
          return isTaken(error) ? Effect.succeed(false) : Effect.fail(error)
        })
      )

    // On Windows even an empty folder is in the way. `FileSystem` has no way to remove one only if it is empty.
    const removeEmpty = Effect.ignore(Effect.tryPromise(() => rmdir(lock)))

    /** Who has it. An owner that is no more has it no longer. */
    const look: Effect.Effect<string, PlatformError> = Effect.gen(function* () {
      const [holder] = (yield* optional(fs.readDirectory(lock))) ?? []
      if (holder === undefined) return yield* Effect.as(removeEmpty, nobody)
      if (!(yield* isLeft(holder))) return holder
      yield* optional(fs.remove(join(lock, holder)))
      return yield* Effect.as(removeEmpty, nobody)
    })

    /** Changes as long as those who have the lock do something with it. */
    const signOfLife = (holder: string) =>
      Effect.map(optional(fs.stat(path)), (info) =>
        info === undefined ? holder : `${holder} ${info.ino} ${info.size} ${info.mtime}`
      )

    /** Takes the lock. */
    const acquire = (interruptible: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>) =>
      Effect.gen(function* () {
        const pause = (longest: number) =>
          Effect.flatMap(Random.nextIntBetween(1, Math.ceil(longest)), (millis) => interruptible(Effect.sleep(millis)))
        let now = yield* monotonicMillis
        const files = () => (now - contended < rivalsFor ? atOnce : fs)
        // Who has just had it gives the others a chance.
        if (now - contended < rivalsFor) yield* pause(5)
        yield* show(yield* Clock.currentTimeMillis)
        let since = now
        let lookAt = now
        let sign = ""
        while (!(yield* attempt(files()))) {
          now = yield* monotonicMillis
          contended = now
          if (now >= lookAt) {
            lookAt = now + lookEvery
            const holder = yield* look
            // Ours since a release that failed.
            if (holder === owner) break
            const latest = yield* signOfLife(holder)
            if (sign !== latest) since = now
            sign = latest
            if (sign === hung || now - since >= patience) {
              hung = sign
              return yield* new LockHeld({ path, owner: holder })
            }
          }
          yield* pause(Math.max(2, Math.min(maxPause, (now - since) / 4)))
        }
        hung = undefined
        return { files: files(), since: yield* monotonicMillis }
      })

    const release = (files: Files, since: number) =>
      Effect.gen(function* () {
        const held = (yield* monotonicMillis) - since
        // Held for so long, it may have been taken from us.
        if (held > abandonedAfter / 2 && (yield* optional(files.stat(join(lock, owner)))) === undefined) return
        // What cannot be kept for the next time is at least let go of.
        yield* Effect.orElse(files.rename(lock, own), () => files.remove(join(lock, owner)))
        if (closed) yield* removeOwn
      }).pipe(Effect.ignore)

    const hold: FileLock["hold"] = (use) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.zipRight(
          restore(alone.take(1)),
          acquire(restore).pipe(
            Effect.flatMap(({ files, since }) => Effect.ensuring(use(files), release(files, since))),
            // The fiber keeps the thread while others wait for it.
            Effect.withMaxOpsBeforeYield(100_000),
            Effect.ensuring(alone.release(1))
          )
        )
      )

    yield* prepare
    yield* Effect.addFinalizer(() =>
      Effect.suspend(() => {
        closed = true
        return removeOwn
      })
    )
    yield* removeLeft(fs, path)
    return { owner, hold }
  })

const nobody = "nobody"

const monotonicMillis = Effect.map(Clock.currentTimeNanos, (nanos) => Number(nanos / 1_000_000n))

/** What systems say when a folder that is not empty stands where another is to be moved. */
const takenCodes = new Set(process.platform === "win32" ? ["EPERM", "EACCES"] : ["ENOTEMPTY", "EEXIST"])

const isTaken = (error: PlatformError): boolean => {
  if (error._tag !== "SystemError") return false
  // The reasons of `PlatformError` have none for this; its cause is the error of Node.
  const { code = "" } = (error.cause ?? {}) as NodeJS.ErrnoException
  return takenCodes.has(code)
}

/** What an owner keeps beside the file, if it is killed, is removed by the next. */
export const besideOf = (path: string, owner: string): string => join(dirname(path), `.${basename(path)}.${owner}`)

/** An owner that lives after all makes anew what it finds missing. */
const isOld = (fs: FileSystem.FileSystem, path: string) =>
  Effect.gen(function* () {
    const { mtime } = yield* fs.stat(path)
    const now = yield* Clock.currentTimeMillis
    return Option.exists(mtime, (time) => now - time.getTime() > oldAfter)
  })

const removeLeft = (fs: FileSystem.FileSystem, path: string): Effect.Effect<void> =>
  Effect.gen(function* () {
    const prefix = basename(besideOf(path, ""))
    for (const name of yield* fs.readDirectory(dirname(path))) {
      if (!name.startsWith(prefix)) continue
      const [owner = ""] = name.slice(prefix.length).split(".")
      if (!lockOwner.isOwner(owner)) continue
      const left = join(dirname(path), name)
      const life = lockOwner.lifeOf(owner)
      if (life === "dead" || (life === "unknown" && (yield* isOld(fs, left))))
        yield* fs.remove(left, { recursive: true })
    }
  }).pipe(Effect.provideService(FileSystem.FileSystem, fs), Effect.ignore)
