/**
 * Where a program makes what failed inside a library: `PgClient.layer(…)` of a client that could not connect, or
 * `Config.string("DATABASE_URL")` of a setting that is missing. Neither a frame nor a generator of the app's says so: the sources do,
 * where it is written once in all of them.
 */
import * as path from "node:path"
import { remembering } from "../../plain/lruCache.js"
import { propertyOf } from "../../plain/untrusted.js"
import { codeOf, placeAt, statementAround } from "./code.js"
import { linesOf } from "./frameSource.js"
import { escaped, type TextPlace } from "./maskedCode.js"
import { type Import, importsIn, localNamesIn, manifestOf } from "./moduleImports.js"
import { type ProgramModules, remembered } from "./programModules.js"
import * as sourceText from "./sourceText.js"
import type * as stackFrames from "./stackFrames.js"

export interface Use extends TextPlace {
  readonly path: string
}

/** The one line that makes what a library's function, in whose frames a failure is, was making. The innermost frame comes first. */
export const constructionAt = (frames: ReadonlyArray<stackFrames.Frame>, modules: ProgramModules): Use | undefined => {
  for (const frame of frames) {
    const { column, line } = frame.shown
    const use = remembered(modules, `made ${frame.path}:${line}:${column}`, () => constructionFor(frame, modules))
    if (use !== undefined) return use
  }
  return undefined
}

const constructionFor = (frame: stackFrames.Frame, { files, packages }: ProgramModules): Use | undefined => {
  const made = constructorOf(frame)
  if (made === undefined || isUsedBeside(made, packages)) return undefined
  const uses = files.map((file) => constructionsIn(file, made))
  if (uses.includes(undefined)) return undefined
  const [only, another] = uses.flatMap((use) => use ?? [])
  return another === undefined ? only : undefined
}

interface Constructor {
  /** The package it is of, and its folder. */
  readonly name: string
  readonly folder: string
  /** The file it is in, without its ending. */
  readonly module: string
  readonly function: string
}

/** The function of a library's module that makes something, where a frame is in that itself. */
const constructorOf = (frame: stackFrames.Frame): Constructor | undefined => {
  const [, folder, name] = inPackage.exec(frame.path) ?? []
  if (folder === undefined || name === undefined || name === "effect" || name === "effect-narrative") return undefined
  const { column, line } = frame.shown
  const lines = linesOf(frame)
  const declared = declaredAround(lines, line)
  const inner = sourceText.enclosingNameOf(lines, line, column)
  if (declared === undefined || (inner !== undefined && inner !== declared) || !makes.test(declared)) return undefined
  return { name, folder, module: path.parse(frame.path).name, function: declared }
}

const inPackage = /^(.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+))[\\/](?!.*[\\/]node_modules[\\/])/

const makes = /^(?:layer|make|from)(?![a-z])/

/** The declaration of the module that a line is in. */
const declaredAround = (lines: ReadonlyArray<string>, line: number): string | undefined => {
  for (let at = Math.min(line, lines.length) - 1; at >= 0; at--) {
    const name = /^(?:export\s+)?(?:const|let|var|(?:async\s+)?function\s*\*?)\s+([\w$]+)/.exec(lines[at] ?? "")?.[1]
    if (name !== undefined) return name
  }
  return undefined
}

/** Whether another package of the program's may be what uses it. Those of Effect make none of each other's clients and servers. */
const isUsedBeside = ({ folder, name }: Constructor, packages: ReadonlySet<string>): boolean =>
  Array.from(packages).some(
    (other) => other !== folder && !ofEffect.test(other) && dependenciesOf(other).includes(name)
  )

const ofEffect = /[\\/]node_modules[\\/](?:effect|effect-narrative|@effect[\\/][^\\/]+)$/

const dependenciesOf = remembering(256, (folder): ReadonlyArray<string> => {
  const manifest = manifestOf(folder)
  return ["dependencies", "peerDependencies", "optionalDependencies"].flatMap((key) =>
    Object.keys(Object(propertyOf(manifest, key)))
  )
})

/** `undefined` where the file may make it by names that are not known. */
const constructionsIn = (file: string, made: Constructor): ReadonlyArray<Use> | undefined => {
  const lines = sourceText.linesOf(file)
  const imports = importsIn(lines.join("\n")).filter(({ specifier }) => isOfPackage(specifier, made.name))
  if (imports.some(({ isLocal }) => !isLocal)) return undefined
  if (imports.length === 0) return []
  const code = codeOf(lines)
  return imports
    .flatMap((one) => usesOf(one, made))
    .flatMap((use) => Array.from(code.masked.matchAll(use), ({ index }) => ({ path: file, ...placeAt(code, index) })))
}

const isOfPackage = (specifier: string, name: string): boolean => specifier === name || specifier.startsWith(`${name}/`)

/** How a file uses what a module of the package makes, by the names that an import gives it. */
const usesOf = (one: Import, { function: name, module, name: library }: Constructor): ReadonlyArray<RegExp> => {
  const isModule = (text: string) => text.toLowerCase().endsWith(module.toLowerCase())
  const member = name.startsWith("layer") ? escaped(name) : "(?:layer|make|from)(?![a-z])[\\w$]*"
  const used = (path: string) => new RegExp(`(?<![\\w$.])${path}(?![\\w$])`, "g")
  const submodule = one.specifier.slice(library.length + 1)
  return localNamesIn(one).flatMap(({ imported, local }) => {
    const own = escaped(local)
    const ofOwn = used(`${own}\\s*\\.\\s*${member}`)
    if (submodule === "") {
      if (imported === "*") return [used(`${own}\\s*\\.\\s*\\w*${capitalOrNot(module)}\\s*\\.\\s*${member}`)]
      return isModule(imported) ? [ofOwn] : []
    }
    if (!isModule(submodule)) return []
    // A function alone: its import is not its use.
    return imported === "*" ? [ofOwn] : makes.test(imported) ? [used(`${own}(?=\\s*[(<])`)] : []
  })
}

const capitalOrNot = (name: string): string =>
  `[${name.charAt(0).toLowerCase()}${name.charAt(0).toUpperCase()}]${escaped(name.slice(1))}`

/** The one line that reads a setting, by its path: `["REDIS", "URL"]`. */
export const settingAt = (setting: ReadonlyArray<string>, modules: ProgramModules): Use | undefined =>
  remembered(modules, `setting ${setting.join("\n")}`, () => readingOf(setting, modules))

const readingOf = (setting: ReadonlyArray<string>, { files }: ProgramModules): Use | undefined => {
  const name = setting.at(-1) ?? ""
  if (!/^[\w.-]+$/.test(name)) return undefined
  const all = files.flatMap((file) => readingsIn(file, name, setting.slice(0, -1)))
  const [only, another] = all.length === 1 ? all : all.filter(({ isNamed }) => isNamed)
  return another === undefined ? only : undefined
}

interface Reading extends Use {
  /** Whether all names of the path are in its statement. */
  readonly isNamed: boolean
}

const readingsIn = (file: string, name: string, around: ReadonlyArray<string>): ReadonlyArray<Reading> => {
  const lines = sourceText.linesOf(file)
  if (!lines.some((line) => line.includes(name))) return []
  const code = codeOf(lines)
  return literalsIn(code.text, name).flatMap((at) => {
    const head = code.masked.slice(Math.max(0, at - 200), at)
    const call = code.masked.charAt(at) === "~" ? reads.exec(head) : null
    if (call === null || call[1] === "nested") return []
    const { end, start } = statementAround(code, at)
    const statement = code.text.slice(start, end)
    const isNamed = around.every((one) => literalsIn(statement, one).length > 0)
    return [{ path: file, ...placeAt(code, at - call[0].length), isNamed }]
  })
}

/** `Config.string(`, `Schema.Config(`, `Config.literal("a", "b")(`. */
const reads = /(?<![\w$.])(?:[\w$]+\s*\.\s*)?Config(?:\s*\.\s*(\w+))?\s*(?:<[^()]*>)?\s*(?:\([^()]*\)\s*)?\(\s*$/

const literalsIn = (text: string, name: string): ReadonlyArray<number> =>
  Array.from(text.matchAll(new RegExp(`(["'\`])${name.replace(/\W/g, "\\$&")}\\1`, "g")), ({ index }) => index)
