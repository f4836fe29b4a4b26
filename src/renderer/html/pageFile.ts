/**
 * Writing a page so that a reader finds the old one or the new one, and never a part.
 */
import { randomBytes } from "node:crypto"
import { basename, dirname, join } from "node:path"
import type { PlatformError } from "@effect/platform/Error"
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as folders from "../../file/folders.js"

/**
 * Writes to a file beside the target, and then gives it the target's name. Folders are created. A process that is
 * killed meanwhile leaves the old page whole, and perhaps the file beside it.
 */
export const write = (fs: FileSystem.FileSystem, path: string, html: string): Effect.Effect<void, PlatformError> => {
  const folder = dirname(path)
  // A name that cannot be foretold, and made by us alone: a link put there beforehand would lead the page elsewhere.
  const beside = join(folder, `.${basename(path).slice(0, 200)}.${randomBytes(8).toString("hex")}.tmp`)
  const bytes = new TextEncoder().encode(html)
  return Effect.scoped(
    Effect.gen(function* () {
      const file = yield* fs.open(beside, { flag: "wx" })
      yield* file.writeAll(bytes)
      yield* file.sync
    })
  ).pipe(
    Effect.zipRight(fs.rename(beside, path)),
    Effect.onError(() => Effect.ignore(fs.remove(beside))),
    (writing) => Effect.zipRight(folders.make(fs, folder), writing)
  )
}
