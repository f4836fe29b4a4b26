/**
 * What every report carries, and what the sources of its page may import.
 */
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { script, style } from "../../src/renderer/html/assets.js"

const web = fileURLToPath(new URL("../../src/web/", import.meta.url))

const sources = readdirSync(web, { recursive: true, encoding: "utf8" })
  .filter((path) => /\.tsx?$/.test(path))
  .map((path) => ({ path, text: readFileSync(`${web}${path}`, "utf8") }))

const imports = sources.flatMap(({ path, text }) =>
  Array.from(text.matchAll(/^import (?<what>[^"]*)"(?<from>[^"]+)"$/gm), ({ groups }) => ({
    path,
    isTypeOnly: groups?.["what"]?.startsWith("type ") === true,
    from: groups?.["from"] ?? "",
    text: `${path}: ${groups?.["from"]}`
  }))
)

/** Whether a relative import of a file two levels below leaves `src/web`. */
const leavesWeb = (from: string): boolean => from.startsWith("../../")

describe("the page's program", () => {
  it("weighs no more than 34 kB, compressed together with the style", () => {
    assert.isAtMost(gzipSync(`${style}${script}`).byteLength, 34_000)
  })

  it("carries the licence of what is bundled into it", () => {
    assert.match(script, /^\/\*! preact: Copyright \(c\) .*@preact\/signals: Copyright \(c\) /)
    assert.include(script, "THE SOFTWARE IS PROVIDED")
  })

  it("names a file in PascalCase where it is a component, and in camelCase where it is none", () => {
    const misnamed = sources
      .map(({ path }) => path)
      .filter((path) => !/(?:^|\/)(?:[A-Z]\w*\.tsx|[a-z]\w*\.ts|main\.tsx)$/.test(path))
    assert.deepStrictEqual(misnamed, [])
  })

  it("takes nothing but types from the rest of the sources", () => {
    const others = imports.filter(({ from, isTypeOnly }) => leavesWeb(from) && !isTypeOnly)
    assert.isAbove(imports.filter(({ from }) => leavesWeb(from)).length, 0)
    assert.deepStrictEqual(
      others.map(({ text }) => text),
      []
    )
  })

  it("shares a kit that knows nothing of the report", () => {
    const upwards = imports.filter(({ from, path }) => path.startsWith("kit/") && /^\.\.\/(?!\.\.\/)/.test(from))
    assert.isAbove(imports.filter(({ path }) => path.startsWith("kit/")).length, 0)
    assert.deepStrictEqual(
      upwards.map(({ text }) => text),
      []
    )
  })
})
