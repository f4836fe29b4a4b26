/**
 * What can be imported: each index, and each module that one of them exports as a namespace by a path of its own. With
 * these a declaration file can name every type, and a program loads no more than the modules it uses.
 */
import { readFileSync } from "node:fs"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"

const repository = fileURLToPath(new URL("../..", import.meta.url))
const read = (path: string) => readFileSync(`${repository}${path}`, "utf8")
const exported: { readonly [path: string]: { readonly types: string; readonly default: string } } = JSON.parse(
  read("package.json")
).exports

const indices = Object.entries(exported).flatMap(([path, target]) =>
  path.endsWith(".json") || /[A-Z]\w*$/.test(path) ? [] : [[path, sourceOf(target.default)] as const]
)

function sourceOf(compiled: string): string {
  return compiled.replace(/^\.\/dist\/(.*)\.js$/, "./src/$1.ts")
}

/** `effect-narrative/history/History` of `./History.js` in `src/history/index.ts`. */
const namespacesOf = ([path, index]: readonly [string, string]): ReadonlyArray<readonly [string, string]> =>
  Array.from(read(index).matchAll(/^export \* as (\w+) from "\.\/(.+)\.js"$/gm), ([, name, file]) => [
    `${path}/${name}`,
    `${dirname(index)}/${file}.ts`
  ])

describe("The exports of the package", () => {
  it("have a path for each module that an index exports as a namespace", () => {
    for (const [path, source] of indices.flatMap(namespacesOf)) {
      assert.strictEqual(sourceOf(exported[path]?.default ?? `no ${path}`), source)
    }
  })

  it("are found by the compiler in the sources, too", () => {
    const { paths } = JSON.parse(read("tsconfig.json")).compilerOptions
    const sources = Object.entries(exported).flatMap(([path, target]) =>
      path.endsWith(".json") ? [] : [[path.replace(/^\./, "effect-narrative"), [sourceOf(target.default)]] as const]
    )
    assert.deepStrictEqual(paths, Object.fromEntries(sources))
  })

  it("have types of the same module", () => {
    for (const [path, target] of Object.entries(exported)) {
      if (!path.endsWith(".json")) assert.strictEqual(target.types, target.default.replace(/js$/, "d.ts"))
    }
  })
})
