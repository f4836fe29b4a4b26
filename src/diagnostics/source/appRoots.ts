/**
 * Whose code is the program's own: that of the workspace around the program's entry, wherever it was started from.
 */
import { existsSync, realpathSync } from "node:fs"
import * as path from "node:path"
import { attempt, propertyOf, textOf } from "../../plain/untrusted.js"
import { manifestOf } from "./moduleImports.js"

/** The folders of a program's own files, where its settings name none. */
export const defaultAppRoots = (cwd: string, entry: string | undefined = process.argv[1]): ReadonlyArray<string> => {
  const main = entryFile(cwd, entry)
  if (main === undefined) return [workspaceOf(cwd) ?? cwd]
  const folder = path.dirname(main)
  const root = workspaceOf(folder)
  // Where a container holds no more than the built files, they are below the folder it starts in.
  const isStartedAbove = path.dirname(cwd) !== cwd && isWithin(folder, cwd)
  if (root === undefined) return [isStartedAbove ? cwd : folder]
  return isStartedAbove && !isWithin(cwd, root) ? [root, cwd] : [root]
}

/** A test runner or another tool that was installed runs the program instead of being it. */
const entryFile = (cwd: string, entry: string | undefined): string | undefined => {
  if (entry === undefined || entry === "") return undefined
  const file = attempt(() => realpathSync(path.resolve(cwd, entry)), undefined)
  return file === undefined || /[\\/]node_modules[\\/]/.test(file) ? undefined : file
}

const isWithin = (folder: string, root: string): boolean => {
  const way = path.relative(root, folder)
  return way === "" || !(way === ".." || way.startsWith(`..${path.sep}`) || path.isAbsolute(way))
}

/** Most folders looked at on the way up. */
const maxWayUp = 64

/** The nearest folder that says it is a workspace; else that of a lock file; else that of a package with a name. */
const workspaceOf = (folder: string): string | undefined => {
  const folders = [folder]
  for (let at = folder; path.dirname(at) !== at && folders.length < maxWayUp; at = path.dirname(at)) {
    folders.push(path.dirname(at))
  }
  const manifests = new Map(folders.map((at) => [at, manifestOf(at)]))
  return (
    folders.find((at) => holds(at, workspaceFiles) || propertyOf(manifests.get(at), "workspaces") !== undefined) ??
    folders.find((at) => holds(at, lockFiles)) ??
    // A `package.json` without a name only says how the files beside it are to be read.
    folders.find((at) => textOf(manifests.get(at), "name") !== undefined)
  )
}

const workspaceFiles = ["pnpm-workspace.yaml", "lerna.json", "rush.json", ".git"]

const lockFiles = ["pnpm-lock.yaml", "package-lock.json", "yarn.lock", "bun.lock", "bun.lockb", "deno.lock"]

const holds = (folder: string, names: ReadonlyArray<string>): boolean =>
  names.some((name) => existsSync(path.join(folder, name)))
