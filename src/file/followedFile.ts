/**
 * The lines of a file that another process is still writing: its last ones, and those that are added, also when the file is
 * rotated away or emptied meanwhile.
 */
import { StringDecoder } from "node:string_decoder"
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

export interface GrowingFileOptions {
  /** How many of the lines that are there already to begin with. */
  readonly last: number
  /** Whether to wait for more. Without it the stream ends with the file, a torn last line included. */
  readonly follow: boolean
}

const blockSize = 64 * 1024
const pollInterval = "100 millis"
/** A line longer than this is no event; what is kept of it says so. In UTF-16 code units. */
const maxLine = 16 * 1024 * 1024

/** A line that is not finished yet stays back until it is, or until the file is rotated away under it. */
export const lines = (
  path: string,
  options: GrowingFileOptions
): Stream.Stream<string, PlatformError, FileSystem.FileSystem> =>
  Stream.unwrapScoped(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const scope = yield* Effect.scope
      let current = yield* open(fs, path, scope)
      yield* startAtLast(current, options.last)
      let isReplaced = false

      const next: Effect.Effect<Chunk.Chunk<string>, Option.Option<PlatformError>> = Effect.gen(function* () {
        const read = yield* readBlock(current)
        if (read !== undefined) return Chunk.unsafeFromArray(read)
        if (isReplaced) {
          const successor = yield* Effect.option(open(fs, path, scope))
          // Between its old and its new file a rotating writer has none.
          if (Option.isNone(successor)) return yield* paused
          const rest = current.splitter.end()
          yield* Scope.close(current.scope, Exit.void)
          current = successor.value
          isReplaced = false
          return Chunk.unsafeFromArray(rest)
        }
        if (!options.follow) {
          const rest = current.splitter.end()
          return rest.length === 0 ? yield* Effect.fail(Option.none()) : Chunk.unsafeFromArray(rest)
        }
        const { size } = yield* current.file.stat
        if (Number(size) < current.offset) {
          yield* seek(current, 0)
          return Chunk.empty()
        }
        const there = yield* Effect.option(fs.stat(path))
        isReplaced = Option.isSome(there) && identityOf(there.value) !== current.identity
        // What was written until then is read before the file is left.
        return isReplaced ? Chunk.empty() : yield* paused
      }).pipe(Effect.mapError((error) => (Option.isOption(error) ? error : Option.some(error))))

      return Stream.repeatEffectChunkOption(next)
    })
  )

const paused = Effect.as(Effect.sleep(pollInterval), Chunk.empty<string>())

interface OpenFile {
  readonly file: FileSystem.File
  readonly scope: Scope.CloseableScope
  readonly identity: string
  splitter: LineSplitter
  offset: number
}

const identityOf = ({ dev, ino }: FileSystem.File.Info): string => `${dev}:${Option.getOrElse(ino, () => 0)}`

const open = Effect.fnUntraced(function* (fs: FileSystem.FileSystem, path: string, parent: Scope.Scope) {
  const scope = yield* Scope.fork(parent, parent.strategy)
  const file = yield* fs.open(path, { flag: "r" }).pipe(Scope.extend(scope))
  const identity = identityOf(yield* file.stat)
  const opened: OpenFile = { file, scope, identity, splitter: new LineSplitter(0), offset: 0 }
  return opened
})

const seek = (self: OpenFile, offset: number) => {
  self.offset = offset
  self.splitter = new LineSplitter(offset)
  return self.file.seek(offset, "start")
}

/** The lines that the next block finishes; `undefined` at the end of the file. */
const readBlock = (self: OpenFile) =>
  Effect.map(self.file.readAlloc(blockSize), (block) => {
    if (Option.isNone(block)) return undefined
    self.offset += block.value.length
    return self.splitter.push(block.value)
  })

/** Goes back from the end, block by block, until that many finished lines lie ahead. */
const startAtLast = Effect.fnUntraced(function* (self: OpenFile, last: number) {
  const size = Number((yield* self.file.stat).size)
  let missing = last + 1
  let end = size
  while (end > 0) {
    const start = Math.max(0, end - blockSize)
    yield* self.file.seek(start, "start")
    const block = Option.getOrElse(yield* self.file.readAlloc(end - start), () => new Uint8Array())
    for (let i = block.length - 1; i >= 0; i--) {
      if (block[i] !== newline) continue
      missing -= 1
      if (missing === 0) return yield* seek(self, start + i + 1)
    }
    end = start
  }
  return yield* seek(self, 0)
})

const newline = 0x0a

/** A text without the byte order mark that it may begin with: that is no part of it. */
export const withoutMark = (text: string): string => (text.startsWith("\ufeff") ? text.slice(1) : text)

/** Bytes in, finished lines out; characters may lie across two blocks. */
class LineSplitter {
  readonly #decoder = new StringDecoder("utf8")
  #begun = ""
  #atStart: boolean

  constructor(offset: number) {
    this.#atStart = offset === 0
  }

  push(block: Uint8Array): Array<string> {
    const text = this.#begun + this.#decoder.write(block)
    const lines = (this.#atStart && text !== "" ? withoutMark(text) : text).split("\n")
    if (text !== "") this.#atStart = false
    this.#begun = (lines.pop() ?? "").slice(0, maxLine)
    return lines
  }

  /** What is left without a line break. */
  end(): Array<string> {
    const rest = this.#begun + this.#decoder.end()
    this.#begun = ""
    return rest === "" ? [] : [rest]
  }
}
