/**
 * The reader of stacks for the folders a program is in.
 */
import * as path from "node:path"
import { remembering } from "../../plain/lruCache.js"
import { attempt } from "../../plain/untrusted.js"
import { defaultAppRoots } from "./appRoots.js"
import { linesOf } from "./frameSource.js"
import { isParameterName } from "./parameterName.js"
import * as stackFrames from "./stackFrames.js"

interface Reader {
  readonly read: stackFrames.StackReader
  /** By what a file is known in fingerprints. */
  readonly fileKey: (file: string) => string
}

/** Most files whose key is remembered. */
const maxFiles = 256

let known: { readonly key: string; readonly reader: Reader } | undefined

// The reader remembers frames, so one is kept for as long as the folders stay the same.
export const readerOf = (appRoots: ReadonlyArray<string> | undefined): Reader => {
  const cwd = attempt(() => process.cwd(), "/")
  const key = [cwd, ...(appRoots ?? [""])].join("\u0000")
  if (known?.key !== key) {
    const roots = appRoots ?? attempt(() => defaultAppRoots(cwd), [cwd])
    const fileKey = remembering(maxFiles, (file) => fileKeyIn(roots, cwd, file))
    known = { key, reader: { read: stackFrames.reader(roots, cwd, withOwnName), fileKey } }
  }
  return known.reader
}

/** Without a name that the function has only of its parameter. */
const withOwnName = (frame: stackFrames.Frame): stackFrames.Frame => {
  const { shown } = frame
  return shown.origin === "app" && isParameterName(linesOf(frame), shown.function, shown)
    ? { ...frame, shown: { ...shown, function: stackFrames.anonymous } }
    : frame
}

/** The way to a file from its root: the same on another machine, and after the process has changed its folder. */
const fileKeyIn = (roots: ReadonlyArray<string>, cwd: string, file: string): string => {
  const whole = path.resolve(cwd, file)
  for (const root of roots) {
    const way = path.relative(path.resolve(cwd, root), whole)
    if (way !== "" && !way.startsWith("..") && !path.isAbsolute(way)) return way
  }
  return file
}
