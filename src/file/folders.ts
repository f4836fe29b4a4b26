/**
 * Folders made one at a time: Node's recursive `mkdir` goes round for ever where a folder cannot be, as below `/proc`.
 */
import { mkdirSync, statSync } from "node:fs"
import { dirname } from "node:path"
import type { PlatformError } from "@effect/platform/Error"
import * as Effect from "effect/Effect"
import type { Files } from "./fileAccess.js"
import { isAlreadyThere, isNotFound, optional } from "./fileAccess.js"

/** Makes a folder and those above it, as far as they do not exist. */
export const make = (fs: Pick<Files, "makeDirectory" | "stat">, path: string): Effect.Effect<void, PlatformError> =>
  Effect.catchIf(makeOne(fs, path), isNotFound, (error) => {
    const above = dirname(path)
    if (above === path) return Effect.fail(error)
    return Effect.zipRight(make(fs, above), makeOne(fs, path))
  })

const makeOne = (fs: Pick<Files, "makeDirectory" | "stat">, path: string) =>
  Effect.catchIf(fs.makeDirectory(path), isAlreadyThere, (error) =>
    Effect.flatMap(optional(fs.stat(path)), (found) => (found?.type === "File" ? Effect.fail(error) : Effect.void))
  )

/** The same at once. Throws Node's error. */
export const makeNow = (path: string): void => {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return
  const above = dirname(path)
  if (above !== path) makeNow(above)
  try {
    mkdirSync(path)
  } catch (error) {
    // Another process may have made it just now.
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) throw error
  }
}
