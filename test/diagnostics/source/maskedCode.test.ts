import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as acorn from "acorn"
import { codeAround, offsetOf, placeAt } from "../../../src/diagnostics/source/code.js"
import { masked } from "../../../src/diagnostics/source/maskedCode.js"

const isNode = (value: unknown): value is acorn.Node =>
  typeof value === "object" && value !== null && "type" in value && "start" in value

/** The same by a parser. */
const maskedByParser = (text: string): string => {
  const out = text.split("")
  const isOther = (node: acorn.Node) =>
    node.type === "TemplateLiteral" || (node.type === "Literal" && /^["'/]/.test(text.slice(node.start, node.end)))
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) node.forEach(visit)
    else if (isNode(node)) {
      if (isOther(node)) out.fill("~", node.start, node.end)
      else Object.values(node).forEach(visit)
    }
  }
  const comments: Array<acorn.Comment> = []
  const program = acorn.parse(text, { ecmaVersion: "latest", sourceType: "module", onComment: comments })
  for (const { end, start } of comments) out.fill(" ", start, end)
  visit(program)
  return out.join("")
}

const scripts = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.m?js$/.test(name))
    .map((name) => join(folder, name))

const folderOf = (module: string): string => fileURLToPath(new URL(`../../../node_modules/${module}`, import.meta.url))

describe("a source whose brackets are to be counted", () => {
  it.each(["effect/dist/esm", "@effect/cli/dist/esm", "hono/dist", "marked/lib"])(
    "has put out of every file of %s what a parser says is no code",
    (module) => {
      const files = scripts(folderOf(module))
      assert.isNotEmpty(files)
      for (const file of files) {
        const text = readFileSync(file, "utf8")
        const found = masked(text)
        // Names the file, and does not print all of it.
        if (found !== maskedByParser(text)) assert.fail(file)
      }
    }
  )

  it.each([
    ["a text in a template in a template", `\`\${a === '' ? "{" : \`\${b},\`}\`; f(`, `${"~".repeat(29)}; f(`],
    ["a comment in one", `\`\${a /* \` } */}\`; f(`, "~~~~~~~~~~~~~~~~; f("],
    ["a regular expression in one", `\`\${a.replace(/[\`{]/g, '')}\`; f(`, `${"~".repeat(27)}; f(`],
    ["a regular expression behind a comment", "x( // (\n /[(]/)", "x(     \n ~~~~~)"],
    ["a regular expression behind a keyword", "return/[(]/; export default /[(]/", "return~~~~~; export default ~~~~~"],
    ["one that is negated", "return!/[(]/.test(a)", "return!~~~~~.test(a)"],
    ["the first line of a script", "#!/usr/bin/env node (\nf(", "                     \nf("],
    ["a division behind a bracket, and a text", "(a) / b['/'] / (c", "(a) / b[~~~] / (c"],
    ["a division behind a value that is not null", "a! / (b! / c", "a! / (b! / c"],
    ["the end of a tag", "<A b={c} />; <D e={f} />", "<A b={c} />; <D e={f} />"],
    ["a text in a tag", "<kbd>/</kbd>; f(", "<kbd>/</kbd>; f("],
    ["a text without an end", "f('a\n(", "f(~~\n("]
  ])("knows %s", (_what, text, expected) => assert.strictEqual(masked(text), expected))

  it("has a part of one that is too long looked into, by the places of the whole", () => {
    const lines = "const text = '('; f(x) /* ( */\n".repeat(15_000).split("\n")
    const place = { line: 10_002, column: 19 }
    const code = codeAround(lines, place)
    assert.strictEqual(code.masked.slice(offsetOf(code, place)).split("\n")[0], "f(x)        ")
    assert.deepStrictEqual(placeAt(code, offsetOf(code, place)), place)
    const one = [`${"a();".repeat(150_000)}f(x)${"b();".repeat(150_000)}`]
    const far = { line: 1, column: 600_001 }
    const around = codeAround(one, far)
    assert.strictEqual(around.masked.slice(offsetOf(around, far), offsetOf(around, far) + 4), "f(x)")
    assert.isAtMost(around.text.length, 400_000)
    assert.deepStrictEqual(placeAt(around, offsetOf(around, far)), far)
  })
})
