/**
 * Where `narrative tail` reads events from when it is lines of JSON: a file, a pipe or standard input.
 */
import { createReadStream } from "node:fs"
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Chunk from "effect/Chunk"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { fromWire, type NarrativeEvent } from "../event/NarrativeEvent.js"
import * as followedFile from "../file/followedFile.js"
import { clip } from "../plain/PlainValue.js"
import * as terminalText from "../plain/terminalText.js"
import { Output } from "./output.js"

/** The file cannot be read, or is none. */
export class UnreadableSource extends Data.TaggedError("UnreadableSource")<{
  readonly path: string
  readonly reason: string
}> {
  override get message(): string {
    return `${this.path} ${this.reason}`
  }
}

/** The events in the file at `path`: lines of JSON, or a history; `-` is standard input. */
export const events = (
  path: string,
  options: followedFile.GrowingFileOptions
): Stream.Stream<NarrativeEvent, UnreadableSource, FileSystem.FileSystem | Output> =>
  path === "-" ? decoded(standardInput) : decoded(fileLines(path, options))

/** Whether it is a database, and not lines of text. */
export const isDatabase = (path: string): Effect.Effect<boolean, UnreadableSource, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { type } = yield* fs.stat(path)
    if (type === "Directory") return yield* new UnreadableSource({ path, reason: "is a folder, not a file" })
    if (type !== "File") return false
    const file = yield* fs.open(path, { flag: "r" })
    const head = Option.getOrElse(yield* file.readAlloc(magic.length), () => new Uint8Array())
    return Buffer.from(head).toString("latin1") === magic
  }).pipe(Effect.scoped, Effect.catchTags({ BadArgument: unreadable(path), SystemError: unreadable(path) }))

/** Each SQLite database begins so: https://www.sqlite.org/fileformat.html#magic_header_string */
const magic = "SQLite format 3\u0000"

/** Only a regular file is followed; a pipe is read to its end. */
const fileLines = (path: string, options: followedFile.GrowingFileOptions) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { type } = yield* fs.stat(path)
      if (type === "File") return Stream.mapError(followedFile.lines(path, options), unreadable(path))
      // `FileSystem` reads at positions, which a pipe has not.
      return linesOf(path, () => createReadStream(path))
    }).pipe(Effect.catchTags({ BadArgument: unreadable(path), SystemError: unreadable(path) }))
  )

const standardInput = linesOf("standard input", () => process.stdin)

function linesOf(path: string, open: () => AsyncIterable<Uint8Array>): Stream.Stream<string, UnreadableSource> {
  const failed = (error: unknown) =>
    new UnreadableSource({
      path,
      reason: `cannot be read: ${error instanceof Error ? error.message : String(error)}`
    })
  return Stream.suspend(() =>
    Stream.fromAsyncIterable(open(), failed).pipe(Stream.decodeText(), Stream.splitLines, withoutMark)
  )
}

/** Editors and shells of Windows put a byte order mark before the first line. */
function withoutMark<E, R>(lines: Stream.Stream<string, E, R>): Stream.Stream<string, E, R> {
  return Stream.mapAccum(lines, true, (isFirst, line) => [false, isFirst ? followedFile.withoutMark(line) : line])
}

function unreadable(path: string) {
  return (error: PlatformError) =>
    new UnreadableSource({
      path,
      reason:
        error._tag === "SystemError" && error.reason === "NotFound"
          ? "does not exist"
          : `cannot be read: ${error.message}`
    })
}

/** What is no event is reported once, when it is first met, and counted at the end. */
function decoded<E, R>(lines: Stream.Stream<string, E, R>): Stream.Stream<NarrativeEvent, E, R | Output> {
  return Stream.unwrap(
    Effect.map(Output, ({ warn }) => {
      let skipped = 0
      const decode = Effect.fnUntraced(function* (chunk: Chunk.Chunk<string>) {
        const events: Array<NarrativeEvent> = []
        for (const line of chunk) {
          const event = fromWire(line)
          if (Either.isRight(event)) events.push(event.right)
          else if (line.trim() !== "") {
            skipped += 1
            if (skipped === 1)
              yield* warn(`skips lines that are no events, such as: ${terminalText.line(clip(line, 60))}`)
          }
        }
        return Chunk.unsafeFromArray(events)
      })
      const counted = Stream.execute(
        Effect.suspend(() => (skipped > 1 ? warn(`skipped ${skipped} lines that are no events`) : Effect.void))
      )
      return Stream.concat(Stream.mapChunksEffect(lines, decode), counted)
    })
  )
}
