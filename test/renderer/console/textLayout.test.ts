import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as textLayout from "../../../src/renderer/console/textLayout.js"
import { processorMillis } from "../../fixtures/processorTime.js"

const text = FastCheck.string({ unit: FastCheck.constantFrom("a", "b", " ", "数", "é", "👩‍👩‍👧", "e\u0301") })
const columns = FastCheck.integer({ min: 2, max: 20 })

describe("TextLayout", () => {
  it("measures what a terminal shows", () => {
    assert.strictEqual(textLayout.width("数据 ok"), 7)
    assert.strictEqual(textLayout.truncate("数据验证", 6, "…"), "数据…")
    assert.strictEqual(textLayout.pad("数据", 6), "数据  ")
  })

  it("breaks between words, and within those that are too long", () => {
    assert.deepStrictEqual(textLayout.wrap("one two three", 8), ["one two", "three"])
    assert.deepStrictEqual(textLayout.wrap("a bbbbbbbbbb c", 4), ["a", "bbbb", "bbbb", "bb c"])
    assert.deepStrictEqual(textLayout.wrap("  - one two", 8), ["  - one", "  two"])
  })

  it.prop("neither wraps nor truncates to more than the columns", [text, columns], ([text, columns]) => {
    assert.isAtMost(textLayout.width(textLayout.truncate(text, columns, "…")), columns)
    for (const line of textLayout.wrap(text, columns)) assert.isAtMost(textLayout.width(line), columns)
  })

  it("cuts at either end, between characters", () => {
    assert.strictEqual(textLayout.truncateStart("src/数据/验证.ts", 9, "…"), "…/验证.ts")
    assert.strictEqual(textLayout.truncateStart(`${"a".repeat(1_000)}👩‍👩‍👧b`, 4, "…"), "…👩‍👩‍👧b")
  })

  it("takes a character as one wherever a long text is looked at in parts", () => {
    for (let before = 240; before < 270; before++) {
      const text = `${"é".repeat(before)}👩‍👩‍👧e\u0301数`
      assert.strictEqual(textLayout.width(text), before + 5)
      assert.strictEqual(textLayout.truncate(text, before + 2, ""), `${"é".repeat(before)}👩‍👩‍👧`)
    }
  })

  it("takes a time that grows with the text, and not with its square", () => {
    const took = processorMillis(() => {
      for (const text of ["数据😀".repeat(50_000), `a${"\u0301".repeat(200_000)}`, " 数据 lorem".repeat(20_000)]) {
        textLayout.width(text)
        textLayout.truncate(text, 80, "…")
        textLayout.truncate(text, Number.POSITIVE_INFINITY, "…")
        textLayout.truncateStart(text, 80, "…")
        textLayout.wrap(text, 80)
      }
    })
    assert.isBelow(took, 20_000)
  })

  it.prop("cuts the beginning to no more than the columns", [text, columns], ([text, columns]) => {
    const cut = textLayout.truncateStart(text, columns, "…")
    assert.isAtMost(textLayout.width(cut), columns)
    assert.isTrue(text.endsWith(cut.replace(/^…/, "")))
  })

  it.prop("loses nothing but spaces by wrapping", [text, columns], ([text, columns]) => {
    assert.strictEqual(textLayout.wrap(text, columns).join("").replaceAll(" ", ""), text.replaceAll(" ", ""))
  })
})
