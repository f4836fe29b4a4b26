/**
 * The file at a path, held open for appending whole lines, whoever renames, deletes or truncates it meanwhile.
 */
import { statSync } from "node:fs"
import { dirname, resolve } from "node:path"
import type { PlatformError } from "@effect/platform/Error"
import { Size } from "@effect/platform/FileSystem"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { atOnce, type Files, type Info, isNotFound, type OpenFile, optional } from "./fileAccess.js"
import * as folders from "./folders.js"
import { lineCount, lineEnd } from "./lines.js"
import * as pipeFile from "./pipeFile.js"

/** The file at the path now. Its last line, if any, is whole. */
export interface FileState {
  readonly size: number
  /** When it was last written to, in milliseconds since the epoch, if the file system says so. */
  readonly modified: number | undefined
  /** Whether it was opened just now: it is another file than before. */
  readonly isNew: boolean
}

/** Not every line was written, but the first so many were. */
export class BrokenOff extends Data.TaggedError("BrokenOff")<{ readonly written: number; readonly reason: unknown }> {}

/** A write takes so long that the file is given up until it is done. */
export class FileHangs extends Data.TaggedError("FileHangs")<{ readonly path: string }> {
  override get message(): string {
    return `${this.path} takes no more: a write to it has not ended for 5 seconds`
  }
}

export interface AppendedFile {
  /** Opens what is at the path now, with the folders above it, unless that is open already. */
  readonly open: (fs: Files) => Effect.Effect<FileState, PlatformError>
  /**
   * Appends lines to the file that {@link AppendedFile.open} has just found. A write that breaks off leaves whole lines
   * only, and says how many.
   */
  readonly append: (lines: Uint8Array, state: FileState) => Effect.Effect<void, PlatformError | BrokenOff | FileHangs>
  /** Closes the file, which is about to be moved. */
  readonly close: Effect.Effect<void>
  /**
   * When the process ends: what of these lines, of which some may have been appended, is not in the file yet. Waits a
   * little for a write that is under way; `undefined` where it cannot be known, or the file is none of the disk.
   */
  readonly missingAtExit: (lines: Uint8Array) => Uint8Array | undefined
}

interface Options {
  /** Whether a last line that lacks its line break is complete. If not, it is cut off. */
  readonly isWhole: (line: string) => boolean
  /** Others append, too, each while it alone does: what they left is repaired before more is written. */
  readonly shared: boolean
}

interface Opened {
  readonly fs: Files
  readonly file: OpenFile
  readonly info: Info
  readonly scope: Scope.CloseableScope
  /** Where the last write ended, if it ended well: up to there every line is whole. */
  end: number | undefined
}

/** The last write that was begun. */
interface Submitted {
  readonly lines: Uint8Array
  /** How long the file was before. */
  readonly size: number
  isDone: boolean
}

/** How long a write may take before the file is taken for one that hangs. */
const hangsAfter = "5 seconds"

/** @internal */
export const make = (given: string, options: Options): Effect.Effect<AppendedFile, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      // A program may change its working directory.
      Effect.sync(() => new Appender(resolve(given), options)),
      (appender) => appender.close
    ),
    (appender) => appender
  )

/**
 * Appends lines to the file at a path, all of it at once. For a process that ends.
 *
 * @internal
 */
export const appendOnce = (
  path: string,
  isWhole: Options["isWhole"],
  lines: Uint8Array
): Effect.Effect<void, PlatformError | BrokenOff | FileHangs> =>
  Effect.scoped(
    Effect.gen(function* () {
      const file = yield* make(path, { isWhole, shared: true })
      yield* file.append(lines, yield* file.open(atOnce))
    })
  )

class Appender implements AppendedFile {
  #opened: Opened | undefined
  #submitted: Submitted | undefined
  /** A write that took too long, and may still end. */
  #hanging: Fiber.RuntimeFiber<void, PlatformError> | undefined

  constructor(
    readonly path: string,
    readonly options: Options
  ) {}

  get close(): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.#opened === undefined) return Effect.void
      const { scope } = this.#opened
      this.#opened = undefined
      // What cannot be closed is not open any more either.
      return Effect.asVoid(Effect.exit(Scope.close(scope, Exit.void)))
    })
  }

  open(fs: Files): Effect.Effect<FileState, PlatformError> {
    return Effect.gen(this, function* () {
      const { isWhole, shared } = this.options
      const found = yield* optional(fs.stat(this.path))
      const before = this.#opened
      const isSame = before?.fs === fs && found !== undefined && isOne(before.info, found)
      const current = isSame ? before : yield* this.#reopen(fs)
      const info = isSame ? found : current.info
      let size = Number(info.size)
      if (info.type === "File" && (current.end === undefined || (shared && current.end !== size))) {
        size = yield* repair(current.file, size, this.path, isWhole)
        current.end = size
      }
      const modified = Option.getOrUndefined(info.mtime)?.getTime()
      return { size, modified, isNew: !isSame }
    })
  }

  #reopen(fs: Files): Effect.Effect<Opened, PlatformError> {
    return Effect.gen(this, function* () {
      yield* this.close
      const scope = yield* Scope.make()
      const { file, info } = yield* openAt(fs, this.path).pipe(
        Scope.extend(scope),
        Effect.onError(() => Scope.close(scope, Exit.void))
      )
      this.#opened = { fs, file, info, scope, end: undefined }
      return this.#opened
    }).pipe(Effect.uninterruptible)
  }

  append(lines: Uint8Array, { size }: FileState): Effect.Effect<void, PlatformError | BrokenOff | FileHangs> {
    return Effect.suspend(() => {
      const current = this.#opened
      if (current === undefined) return Effect.dieMessage("append without open")
      if (this.#hangs) return new FileHangs({ path: this.path })
      current.end = undefined
      const submitted: Submitted = { lines, size, isDone: false }
      this.#submitted = submitted
      const write = current.file.writeAll(lines).pipe(
        Effect.ensuring(
          Effect.sync(() => {
            submitted.isDone = true
          })
        )
      )
      return (current.fs === atOnce ? write : this.#bounded(write)).pipe(
        Effect.tap(() => {
          current.end = size + lines.length
        }),
        Effect.catchTags({
          BadArgument: (error) => brokenOff(current.file, lines, size, error),
          SystemError: (error) => brokenOff(current.file, lines, size, error)
        })
      )
    })
  }

  get #hangs(): boolean {
    if (this.#hanging?.unsafePoll() === null) return true
    this.#hanging = undefined
    return false
  }

  /** A write that takes too long goes on by itself: what it writes to may take it up again. */
  #bounded(write: Effect.Effect<void, PlatformError>): Effect.Effect<void, PlatformError | FileHangs> {
    return Effect.gen(this, function* () {
      const writing = yield* Effect.forkDaemon(write)
      const exit = yield* Effect.timeoutOption(Fiber.await(writing), hangsAfter)
      if (Option.isSome(exit)) return yield* exit.value
      this.#hanging = writing
      return yield* new FileHangs({ path: this.path })
    })
  }

  missingAtExit(lines: Uint8Array): Uint8Array | undefined {
    const info = this.#opened?.info
    const found = statSync(this.path, { throwIfNoEntry: false })
    // Whatever is not on the disk by that name, a test's own file system for one, is not written to behind its back.
    const isOurs = info?.type === "File" && found?.dev === info.dev && found.ino === Option.getOrUndefined(info.ino)
    if (!isOurs || this.#hangs) return undefined
    const last = this.#submitted
    if (last?.lines.buffer !== lines.buffer) return lines
    if (!last.isDone && !grownAtExit(this.path, last.size + last.lines.length)) return undefined
    return lines.subarray(last.lines.byteOffset + last.lines.length - lines.byteOffset)
  }
}

/** How long a process that ends waits for a write that a thread of it has begun, in milliseconds. */
const exitPatience = 500
const exitPause = 5

/** Whether the file has so many bytes before long. */
const grownAtExit = (path: string, size: number): boolean => {
  const pause = new Int32Array(new SharedArrayBuffer(4))
  for (let waited = 0; waited < exitPatience; waited += exitPause) {
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) >= size) return true
    Atomics.wait(pause, 0, 0, exitPause)
  }
  return false
}

const openAt = (
  fs: Files,
  path: string
): Effect.Effect<{ readonly file: OpenFile; readonly info: Info }, PlatformError, Scope.Scope> =>
  Effect.gen(function* () {
    const open = fs.open(path, { flag: "a+" })
    const file = yield* Effect.catchIf(open, isNotFound, () => Effect.zipRight(folders.make(fs, dirname(path)), open))
    const info = yield* file.stat
    return { file: info.type === "FIFO" ? yield* pipeFile.open(path) : file, info }
  })

const isOne = (one: Info, other: Info): boolean =>
  one.dev === other.dev && Option.getOrUndefined(one.ino) === Option.getOrUndefined(other.ino)

/** How many lines a write that failed has left, which are whole. */
const brokenOff = (file: OpenFile, lines: Uint8Array, before: number, error: PlatformError) =>
  Effect.flatMap(keepWhole(file, lines, before), (kept) =>
    Effect.fail(kept === 0 ? error : new BrokenOff({ written: kept, reason: error }))
  )

/** Cuts off what a broken write left of a line, and counts the lines that it wrote whole. */
const keepWhole = (file: OpenFile, lines: Uint8Array, before: number): Effect.Effect<number> =>
  Effect.gen(function* () {
    const { size, type } = yield* file.stat
    const written = Math.min(Number(size) - before, lines.length)
    // Another process made it shorter: which lines it has cannot be known.
    if (type !== "File" || written <= 0) return 0
    const whole = lines.subarray(0, written).lastIndexOf(lineEnd) + 1
    if (whole < written) yield* file.truncate(Size(before + whole))
    return lineCount(lines.subarray(0, whole))
  }).pipe(Effect.orElseSucceed(() => 0))

/** Gives the last line its line break, or cuts it off: what follows must never be glued to it. The size it has then. */
const repair = (
  file: OpenFile,
  size: number,
  path: string,
  isWhole: (line: string) => boolean
): Effect.Effect<number, PlatformError> =>
  Effect.gen(function* () {
    const tail = yield* readTail(file, size)
    if (tail.length === 0) return size
    if (tail.length > maxTail || isWhole(new TextDecoder().decode(tail))) {
      yield* file.writeAll(Uint8Array.of(lineEnd))
      yield* Effect.logWarning(`The last line of ${path} had no line break; it was given one`)
      return size + 1
    }
    yield* file.truncate(Size(size - tail.length))
    yield* Effect.logWarning(`The last line of ${path} was torn; its ${tail.length} bytes were cut off`)
    return size - tail.length
  })

const blockSize = 65_536
/** Longest last line looked at, in bytes. What is longer was not written by us, and is left as it is. */
const maxTail = 16 * 1024 * 1024

/** What comes after the last line break, read backwards. */
const readTail = (file: OpenFile, size: number): Effect.Effect<Uint8Array, PlatformError> =>
  Effect.gen(function* () {
    const blocks: Array<Uint8Array> = []
    let end = size
    // A whole last line is the rule, and is seen by one byte.
    let length = 1
    while (end > 0 && size - end <= maxTail) {
      const start = Math.max(0, end - length)
      yield* file.seek(start, "start")
      const block = yield* file.readAlloc(end - start)
      // Another process shortened it meanwhile: nothing is known about its end.
      if (Option.isNone(block)) return new Uint8Array()
      const lastEnd = block.value.lastIndexOf(lineEnd)
      blocks.unshift(block.value.subarray(lastEnd + 1))
      if (lastEnd >= 0) break
      end = start
      length = blockSize
    }
    return Buffer.concat(blocks)
  })
