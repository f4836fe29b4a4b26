/**
 * Which modules are the app's own, and are instrumented.
 */
import { realpathSync } from "node:fs"
import { resolve, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { environment } from "../plain/environment.js"
import { attempt } from "../plain/untrusted.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface AutoOptions {
  /** The folders of the app (default: the working directory). What is below a `node_modules` is never part of it. */
  readonly roots?: ReadonlyArray<string> | undefined
  /** Only files whose path, relative to their root, begins with one of these (default: all). */
  readonly include?: ReadonlyArray<string> | undefined
  /** Files whose path, relative to their root, begins with one of these are left alone. */
  readonly exclude?: ReadonlyArray<string> | undefined
  /**
   * Whether calls outside any story begin one: the program's while its main module runs, later one of their own (default: not
   * where a module of the app names `effect-narrative`, and so begins its own stories).
   */
  readonly stories?: boolean | undefined
}

export interface AutoSettings {
  readonly roots: ReadonlyArray<string>
  readonly include: ReadonlyArray<string> | undefined
  readonly exclude: ReadonlyArray<string>
  /** `undefined` where it is for the app's modules to say. */
  readonly stories: boolean | undefined
  /** The file that the program begins with. */
  readonly main: string | undefined
}

/** What holds as long as a registration does, in whichever thread modules are loaded. */
export interface Shared {
  /** 1 as long as modules are instrumented. */
  readonly isOn: Int32Array
  /** 1 as soon as a module of the app names this library. */
  readonly namesUs: Int32Array
}

export const makeShared = (): Shared => {
  const shared = { isOn: new Int32Array(new SharedArrayBuffer(4)), namesUs: new Int32Array(new SharedArrayBuffer(4)) }
  Atomics.store(shared.isOn, 0, 1)
  return shared
}

const listed = (variable: string): ReadonlyArray<string> | undefined => {
  const paths = environment[variable]
    ?.split(",")
    .map((path) => path.trim())
    .filter((path) => path !== "")
  return paths === undefined || paths.length === 0 ? undefined : paths
}

const flag = (variable: string): boolean | undefined => {
  const text = environment[variable]?.trim().toLowerCase() ?? ""
  if (["1", "true", "yes", "on"].includes(text)) return true
  return ["0", "false", "no", "off"].includes(text) ? false : undefined
}

/** `RUNTIME_NARRATIVE_AUTO_DISABLED=1` (or `true`) leaves every module as it is. */
export const isDisabled = (): boolean => flag("RUNTIME_NARRATIVE_AUTO_DISABLED") === true

/** What an option does not say is said by the environment. */
export const settingsOf = ({ exclude, include, roots, stories }: AutoOptions): AutoSettings => ({
  roots: (roots ?? ["."]).map((root) => resolve(root)),
  include: include ?? listed("RUNTIME_NARRATIVE_AUTO_INCLUDE"),
  exclude: exclude ?? listed("RUNTIME_NARRATIVE_AUTO_EXCLUDE") ?? [],
  stories: stories ?? flag("RUNTIME_NARRATIVE_AUTO_STORIES"),
  main: attempt(() => realpathSync(process.argv[1] ?? ""), undefined)
})

/** This library's own files, which are below no `node_modules` where it is linked. */
const ownFolder = fileURLToPath(new URL("../", import.meta.url))

const below = `${sep}node_modules${sep}`

/** By whole segments of paths: `/app2` is not in `/app`. */
const isIn = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)

export const isWanted = (path: string, { exclude, include, roots }: AutoSettings): boolean => {
  const root = roots.find((root) => isIn(path, root))
  if (root === undefined || path.startsWith(ownFolder) || path.includes(below)) return false
  const isAmong = (paths: ReadonlyArray<string>) => paths.some((part) => isIn(path, resolve(root, part)))
  return !isAmong(exclude) && (include === undefined || isAmong(include))
}

/** The file of a module's URL; `undefined` where it is none. What tsx adds to a URL does not count. */
export const fileOf = (url: string): string | undefined => {
  if (!url.startsWith("file:")) return undefined
  // Nearly every one is such a path as it is.
  if (sep === "/" && url.startsWith("file:///") && !unlikePath.some((part) => url.includes(part)))
    return url.slice("file://".length)
  return attempt(() => fileURLToPath(new URL(url)), undefined)
}

/** In an address of a file, whose path is something else than what is behind the scheme. */
const unlikePath = ["%", "?", "#", "\\", "/.."]
