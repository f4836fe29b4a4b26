/**
 * The package packed, and a project that has installed it.
 */
import { execFile } from "node:child_process"
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { buildFiles, isBuilt } from "../fixtures/built.js"

const repository = fileURLToPath(new URL("../..", import.meta.url))
export const bin = (name: string) => join(repository, "node_modules/.bin", name)
export const manifest = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"))

const folder = realpathSync(mkdtempSync(join(tmpdir(), "narrative-package-")))
export const copy = join(folder, "copy")
export const tarball = join(folder, `${manifest.name}-${manifest.version}.tgz`)
export const project = join(folder, "project")
export const unpacked = join(project, "node_modules", manifest.name)
export const command = join(unpacked, manifest.bin.narrative)

export interface Ran {
  /** `null` where it was not ended by itself. */
  readonly status: number | null
  readonly output: string
  readonly stdout: string
}

/** Waited for, and not with a thread that is held: who runs the tests takes one that is not heard from for a minute for lost. */
export const run = (
  command: string,
  args: ReadonlyArray<string>,
  cwd = folder,
  env = process.env,
  timeout = 240_000
): Promise<Ran> =>
  new Promise((resolve) => {
    const options = { cwd, env, timeout, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 } as const
    const child = execFile(command, args, options, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === "number" ? error.code : null
      resolve({ status, output: `${stdout}${stderr}${status === null ? error : ""}`, stdout })
    })
    child.stdin?.end()
  })

const succeed = async (command: string, args: ReadonlyArray<string>, cwd: string): Promise<void> => {
  const { output, status } = await run(command, args, cwd, process.env, 0)
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}:\n${output}`)
}

/** The compiled files must come from these sources alone: an older `dist` is not taken. */
export const pack = async () => {
  mkdirSync(copy)
  const built = isBuilt()
  for (const name of [...manifest.files, ...buildFiles]) {
    const from = join(repository, name)
    if ((name !== "dist" || built) && existsSync(from)) cpSync(from, join(copy, name), { recursive: true })
  }
  symlinkSync(join(repository, "node_modules"), join(copy, "node_modules"))
  if (!built) await succeed("npm", ["run", "build"], copy)
  await succeed("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], copy)
}

export const link = (name: string) => {
  const target = join(project, "node_modules", name)
  mkdirSync(dirname(target), { recursive: true })
  symlinkSync(join(repository, "node_modules", name), target)
}

/** As a package manager leaves it that runs no install script: without what that would have built. */
export const installUnbuilt = (name: string) => {
  const from = join(repository, "node_modules", name)
  const isLeftOut = (path: string) => /^\/(build|deps|src)$/.test(path.slice(from.length))
  cpSync(from, join(project, "node_modules", name), { recursive: true, filter: (path) => !isLeftOut(path) })
}

export const unlink = (name: string) => rmSync(join(project, "node_modules", name), { force: true, recursive: true })

export const install = async () => {
  mkdirSync(unpacked, { recursive: true })
  await succeed("tar", ["-xzf", tarball, "-C", unpacked, "--strip-components=1"], folder)
  const optional = manifest.peerDependenciesMeta ?? {}
  const peers = Object.keys(manifest.peerDependencies).filter((name) => optional[name]?.optional !== true)
  for (const name of [...peers, ...Object.keys(manifest.dependencies), "@types/node"]) link(name)
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }))
}

/** Packs what its types are resolved by, and nothing else: attw looks through all files for each folder that it asks for. */
export const packTypes = async (): Promise<string> => {
  const types = join(folder, "types.tgz")
  const exported = new Set<unknown>(Object.values<object | string>(manifest.exports).flatMap(pathsOf))
  const names = filesIn(unpacked).filter((name) => name.endsWith(".d.ts") || exported.has(`./${name}`))
  const paths = names.map((name) => `${manifest.name}/${name}`)
  await succeed("tar", ["-czf", types, "-C", dirname(unpacked), ...paths], folder)
  return types
}

/** Each file that an export leads to. */
const pathsOf = (target: object | string): ReadonlyArray<unknown> =>
  typeof target === "string" ? [target] : Object.values(target)

export const filesIn = (path: string): ReadonlyArray<string> =>
  readdirSync(path, { recursive: true, encoding: "utf8" }).filter((name) => /\.\w+$/.test(name))

export const remove = () => rmSync(folder, { recursive: true, force: true })
