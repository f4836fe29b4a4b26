/**
 * What the import hook adds to the start of a program of 500 modules.
 *
 *     npm run bench -- modules
 */
import { execFile } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import type { Case, Group } from "./rounds.js"

const node = promisify(execFile)
let started = 0

const folder = fileURLToPath(new URL("../../.narrative/modules/", import.meta.url))
const hook = new URL("../../dist/auto/index.js", import.meta.url).href
const count = 500

/** Eight functions, a class of two methods and a table. */
const moduleOf = (i: number): string => {
  const functions = Array.from(
    { length: 8 },
    (_, j) =>
      `export function load${i}_${j}(value) {\n  if (value === undefined) throw new Error("nothing")\n  return { value, at: ${j}, list: [1, 2, 3].map((x) => x * ${j}) }\n}\n`
  )
  const table = Array.from({ length: 20 }, (_, row) => ({ row, name: `row ${row}` }))
  return `${functions.join("")}export class Shop${i} {
  #items = []
  add(item) {
    this.#items.push(item)
    return this
  }
  total() {
    return this.#items.reduce((sum, { price }) => sum + price, 0)
  }
}
export const table${i} = ${JSON.stringify(table)}
`
}

const write = (): void => {
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}package.json`, '{ "type": "module" }')
  const numbers = Array.from({ length: count }, (_, i) => i)
  for (const i of numbers) writeFileSync(`${folder}m${i}.js`, moduleOf(i))
  const imports = numbers.map((i) => `import * as m${i} from "./m${i}.js"\n`).join("")
  writeFileSync(`${folder}started.js`, `${imports}console.log(typeof m0)\n`)
  writeFileSync(`${folder}called.js`, `${imports}console.log(m0.load0_1(1).at)\n`)
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

export const groups: ReadonlyArray<Group> = [
  {
    title: "The start of a program of 500 modules with the import hook",
    text: "Each module has eight functions, a class and a table; the program imports all of them and ends. A hook that does nothing is what Node itself takes for one: on Node 20 it is a thread of its own. The first call loads this library and narrates it.",
    command: "npm run bench -- modules",
    per: 1,
    rounds: 15,
    cases: [
      one(bare, "started.js"),
      one(
        "with a hook that does nothing",
        "started.js",
        "--import",
        `data:text/javascript,${encodeURIComponent('import{register}from"node:module";register("data:text/javascript,export const load=async(u,c,n)=>n(u,c)")')}`
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
