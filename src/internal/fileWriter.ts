/**
 * Appending whole lines to a file that may have been left, or may yet be left, with a torn last line.
 */

import { dirname } from "node:path"
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"

export interface FileWriter {
  /** Appends a text that ends in a line break, in one write. A short write is completed. */
  readonly append: (lines: string) => Effect.Effect<void, PlatformError>
}

/**
 * Opens a file for appending, with the folders above it. A last line without its line break is given one if `isWhole`
 * holds for it, and cut off if not: what follows must never be glued to it.
 *
 * @internal
 */
export const make = (
  path: string,
  isWhole: (line: string) => boolean
): Effect.Effect<FileWriter, PlatformError, FileSystem.FileSystem | Scope.Scope> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    yield* fs.makeDirectory(dirname(path), { recursive: true })
    const file = yield* fs.open(path, { flag: "a+" })
    const encoder = new TextEncoder()
    yield* mend(file, path, isWhole)
    let torn = false
    const append = (lines: string) =>
      Effect.gen(function* () {
        // The last write failed or was interrupted, perhaps in the middle of a line.
        if (torn) yield* mend(file, path, isWhole)
        torn = true
        yield* file.writeAll(encoder.encode(lines))
        torn = false
      })
    return { append }
  })

const mend = (
  file: FileSystem.File,
  path: string,
  isWhole: (line: string) => boolean
): Effect.Effect<void, PlatformError> =>
  Effect.gen(function* () {
    const { size, type } = yield* file.stat
    if (type !== "File") return
    const tail = yield* readTail(file, Number(size))
    if (tail.length === 0) return
    if (tail.length > maxTail || isWhole(new TextDecoder().decode(tail))) {
      yield* file.writeAll(lineBreak)
      yield* Effect.logWarning(`The last line of ${path} had no line break; it was given one`)
    } else {
      yield* file.truncate(FileSystem.Size(Number(size) - tail.length))
      yield* Effect.logWarning(`The last line of ${path} was torn; its ${tail.length} bytes were cut off`)
    }
  })

const lineBreak = Uint8Array.of(10)
const blockSize = 65_536
/** Longest last line looked at, in bytes. What is longer was not written by us, and is left as it is. */
const maxTail = 16 * 1024 * 1024

/** What stands after the last line break, read backwards. */
const readTail = (file: FileSystem.File, size: number): Effect.Effect<Uint8Array, PlatformError> =>
  Effect.gen(function* () {
    const blocks: Array<Uint8Array> = []
    let end = size
    while (end > 0 && size - end <= maxTail) {
      const start = Math.max(0, end - blockSize)
      yield* file.seek(start, "start")
      const block = yield* file.readAlloc(end - start)
      // Shortened by somebody else meanwhile: nothing is known about its end.
      if (Option.isNone(block)) return new Uint8Array()
      const lineEnd = block.value.lastIndexOf(10)
      blocks.unshift(block.value.subarray(lineEnd + 1))
      if (lineEnd >= 0) break
      end = start
    }
    return Buffer.concat(blocks)
  })
