/**
 * Renderers that write events as lines of text: to a stream, to a file.
 */
import { resolve } from "node:path"
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"
import type * as Scope from "effect/Scope"
import type { NarrativeEvent } from "../event/NarrativeEvent.js"
import * as appendedFile from "../file/appendedFile.js"
import * as streamWriter from "../file/streamWriter.js"
import * as boundedBuffer from "./boundedBuffer.js"
import { make, type Renderer } from "./rendererModel.js"

/**
 * A renderer that writes each event to a stream as a line of text, in the emitting fiber. `format` returns the line
 * without its line break.
 *
 * @since 0.1.0
 * @category constructors
 */
export const toStream = (
  name: string,
  format: (event: NarrativeEvent) => string,
  stream: NodeJS.WritableStream
): Renderer => {
  const writer = streamWriter.make(stream)
  return make(name, (event) => writer.write(`${format(event)}\n`))
}

/**
 * @since 0.1.0
 * @category models
 */
export interface ToFileOptions {
  /** How long events may be gathered before they are written (default: no longer than the write before takes). */
  readonly flushInterval?: Duration.DurationInput | undefined
  /** Most events waiting (default 8,192); beyond it, emitting fibers wait. */
  readonly capacity?: number | undefined
  /** How long the closing scope waits for the last events to be written (default 5 seconds). */
  readonly shutdownTimeout?: Duration.DurationInput | undefined
  /**
   * Whether a last line found without its line break is complete. If not, it is cut off. By default every line is kept.
   */
  readonly isWhole?: ((line: string) => boolean) | undefined
}

/**
 * A renderer that appends each event to a file as a line of text, through a bounded buffer. Whatever is written at once is
 * whole lines. `format` returns the line without its line break; should it throw, the events written together with
 * that one count as failed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const toFile = (
  name: string,
  given: string,
  format: (event: NarrativeEvent) => string,
  options: ToFileOptions = {}
): Effect.Effect<Renderer, PlatformError, FileSystem.FileSystem | Scope.Scope> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    // A program may change its working directory.
    const path = resolve(given)
    const isWhole = options.isWhole ?? constTrue
    const file = yield* appendedFile.make(path, { isWhole, shared: false })
    // A path that cannot be written to fails before anything runs.
    yield* file.open(fs)
    return yield* toLines(name, format, options, {
      append: (lines) => Effect.flatMap(file.open(fs), (state) => file.append(lines, state)),
      appendAtExit: (begun, waiting) =>
        Effect.suspend(() => {
          const missing = file.missingAtExit(begun)
          return missing === undefined
            ? Effect.void
            : appendedFile.appendOnce(path, isWhole, Buffer.concat([missing, waiting]))
        })
    })
  })

/** Where lines of text go. */
interface LineFile<E> {
  readonly append: (lines: Uint8Array) => Effect.Effect<void, E | appendedFile.BrokenOff>
  /** All of it at once, when the process ends: what of `begun` is not appended yet, and `waiting`. */
  readonly appendAtExit: (begun: Uint8Array, waiting: Uint8Array) => Effect.Effect<void, unknown>
}

/**
 * A renderer that hands lines of text to a file, through a bounded buffer.
 *
 * @internal
 */
export const toLines = <E>(
  name: string,
  format: (event: NarrativeEvent) => string,
  options: Omit<ToFileOptions, "isWhole">,
  file: LineFile<E>
): Effect.Effect<Renderer, never, Scope.Scope> => {
  const capacity = options.capacity ?? 8_192
  const encoder = new TextEncoder()
  const linesOf = (texts: ReadonlyArray<string>) => encoder.encode(texts.map((text) => `${text}\n`).join(""))
  /** The last batch, as the bytes that were handed over. */
  let begunLines = new Uint8Array()
  return boundedBuffer.make({
    name,
    capacity,
    strategy: "suspend",
    shutdownTimeout: options.shutdownTimeout,
    size: Math.min(capacity, 1_024),
    within: options.flushInterval ?? 0,
    handle: (events) =>
      Effect.suspend(() => {
        const texts = events.map(format)
        begunLines = linesOf(texts)
        return Effect.catchIf(
          file.append(begunLines),
          (error) => error instanceof appendedFile.BrokenOff,
          ({ reason, written }) =>
            Effect.succeed(new boundedBuffer.Refused(events.length - textsWithin(texts, written), Cause.fail(reason)))
        )
      }),
    atExit: (begun, waiting) => {
      const lines = begun.length === 0 ? new Uint8Array() : begunLines
      Effect.runSyncExit(file.appendAtExit(lines, linesOf(waiting.map(format))))
    }
  })
}

/** How many of the texts, from the first on, are within so many lines. An event written as several lines is written as a whole or lost. */
const textsWithin = (texts: ReadonlyArray<string>, lines: number): number => {
  let left = lines
  const broken = texts.findIndex((text) => {
    left -= text.split("\n").length
    return left < 0
  })
  return broken < 0 ? texts.length : broken
}
