import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { analysisBox, titleOf } from "../../../src/renderer/console/analysisBox.js"
import * as textLayout from "../../../src/renderer/console/textLayout.js"
import * as Theme from "../../../src/renderer/console/theme.js"

const theme = Theme.make(false, {})

const box = (text: string, columns: number | undefined, title = "LLM Debug - llama3") =>
  analysisBox(text, { title, theme, columns }).split("\n")

const line = fc.oneof(
  fc.string({ unit: fc.constantFrom("a", " ", "数", "é", "👩‍👩‍👧", "\t", "\x1b", "\u202e"), maxLength: 300 }),
  fc.constantFrom("## Code Changes", "## Exact Why", "##", "## ", "- db.ts:47", "")
)

const text = fc.array(line, { maxLength: 12 }).map((lines) => lines.join("\n"))

describe("the box of an analysis", () => {
  it.prop(
    "is as wide as the terminal, between 24 and 100 columns, whatever stands in it",
    [text, text, fc.integer({ min: 1, max: 300 })],
    ([text, title, columns]) => {
      const width = Math.max(24, Math.min(columns, 100))
      for (const line of box(text, columns, title.replaceAll(/[^a数 ]/g, ""))) {
        assert.strictEqual(textLayout.width(line), width, line)
        assert.notMatch(line, /[\x00-\x1f\u202e]/)
      }
    }
  )

  it("is 74 columns wide where there is no terminal, and points out what to change", () => {
    assert.deepStrictEqual(box("## Exact Why\nIt exists.\n\n## Code Changes\ndb.ts:47 - check", undefined), [
      `+-- LLM Debug - llama3 ${"-".repeat(50)}+`,
      `${"| Exact Why".padEnd(73)}|`,
      `${"| It exists.".padEnd(73)}|`,
      `${"|".padEnd(73)}|`,
      `${">> Code Changes".padEnd(73)}|`,
      `${"| db.ts:47 - check".padEnd(73)}|`,
      `+${"-".repeat(72)}+`
    ])
  })

  it("is bounded, and quickly made, for a word of 10 MB and for 5 million lines", () => {
    const started = performance.now()
    for (const text of ["x".repeat(10_000_000), "数".repeat(5_000_000), "a\n".repeat(5_000_000)]) {
      assert.isAtMost(box(text, 30).length, 450)
    }
    assert.isBelow(performance.now() - started, 5_000)
  })

  it("names who answered", () => {
    assert.strictEqual(titleOf({ analyzer: "ollama", model: "llama3" }), "LLM Debug - llama3")
    assert.strictEqual(titleOf({ analyzer: "rule-book", model: null }), "Rule Book")
    assert.strictEqual(titleOf({ analyzer: "\x1b[31mours", model: null }), "\\x1b[31mours")
    assert.strictEqual(titleOf({ analyzer: "", model: null }), "Analysis")
    assert.strictEqual(titleOf(null), "LLM Debug")
  })
})
