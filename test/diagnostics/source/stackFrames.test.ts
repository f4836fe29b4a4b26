import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { classify, reader } from "../../../src/diagnostics/source/stackFrames.js"

const read = reader(["/app"], "/app")
const only = (line: string) => read(`Error: x\n    at ${line}`, "x")[0]?.shown
const origins = (...files: ReadonlyArray<string>) => files.map((file) => classify(file, ["/app"]))

describe("StackFrames", () => {
  it.each([
    ["load (/app/src/load.ts:3:5)", "load", "src/load.ts", 3, 5],
    ["/app/src/load.ts:3:5", "<anonymous>", "src/load.ts", 3, 5],
    ["async load (file:///app/a%20b/load.ts:3:5)", "load", "a b/load.ts", 3, 5],
    ["async file:///app/load.ts?t=1:3:5", "<anonymous>", "load.ts", 3, 5],
    ["new Pool (/app/pool (copy 1)/a b.ts:3:5)", "new Pool", "pool (copy 1)/a b.ts", 3, 5],
    ["/app/pool (1)/a.ts:3:5", "<anonymous>", "pool (1)/a.ts", 3, 5],
    ["Object.<anonymous> (/app/a.cjs:3:5)", "<anonymous>", "a.cjs", 3, 5],
    ["Object.run [as go] (/app/a.ts:3:5)", "run", "a.ts", 3, 5],
    ["Repo.find [as get x] (/app/a.ts:3:5)", "Repo.find", "a.ts", 3, 5],
    ["Repo.a (b) (/app/a.ts:3:5)", "Repo.a (b)", "a.ts", 3, 5],
    ["eval (eval at run (/app/a.ts:3:5), <anonymous>:1:1)", "eval", "a.ts", 3, 5],
    ["eval (eval at <anonymous> (eval at run (/app/a.ts:3:5)), <anonymous>:1:1)", "eval", "a.ts", 3, 5],
    ["f (/app/b/../a.ts:3:5)", "f", "a.ts", 3, 5],
    ["f (/app/../etc/a.ts:3:5)", "f", "/etc/a.ts", 3, 5],
    ["next (/app/a.ts:3:5)", "<anonymous>", "a.ts", 3, 5],
    ["EffectPrimitive.effect_instruction_i0 (/app/a.ts:3:5)", "<anonymous>", "a.ts", 3, 5],
    ["Effect.fnUntraced.Narrative.story.kind (/app/a.ts:3:5)", "<anonymous>", "a.ts", 3, 5],
    ["async Promise.all (index 0)", "Promise.all", "index 0", 0, 0],
    ["JSON.parse (<anonymous>)", "JSON.parse", "<anonymous>", 0, 0],
    ["run (node:vm:117:7)", "run", "node:vm", 117, 7]
  ] as const)("reads `at %s`", (line, name, file, row, column) => {
    const frame = only(line)
    assert.deepStrictEqual([frame?.function, frame?.file, frame?.line, frame?.column], [name, file, row, column])
  })

  it("is not taken in by a message that looks like frames", () => {
    const message = "failed:\n    at fake (/app/fake.ts:1:1)\nand\n    at fake (/app/fake.ts:2:2)"
    const real = "    at real (/app/real.ts:3:5)\n    at outer (/app/outer.ts:4:6)"
    assert.deepStrictEqual(
      read(`Error: ${message}\n${real}`, message).map((frame) => frame.shown.function),
      ["real", "outer"]
    )
    assert.deepStrictEqual(
      read(`Error: ${message}\nafter\n${real}`, "a message set later").map((frame) => frame.shown.function),
      ["real", "outer"]
    )
  })

  it("ends a stack where something else begins", () => {
    const stack = "Error: x\n    at own (/app/a.ts:1:1)\nCaused by: y\n    at other (/app/b.ts:1:1)"
    assert.deepStrictEqual(
      read(stack, "x").map((frame) => frame.shown.function),
      ["own"]
    )
  })

  it("compares app roots by whole segments", () => {
    assert.deepStrictEqual(origins("/app/a.ts", "/app2/a.ts", "/ap/a.ts", "/srv/app/a.ts"), [
      "app",
      "dependency",
      "dependency",
      "dependency"
    ])
  })

  it("takes packages under the app's root for what they are", () => {
    assert.deepStrictEqual(
      origins(
        "/app/node_modules/pg/lib/client.js",
        "/app/node_modules/effect/dist/esm/Effect.js",
        "/app/node_modules/@effect/sql/src/SqlError.ts",
        "/app/node_modules/.pnpm/effect@3.22.4/node_modules/effect/src/Effect.ts",
        "/app/node_modules/effect/node_modules/other/a.js",
        "/app/node_modules/effective/a.js",
        "/app/my_node_modules/a.ts",
        "node:fs"
      ),
      ["dependency", "effect", "effect", "effect", "dependency", "dependency", "app", "node"]
    )
  })

  it("takes this library's own files for machinery, its tests and examples for an app", () => {
    const here = path.resolve(import.meta.dirname, "../../..")
    const files = ["src/Narrative.ts", "dist/Narrative.js", "examples/a.ts", "test/diagnostics/a.ts"]
    assert.deepStrictEqual(
      files.map((file) => classify(path.join(here, file), [here])),
      ["effect", "effect", "app", "app"]
    )
  })

  it("reads any text", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.constantFrom("\n    at ", "(", ")", ":1:2", "file://", "eval at ", "/app"))),
        fc.string(),
        (parts, message) => assert.isArray(read(parts.join(""), message))
      )
    )
  })
})
