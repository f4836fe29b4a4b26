/**
 * A file of lines that never grows beyond a size: when it is full, or a day is over, it becomes the newest of its
 * backups. Any number of processes may append to it.
 */
import { dirname, resolve } from "node:path"
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import { withoutNarration } from "../runtime/muting.js"
import * as appendedFile from "./appendedFile.js"
import * as backups from "./backups.js"
import type { Files } from "./fileAccess.js"
import * as fileLock from "./fileLock.js"

export interface Rotation {
  readonly maxBytes: number
  readonly backupCount: number
  readonly daily: boolean
  readonly gzip: boolean
  readonly lockTimeout: Duration.Duration
  /** How long the closing scope waits for backups to be compressed. */
  readonly shutdownTimeout: Duration.Duration
}

/** A line that does not fit even an empty file. */
export class LineTooLong extends Data.TaggedError("LineTooLong")<{
  readonly path: string
  readonly bytes: number
  readonly maxBytes: number
}> {
  override get message(): string {
    return `A line of ${this.bytes} bytes was left out: ${this.path} takes no more than ${this.maxBytes} (maxBytes)`
  }
}

type AppendFault = PlatformError | fileLock.LockHeld | LineTooLong | appendedFile.BrokenOff

export interface RotatingFile {
  /** Appends whole lines, across as many files as it takes. An error tells how many of them are written. */
  readonly append: (lines: Uint8Array) => Effect.Effect<void, AppendFault>
}

/** @internal */
export const make = (
  given: string,
  rotation: Rotation,
  isWhole: (line: string) => boolean
): Effect.Effect<RotatingFile, PlatformError, FileSystem.FileSystem | Scope.Scope> =>
  Effect.gen(function* () {
    const path = yield* fileAt(given)
    const { backupCount, daily, gzip, lockTimeout, maxBytes } = rotation
    const lock = yield* fileLock.make(path, lockTimeout)
    const file = yield* appendedFile.make(path, { isWhole, shared: true })
    const compress = gzip && backupCount > 0 ? yield* compressing(path, rotation, lock) : Effect.void
    /** The day of our last write: the file system's time need not be the program's. */
    let lastDay = Number.NEGATIVE_INFINITY

    const isOfEarlierDay = ({ isNew, modified, size }: appendedFile.Standing, today: number): boolean => {
      if (isNew) lastDay = Number.NEGATIVE_INFINITY
      return size > 0 && Math.max(lastDay, dayOf(modified)) < today
    }

    const rotate = (fs: Files) =>
      file.close.pipe(Effect.zipRight(backups.shift(fs, path, backupCount)), Effect.zipRight(compress))

    const append = (lines: Uint8Array) => (fs: Files) => {
      let rest = lines
      let leftOut = 0
      let tooLong: LineTooLong | undefined

      const step = Effect.gen(function* () {
        const standing = yield* file.stand(fs)
        const first = rest.indexOf(appendedFile.lineEnd) + 1
        if (first > maxBytes) {
          leftOut += 1
          tooLong ??= new LineTooLong({ path, bytes: first, maxBytes })
          rest = rest.subarray(first)
          return
        }
        const today = dayOf(yield* Clock.currentTimeMillis)
        const room = maxBytes - standing.size
        if (first > room || (daily && isOfEarlierDay(standing, today))) {
          yield* rotate(fs)
          return
        }
        const end = rest.length <= room ? rest.length : rest.lastIndexOf(appendedFile.lineEnd, room - 1) + 1
        yield* file.append(rest.subarray(0, end), standing)
        lastDay = today
        rest = rest.subarray(end)
      })

      const partly = (error: AppendFault): AppendFault => {
        const before = appendedFile.lineCount(lines.subarray(0, lines.length - rest.length)) - leftOut
        const [kept, reason] = error instanceof appendedFile.BrokenOff ? [error.written, error.reason] : [0, error]
        return new appendedFile.BrokenOff({ written: before + kept, reason })
      }

      return Effect.whileLoop({ while: () => rest.length > 0, body: () => step, step: () => {} }).pipe(
        Effect.zipRight(Effect.suspend(() => tooLong ?? Effect.void)),
        Effect.mapError(partly)
      )
    }

    yield* lock
      .hold(file.stand)
      .pipe(Effect.catchTag("LockHeld", (held) => Effect.logWarning(`${held.message}; it will be tried again`)))
    yield* compress

    return { append: (lines) => lock.hold(append(lines)) }
  })

/**
 * Where the file is that a path leads to by links. They stay as they are: it is the file that is moved, and whoever
 * writes to it by whatever name has the same lock.
 */
const fileAt = (path: string): Effect.Effect<string, never, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const target = (at: string) =>
      Effect.zipWith(fs.realPath(dirname(at)), fs.readLink(at), (folder, link) => resolve(folder, link))
    let end = path
    for (let links = 0; links < maxLinks; links++) {
      const next = yield* Effect.option(target(end))
      if (Option.isNone(next)) break
      end = next.value
    }
    const found = yield* Effect.option(fs.stat(end))
    // A device is not moved, and has no room beside it.
    return Option.isSome(found) && found.value.type !== "File" ? path : end
  })

/** Longest chain of links followed. */
const maxLinks = 16

/** A fiber that compresses backups whenever it is asked to, by the effect returned. */
const compressing = (path: string, { backupCount, shutdownTimeout }: Rotation, lock: fileLock.FileLock) =>
  Effect.gen(function* () {
    // One process at a time; every other waits to see whether there is something left to do.
    const turn = yield* fileLock.make(`${path}.gz`, Duration.infinity)
    const wishes = yield* Queue.sliding<void>(1)
    let wished = 0
    let done = 0
    const wish = Effect.suspend(() => {
      wished += 1
      return Effect.asVoid(Queue.offer(wishes, undefined))
    })
    const compress = Effect.suspend(() => {
      const upTo = wished
      return turn
        .hold(() => Effect.interruptible(backups.compress(path, backupCount, lock)))
        .pipe(
          Effect.catchAll((error) => Effect.logWarning("A backup is left uncompressed for now", error)),
          Effect.tap(() => {
            done = upTo
          })
        )
    }).pipe(withoutNarration)
    yield* Effect.forkScoped(Effect.forever(Effect.zipRight(Queue.take(wishes), compress)))
    // What is not compressed by then, the next start compresses. A daemon, since the closing fiber may be interrupted.
    yield* Effect.addFinalizer(() =>
      Effect.suspend(() =>
        wished > done
          ? Effect.timeoutOption(compress, shutdownTimeout).pipe(
              Effect.interruptible,
              Effect.forkDaemon,
              Effect.flatMap(Fiber.await)
            )
          : Effect.void
      )
    )
    return wish
  })

/** A day by UTC, counted from the epoch. */
const dayOf = (millis: number | undefined): number => (millis === undefined ? -1 : Math.floor(millis / 86_400_000))
