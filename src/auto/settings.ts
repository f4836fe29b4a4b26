/**
 * Which modules are the app's own, and are instrumented.
 */
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
}

export interface AutoSettings {
  readonly roots: ReadonlyArray<string>
  readonly include: ReadonlyArray<string> | undefined
  readonly exclude: ReadonlyArray<string>
}

const listed = (variable: string): ReadonlyArray<string> | undefined => {
  const paths = environment[variable]
    ?.split(",")
    .map((path) => path.trim())
    .filter((path) => path !== "")
  return paths === undefined || paths.length === 0 ? undefined : paths
}

/** `RUNTIME_NARRATIVE_AUTO_DISABLED=1` (or `true`) leaves every module as it is. */
export const isDisabled = (): boolean =>
  ["1", "true", "yes", "on"].includes(environment["RUNTIME_NARRATIVE_AUTO_DISABLED"]?.trim().toLowerCase() ?? "")

/** What an option does not say is said by the environment. */
export const settingsOf = ({ exclude, include, roots }: AutoOptions): AutoSettings => ({
  roots: (roots ?? ["."]).map((root) => resolve(root)),
  include: include ?? listed("RUNTIME_NARRATIVE_AUTO_INCLUDE"),
  exclude: exclude ?? listed("RUNTIME_NARRATIVE_AUTO_EXCLUDE") ?? []
})

/** By whole segments of paths: `/app2` is not in `/app`. */
const isIn = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)

export const isWanted = (path: string, { exclude, include, roots }: AutoSettings): boolean => {
  const root = roots.find((root) => isIn(path, root))
  if (root === undefined || path.split(sep).includes("node_modules")) return false
  const isAmong = (paths: ReadonlyArray<string>) => paths.some((part) => isIn(path, resolve(root, part)))
  return !isAmong(exclude) && (include === undefined || isAmong(include))
}

/** The file of a module's URL; `undefined` where it is none. What tsx adds to a URL does not count. */
export const fileOf = (url: string): string | undefined =>
  url.startsWith("file:") ? attempt(() => fileURLToPath(new URL(url)), undefined) : undefined
