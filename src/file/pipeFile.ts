/**
 * A named pipe, written to without blocking: a pipe without a reader is soon full, and a thread that waits for it is lost to
 * the whole process.
 */
import * as NodeFs from "node:fs"
import type { PlatformError } from "@effect/platform/Error"
import { SystemError } from "@effect/platform/Error"
import { Size } from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { withoutHoldingProcess } from "../runtime/unheldTimers.js"
import { infoOf, now, type OpenFile } from "./fileAccess.js"
import { lineEnd } from "./lines.js"

const { O_APPEND, O_NONBLOCK, O_RDWR } = NodeFs.constants

/** Shortest and longest pause before it is tried again to write to a pipe that is full, in milliseconds. */
const [shortestPause, longestPause] = [5, 250]

/** `FileSystem` opens files by names of flags, of which none means: do not block. */
export const open = (path: string): Effect.Effect<OpenFile, PlatformError, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      // For reading, too: without a reader a pipe cannot be opened for writing alone.
      now("open", path, () => NodeFs.openSync(path, O_RDWR | O_APPEND | O_NONBLOCK)),
      (fd) => Effect.ignore(now("close", fd, () => NodeFs.closeSync(fd)))
    ),
    (fd) => fileOf(path, fd)
  )

const fileOf = (path: string, fd: number): OpenFile => {
  /** Whether the last write ended within a line. */
  let isTorn = false
  let pause = shortestPause
  const writeSome = (bytes: Uint8Array): Effect.Effect<number, PlatformError> =>
    now("write", path, () => NodeFs.writeSync(fd, bytes)).pipe(
      Effect.tap(() => {
        pause = shortestPause
      }),
      Effect.catchIf(isFull, () => {
        pause = Math.min(pause * 2, longestPause)
        return Effect.as(Effect.sleep(pause), 0)
      })
    )
  return {
    stat: Effect.suspend(() => now("stat", path, () => infoOf(NodeFs.fstatSync(fd)))),
    // It has no positions, and what was written cannot be taken back.
    seek: () => Effect.succeed(Size(0)),
    readAlloc: () => Effect.succeed(Option.none()),
    truncate: () => Effect.void,
    writeAll: (lines) =>
      Effect.suspend(() => {
        const bytes = isTorn ? Buffer.concat([Uint8Array.of(lineEnd), lines]) : lines
        return Effect.iterate(0, {
          while: (written) => written < bytes.length,
          body: (written) =>
            Effect.map(writeSome(bytes.subarray(written)), (count) => {
              if (count > 0) isTorn = bytes[written + count - 1] !== lineEnd
              return written + count
            })
        })
      }).pipe(Effect.asVoid, withoutHoldingProcess)
  }
}

const isFull = (error: PlatformError): error is SystemError => {
  if (!(error instanceof SystemError)) return false
  // The reasons of `PlatformError` have none for this; its cause is the error of Node.
  return (error.cause as NodeJS.ErrnoException | undefined)?.code === "EAGAIN"
}
