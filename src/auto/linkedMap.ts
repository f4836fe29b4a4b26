/**
 * The map beside a module, for Node that reads maps itself (`--enable-source-maps`): it knows nothing of what is put into the module.
 */
import { readFileSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { attempt } from "../plain/untrusted.js"

const flag = "--enable-source-maps"

/** Whether stacks are mapped by Node. */
export const areMapsRead = (): boolean =>
  Reflect.get(process, "sourceMapsEnabled") === true ||
  process.execArgv.includes(flag) ||
  (process.env["NODE_OPTIONS"] ?? "").split(/\s+/).includes(flag)

/** Names a map beside the file, at its end. */
export const linked = /^(\/\/[#@] sourceMappingURL=)((?!data:)\S+)[ \t]*$/gm

/** The source with the map that it names inside it, to be moved along; as it is, if that cannot be read. */
export const withMapInside = (source: string, path: string): string => {
  const found = Array.from(source.matchAll(linked)).at(-1)
  if (found === undefined) return source
  const [whole, comment = "", name = ""] = found
  return attempt(() => {
    const at = new URL(name, pathToFileURL(path))
    const map: { sources: ReadonlyArray<string | null>; sourceRoot?: string } = JSON.parse(readFileSync(at, "utf8"))
    // They are read from where the map is, and the root put before them as it is, as Node does it.
    const sources = map.sources.map((file) => file && new URL((map.sourceRoot ?? "") + file, at).href)
    const inside = Buffer.from(JSON.stringify({ ...map, sources, sourceRoot: undefined })).toString("base64")
    const url = `data:application/json;base64,${inside}`
    return `${source.slice(0, found.index)}${comment}${url}${source.slice(found.index + whole.length)}`
  }, source)
}
