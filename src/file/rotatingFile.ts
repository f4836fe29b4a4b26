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
import { logWarning } from "../runtime/logWarning.js"
import { withoutNarration } from "../runtime/muting.js"
import * as appendedFile from "./appendedFile.js"
import * as backups from "./backups.js"
import type { Files } from "./fileAccess.js"
import * as fileLock from "./fileLock.js"
import { lineCount, lineEnd } from "./lines.js"

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

type AppendFault = PlatformError | fileLock.LockHeld | LineTooLong | appendedFile.BrokenOff | appendedFile.FileHangs

export interface RotatingFile {
  /** Appends whole lines, across as many files as it takes. An error says how many of them are written. */
  readonly append: (lines: Uint8Array) => Effect.Effect<void, AppendFault>
  /**
   * When the process ends: appends at once what of `begun` is not in a file yet, and `waiting`. `begun` are the lines of the
   * last `append`, if that has not ended.
   */
  readonly appendAtExit: (begun: Uint8Array, waiting: Uint8Array) => Effect.Effect<void, AppendFault>
}

/** @internal */
export const make = (
  given: string,
  rotation: Rotation,
  isWhole: (line: string) => boolean
): Effect.Effect<RotatingFile, PlatformError, FileSystem.FileSystem | Scope.Scope> =>
  Effect.gen(function* () {
    // A program may change its working directory.
    const path = yield* fileAt(resolve(given))
    if (path === undefined) return yield* unrotated(given, isWhole)
    const lock = yield* fileLock.make(path, rotation.lockTimeout)
    const file = yield* appendedFile.make(path, { isWhole, shared: true })
    const compress = rotation.gzip && rotation.backupCount > 0 ? yield* compressing(path, rotation, lock) : Effect.void
    const rotated = new Rotated(path, rotation, file, compress)
    yield* lock
      .hold((fs) => file.open(fs))
      .pipe(Effect.catchTag("LockHeld", (held) => logWarning(`${held.message}; it will be tried again`)))
    yield* compress
    return {
      append: (lines) => lock.hold((fs) => rotated.append(lines, fs)),
      appendAtExit: (begun, waiting) =>
        Effect.suspend(() => {
          const missing = file.missingAtExit(begun)
          return missing === undefined
            ? Effect.void
            : lock.holdAtExit((fs) => appendOnce(path, rotation, isWhole, Buffer.concat([missing, waiting]), fs))
        })
    }
  })

const appendOnce = (
  path: string,
  rotation: Rotation,
  isWhole: (line: string) => boolean,
  lines: Uint8Array,
  fs: Files
) =>
  Effect.scoped(
    Effect.flatMap(appendedFile.make(path, { isWhole, shared: true }), (file) =>
      // The next start compresses.
      new Rotated(path, rotation, file, Effect.void).append(lines, fs)
    )
  )

/** Lines that are still to be appended. */
interface Appending {
  readonly lines: Uint8Array
  rest: Uint8Array
  leftOut: number
  tooLong: LineTooLong | undefined
}

/** The file and its backups, for whoever holds the lock. */
class Rotated {
  /** The day of our last write: the file system's time need not be the program's. */
  #lastDay = Number.NEGATIVE_INFINITY

  constructor(
    readonly path: string,
    readonly rotation: Rotation,
    readonly file: appendedFile.AppendedFile,
    readonly compress: Effect.Effect<void>
  ) {}

  append(lines: Uint8Array, fs: Files): Effect.Effect<void, AppendFault> {
    const appending: Appending = { lines, rest: lines, leftOut: 0, tooLong: undefined }
    return Effect.whileLoop({
      while: () => appending.rest.length > 0,
      body: () => this.#step(appending, fs),
      step: () => {}
    }).pipe(
      Effect.zipRight(Effect.suspend(() => appending.tooLong ?? Effect.void)),
      Effect.mapError((error) => partly(appending, error))
    )
  }

  /** Appends as many lines as the file has room for, or makes room. */
  #step(appending: Appending, fs: Files): Effect.Effect<void, AppendFault> {
    return Effect.gen(this, function* () {
      const { daily, maxBytes } = this.rotation
      const state = yield* this.file.open(fs)
      const first = appending.rest.indexOf(lineEnd) + 1
      if (first > maxBytes) {
        appending.leftOut += 1
        appending.tooLong ??= new LineTooLong({ path: this.path, bytes: first, maxBytes })
        appending.rest = appending.rest.subarray(first)
        return
      }
      const today = dayOf(yield* Clock.currentTimeMillis)
      const room = maxBytes - state.size
      if (first > room || (daily && this.#isOfEarlierDay(state, today))) return yield* this.#rotate(fs)
      const { rest } = appending
      const end = rest.length <= room ? rest.length : rest.lastIndexOf(lineEnd, room - 1) + 1
      yield* this.file.append(rest.subarray(0, end), state)
      this.#lastDay = today
      appending.rest = rest.subarray(end)
    })
  }

  #isOfEarlierDay({ isNew, modified, size }: appendedFile.FileState, today: number): boolean {
    if (isNew) this.#lastDay = Number.NEGATIVE_INFINITY
    return size > 0 && Math.max(this.#lastDay, dayOf(modified)) < today
  }

  #rotate(fs: Files): Effect.Effect<void, PlatformError> {
    return this.file.close.pipe(
      Effect.zipRight(backups.shift(fs, this.path, this.rotation.backupCount)),
      Effect.zipRight(this.compress)
    )
  }
}

/** An error, with how many of the lines are written all the same. */
const partly = ({ leftOut, lines, rest }: Appending, error: AppendFault): AppendFault => {
  const before = lineCount(lines.subarray(0, lines.length - rest.length)) - leftOut
  const [kept, reason] = error instanceof appendedFile.BrokenOff ? [error.written, error.reason] : [0, error]
  return new appendedFile.BrokenOff({ written: before + kept, reason })
}

/** What is no file (`/dev/stdout`, a pipe) is written to as it is: it is not moved, and has no room beside it. */
const unrotated = (
  path: string,
  isWhole: (line: string) => boolean
): Effect.Effect<RotatingFile, PlatformError, FileSystem.FileSystem | Scope.Scope> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const file = yield* appendedFile.make(path, { isWhole, shared: true })
    yield* file.open(fs)
    const append = (lines: Uint8Array) => Effect.flatMap(file.open(fs), (state) => file.append(lines, state))
    // What waits for a pipe, for which a process that ends would wait in vain, is lost with it.
    return { append, appendAtExit: () => Effect.void }
  })

/**
 * Where the file is that a path leads to by links; `undefined` where that is no file. The links stay as they are: it is the
 * file that is moved, and whoever writes to it by whatever name has the same lock.
 */
const fileAt = (path: string): Effect.Effect<string | undefined, never, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    // Before its links are read: those of /proc lead to what only looks like a path, such as `pipe:[4711]`.
    const found = yield* Effect.option(fs.stat(path))
    if (Option.isSome(found) && found.value.type !== "File") return undefined
    const target = (at: string) =>
      Effect.zipWith(fs.realPath(dirname(at)), fs.readLink(at), (folder, link) => resolve(folder, link))
    let end = path
    for (let links = 0; links < maxLinks; links++) {
      const next = yield* Effect.option(target(end))
      if (Option.isNone(next)) break
      end = next.value
    }
    return end
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
          Effect.catchAll((error) => logWarning("A backup is left uncompressed for now", error)),
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
