/**
 * Modules that are instrumented as they are loaded, by the compiled hook: `npm test` builds it first.
 */
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { transformSync } from "esbuild"
import { isWanted, settingsOf } from "../../src/auto/settings.js"
import { transform } from "../../src/auto/transform.js"
import { compiled, hook, nodes, run as runNode } from "./processes.js"

const corpus = fileURLToPath(new URL("corpus/", import.meta.url))
const timeout = 300_000

const run = async (
  file: string,
  imports: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {},
  node = process.execPath
) => {
  const args = [...imports.flatMap((url) => ["--import", url]), "--no-warnings", file]
  const { stdout } = await promisify(execFile)(node, args, {
    cwd: corpus,
    env: {
      ...process.env,
      NARRATIVE_INDEX: compiled("index.js"),
      NARRATIVE_PROMISE: compiled("promise/index.js"),
      ...env
    }
  })
  return stdout
}

/** Whether a version of Node leaves types out by itself. */
const loadsTypes = async (node: string): Promise<boolean> => {
  const { stdout } = await promisify(execFile)(node, ["-p", "process.features.typescript"])
  return stdout.trim() === "strip"
}

const stagesOf = (stdout: string): ReadonlyArray<string> =>
  stdout.split("\n").flatMap((line) => {
    const event = line.startsWith("{") ? JSON.parse(line) : {}
    return event.event === "StageCompleted" ? [event.stage_path.join(" > ")] : []
  })

describe("the import hook", () => {
  for (const node of nodes) {
    it(
      `leaves what a program does as it is, on ${node}`,
      async () => {
        const without = await run("main.mjs", [], {}, node)
        assert.include(without, "awaited")
        assert.strictEqual(await run("main.mjs", [hook], {}, node), without)
      },
      timeout
    )

    it(
      `leaves what typed modules do as it is, on ${node}`,
      async () => {
        const expected = "3 5 2 sum 0\n"
        const ways = [["tsx", hook], [hook, "tsx"], ...((await loadsTypes(node)) ? [[hook]] : [])]
        for (const way of ways) assert.strictEqual(await run("typed.mjs", way, {}, node), expected, way.join())
      },
      timeout
    )
  }

  for (const [how, imports] of [
    ["alone", [hook]],
    ["before tsx", [hook, "tsx"]],
    ["after tsx", ["tsx", hook]]
  ] as const) {
    it(
      `makes functions and classes stages, ${how}`,
      async () => {
        const stages = stagesOf(await run("story.mjs", imports))
        assert.deepStrictEqual(stages, ["Named", "Later", "Child.double > Parent.double", "Child.double", "Add"])
      },
      timeout
    )
  }

  it(
    "is switched off, and kept from files, by the environment",
    async () => {
      const disabled = await run("story.mjs", [hook], { RUNTIME_NARRATIVE_AUTO_DISABLED: "1" })
      const excluded = await run("story.mjs", [hook], { RUNTIME_NARRATIVE_AUTO_EXCLUDE: "odd.mjs" })
      assert.deepStrictEqual([stagesOf(disabled), stagesOf(excluded)], [[], ["Add"]])
    },
    timeout
  )
})

/** A folder with these files, gone when the scope is closed. */
const folderOf = (files: Readonly<Record<string, string | Uint8Array>>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const folder = realpathSync(mkdtempSync(join(tmpdir(), "narrative-auto-")))
      for (const [name, content] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, name)), { recursive: true })
        writeFileSync(join(folder, name), content)
      }
      return folder
    }),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
  )

const dearOrders = `class Orders {
  charge(total: number) {
    throw new Error(\`\${total} is too dear\`)
  }
}
function pay(total: number) {
  return new Orders().charge(total)
}
try {
  pay(20)
} catch (error) {
  console.log(error.stack.split("\\n").find((line) => line.includes("Orders.charge")).trim())
}
`

describe("a module with its source map beside it, all on one line", () => {
  for (const [where, root] of [
    ["beside.js.map", ""],
    ["maps/beside.js.map", "../"]
  ] as const) {
    it.scopedLive(
      `has its own places in stacks that Node maps, by ${where}`,
      () =>
        Effect.gen(function* () {
          const { code, map } = transformSync(dearOrders, {
            loader: "ts",
            minifyWhitespace: true,
            sourcemap: "external",
            sourcefile: "beside.ts",
            sourceRoot: root
          })
          const folder = yield* folderOf({
            "beside.ts": dearOrders,
            "beside.js": `${code.trim()}\n//# sourceMappingURL=${where}\n`,
            [where]: map
          })
          const options = { cwd: folder, env: { RUNTIME_NARRATIVE_AUTO_STORIES: "false" } }
          const line = `at Orders.charge (${join(folder, "beside.ts")}:3:11)\n`
          for (const imports of [[], ["--import", hook]]) {
            const args = ["--enable-source-maps", ...imports, join(folder, "beside.js")]
            assert.strictEqual((yield* Effect.promise(() => runNode(args, options))).stdout, line)
          }
        }),
      timeout
    )
  }
})

/** `add` of two numbers. */
const addition = Buffer.from("AGFzbQEAAAABBwFgAn9/AX8DAgEABwcBA2FkZAAACgkBBwAgACABags=", "base64")

describe("a module of WebAssembly", () => {
  it.scopedLive(
    "is left as it is",
    () =>
      Effect.gen(function* () {
        const folder = yield* folderOf({
          "add.wasm": addition,
          "main.mjs": `import * as wasm from "./add.wasm"
export function twice(n) { return wasm.add(n, n) }
console.log(twice(21), wasm.add.name, wasm.add.length, Object.keys(wasm).join())
`
        })
        const options = { cwd: folder, env: { RUNTIME_NARRATIVE_AUTO_STORIES: "false" } }
        for (const imports of [[], ["--import", hook]]) {
          const args = ["--experimental-wasm-modules", "--no-warnings", ...imports, "main.mjs"]
          assert.strictEqual((yield* Effect.promise(() => runNode(args, options))).stdout, "42 0 2 add\n")
        }
      }),
    timeout
  )
})

/** A function that is instrumented has its own way to say its text. */
const hooksOfProgram = {
  "hooks.mjs": "export const load = (url, context, nextLoad) => nextLoad(url, context)\n",
  "later.mjs": "export function later() {}\n",
  "main.mjs": `import * as fs from "node:fs"
import { readFile } from "node:fs/promises"
import { register } from "node:module"
function early() {}
const own = new URL(import.meta.url)
const texts = [await readFile(own), await fs.promises.readFile(own), fs.readFileSync(own)]
console.log(new Set(texts.map(String)).size, String(texts[0]).includes("globalThis" + "[Symbol"), Object.hasOwn(early, "toString"))
register("./hooks.mjs", import.meta.url)
const { later } = await import("./later.mjs")
console.log(later.name, Object.hasOwn(later, "toString"))
`
}

describe("a program", () => {
  for (const node of nodes) {
    it.scopedLive(
      `reads its own modules as they are, and may register hooks of its own, on ${node}`,
      () =>
        Effect.gen(function* () {
          const folder = yield* folderOf(hooksOfProgram)
          const options = { node, cwd: folder, env: { RUNTIME_NARRATIVE_AUTO_STORIES: "false" } }
          const { stderr, stdout } = yield* Effect.promise(() =>
            runNode(["--no-warnings", "--import", hook, "main.mjs"], options)
          )
          assert.strictEqual(stdout, "1 false true\nlater true\n", stderr)
        }),
      timeout
    )
  }
})

const module = { sourceType: "module", isMain: false } as const

describe("what is instrumented", () => {
  const settings = settingsOf({ roots: ["/app"], exclude: ["generated"] })

  it("is below a root by whole segments, and in no node_modules", () => {
    const paths = ["/app/a.js", "/app2/a.js", "/app/node_modules/x/a.js", "/app/generated/a.js", "/app/generated2/a.js"]
    assert.deepStrictEqual(
      paths.filter((path) => isWanted(path, settings)),
      ["/app/a.js", "/app/generated2/a.js"]
    )
  })

  it("moves no line, and begins behind the directives", () => {
    const source = '"use strict"\n\nimport "x"\nexport function load() {}\nclass Shop {}\n'
    const lines = transform(source, module)?.split("\n") ?? []
    assert.deepStrictEqual(
      lines.map((line) => line.replace(/\{const \$n=.*?catch\{\}\}\}/, "")),
      source.split("\n")
    )
    assert.match(lines[2] ?? "", /^\{const \$n=.*\{try\{load=\$n\.f\(load\)\}catch\{\}\}\}import "x"$/)
  })

  it("hides no name of the module", () => {
    assert.include(transform("const $n = 1, $n$ = 2\nfunction load() {}", module), "{const $n$$=")
  })

  it("is nothing in a source that cannot be read", () => {
    assert.isUndefined(transform("function {", module))
    assert.isUndefined(transform("export const a = 1", module))
  })
})
