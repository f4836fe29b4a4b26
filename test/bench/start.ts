import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { staticClosure } from "../fixtures/staticClosure.js"
import type { Case, Group } from "./rounds.js"

const node = promisify(execFile)
let started = 0

const root = new URL("../..", import.meta.url)
const compiled = (path: string) => new URL(`dist/${path}`, root).href

/** A process that imports these one after the other, and ends. */
const one = (name: string, ...modules: ReadonlyArray<string>): Case => ({
  name,
  run: async () => {
    const program = modules.map((path) => `await import(${JSON.stringify(path)})`).join("\n")
    await node(process.execPath, ["--input-type=module", "--eval", program], { cwd: root })
    started += 1
  }
})

const plain = 'import "effect"'
const { bytes } = await staticClosure()

export const groups: ReadonlyArray<Group> = [
  {
    title: "The start of a program",
    text: `A process of Node that imports, and ends. A bundle whose program uses \`stage\` and \`story\` has ${(bytes / 1_024).toFixed(1)} KiB of the library in its entry and what that imports statically (esbuild, minified, peers left out); the rest is loaded when a story needs it.`,
    command: "npm run bench -- start",
    per: 1,
    rounds: 15,
    cases: [
      one(plain, "effect"),
      one('and "effect-narrative/Narrative"', "effect", compiled("Narrative.js")),
      one('and "effect-narrative"', "effect", compiled("index.js"))
    ],
    rows: [
      { name: plain },
      { name: 'and "effect-narrative/Narrative"', against: plain },
      { name: 'and "effect-narrative"', against: plain }
    ]
  }
]

/** Whether the processes ran. */
export const witnesses = () => [started]
