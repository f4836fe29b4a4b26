/**
 * What happens when a program imports entries of the package, and what is left of them in a bundle.
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert } from "@effect/vitest"
import { build, type Plugin } from "esbuild"
import { project, run } from "./project.js"

/** The modules of an entry, by the entry's name: what it exports as a whole, each has a name of its own. */
export type Entries = Readonly<Record<string, ReadonlyArray<string>>>

export interface Imported {
  /** What went wrong, if anything did. */
  readonly error?: string
  readonly exported?: ReadonlyArray<string>
  readonly before?: unknown
  readonly after?: unknown
}

/**
 * What each of these entries exports and does to a process that imports one after the other, with what was there before. The
 * process must then end by itself.
 */
export const importedOf = async (
  entries: Entries,
  peers: ReadonlyArray<string>
): Promise<Readonly<Record<string, Imported>>> => {
  // The streams of `process` are made when they are first asked for.
  const program = `
    const touched = []
    for (const name of ["stdin", "stdout", "stderr"]) {
      const { get } = Object.getOwnPropertyDescriptor(process, name)
      Object.defineProperty(process, name, { configurable: true, get: () => (touched.push(name), get.call(process)) })
    }
    const state = () => ({
      // A file of a module may still be read.
      resources: process.getActiveResourcesInfo().filter((name) => name !== "FSReqCallback"),
      listeners: process.eventNames().map(String),
      environment: { ...process.env },
      touched: [...touched]
    })
    // Effect's loggers ask at once whether there is a terminal.
    await import("effect")
    // What a peer does when it is loaded is its own.
    for (const peer of ${JSON.stringify(peers)}) await import(peer)
    const imported = {}
    for (const [entry, modules] of Object.entries(${JSON.stringify(entries)})) {
      const before = state()
      try {
        const exported = Object.keys(await import(entry))
        for (const path of modules) await import(path)
        imported[entry] = { exported, before, after: state() }
      } catch (error) {
        imported[entry] = { error: String(error) }
      }
    }
    process.stdout.write(JSON.stringify(imported))
  `
  const file = join(project, "import.js")
  writeFileSync(file, program)
  const { output, status, stdout } = await run(process.execPath, [file], project)
  assert.strictEqual(status, 0, output)
  return JSON.parse(stdout)
}

/** The code that is left in a bundle of a program that imports all of an entry, and uses nothing: for each. */
export const unusedInBundles = async (entries: Entries): Promise<ReadonlyMap<string, string>> => {
  const all = Object.entries(entries)
  const programs: Plugin = {
    name: "programs",
    setup: ({ onLoad, onResolve }) => {
      onResolve({ filter: /^program \d+$/ }, ({ path }) => ({ namespace: "programs", path }))
      onLoad({ filter: /.*/, namespace: "programs" }, ({ path }) => ({
        contents: (all[Number(path.slice("program ".length))] ?? [])
          .flat()
          .map((path) => `import {} from "${path}"; import "${path}"`)
          .join("\n"),
        resolveDir: project
      }))
    }
  }
  const { outputFiles } = await build({
    entryPoints: all.map((_, i) => ({ in: `program ${i}`, out: String(i) })),
    bundle: true,
    format: "esm",
    platform: "node",
    outdir: project,
    write: false,
    logLevel: "silent",
    plugins: [programs]
  })
  const left = new Map(outputFiles.map(({ path, text }) => [path, text.replace(/^\/\/.*$/gm, "").trim()]))
  return new Map(all.map(([entry], i) => [entry, left.get(join(project, `${i}.js`)) ?? "no output"]))
}
