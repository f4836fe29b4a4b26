import { execFileSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { transformSync } from "esbuild"
import { originalOf } from "../../../src/diagnostics/source/sourceMaps.js"
import { linesOf } from "../../../src/diagnostics/source/sourceText.js"
import { reader } from "../../../src/diagnostics/source/stackFrames.js"

const app = realpathSync(mkdtempSync(path.join(tmpdir(), "source maps ")))
afterAll(() => rmSync(app, { recursive: true }))

const source = `interface Order {
  readonly id: number
}

type Unused = string

export const ship = (order: Order): never => {
  const reason: string = "no address for " + order.id
  throw new Error(reason)
}
`

/** Compiles the source as `dist/<name>.js` with a map, and gives what plain Node prints as the stack of its error. */
const compiled = (name: string, options: { readonly inline?: boolean; readonly contents?: boolean } = {}) => {
  mkdirSync(path.join(app, "dist"), { recursive: true })
  mkdirSync(path.join(app, "src"), { recursive: true })
  writeFileSync(path.join(app, "src", `${name}.ts`), source)
  const { code, map } = transformSync(source, {
    loader: "ts",
    format: "esm",
    minifyWhitespace: true,
    sourcemap: options.inline ? "inline" : "external",
    sourcesContent: options.contents ?? true,
    sourcefile: `../src/${name}.ts`
  })
  const file = path.join(app, "dist", `${name}.mjs`)
  writeFileSync(file, options.inline ? code : `${code}//# sourceMappingURL=${name}.mjs.map\n`)
  if (!options.inline) writeFileSync(`${file}.map`, map)
  const program = `import(${JSON.stringify(file)}).then((m) => m.ship({ id: 1 })).catch((e) => console.log(e.stack))`
  return { file, stack: execFileSync(process.execPath, ["-e", program], { encoding: "utf8", env: {} }) }
}

const read = reader([app], app)

describe("SourceMaps", () => {
  it.each([
    ["beside", {}],
    ["inline", { inline: true }],
    ["without-contents", { contents: false }]
  ] as const)("maps a stack of plain compiled JavaScript, its map %s", (name, options) => {
    const { stack } = compiled(name, options)
    assert.include(stack, `dist/${name}.mjs:1:`)
    const [frame] = read(stack)
    assert.deepStrictEqual([frame?.shown.file, frame?.shown.line, frame?.shown.origin], [`src/${name}.ts`, 9, "app"])
    assert.strictEqual(linesOf(frame?.path ?? "", frame?.content)[8], "  throw new Error(reason)")
    assert.include(frame?.text, `src/${name}.ts:9:`)
  })

  it("shows the source a map carries where the sources were not shipped", () => {
    const { stack } = compiled("shipped")
    rmSync(path.join(app, "src", "shipped.ts"))
    const [frame] = read(stack)
    assert.strictEqual(linesOf(frame?.path ?? "", frame?.content)[8], "  throw new Error(reason)")
  })

  it("finds a map that no comment names", () => {
    const { file } = compiled("unnamed")
    const other = path.join(app, "dist", "uncommented.mjs")
    writeFileSync(other, "export const x = 1")
    cpSync(`${file}.map`, `${other}.map`)
    assert.strictEqual(originalOf(other, 1, 1)?.path, path.join(app, "src", "unnamed.ts"))
  })

  it("recognises a package inside a bundle", () => {
    const bundle = path.join(app, "dist", "bundle.mjs")
    writeFileSync(bundle, "x()")
    const map = {
      version: 3,
      sourceRoot: "..",
      sources: ["node_modules/effect/src/Effect.ts"],
      names: [],
      mappings: "AAAA"
    }
    writeFileSync(`${bundle}.map`, JSON.stringify(map))
    assert.strictEqual(read(`Error\n    at f (${bundle}:1:1)`)[0]?.shown.origin, "effect")
  })

  it("leaves TypeScript positions alone: they are mapped already", () => {
    const file = path.join(app, "src", "done.ts")
    writeFileSync(file, source)
    writeFileSync(`${file}.map`, "{}")
    assert.strictEqual(originalOf(file, 9, 9), undefined)
  })

  it("leaves a position as it is when the map is missing, broken or knows nothing of it", () => {
    const file = (name: string, code: string, map?: string) => {
      const at = path.join(app, "dist", name)
      writeFileSync(at, code)
      if (map !== undefined) writeFileSync(`${at}.map`, map)
      return at
    }
    const files = [
      file("none.mjs", "x()"),
      file("broken.mjs", "x()", "{"),
      file("null.mjs", "x()", "null"),
      file("empty.mjs", "x()", '{"version":3,"sources":[],"names":[],"mappings":""}'),
      file("remote.mjs", "x()\n//# sourceMappingURL=https://example.com/a.map"),
      file("data.mjs", "x()\n//# sourceMappingURL=data:application/json;base64,%%%"),
      path.join(app, "missing.mjs")
    ]
    for (const at of files) assert.strictEqual(originalOf(at, 1, 1), undefined)
    assert.strictEqual(originalOf(compiled("lines").file, 99, 1), undefined)
  })

  it.each(["größe", "my file", "100%", "[id]", "a#b"])(
    "finds the map of %s, whose name in a URL is another",
    (name) => {
      mkdirSync(path.join(app, "urls"), { recursive: true })
      const file = path.join(app, "urls", `${name}.js`)
      writeFileSync(file, `\n\n//# sourceMappingURL=${encodeURIComponent(name)}.js.map`)
      writeFileSync(
        `${file}.map`,
        JSON.stringify({ version: 3, sources: [`../src/${name}.ts`], names: [], mappings: ";EAEE;" })
      )
      assert.deepInclude(originalOf(file, 2, 9), { path: path.join(app, "src", `${name}.ts`), line: 3 })
    }
  )

  it("finds a map beside the file when the one that is named does not exist", () => {
    const file = path.join(app, "moved.js")
    writeFileSync(file, "\n\n//# sourceMappingURL=https://example.com/elsewhere.js.map")
    writeFileSync(`${file}.map`, JSON.stringify({ version: 3, sources: ["moved.ts"], names: [], mappings: ";EAEE;" }))
    assert.strictEqual(originalOf(file, 2, 9)?.path, path.join(app, "moved.ts"))
  })

  it("leads to the app's own sources wherever they were when they were compiled, but not to those of a package", () => {
    const originOf = (name: string, source: string) => {
      const file = path.join(app, `${name}.js`)
      writeFileSync(file, `\n\n//# sourceMappingURL=${name}.js.map`)
      writeFileSync(`${file}.map`, JSON.stringify({ version: 3, sources: [source], names: [], mappings: ";EAEE;" }))
      return reader([app], app)(`Error: x\n    at load (${file}:2:9)`, "x")[0]?.shown.origin
    }
    assert.strictEqual(originOf("elsewhere", "/build/src/load.ts"), "app")
    assert.strictEqual(originOf("package", "/build/node_modules/orm/load.ts"), "dependency")
    assert.strictEqual(originOf("library", "/build/node_modules/effect/src/Effect.ts"), "effect")
  })

  it("reads a map of several sections", () => {
    const file = path.join(app, "indexed.js")
    const map = {
      version: 3,
      sources: ["src/indexed.ts"],
      sourcesContent: ["one\ntwo\nthree"],
      names: [],
      mappings: ";EAEE;"
    }
    writeFileSync(file, "\n\n//# sourceMappingURL=indexed.js.map")
    writeFileSync(`${file}.map`, JSON.stringify({ version: 3, sections: [{ offset: { line: 0, column: 0 }, map }] }))
    const found = originalOf(file, 2, 9)
    assert.deepInclude(found, { path: path.join(app, "src/indexed.ts"), line: 3 })
    assert.strictEqual(found?.content, "one\ntwo\nthree")
  })
})
