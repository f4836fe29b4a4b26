import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { isParameterName } from "../../../src/diagnostics/source/parameterName.js"
import { readerOf } from "../../../src/diagnostics/source/stackReader.js"

const isParameter = (name: string, code: string) => {
  const lines = code.split("\n")
  return isParameterName(lines, name, { line: lines.length, column: (lines.at(-1) ?? "").indexOf("new Bad") + 1 })
}

describe("a name that Node gives to a function without one", () => {
  it.each([
    ["n", "const user = yield* find(1).pipe(Effect.flatMap((n) => Effect.fail(new Bad(n))))"],
    ["n", "const n = yield* find(1).pipe(Effect.flatMap(n => Effect.fail(new Bad(n))))"],
    ["order", "Stream.mapEffect((order: Order): Effect.Effect<void, Bad> =>\n  Effect.fail(new Bad(order)))"],
    ["id", "Cache.make({ lookup: (id: number) => {\n  const row = read(id)\n  return Effect.fail(new Bad(row))"]
  ])("is that of its only parameter, %s: %s", (name, code) => assert.isTrue(isParameter(name, code)))

  it.each([
    ["load", "const load = (load) => Effect.fail(new Bad(load))"],
    ["load", "const load: Loader = (id) => load((load) => Effect.fail(new Bad(load)))"],
    ["load", "function load(id) {\n  return items.map((load) => new Bad(load))"],
    ["load", "  async load(id: string): Promise<void> {\n  return items.map((load) => new Bad(load))"],
    ["n", "items.map((n) => n + 1)\nEffect.fail(new Bad(1))"],
    ["fail", "Effect.fail(new Bad(1))"]
  ])("is none that a function of that name has, %s: %s", (name, code) => assert.isFalse(isParameter(name, code)))

  it("is in no frame", () => {
    const failing = (ids: ReadonlyArray<number>) => ids.map((id) => new Error(`no ${id}`))
    const path = fileURLToPath(import.meta.url)
    const line =
      readFileSync(path, "utf8")
        .split("\n")
        .findIndex((text) => text.includes("const failing =")) + 1
    const frames = ["id", "failing"].map((name) => `    at ${name} (${path}:${line}:70)`)
    const read = readerOf(undefined).read(`Error: ${failing([3])[0]?.message}\n${frames.join("\n")}`)
    assert.deepStrictEqual(
      read.map(({ shown }) => shown.function),
      ["<anonymous>", "failing"]
    )
  })
})
