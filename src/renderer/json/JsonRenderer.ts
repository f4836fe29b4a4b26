/**
 * One line of JSON an event, for log pipelines and for reading back with `NarrativeEvent.fromWire`.
 *
 * @since 0.1.0
 */
import type { PlatformError } from "@effect/platform/Error"
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Renderer from "../../delivery/Renderer.js"
import { toWire } from "../../event/NarrativeEvent.js"
import type { InvalidOption } from "../../plain/InvalidOption.js"
import * as options from "../../plain/options.js"

const name = "json"

/**
 * @since 0.1.0
 * @category models
 */
export interface StreamOptions {
  /** Default `process.stdout`. */
  readonly stream?: NodeJS.WritableStream | undefined
}

/**
 * Writes each event to a stream as it happens. The stream is not closed.
 *
 * A stream that was closed at its other end (`program | head`) counts every further event as failed; the program goes
 * on.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { JsonRenderer, Narrative } from "effect-narrative"
 *
 * const program = Effect.void.pipe(Narrative.stage("Charge"), Narrative.story("Process Payment"))
 *
 * program.pipe(Effect.provide(JsonRenderer.layer({ stream: process.stderr })), Effect.runPromise)
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (given?: StreamOptions): Layer.Layer<never> => Renderer.layerEffect(Effect.sync(() => make(given)))

/**
 * The renderer of {@link layer}, as a value. Throws {@link InvalidOption} for what is no stream.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (given: StreamOptions = {}): Renderer.Renderer =>
  Renderer.toStream(name, toWire, decodeStream(given).stream ?? process.stdout)

/**
 * @since 0.1.0
 * @category models
 */
export interface FileOptions {
  /** The file, such as `logs/narrative.jsonl`. Folders are created. */
  readonly path: string
  /**
   * How long events may be gathered before they are written. By default they are written as soon as the write before is
   * done. A process that is killed loses what it gathered.
   */
  readonly flushInterval?: Duration.DurationInput | undefined
  /** Most events waiting (default 8,192); beyond it, stages wait for the disk. */
  readonly capacity?: number | undefined
  /** How long the closing layer waits for the last events to be written (default 5 seconds). */
  readonly shutdownTimeout?: Duration.DurationInput | undefined
}

/**
 * Appends each event to a file, whole lines at a time, without making a stage wait for the disk. A line torn by a crash
 * at the end of an existing file is cut off, with a warning. A file that was renamed or deleted meanwhile is opened anew.
 * For one process: several may write to the file of `RotatingJsonRenderer`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerFile = (
  given: FileOptions
): Layer.Layer<never, PlatformError | InvalidOption, FileSystem.FileSystem> =>
  Renderer.layerScoped(
    Effect.flatMap(decodeFile(given), ({ path, ...file }) =>
      Renderer.toFile(name, path, toWire, { ...file, isWhole: isJson })
    )
  )

const decodeStream = options.decodeOrThrow(
  "JsonRenderer",
  Schema.Struct({ stream: Schema.optional(options.streamOf<NodeJS.WritableStream>()) })
)

const decodeFile = options.decode(
  "JsonRenderer",
  Schema.Struct({
    path: options.nonEmptyText,
    flushInterval: Schema.optional(options.finiteDuration),
    capacity: Schema.optional(options.wholeNumber(1)),
    shutdownTimeout: Schema.optional(options.duration)
  })
)

/**
 * Whether a line is complete, as a torn one is not.
 *
 * @internal
 */
export const isJson = (line: string): boolean => {
  try {
    JSON.parse(line)
    return true
  } catch {
    return false
  }
}
