/**
 * What the import hook adds to the start of a program of 500 modules.
 *
 *     npm run bench -- modules
 */
import { execFile } from "node:child_process"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { fileOf, filesOf } from "./program.js"
import type { Case, Group } from "./rounds.js"

const node = promisify(execFile)
let started = 0

const folder = fileURLToPath(new URL("../../.narrative/modules/", import.meta.url))
const hook = new URL("../../dist/auto/index.js", import.meta.url).href
const count = 500

const write = (): void => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}package.json`, '{ "type": "module" }')
  for (const [name, source] of filesOf(count)) writeFileSync(`${folder}${name}`, source)
  const first = `import * as first from "./${fileOf(0)}"\n`
  writeFileSync(`${folder}started.js`, `${first}console.log(typeof first)\n`)
  writeFileSync(`${folder}called.js`, `${first}console.log(first.checkOrder0({ lines: [] }).total)\n`)
}

write()

const one = (name: string, file: string, ...args: ReadonlyArray<string>): Case => ({
  name,
  run: async () => {
    await node(process.execPath, [...args, file], { cwd: folder })
    started += 1
  }
})

const bare = "500 modules"

/** A hook as this version of Node has it: in place, or on Node 20 in a thread of its own. */
const idle =
  'import*as n from"node:module";n.registerHooks?n.registerHooks({load:(u,c,x)=>x(u,c)}):n.register("data:text/javascript,export const load=async(u,c,n)=>n(u,c)")'

export const groups: ReadonlyArray<Group> = [
  {
    title: "The start of a program of 500 modules with the import hook",
    text: "Its modules have 76 lines and 3.3 KB on average: services with a class, functions, rules as arrow functions, tables. They import each other as a tree with ties between its branches, and eight modules of Node, and no package. The program imports all of them and ends. A hook that does nothing is what Node itself takes for one. The first call loads this library and narrates it.",
    command: "npm run bench -- modules",
    per: 1,
    rounds: 15,
    cases: [
      one(bare, "started.js"),
      one(
        "with a hook that does nothing",
        "started.js",
        "--import",
        `data:text/javascript,${encodeURIComponent(idle)}`
      ),
      one("with effect-narrative/auto", "started.js", "--import", hook),
      one("with effect-narrative/auto, and a call", "called.js", "--import", hook)
    ],
    rows: [
      { name: bare },
      { name: "with a hook that does nothing", against: bare },
      { name: "with effect-narrative/auto", against: bare, bar: 1.3 },
      { name: "with effect-narrative/auto, and a call", against: bare }
    ]
  }
]

/** Whether the processes ran. */
export const witnesses = () => [started]
