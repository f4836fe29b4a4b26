/**
 * The file at a path, held open for appending whole lines, whoever renames, deletes or truncates it meanwhile.
 */

import { dirname } from "node:path"
import type { PlatformError } from "@effect/platform/Error"
import { Size } from "@effect/platform/FileSystem"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { type Files, type Info, isNotFound, type OpenFile, optional } from "./fileAccess.js"

/** The file as it stands at the path now. Its last line, if any, is whole. */
export interface Standing {
  readonly size: number
  /** When it was last written to, in milliseconds since the epoch, if the file system tells. */
  readonly modified: number | undefined
  /** Whether it was opened just now: it is another file than before. */
  readonly isNew: boolean
}

/** Not every line was written, but the first so many were. */
export class BrokenOff extends Data.TaggedError("BrokenOff")<{ readonly written: number; readonly reason: unknown }> {}

export interface AppendedFile {
  /** Opens what stands at the path now, with the folders above it, unless that is what is open already. */
  readonly stand: (fs: Files) => Effect.Effect<Standing, PlatformError>
  /**
   * Appends lines to the file that {@link AppendedFile.stand} has just found. A write that breaks off leaves whole
   * lines only, and tells how many.
   */
  readonly append: (lines: Uint8Array, standing: Standing) => Effect.Effect<void, PlatformError | BrokenOff>
  /** Lets go of the file, which is about to be moved. */
  readonly close: Effect.Effect<void>
}

interface Options {
  /** Tells whether a last line that lacks its line break is complete. If not, it is cut off. */
  readonly isWhole: (line: string) => boolean
  /** Others append, too, each while it alone does: what they left is looked at before more is written. */
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

/** @internal */
export const make = (path: string, { isWhole, shared }: Options): Effect.Effect<AppendedFile, never, Scope.Scope> =>
  Effect.gen(function* () {
    let opened: Opened | undefined

    const close = Effect.suspend(() => {
      if (opened === undefined) return Effect.void
      const { scope } = opened
      opened = undefined
      // What cannot be closed is not open any more either.
      return Effect.asVoid(Effect.exit(Scope.close(scope, Exit.void)))
    })
    yield* Effect.addFinalizer(() => close)

    const open = (fs: Files) =>
      Effect.gen(function* () {
        yield* close
        const scope = yield* Scope.make()
        const file = yield* fs.open(path, { flag: "a+" }).pipe(
          Effect.catchIf(isNotFound, () =>
            Effect.zipRight(fs.makeDirectory(dirname(path), { recursive: true }), fs.open(path, { flag: "a+" }))
          ),
          Scope.extend(scope),
          Effect.onError(() => Scope.close(scope, Exit.void))
        )
        const info = yield* Effect.onError(file.stat, () => Scope.close(scope, Exit.void))
        opened = { fs, file, info, scope, end: undefined }
        return opened
      }).pipe(Effect.uninterruptible)

    const stand = (fs: Files) =>
      Effect.gen(function* () {
        const found = yield* optional(fs.stat(path))
        const before = opened
        const isSame = before?.fs === fs && found !== undefined && isOne(before.info, found)
        const current = isSame ? before : yield* open(fs)
        const info = isSame ? found : current.info
        let size = Number(info.size)
        if (info.type === "File" && (current.end === undefined || (shared && current.end !== size))) {
          size = yield* mend(current.file, size, path, isWhole)
          current.end = size
        }
        const modified = Option.getOrUndefined(info.mtime)?.getTime()
        return { size, modified, isNew: !isSame }
      })

    const append = (lines: Uint8Array, { size }: Standing) =>
      Effect.suspend(() => {
        const current = opened
        if (current === undefined) return Effect.dieMessage("append without stand")
        current.end = undefined
        return current.file.writeAll(lines).pipe(
          Effect.tap(() => {
            current.end = size + lines.length
          }),
          Effect.catchAll((error) =>
            Effect.flatMap(keepWhole(current.file, lines, size), (kept) => Effect.fail(brokenOff(kept, error)))
          )
        )
      })

    return { stand, append, close }
  })

const isOne = (one: Info, other: Info): boolean =>
  one.dev === other.dev && Option.getOrUndefined(one.ino) === Option.getOrUndefined(other.ino)

const brokenOff = (kept: number, error: PlatformError): PlatformError | BrokenOff =>
  kept === 0 ? error : new BrokenOff({ written: kept, reason: error })

/** Cuts off what a broken write left of a line, and counts the lines that it wrote whole. */
const keepWhole = (file: OpenFile, lines: Uint8Array, before: number): Effect.Effect<number> =>
  Effect.gen(function* () {
    const { size, type } = yield* file.stat
    const written = Math.min(Number(size) - before, lines.length)
    // Somebody else made it shorter: which lines are there is anybody's guess.
    if (type !== "File" || written <= 0) return 0
    const whole = lines.subarray(0, written).lastIndexOf(lineEnd) + 1
    if (whole < written) yield* file.truncate(Size(before + whole))
    return lineCount(lines.subarray(0, whole))
  }).pipe(Effect.orElseSucceed(() => 0))

export const lineEnd = 10

export const lineCount = (lines: Uint8Array): number => {
  let count = 0
  for (let at = lines.indexOf(lineEnd); at >= 0; at = lines.indexOf(lineEnd, at + 1)) count += 1
  return count
}

/** Gives the last line its line break, or cuts it off: what follows must never be glued to it. The size it has then. */
const mend = (
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

/** What stands after the last line break, read backwards. */
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
      // Shortened by somebody else meanwhile: nothing is known about its end.
      if (Option.isNone(block)) return new Uint8Array()
      const lastEnd = block.value.lastIndexOf(lineEnd)
      blocks.unshift(block.value.subarray(lastEnd + 1))
      if (lastEnd >= 0) break
      end = start
      length = blockSize
    }
    return Buffer.concat(blocks)
  })
