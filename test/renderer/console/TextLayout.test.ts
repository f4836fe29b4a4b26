import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as TextLayout from "../../../src/renderer/console/TextLayout.js"

const text = FastCheck.string({ unit: FastCheck.constantFrom("a", "b", " ", "数", "é", "👩‍👩‍👧", "e\u0301") })
const columns = FastCheck.integer({ min: 2, max: 20 })

describe("TextLayout", () => {
  it("measures what a terminal shows", () => {
    assert.strictEqual(TextLayout.width("数据 ok"), 7)
    assert.strictEqual(TextLayout.truncate("数据验证", 6, "…"), "数据…")
    assert.strictEqual(TextLayout.pad("数据", 6), "数据  ")
  })

  it("breaks between words, and within those that are too long", () => {
    assert.deepStrictEqual(TextLayout.wrap("one two three", 8), ["one two", "three"])
    assert.deepStrictEqual(TextLayout.wrap("a bbbbbbbbbb c", 4), ["a", "bbbb", "bbbb", "bb c"])
    assert.deepStrictEqual(TextLayout.wrap("  - one two", 8), ["  - one", "  two"])
  })

  it.prop("neither wraps nor truncates to more than the columns", [text, columns], ([text, columns]) => {
    assert.isAtMost(TextLayout.width(TextLayout.truncate(text, columns, "…")), columns)
    for (const line of TextLayout.wrap(text, columns)) assert.isAtMost(TextLayout.width(line), columns)
  })

  it.prop("loses nothing but spaces by wrapping", [text, columns], ([text, columns]) => {
    assert.strictEqual(TextLayout.wrap(text, columns).join("").replaceAll(" ", ""), text.replaceAll(" ", ""))
  })
})
