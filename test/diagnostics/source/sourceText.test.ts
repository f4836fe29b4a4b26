import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { enclosingNameOf, lineOf, linesOf, snippetOf } from "../../../src/diagnostics/source/sourceText.js"

const folder = mkdtempSync(path.join(tmpdir(), "source-text-"))
afterAll(() => rmSync(folder, { recursive: true }))

const write = (name: string, text: string): string => {
  const file = path.join(folder, name)
  writeFileSync(file, text)
  return file
}

/** The name around the place marked `«here»`. */
const nameAround = (source: string) => {
  const before = source.slice(0, source.indexOf("«here»")).split("\n")
  return enclosingNameOf(source.replace("«here»", "").split("\n"), before.length, (before.at(-1) ?? "").length + 1)
}

describe("SourceText", () => {
  it("shows a line and two on either side", () => {
    const lines = linesOf(write("seven.ts", "1\r\n2\r\n3\n4\n5\n6\n7"))
    assert.strictEqual(lineOf(lines, 4), "4")
    assert.deepStrictEqual(
      snippetOf(lines, 4).map((line) => `${line.line}${line.failing ? ">" : " "}${line.text}`),
      ["2 2", "3 3", "4>4", "5 5", "6 6"]
    )
    assert.deepStrictEqual(
      snippetOf(lines, 1).map((line) => line.line),
      [1, 2, 3]
    )
  })

  it("says nothing of a line that is not there", () => {
    const lines = linesOf(write("one.ts", "1"))
    assert.isNull(lineOf(lines, 2))
    assert.isNull(lineOf(lines, 0))
    assert.deepStrictEqual(snippetOf(lines, 9), [])
  })

  it("cuts long lines", () => {
    assert.isBelow(lineOf(linesOf(write("long.ts", "x".repeat(10_000))), 1)?.length ?? Number.NaN, 340)
  })

  it("shows nothing of a line whose shown part ends before the column", () => {
    const lines = linesOf(write("minified.js", `a\n${"x".repeat(10_000)}\nb`))
    assert.isNull(lineOf(lines, 2, 5_000))
    assert.deepStrictEqual(snippetOf(lines, 2, 5_000), [])
    assert.lengthOf(snippetOf(lines, 2, 20), 3)
    assert.lengthOf(snippetOf(lines, 1, 1), 3)
  })

  it("reads nothing that is missing, too large, a folder or no source file", () => {
    const unread = [
      path.join(folder, "missing.ts"),
      write("large.ts", " ".repeat(20_000_001)),
      write(".env", "SECRET=1"),
      folder,
      "\0.ts",
      "/dev/zero"
    ]
    for (const file of unread) assert.deepStrictEqual(linesOf(file), [])
  })

  it("prefers the text that was compiled to what is on the disk now", () => {
    assert.strictEqual(lineOf(linesOf(write("edited.ts", "new"), "old"), 1), "old")
  })

  it.each([
    ["a generator function", "const find = Effect.fn('x')(function* (id) {\n  yield* «here»fail\n})", "find"],
    ["a generator", "export const program = Effect.gen(function* () {\n  if (a) {\n    «here»x\n  }\n})", "program"],
    ["a stage's own generator", "const find = Narrative.fn('x')(«here»function* (id) {})", "find"],
    ["a generator of a bundle, which numbers modules", "var find = Effect51.fn('x')(«here»function* (id) {})", "find"],
    ["a generator of an import by another name", "const repo = E.gen(«here»function* () {})", "repo"],
    ["a property of a bundle", "var repo = {\n  find: Effect51.map(one, (x) => {\n    «here»x\n  })\n}", "find"],
    ["a pipeline at the margin", "const program = pipe(\n  Effect.gen(function* () {\n    «here»x\n  })\n)", "program"],
    ["a function", "export function load(path: string) {\n  for (const x of y) {\n    «here»x\n  }\n}", "load"],
    ["a method", "class Repo {\n  async find(id: string): Promise<User> {\n    «here»x\n  }\n}", "find"],
    ["a property", "const repo = {\n  find: (id) =>\n    «here»x\n}", "find"],
    ["an arrow on one line", "const parse = (text) => «here»JSON.parse(text)", "parse"],
    ["a value being awaited", "const main = () => {\n  const x = yield* f(() => {\n    «here»x\n  })\n}", "main"],
    ["a call in a test", "it('works', () => {\n  «here»x\n})", undefined]
  ])("names the declaration around %s", (_what, source, name) => {
    assert.strictEqual(nameAround(source), name)
  })
})
