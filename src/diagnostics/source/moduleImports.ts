/**
 * What a module imports, and which file or package that is. Read as text: nothing is loaded.
 */
import { existsSync, readFileSync, realpathSync, statSync } from "node:fs"
import { isBuiltin } from "node:module"
import * as path from "node:path"
import { attempt, isObject, propertyOf } from "../../plain/untrusted.js"

export interface Import {
  readonly specifier: string
  /** What is between `import`, or `export`, and `from`. */
  readonly clause: string
  /** Whether what it gives may be used in this file by the names in the clause alone: it is neither exported nor loaded by a call. */
  readonly isLocal: boolean
}

/** What an import leads to; `undefined` where that cannot be known. */
export type Imported =
  | { readonly _tag: "File"; readonly path: string }
  | { readonly _tag: "Package"; readonly name: string; readonly folder: string }
  | { readonly _tag: "Other" }
  | undefined

/** Those of types alone are not among them: nothing is loaded for these. */
export const importsIn = (text: string): ReadonlyArray<Import> =>
  patterns.flatMap((pattern) =>
    Array.from(text.matchAll(pattern), ({ groups }) => ({
      specifier: groups?.["specifier"] ?? "",
      clause: groups?.["clause"] ?? "",
      isLocal: groups?.["keyword"] === "import"
    }))
  )

const patterns = [
  /^[ \t]*(?<keyword>import|export)\b(?!\s+type\b(?!\s+from\b))(?<clause>[^;"'`=()]*?)\bfrom\s*["'](?<specifier>[^"'\n]+)["']/gm,
  /^[ \t]*(?<keyword>import)\s*["'](?<specifier>[^"'\n]+)["']/gm,
  /\b(?:import|require)\s*\(\s*["'](?<specifier>[^"'\n]+)["']\s*[,)]/g
]

/** The name that something imported has here: `Pg` of `import { PgClient as Pg }`, or of `import * as Pg`. */
export const localNamesIn = ({
  clause
}: Import): ReadonlyArray<{ readonly imported: string; readonly local: string }> => {
  const all = /\*\s*as\s+([\w$]+)/.exec(clause)?.[1]
  const listed = /\{([^}]*)\}/.exec(clause)?.[1] ?? ""
  const named = listed.split(",").flatMap((part) => {
    const [, imported, local] = /^\s*(?!type\s+[\w$])([\w$]+)(?:\s+as\s+([\w$]+))?\s*$/.exec(part) ?? []
    return imported === undefined ? [] : [{ imported, local: local ?? imported }]
  })
  return all === undefined ? named : [...named, { imported: "*", local: all }]
}

export const resolve = (from: string, specifier: string): Imported => {
  if (isBuiltin(specifier)) return other
  if (/^\.{1,2}(?:\/|$)/.test(specifier)) return fileAt(path.resolve(path.dirname(from), specifier))
  const name = /^(?:@[\w.-]+\/)?[\w.-]+/.exec(specifier)?.[0]
  const folder = name === undefined ? undefined : packageFolder(path.dirname(from), name)
  if (name === undefined || folder === undefined) return undefined
  if (folder.split(/[\\/]/).includes("node_modules")) return { _tag: "Package", name, folder }
  // Of the same workspace: its sources are the program's own.
  const key = specifier.length > name.length ? `.${specifier.slice(name.length)}` : "."
  for (const file of filesOf(folder, key)) {
    const found = fileAt(path.resolve(folder, file))
    if (found !== undefined) return found
  }
  return undefined
}

const other: Imported = { _tag: "Other" }

/** What a compiler makes a file of, by the ending under which that is imported. */
const sourcesOf: Readonly<Record<string, ReadonlyArray<string>>> = {
  ".js": [".ts", ".tsx", ".js", ".jsx"],
  ".jsx": [".tsx", ".jsx"],
  ".mjs": [".mts", ".mjs"],
  ".cjs": [".cts", ".cjs"]
}

const endings = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"]

const fileAt = (wanted: string): Imported => {
  const ending = path.extname(wanted)
  const base = wanted.slice(0, wanted.length - ending.length)
  const candidates = [
    ...(sourcesOf[ending] ?? []).map((one) => base + one),
    ...(endings.includes(ending) ? [wanted] : []),
    ...endings.map((one) => wanted + one),
    ...endings.map((one) => path.join(wanted, `index${one}`))
  ]
  const found = candidates.find(isFile)
  // Data, styles and the like.
  return found === undefined ? (isFile(wanted) ? other : undefined) : { _tag: "File", path: found }
}

const isFile = (file: string): boolean => attempt(() => statSync(file).isFile(), false)

const maxWayUp = 40

const packageFolder = (folder: string, name: string): string | undefined => {
  let at = folder
  for (let i = 0; i < maxWayUp; i++) {
    const found = path.join(at, "node_modules", name)
    if (existsSync(found)) return attempt(() => realpathSync(found), undefined)
    const parent = path.dirname(at)
    if (parent === at) return undefined
    at = parent
  }
  return undefined
}

/** The `package.json` of a folder. */
export const manifestOf = (folder: string): unknown =>
  attempt((): unknown => JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")), undefined)

/** The files that a package may give under a name, by its `exports`, or else its `main`. */
const filesOf = (folder: string, key: string): ReadonlyArray<string> => {
  const manifest = manifestOf(folder)
  const exported = propertyOf(manifest, "exports")
  const hasKeys = isObject(exported) && Object.keys(exported).some((name) => name.startsWith("."))
  const found = hasKeys ? propertyOf(exported, key) : key === "." ? exported : undefined
  if (found !== undefined) return textsIn(found).filter((file) => !/\.d\.[cm]?ts$/.test(file))
  if (exported !== undefined) return []
  const main = propertyOf(manifest, "module") ?? propertyOf(manifest, "main")
  return key === "." ? [...textsIn(main), "index"] : [key]
}

const textsIn = (value: unknown): ReadonlyArray<string> =>
  typeof value === "string" ? [value] : isObject(value) ? Object.values(value).flatMap(textsIn) : []
