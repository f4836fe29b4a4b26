import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { analysisBlock, analyzerName } from "../../../src/renderer/console/analysisBlock.js"
import * as textLayout from "../../../src/renderer/console/textLayout.js"
import * as Theme from "../../../src/renderer/console/theme.js"
import { processorMillis } from "../../fixtures/processorTime.js"

const theme = Theme.make(false, {})

const block = (text: string, columns: number | undefined, analyzer = { analyzer: "ollama", model: "llama3" }) =>
  analysisBlock(text, analyzer, { theme, columns }).split("\n")

const line = fc.oneof(
  fc.string({ unit: fc.constantFrom("a", " ", "数", "é", "👩‍👩‍👧", "\t", "\x1b", "\u202e"), maxLength: 300 }),
  fc.constantFrom("## Code Changes", "## Exact Why", "##", "## ", "- db.ts:47", "")
)

const text = fc.array(line, { maxLength: 12 }).map((lines) => lines.join("\n"))

describe("an analysis", () => {
  it.prop(
    "fits into the terminal, whatever is in it, and moves nothing on it",
    [text, fc.integer({ min: 60, max: 300 })],
    ([text, columns]) => {
      for (const line of block(text, columns)) {
        assert.isAtMost(textLayout.width(line), columns, line)
        assert.notMatch(line, /[\x00-\x1f\u202e]/)
      }
    }
  )

  it("has its headings as labels, in the style of the failure's block, and says who made it", () => {
    assert.deepStrictEqual(block("## Exact Why\nIt exists.\n\n## Code Changes\n- db.ts:47\n- db.ts:48", undefined), [
      "Analysis:      by llama3",
      "Exact why:     It exists.",
      "Code changes:  - db.ts:47",
      "               - db.ts:48"
    ])
  })

  it("without headings is one text", () => {
    assert.deepStrictEqual(block("It exists.\n\nLook it up.", undefined), [
      "Analysis:      by llama3",
      "               It exists.",
      "               ",
      "               Look it up."
    ])
  })

  it("uses all of the terminal's width, and hangs the entries of a list", () => {
    assert.deepStrictEqual(block(`## Evidence\n- ${"word ".repeat(12)}`, 60).slice(1), [
      "Evidence:      - word word word word word word word word",
      "                 word word word word"
    ])
    assert.lengthOf(block(`## Evidence\n${"word ".repeat(20)}`, 120), 2)
  })

  it("is bounded, and made in time that grows as its length, for a word of 10 MB and for 5 million lines", () => {
    const tookFor = (length: number): number =>
      processorMillis(() => {
        for (const text of ["x".repeat(2 * length), "数".repeat(length), "a\n".repeat(length)]) {
          assert.isAtMost(block(text, 60).length, 450)
        }
      })
    const ofATenth = tookFor(500_000)
    const whole = tookFor(5_000_000)
    // As its square, it would be a hundred times.
    assert.isBelow(whole, 40 * Math.max(ofATenth, 50), `${ofATenth} ms for a tenth`)
  })

  it("names who answered", () => {
    assert.strictEqual(analyzerName({ analyzer: "ollama", model: "llama3" }), "llama3")
    assert.strictEqual(analyzerName({ analyzer: "rule-book", model: null }), "Rule Book")
    assert.strictEqual(analyzerName({ analyzer: "\x1b[31mours", model: null }), "\\x1b[31mours")
    assert.strictEqual(analyzerName({ analyzer: "", model: null }), "an analyzer")
  })
})
