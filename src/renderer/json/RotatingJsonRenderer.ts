/**
 * One line of JSON an event, in a file that never grows beyond a size: `narrative.log`, its backups `narrative.log.1`
 * (the newest), `narrative.log.2`, … Several processes may write to it.
 *
 * @since 0.1.0
 */
import type { PlatformError } from "@effect/platform/Error"
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { toLines } from "../../delivery/lineSinks.js"
import * as Renderer from "../../delivery/Renderer.js"
import { toWire } from "../../event/NarrativeEvent.js"
import * as rotatingFile from "../../file/rotatingFile.js"
import type { InvalidOption } from "../../plain/InvalidOption.js"
import * as options from "../../plain/options.js"
import { type FileOptions, isJson } from "./JsonRenderer.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface RotatingOptions extends FileOptions {
  /**
   * The file is rotated before it would grow beyond this many bytes: 1,024 or more, `Infinity` to rotate by date only
   * (default 10 MiB). An event whose line is longer counts as failed.
   */
  readonly maxBytes?: number | undefined
  /** How many backups are kept, 0 or more (default 5). The oldest is deleted; with 0 a full file is. */
  readonly backupCount?: number | undefined
  /** Rotates at the first write of a new day by UTC as well (default `false`). The backups are numbered as ever. */
  readonly daily?: boolean | undefined
  /** Compresses backups in the background: `narrative.log.1.gz` (default `false`). */
  readonly gzip?: boolean | undefined
  /**
   * How long to wait for another process that holds the file's lock (default 10 seconds). Events that could not be
   * written by then count as failed.
   */
  readonly lockTimeout?: Duration.DurationInput | undefined
}

/**
 * Appends each event to a rotated file, without making a stage wait for the disk. Folders are created. What a crash
 * left half-done, a torn line or a rotation, is repaired by the next start.
 *
 * @example
 * ```ts
 * import { NodeFileSystem } from "@effect/platform-node"
 * import { Effect, Layer } from "effect"
 * import { Narrative, RotatingJsonRenderer } from "effect-narrative"
 *
 * const Log = RotatingJsonRenderer.layer({ path: "logs/narrative.log", maxBytes: 50 * 1024 * 1024, gzip: true })
 *
 * const program = Effect.void.pipe(Narrative.stage("Charge"), Narrative.story("Process Payment"))
 *
 * program.pipe(Effect.provide(Layer.provide(Log, NodeFileSystem.layer)), Effect.runPromise)
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  given: RotatingOptions
): Layer.Layer<never, PlatformError | InvalidOption, FileSystem.FileSystem> =>
  Renderer.layerScoped(
    Effect.gen(function* () {
      const rotation = yield* rotationOf(given)
      const file = yield* rotatingFile.make(given.path, rotation, isJson)
      return yield* toLines("rotating-json", toWire, given, file)
    })
  )

const Rotation = Schema.Struct({
  path: options.nonEmptyText,
  backupCount: options.withDefault(options.wholeNumber(0), 5),
  capacity: Schema.optional(options.wholeNumber(1)),
  daily: options.withDefault(options.flag, false),
  flushInterval: options.withDefault(options.finiteDuration, Duration.zero),
  gzip: options.withDefault(options.flag, false),
  lockTimeout: options.withDefault(options.duration, Duration.seconds(10)),
  maxBytes: options.withDefault(
    Schema.Number.pipe(
      Schema.filter((bytes) => bytes === Number.POSITIVE_INFINITY || (Number.isSafeInteger(bytes) && bytes >= 1_024)),
      options.takes("a whole number of bytes, 1,024 or more, or Infinity")
    ),
    10_485_760
  ),
  shutdownTimeout: options.withDefault(options.duration, Duration.seconds(5))
})

const rotationOf = options.decode("RotatingJsonRenderer", Rotation)
