/**
 * What every report and the dashboard carry, and what the sources of their pages may import.
 */
import { readdirSync, readFileSync } from "node:fs"
import { posix } from "node:path"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import * as dashboard from "../../src/dashboard/assets.js"
import { script, style } from "../../src/renderer/html/assets.js"
import { dashboardAssets, dashboardFile } from "./bundle.js"

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

/** What an import of ours is of, from `src/web`. */
const target = ({ from, path }: { readonly from: string; readonly path: string }): string =>
  from.startsWith(".") ? posix.join(posix.dirname(path), from) : ""

const leavesWeb = (one: (typeof imports)[number]): boolean => target(one).startsWith("../")

/** How a program's text is shown, which is one rule for pages and terminals. It imports nothing. */
const terminalText = "../plain/terminalText.js"

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

  it("takes nothing but types from the rest of the sources, and how a text is shown", () => {
    const others = imports.filter((one) => leavesWeb(one) && !one.isTypeOnly && target(one) !== terminalText)
    assert.isAbove(imports.filter(leavesWeb).length, 0)
    assert.deepStrictEqual(
      others.map(({ text }) => text),
      []
    )
  })

  it("shares a kit that knows nothing of the report and the dashboard", () => {
    const upwards = imports.filter((one) => one.path.startsWith("kit/") && /^(?:report|dashboard)\//.test(target(one)))
    assert.isAbove(imports.filter(({ path }) => path.startsWith("kit/")).length, 0)
    assert.deepStrictEqual(
      upwards.map(({ text }) => text),
      []
    )
  })
})

describe("the dashboard's program", () => {
  it("weighs no more than 150 kB, compressed together with the style", () => {
    assert.isAtMost(gzipSync(dashboard.script).byteLength + gzipSync(dashboard.style).byteLength, 150_000)
  })

  it("carries the licence of what is bundled into it", () => {
    assert.include(dashboard.script, "THE SOFTWARE IS PROVIDED")
  })

  it("is what its sources make of it", async () => {
    assert.strictEqual(
      readFileSync(dashboardFile, "utf8"),
      await dashboardAssets(),
      "src/dashboard/assets.ts is old: npm run html"
    )
  })
})
