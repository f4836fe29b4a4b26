/**
 * Where compiled JavaScript came from, by the source map beside it or inside it.
 *
 * For programs run from `dist` without `--enable-source-maps`; elsewhere stacks are mapped already. Never throws.
 */
import { existsSync, readFileSync, statSync } from "node:fs"
import { SourceMap, type SourceMapPayload, type SourceMapping } from "node:module"
import * as path from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { remembering } from "../../plain/lruCache.js"
import { attempt } from "../../plain/untrusted.js"
import { preparing } from "../timeBudget.js"
import { columnInFile } from "./movedColumns.js"

/** A place in an original source. `content` is its text if the map carries it. */
export interface Original {
  readonly path: string
  readonly line: number
  readonly column: number
  readonly content: string | undefined
}

/** The original of a place in a `.js` file; lines and columns count from 1. */
export const originalOf = (file: string, line: number, column: number): Original | undefined => {
  if (!compiled.test(file)) return undefined
  const map = mapOf(file)
  return map === undefined ? undefined : originalIn(map, line, columnInFile(file, line, column))
}

/** The sources of a compiled file, as its map names them. */
export const sourcesOf = (file: string): ReadonlyArray<string> =>
  compiled.test(file) ? (mapOf(file)?.sources ?? []) : []

/** An original, and what the map says of the name there. */
export interface NamedOriginal extends Original {
  /** The name in the source, if the map has it. */
  readonly name: string | undefined
  /** Whether something begins exactly here, so that what is said of it holds for nothing else. */
  readonly exact: boolean
}

/** Finds originals by places in one running script, counted from 1. */
export type ScriptMap = (line: number, column: number) => NamedOriginal | undefined

/**
 * The map of a script as it was compiled in memory: `url` is its own `sourceMappingURL`, "" if it names none. `file` is
 * where it says it is.
 */
export const ofScript = (file: string, url: string): ScriptMap | undefined => {
  const map =
    url === ""
      ? compiled.test(file)
        ? mapOf(file)
        : undefined
      : attempt(() => preparing(() => loadUrl(url, file)), undefined)
  // A map in the script itself is of the script as it runs.
  const columnOf = url.startsWith("data:") ? (_line: number, column: number) => column : columnIn(file)
  return map && ((line, column) => originalIn(map, line, columnOf(line, column)))
}

const columnIn =
  (file: string) =>
  (line: number, column: number): number =>
    columnInFile(file, line, column)

const originalIn = ({ contents, map }: LoadedMap, line: number, column: number): NamedOriginal | undefined => {
  try {
    const found: Partial<SourceMapping> & { readonly name?: string } = map.findEntry(line - 1, column - 1)
    // A place without a mapping is answered with the nearest one before it, on whatever line that is.
    if (found.originalLine === undefined || found.originalColumn === undefined) return undefined
    if (found.generatedLine !== line - 1 || !found.originalSource) return undefined
    return {
      path: found.originalSource,
      line: found.originalLine + 1,
      column: found.originalColumn + 1,
      content: contents.get(found.originalSource),
      name: found.name || undefined,
      exact: found.generatedColumn === column - 1
    }
  } catch {
    return undefined
  }
}

const compiled = /\.[cm]?js$/i

/** Largest compiled file or map read, in bytes. */
const maxFile = 20_000_000

interface LoadedMap {
  readonly map: SourceMap
  readonly sources: ReadonlyArray<string>
  readonly contents: ReadonlyMap<string, string>
}

const mapOf = remembering(32, (file): LoadedMap | undefined => {
  try {
    return preparing(() => {
      const found = payloadOf(file)
      return found && load(found.payload, found.from)
    })
  } catch {
    return undefined
  }
})

// `from` is what the sources' names are relative to.
const payloadOf = (file: string): FoundPayload | undefined => payloadAt(mappingUrlIn(readBounded(file)), file)

const loadUrl = (url: string, file: string): LoadedMap | undefined => {
  const found = payloadAt(url, file)
  return found && load(found.payload, found.from)
}

interface FoundPayload {
  readonly payload: AnyPayload
  readonly from: string
}

const payloadAt = (url: string | undefined, file: string): FoundPayload | undefined => {
  const inline = url === undefined ? null : /^data:application\/json[^,]*?(;base64)?,/.exec(url)
  if (url !== undefined && inline !== null) {
    const data = url.slice(inline[0].length)
    const text = inline[1] === undefined ? decodeURIComponent(data) : Buffer.from(data, "base64").toString("utf8")
    return { payload: JSON.parse(text), from: file }
  }
  const named = url === undefined ? [] : placesOf(url, file)
  const beside = [...named, `${file}.map`].find((place) => existsSync(place))
  return beside === undefined ? undefined : { payload: JSON.parse(readBounded(beside)), from: beside }
}

const mappingUrlIn = (text: string): string | undefined => {
  const at = text.lastIndexOf("# sourceMappingURL=")
  return at < 0 ? undefined : /^\S+/.exec(text.slice(at + "# sourceMappingURL=".length))?.[0]
}

const readBounded = (file: string): string => {
  const stat = statSync(file)
  return stat.isFile() && stat.size <= maxFile ? readFileSync(file, "utf8") : ""
}

const load = (payload: AnyPayload, from: string): LoadedMap => {
  const contents = new Map<string, string>()
  const sources: Array<string> = []
  return {
    map: new SourceMap(withPlaces(payload, from, contents, sources) as SourceMapPayload),
    sources,
    contents
  }
}

/** A map, or an index of maps: each of its sections begins at a place of the script. */
interface AnyPayload extends SourceMapPayload {
  readonly sections?: ReadonlyArray<{ readonly offset: unknown; readonly map: AnyPayload }>
}

/** The same map with its sources as paths. Node keeps what it is given: without the contents, they are held once. */
const withPlaces = (payload: AnyPayload, from: string, contents: Map<string, string>, all: Array<string>): object => {
  if (payload.sections !== undefined) {
    const sections = payload.sections.map((section) => ({
      ...section,
      map: withPlaces(section.map, from, contents, all)
    }))
    return { ...payload, sections }
  }
  const root = payload.sourceRoot ? `${payload.sourceRoot.replace(/\/$/, "")}/` : ""
  const sources = payload.sources.map((source) => sourcePlace(root + source, from))
  all.push(...sources)
  for (const [i, source] of sources.entries()) {
    const content: unknown = payload.sourcesContent?.[i]
    if (typeof content === "string") contents.set(source, content)
  }
  return { ...payload, sources, sourcesContent: [], sourceRoot: "" }
}

// Bundlers name sources by URLs of their own (`webpack://app/./src/x.ts`): those stay as they are.
const sourcePlace = (name: string, from: string): string => {
  const [asUrl = name, asPath] = placesOf(name, from)
  if (asPath === undefined) return asUrl
  return [asUrl, asPath].find((place) => existsSync(place)) ?? (name.includes("%") ? asUrl : asPath)
}

/** Names are URLs by the specification and paths by habit: what the name means as either, as a URL first. */
const placesOf = (name: string, from: string): ReadonlyArray<string> => {
  if (/^[a-z][a-z\d+.-]+:/i.test(name)) {
    return [name.startsWith("file:") ? attempt(() => fileURLToPath(name), name) : path.posix.normalize(name)]
  }
  const asPath = path.resolve(path.dirname(from), name)
  if (!/[%?#]/.test(name)) return [asPath]
  const asUrl = attempt(() => fileURLToPath(new URL(name, pathToFileURL(from))), asPath)
  return asUrl === asPath ? [asPath] : [asUrl, asPath]
}
