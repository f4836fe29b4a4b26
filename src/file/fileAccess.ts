/**
 * The part of a file system that files of lines need, and a second one that does it all at once.
 */
import * as NodeFs from "node:fs"
import * as PlatformError from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"

export type Info = Pick<FileSystem.File.Info, "type" | "size" | "ino" | "dev" | "mtime">

export interface OpenFile extends Pick<FileSystem.File, "readAlloc" | "seek" | "truncate" | "writeAll"> {
  readonly stat: Effect.Effect<Info, PlatformError.PlatformError>
}

export interface Files extends Pick<FileSystem.FileSystem, "readDirectory" | "remove" | "rename"> {
  /** One folder. */
  readonly makeDirectory: (path: string) => Effect.Effect<void, PlatformError.PlatformError>
  readonly stat: (path: string) => Effect.Effect<Info, PlatformError.PlatformError>
  readonly open: (
    path: string,
    options?: FileSystem.OpenFileOptions
  ) => Effect.Effect<OpenFile, PlatformError.PlatformError, Scope.Scope>
}

export const isNotFound = (error: PlatformError.PlatformError): boolean =>
  error._tag === "SystemError" && error.reason === "NotFound"

export const isAlreadyThere = (error: PlatformError.PlatformError): boolean =>
  error._tag === "SystemError" && error.reason === "AlreadyExists"

/** What is there, or nothing. */
export const optional = <A, R>(
  effect: Effect.Effect<A, PlatformError.PlatformError, R>
): Effect.Effect<A | undefined, PlatformError.PlatformError, R> =>
  Effect.catchIf(effect, isNotFound, () => Effect.succeed(undefined))

/** What Node does at once, as an Effect. */
export const now = <A>(
  method: string,
  path: string | number,
  work: () => A
): Effect.Effect<A, PlatformError.PlatformError> =>
  Effect.try({
    try: work,
    catch: (cause) => {
      // Node's file system throws nothing else.
      const { code, message } = cause as NodeJS.ErrnoException
      return new PlatformError.SystemError({
        module: "FileSystem",
        method,
        reason: code === "ENOENT" ? "NotFound" : code === "EEXIST" ? "AlreadyExists" : "Unknown",
        pathOrDescriptor: path,
        description: message,
        cause
      })
    }
  })

/**
 * A file system whose every operation is done when it returns. `FileSystem` has none such: each of its steps takes a
 * turn of the event loop, which a busy program may grant late, and while this process holds a lock, others wait.
 */
export const atOnce: Files = {
  makeDirectory: (path) => now("makeDirectory", path, () => NodeFs.mkdirSync(path)),
  readDirectory: (path) => now("readDirectory", path, () => NodeFs.readdirSync(path)),
  remove: (path) => now("remove", path, () => NodeFs.unlinkSync(path)),
  rename: (from, to) => now("rename", from, () => NodeFs.renameSync(from, to)),
  stat: (path) => now("stat", path, () => infoOf(NodeFs.statSync(path))),
  open: (path, options) =>
    Effect.map(
      Effect.acquireRelease(
        now("open", path, () => NodeFs.openSync(path, options?.flag ?? "r")),
        (fd) => Effect.ignore(now("close", fd, () => NodeFs.closeSync(fd)))
      ),
      openFile
    )
}

const openFile = (fd: number): OpenFile => {
  let position = 0
  return {
    stat: Effect.suspend(() => now("stat", fd, () => infoOf(NodeFs.fstatSync(fd)))),
    seek: (offset) =>
      Effect.sync(() => {
        position = Number(offset)
        return FileSystem.Size(position)
      }),
    readAlloc: (size) =>
      now("readAlloc", fd, () => {
        const bytes = Buffer.allocUnsafe(Number(size))
        const read = NodeFs.readSync(fd, bytes, 0, bytes.length, position)
        position += read
        return read === 0 ? Option.none() : Option.some(bytes.subarray(0, read))
      }),
    truncate: (length) => now("truncate", fd, () => NodeFs.ftruncateSync(fd, Number(length ?? 0))),
    writeAll: (bytes) =>
      now("writeAll", fd, () => {
        for (let at = 0; at < bytes.length; ) at += NodeFs.writeSync(fd, bytes, at)
      })
  }
}

export const infoOf = (stats: NodeFs.Stats): Info => ({
  type: stats.isFile() ? "File" : stats.isDirectory() ? "Directory" : stats.isFIFO() ? "FIFO" : "Unknown",
  size: FileSystem.Size(stats.size),
  ino: Option.some(stats.ino),
  dev: stats.dev,
  mtime: Option.some(stats.mtime)
})
