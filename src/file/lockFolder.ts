/**
 * A lock as it is on disk: a folder that holds one entry, named after its owner.
 *
 * An owner keeps such a folder under a name of its own, and renames it to take the lock. That fails while a folder that is
 * not empty has the name: one system call, and no moment at which a lock has no owner. Whoever finds a dead owner's entry
 * removes that one entry, by its name: of several that do so at once none can remove the lock of a newer owner.
 */
import { rmdirSync } from "node:fs"
import { rmdir } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import type { PlatformError } from "@effect/platform/Error"
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { atOnce, type Files, isNotFound, optional } from "./fileAccess.js"
import * as folders from "./folders.js"
import * as lockOwner from "./lockOwner.js"

export interface LockFolder {
  /** The file that is locked. */
  readonly path: string
  readonly owner: string
  /** Where the folder is while this owner has the lock, or another one. */
  readonly lock: string
  /** Where it is while this owner does not have the lock. */
  readonly own: string
}

export const make = (path: string): LockFolder => {
  const owner = lockOwner.make()
  return { path, owner, lock: join(dirname(path), `.${basename(path)}.lock`), own: besideOf(path, owner) }
}

/** What an owner keeps beside the file. If it is killed, the next one removes it. */
export const besideOf = (path: string, owner: string): string => join(dirname(path), `.${basename(path)}.${owner}`)

/** Makes the owner's folder. */
export const prepare = (fs: FileSystem.FileSystem, { own, owner }: LockFolder): Effect.Effect<void, PlatformError> =>
  Effect.zipRight(folders.make(fs, own), fs.writeFileString(join(own, owner), ""))

/** Whether the lock could be taken: `taken` by this owner, `held` by another, `unprepared` without the owner's folder. */
export const take = (
  fs: Files,
  { lock, own }: LockFolder
): Effect.Effect<"taken" | "held" | "unprepared", PlatformError> =>
  fs.rename(own, lock).pipe(
    Effect.as("taken" as const),
    Effect.catchAll((error) =>
      isNotFound(error)
        ? Effect.succeed("unprepared" as const)
        : isOccupied(error)
          ? Effect.succeed("held" as const)
          : Effect.fail(error)
    )
  )

/** Whether it is still this owner's. */
export const isOwn = (fs: Files, { lock, owner }: LockFolder): Effect.Effect<boolean, PlatformError> =>
  Effect.map(optional(fs.stat(join(lock, owner))), (found) => found !== undefined)

/** Gives it back. What cannot be kept for the next time is at least no longer held. */
export const giveBack = (fs: Files, { lock, own, owner }: LockFolder): Effect.Effect<void, PlatformError> =>
  Effect.orElse(fs.rename(lock, own), () => fs.remove(join(lock, owner)))

/** Who has it; a lock without an entry has no owner. */
export const holderOf = (fs: Files, { lock }: LockFolder): Effect.Effect<string | undefined, PlatformError> =>
  Effect.map(optional(fs.readDirectory(lock)), (entries) => entries?.[0])

/** When its holder last showed that it is there, in milliseconds since the epoch. */
export const shownBy = (
  fs: Files,
  { lock }: LockFolder,
  holder: string
): Effect.Effect<number | undefined, PlatformError> =>
  Effect.map(optional(fs.stat(join(lock, holder))), (found) =>
    found === undefined ? undefined : Option.match(found.mtime, { onNone: () => 0, onSome: (time) => time.getTime() })
  )

/** Shows that this owner is there, for the time after it took the lock. */
export const show = (fs: FileSystem.FileSystem, { own, owner }: LockFolder, now: number): Effect.Effect<void> =>
  Effect.ignore(fs.utimes(join(own, owner), new Date(now), new Date(now)))

/** Takes it from a holder. */
export const evict = (fs: Files, folder: LockFolder, holder: string): Effect.Effect<void, PlatformError> =>
  Effect.zipRight(optional(fs.remove(join(folder.lock, holder))), removeEmpty(folder))

/** On Windows even an empty folder is in the way. `FileSystem` has no way to remove one only if it is empty. */
export const removeEmpty = ({ lock }: LockFolder): Effect.Effect<void> =>
  Effect.ignore(Effect.tryPromise(() => rmdir(lock)))

/** Changes as long as those who have the lock do something with it. */
export const signOfLife = (fs: Files, { path }: LockFolder, holder: string): Effect.Effect<string, PlatformError> =>
  Effect.map(optional(fs.stat(path)), (found) =>
    found === undefined ? holder : `${holder} ${found.ino} ${found.size} ${found.mtime}`
  )

/** Removes the owner's folder at once, when the process ends. */
export const removeNow = ({ own, owner }: LockFolder): Effect.Effect<void> =>
  Effect.ignore(
    Effect.zipRight(
      atOnce.remove(join(own, owner)),
      Effect.try(() => rmdirSync(own))
    )
  )

/** After how long is removed what an owner left of whom nothing is known. */
const oldAfter = 3_600_000

/** Removes what killed owners left beside the file. An owner that lives after all makes anew what it finds missing. */
export const removeLeft = (fs: FileSystem.FileSystem, path: string): Effect.Effect<void> =>
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
  }).pipe(Effect.ignore)

const isOld = (fs: FileSystem.FileSystem, path: string) =>
  Effect.gen(function* () {
    const { mtime } = yield* fs.stat(path)
    const now = yield* Clock.currentTimeMillis
    return Option.exists(mtime, (time) => now - time.getTime() > oldAfter)
  })

/** What systems say when a folder that is not empty has the name that another is to get. */
const occupiedCodes = new Set(process.platform === "win32" ? ["EPERM", "EACCES"] : ["ENOTEMPTY", "EEXIST"])

const isOccupied = (error: PlatformError): boolean => {
  if (error._tag !== "SystemError") return false
  // The reasons of `PlatformError` have none for this; its cause is the error of Node.
  const { code = "" } = (error.cause ?? {}) as NodeJS.ErrnoException
  return occupiedCodes.has(code)
}
