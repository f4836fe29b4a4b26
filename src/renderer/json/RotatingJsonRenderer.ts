/**
 * One line of JSON an event, in a file that never grows beyond a size: `narrative.log`, its backups `narrative.log.1`
 * (the newest), `narrative.log.2`, … Several processes may write to it.
 *
 * @since 0.1.0
 */
import type { PlatformError } from "@effect/platform/Error"
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { toLines } from "../../delivery/lineSinks.js"
import * as Renderer from "../../delivery/Renderer.js"
import { toWire } from "../../event/NarrativeEvent.js"
import * as rotatingFile from "../../file/rotatingFile.js"
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
 * An option that cannot be used: which one, its value, and the values it takes.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidRotation extends Data.TaggedError("InvalidRotation")<{
  readonly setting: keyof RotatingOptions
  readonly value: unknown
  readonly takes: string
}> {
  override get message(): string {
    return `${this.setting} of RotatingJsonRenderer takes ${this.takes}, not ${String(this.value)}`
  }
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
  options: RotatingOptions
): Layer.Layer<never, PlatformError | InvalidRotation, FileSystem.FileSystem> =>
  Renderer.layerScoped(
    Effect.gen(function* () {
      const rotation = yield* rotationOf(options)
      const file = yield* rotatingFile.make(options.path, rotation, isJson)
      return yield* toLines("rotating-json", toWire, options, file)
    })
  )

const rotationOf = (options: RotatingOptions): Either.Either<rotatingFile.Rotation, InvalidRotation> =>
  Either.gen(function* () {
    const { backupCount = 5, capacity, daily = false, gzip = false, maxBytes = 10_485_760 } = options
    if (maxBytes !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(maxBytes) && maxBytes >= 1_024)) {
      return yield* invalid("maxBytes", maxBytes, "a whole number of bytes, 1024 or more, or Infinity")
    }
    if (!Number.isSafeInteger(backupCount) || backupCount < 0) {
      return yield* invalid("backupCount", backupCount, "a whole number, 0 or more")
    }
    if (capacity !== undefined && !(Number.isSafeInteger(capacity) && capacity >= 1)) {
      return yield* invalid("capacity", capacity, "a whole number, 1 or more")
    }
    yield* duration(options, "flushInterval", 0)
    if (typeof daily !== "boolean") return yield* invalid("daily", daily, "true or false")
    if (typeof gzip !== "boolean") return yield* invalid("gzip", gzip, "true or false")
    const lockTimeout = yield* duration(options, "lockTimeout", "10 seconds")
    const shutdownTimeout = yield* duration(options, "shutdownTimeout", "5 seconds")
    return { backupCount, daily, gzip, lockTimeout, maxBytes, shutdownTimeout }
  })

const duration = (
  options: RotatingOptions,
  setting: "flushInterval" | "lockTimeout" | "shutdownTimeout",
  byDefault: Duration.DurationInput
): Either.Either<Duration.Duration, InvalidRotation> => {
  const value = options[setting] ?? byDefault
  const decoded = Duration.decodeUnknown(value)
  return Option.isSome(decoded)
    ? Either.right(decoded.value)
    : invalid(setting, value, 'a duration such as "5 seconds"')
}

const invalid = (setting: keyof RotatingOptions, value: unknown, takes: string) =>
  Either.left(new InvalidRotation({ setting, value, takes }))
