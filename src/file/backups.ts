/**
 * What a file was before: `path.1` is the newest backup, `path.2` the one before; a compressed one is `path.1.gz`.
 *
 * Every change is one rename or removal, in an order that a crash may end anywhere: what it leaves is a gap in the
 * numbers, which the next shift fills, or a backup in both forms, of which the next removes one.
 */
// `FileSystem` knows no compression, and Node's streams take no file of it.
import { type FileHandle, open } from "node:fs/promises"
import { basename, dirname } from "node:path"
import { pipeline } from "node:stream/promises"
import { createGzip } from "node:zlib"
import type { PlatformError } from "@effect/platform/Error"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { atOnce, type Files, optional } from "./fileAccess.js"
import { besideOf, type FileLock, type LockHeld } from "./fileLock.js"

/**
 * Makes the file the newest backup and every backup one older; the oldest beyond `count` goes. Higher numbers are left
 * alone. To be done under the file's lock.
 */
export const shift = (fs: Files, path: string, count: number): Effect.Effect<void, PlatformError> =>
  Effect.gen(function* () {
    if (count === 0) return yield* remove(fs, path)
    const found = yield* settled(fs, path)
    let free = 1
    while (free <= count && found.has(free)) free += 1
    if (free > count) {
      free = count
      yield* remove(fs, `${path}.${free}${found.get(free)}`)
    }
    for (let number = free - 1; number >= 1; number--) {
      const form = found.get(number)
      yield* optional(fs.rename(`${path}.${number}${form}`, `${path}.${number + 1}${form}`))
    }
    yield* optional(fs.rename(path, `${path}.1`))
  })

/**
 * Compresses every backup that is not compressed yet, the oldest first. The work is done beside the file; its lock is
 * held only where the compressed backup takes the other's place, which may have another number by then.
 */
export const compress = (
  path: string,
  count: number,
  lock: FileLock
): Effect.Effect<void, PlatformError | LockHeld | CompressionFailed> =>
  Effect.gen(function* () {
    const beside = `${besideOf(path, lock.owner)}${gz}`
    const done = new Set<number>()
    while (true) {
      const found = yield* lock.hold((fs) => settled(fs, path))
      const number = Math.max(
        ...Array.from(found, ([number, form]) => (form === "" && number <= count ? number : 0)),
        0
      )
      if (number === 0) return
      const known = yield* Effect.scoped(
        Effect.gen(function* () {
          const inode = yield* compressFile(`${path}.${number}`, beside)
          if (done.has(inode)) return true
          done.add(inode)
          yield* lock.hold((fs) => replace(fs, path, inode, beside))
          return false
        })
      )
      // A file system that numbers one file in several ways: it would never be found.
      if (known) return
    }
  }).pipe(Effect.ensuring(Effect.ignoreLogged(optional(atOnce.remove(besideOf(path, lock.owner) + gz)))))

/** Puts a compressed copy in the place of the backup that it was made of, if that is still there. */
const replace = (fs: Files, path: string, inode: number, copy: string): Effect.Effect<void, PlatformError> =>
  Effect.gen(function* () {
    for (const [number, form] of yield* settled(fs, path)) {
      const backup = `${path}.${number}`
      const info = form === "" ? yield* optional(fs.stat(backup)) : undefined
      if (info === undefined || Option.getOrUndefined(info.ino) !== inode) continue
      yield* fs.rename(copy, `${backup}${gz}`)
      return yield* remove(fs, backup)
    }
  })

/** A backup could not be compressed. It is still there. */
export class CompressionFailed extends Data.TaggedError("CompressionFailed")<{
  readonly path: string
  readonly cause: unknown
}> {
  override get message(): string {
    return `${this.path} could not be compressed: ${this.cause}`
  }
}

/**
 * Writes a compressed copy that a crash of the machine leaves whole; the inode of what was copied, which is no other
 * file's until the scope is closed.
 */
const compressFile = (path: string, copy: string): Effect.Effect<number, CompressionFailed, Scope.Scope> => {
  const failed = (cause: unknown) => new CompressionFailed({ path, cause })
  // A handle is closed only when its last read or write is done: an interrupted copy writes into no other file.
  const openScoped = (path: string, flags: string) =>
    Effect.acquireRelease(Effect.tryPromise({ try: () => open(path, flags), catch: failed }), (handle) =>
      Effect.promise(() => handle.close())
    )
  return Effect.gen(function* () {
    const source = yield* openScoped(path, "r")
    const target = yield* openScoped(copy, "w")
    return yield* Effect.tryPromise({
      try: async (signal) => {
        const chunks = source.createReadStream({ autoClose: false })
        await pipeline(chunks, createGzip(), (compressed) => writeTo(target, compressed), { signal })
        await target.sync()
        return (await source.stat()).ino
      },
      catch: failed
    })
  })
}

const writeTo = async (target: FileHandle, chunks: AsyncIterable<Uint8Array>): Promise<void> => {
  for await (const chunk of chunks) await target.writeFile(chunk)
}

const gz = ".gz"

/** The backups by number, plain or compressed. Of one in both forms the compressed one, which is whole, is left. */
const settled = (fs: Files, path: string): Effect.Effect<ReadonlyMap<number, "" | typeof gz>, PlatformError> =>
  Effect.gen(function* () {
    const found = new Map<number, "" | typeof gz>()
    const prefix = `${basename(path)}.`
    for (const name of yield* fs.readDirectory(dirname(path))) {
      if (!name.startsWith(prefix)) continue
      const [, digits, compressed] = /^([1-9]\d{0,8})(\.gz)?$/.exec(name.slice(prefix.length)) ?? []
      if (digits === undefined) continue
      const number = Number(digits)
      if (found.has(number)) yield* remove(fs, `${path}.${number}`)
      found.set(number, found.has(number) || compressed !== undefined ? gz : "")
    }
    return found
  })

const remove = (fs: Files, path: string): Effect.Effect<void, PlatformError> => Effect.asVoid(optional(fs.remove(path)))
