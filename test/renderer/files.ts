/**
 * What the tests of renderers that write files share: a disk of which only the writing is there, and lines read back.
 */
import * as PlatformError from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import { Effect, Either, FiberRefs, Layer, Option, type Scope } from "effect"
import type * as Renderer from "../../src/delivery/Renderer.js"
import * as rendererSet from "../../src/delivery/rendererSet.js"
import { fromWire, type NarrativeEvent, toWire } from "../../src/event/NarrativeEvent.js"
import { type Destination, statsOf } from "./rendererSuite.js"

/** The renderer a layer adds, for as long as the scope is open. */
export const rendererOf = <E, R>(
  layer: Layer.Layer<never, E, R>
): Effect.Effect<Renderer.Renderer, E, R | Scope.Scope> =>
  Effect.gen(function* () {
    const runtime = yield* Layer.toRuntime(layer)
    const current = FiberRefs.getOrDefault(runtime.fiberRefs, rendererSet.current)
    const renderer = current.at(-1)
    if (renderer === undefined) throw new Error("the layer adds a renderer")
    return renderer
  })

export const sequencesIn = (lines: string): ReadonlyArray<number> =>
  lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => Either.getOrThrow(fromWire(line)).sequence)

export const diskFault = new PlatformError.SystemError({
  module: "FileSystem",
  method: "writeAll",
  reason: "Unknown",
  description: "no space left on device"
})

export const emptyFile: FileSystem.File.Info = {
  type: "File",
  mtime: Option.none(),
  atime: Option.none(),
  birthtime: Option.none(),
  dev: 0,
  ino: Option.none(),
  mode: 0o644,
  nlink: Option.none(),
  uid: Option.none(),
  gid: Option.none(),
  rdev: Option.none(),
  size: FileSystem.Size(0),
  blksize: Option.none(),
  blocks: Option.none()
}

/** A file of which only the writing is real. */
const fileTo = (write: FileSystem.File["writeAll"]): FileSystem.File => ({
  [FileSystem.FileTypeId]: FileSystem.FileTypeId,
  fd: FileSystem.FileDescriptor(3),
  stat: Effect.succeed(emptyFile),
  seek: () => Effect.void,
  sync: Effect.void,
  read: () => Effect.succeed(FileSystem.Size(0)),
  readAlloc: () => Effect.succeedNone,
  truncate: () => Effect.void,
  write: () => Effect.fail(diskFault),
  writeAll: write
})

export const diskOf = (destination: Destination) =>
  FileSystem.layerNoop({
    makeDirectory: () => Effect.void,
    writeFileString: () => Effect.void,
    rename: () => Effect.void,
    stat: () => Effect.succeed(emptyFile),
    open: () =>
      Effect.succeed(
        fileTo((bytes) =>
          Effect.mapError(destination.accept(sequencesIn(new TextDecoder().decode(bytes))), () => diskFault)
        )
      )
  })

export const linesOf = (events: ReadonlyArray<NarrativeEvent>): string =>
  events.map((event) => `${toWire(event)}\n`).join("")

/** Waits, without letting time pass, until a renderer that is still open has written so many events. */
export const delivered = (renderer: Renderer.Renderer, count: number) =>
  Effect.repeat(
    Effect.zipRight(
      Effect.promise(() => new Promise((resolve) => setImmediate(resolve))),
      statsOf(renderer)
    ),
    { until: (stats) => stats.delivered >= count }
  )
