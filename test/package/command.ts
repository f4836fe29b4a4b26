/**
 * What the packed command consists of, and what it loads.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert } from "@effect/vitest"
import { command, copy, filesIn, project, run } from "./project.js"

/** Tells of each file that code is loaded from, by whichever of Node's loaders. */
const hook = `
  import { writeFileSync } from "node:fs"
  import { createRequire, register } from "node:module"
  import { MessageChannel, receiveMessageOnPort } from "node:worker_threads"

  const { port1, port2 } = new MessageChannel()
  const hooks = "let port; export const initialize = (it) => { port = it };" +
    "export const load = (url, context, next) => (port.postMessage(url), next(url, context))"
  register("data:text/javascript," + encodeURIComponent(hooks), { data: port2, transferList: [port2] })
  process.once("exit", () => {
    const files = Object.keys(createRequire(import.meta.url).cache)
    for (let next; (next = receiveMessageOnPort(port1)); ) files.push(next.message)
    writeFileSync(process.env.LOADED, JSON.stringify(files))
  })
`

/** The files, by their paths, that the command loads code from. */
export const loadedBy = async (...args: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const [preload, loaded] = [join(project, "hook.js"), join(project, "loaded.json")]
  writeFileSync(preload, hook)
  const env = { ...process.env, LOADED: loaded }
  const { output, status } = await run(process.execPath, ["--import", preload, command, ...args], project, env)
  assert.strictEqual(status, 0, output)
  const files: ReadonlyArray<string> = JSON.parse(readFileSync(loaded, "utf8"))
  return files
    .filter((file) => !file.startsWith("node:"))
    .map((file) => (file.startsWith("file:") ? fileURLToPath(file) : file))
}

export const isForeign = (file: string): boolean => dirname(file) !== dirname(command)

const inPackage = /^.*\bnode_modules\/((?:@[^/]+\/)?[^/]+)/

export const packageOf = (file: string): string | undefined => inPackage.exec(file)?.[1]

/** The packages that the command holds code of: above each module, a bundle says where it is from. */
export const bundledFolders = (): ReadonlyArray<string> => {
  const modules = filesIn(dirname(command)).filter((name) => name.endsWith(".js"))
  const lines = modules.flatMap((name) => readFileSync(join(dirname(command), name), "utf8").split("\n"))
  const origins = lines.flatMap((line) => (line.startsWith("// ") ? (inPackage.exec(line.slice(3))?.[0] ?? []) : []))
  return Array.from(new Set(origins), (path) => join(copy, path))
}

export const licenceOf = (folder: string): ReadonlyArray<string> => {
  const { license, name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.(md|txt))?$/i.test(entry))
  const named = `${name} ${version} (${license})`
  if (file !== undefined) return [named, readFileSync(join(folder, file), "utf8").trim()]
  // Some have it at the end of their page only.
  const [, atEnd = ""] = readFileSync(join(folder, "README.md"), "utf8").split(/^#+ *licen[cs]e\b.*\n/im)
  return [named, atEnd.trim()]
}
