/**
 * The scripts V8 knows by number: what they are called, whose they are, and where their text came from.
 */
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import type { FrameOrigin } from "../../event/FailureReport.js"
import { remembering } from "../../plain/lruCache.js"
import * as sourceMaps from "../source/sourceMaps.js"
import * as sourceText from "../source/sourceText.js"
import * as stackFrames from "../source/stackFrames.js"
import { preparing } from "../timeBudget.js"
import type { InspectorSession } from "./inspectorSession.js"
import { topLevelNamesOf } from "./topLevelNames.js"

/** A script that frames are in. */
export interface Script {
  /** The absolute path, or what it calls itself if it is in no file. */
  readonly path: string
  readonly origin: FrameOrigin
  /** A place of the script in its source, both counted from 1; the place itself if there is no map. */
  readonly sourceOf: (line: number, column: number) => SourcePlace
}

export interface SourcePlace extends sourceMaps.NamedOriginal {
  /** Whether `line` and `column` are those of the source, by a map or because the source itself is run. */
  readonly mapped: boolean
}

export interface ScriptTable {
  readonly scriptOf: (scriptId: string) => Script | undefined
}

/** Reads the names of all scripts once, and again only for a number it does not know. */
export const make = (session: InspectorSession): ScriptTable => {
  const table = empty()
  const refresh = () => session.scripts().forEach(table.add)
  refresh()
  return {
    scriptOf: (scriptId) => {
      if (!table.has(scriptId)) refresh()
      // Asked for again and again, an unknown one must not cost a refresh each time.
      if (!table.has(scriptId)) table.add({ scriptId, url: "unknown" })
      return table.scriptOf(scriptId)
    }
  }
}

/** Gets every script, those to come included, while a session has its debugger enabled. */
export const collect = (session: InspectorSession): ScriptTable => {
  const table = empty()
  session.connection.on("Debugger.scriptParsed", ({ params }) => table.add(params))
  return table
}

interface ParsedScript {
  readonly scriptId: string
  readonly url: string
  readonly sourceMapURL?: string | undefined
}

const empty = () => {
  const entries = new Map<string, Entry>()
  return {
    has: (scriptId: string): boolean => entries.has(scriptId),
    add: ({ scriptId, sourceMapURL = "", url }: ParsedScript): void => {
      if (url === "" || entries.has(scriptId)) return
      const file = pathOf(url)
      // An inlined map can be large, and places of packages that bring one are not asked for.
      const isWeight = sourceMapURL.startsWith("data:") && /[\\/]node_modules[\\/]/.test(file)
      entries.set(scriptId, { file, mapUrl: isWeight ? "" : sourceMapURL, script: undefined })
    },
    scriptOf: (scriptId: string): Script | undefined => {
      const entry = entries.get(scriptId)
      if (entry === undefined || entry.file === "unknown") return undefined
      entry.script ??= scriptOf(entry.file, entry.mapUrl)
      entry.mapUrl = ""
      return entry.script
    }
  }
}

interface Entry {
  readonly file: string
  mapUrl: string
  script: Script | undefined
}

const scriptOf = (file: string, mapUrl: string): Script => {
  const map = lazily(() => sourceMaps.ofScript(file, mapUrl))
  const isSource = /\.[cm]?tsx?$/i.test(file)
  return {
    path: file,
    origin: stackFrames.classify(file, [path.parse(file).root]),
    sourceOf: (line, column) => {
      const original = map()?.(line, column)
      if (original !== undefined) return { ...original, mapped: true }
      return { path: file, line, column, content: undefined, name: undefined, exact: false, mapped: isSource }
    }
  }
}

/** The names declared at the top level of a source file. */
export const topLevelNames = (file: string, content: string | undefined): ReadonlySet<string> =>
  namesOfText(sourceText.linesOf(file, content).join("\n"))

const namesOfText = remembering(32, (text: string) => preparing(() => topLevelNamesOf(text)))

const lazily = <A>(make: () => A): (() => A) => {
  let made: { readonly value: A } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

const pathOf = (url: string): string => {
  if (!url.startsWith("file:")) return path.isAbsolute(url) ? path.normalize(url) : url
  try {
    return fileURLToPath(url.replace(/[?#].*$/, ""))
  } catch {
    return url
  }
}
