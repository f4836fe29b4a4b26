/**
 * Code that ran hot before it failed, on every Node there is and however it is run: the variables that V8 would have optimised
 * away, and that to touch would once abort the process.
 *
 * The Nodes besides the one that runs the tests are named by NODES, separated by colons; `.ci/run` installs them. They run what
 * `npm run build` compiled.
 */
import { execFile, execFileSync } from "node:child_process"
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { transformSync } from "esbuild"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const folder = realpathSync(mkdtempSync(path.join(tmpdir(), "hot code ")))
afterAll(() => rmSync(folder, { recursive: true }))

/** A project of a user's, in which the package is installed. */
const install = (): void => {
  const source = readFileSync(path.join(root, "test/diagnostics/fixtures/hotProgram.ts"), "utf8")
  mkdirSync(path.join(folder, "node_modules"))
  for (const name of ["effect", "@effect", "tsx"]) {
    symlinkSync(path.join(root, "node_modules", name), path.join(folder, "node_modules", name))
  }
  symlinkSync(root, path.join(folder, "node_modules/effect-narrative"))
  writeFileSync(path.join(folder, "package.json"), `{ "type": "module" }`)
  writeFileSync(path.join(folder, "hot.ts"), source)
  const { code } = transformSync(source, { loader: "ts", target: "es2023", sourcemap: "inline", sourcefile: "hot.ts" })
  writeFileSync(path.join(folder, "compiled.js"), code)
}
install()

interface Told {
  readonly version: string
  readonly status: { readonly mode: string; readonly reason: string }
  readonly tally: Readonly<Record<string, number>>
}

const run = (node: string, args: ReadonlyArray<string>) =>
  Effect.async<Told>((resume) => {
    const { NODE_OPTIONS: _, ...env } = process.env
    execFile(node, args, { cwd: folder, env, timeout: 280_000 }, (error, stdout, stderr) => {
      resume(error === null ? Effect.sync(() => JSON.parse(stdout)) : Effect.dieMessage(`${error.message}\n${stderr}`))
    })
  })

const nodes = [process.execPath, ...(process.env["NODES"] ?? "").split(":").filter((node) => node !== "")]

const waysToRun: ReadonlyArray<readonly [name: string, args: ReadonlyArray<string>, failures: number]> = [
  ["compiled", ["compiled.js"], 3_000],
  ["by tsx", ["--import", "tsx", "hot.ts"], 1_000],
  ["with its types stripped", ["hot.ts"], 1_000]
]

/** What of that a Node can do: to strip types takes 22.18. */
const waysOf = (version: string) =>
  waysToRun.filter(([, [program]]) => program !== "hot.ts" || Number.parseInt(version.slice(1), 10) >= 22)

describe("code that ran hot before it failed", { timeout: 300_000 }, () => {
  for (const node of nodes) {
    const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim()
    for (const [name, args, failures] of waysOf(version)) {
      it.live(`shows every variable of every failure, and aborts nothing: ${name}, by Node ${version}`, () =>
        Effect.gen(function* () {
          assert.isTrue(existsSync(path.join(root, "dist/index.js")), "`npm run build` comes first")
          const recorded = yield* run(node, [...args, String(failures)])
          const half = failures / 2
          assert.strictEqual(recorded.version, version)
          assert.strictEqual(recorded.status.mode, "rich")
          assert.include(recorded.status.reason, "V8 keeps them")
          assert.deepStrictEqual(recorded.tally, {
            "report rich": failures,
            "id right": failures,
            "fails right": failures,
            "dice right": half,
            "label right": half,
            "order right": half,
            "half right": half,
            "words right": half
          })
        })
      )
    }
  }
})
