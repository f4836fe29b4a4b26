import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import * as terminalText from "../../../src/plain/terminalText.js"
import { visible } from "../../../src/web/kit/visible.js"
import { text } from "../../fixtures/events.js"

describe("a text on a page", () => {
  it("is escaped as on a terminal, but for its line breaks", () => {
    const unsafe = fc
      .array(
        fc.constantFrom(
          "\r",
          "\n",
          "\r\n",
          "\t",
          "\u001b[31m",
          "\u007f",
          "\u202e",
          "\u200b",
          "\ufeff",
          "\u{e0041}",
          "a",
          "é"
        )
      )
      .map((parts) => parts.join(""))
    fc.assert(
      fc.property(fc.oneof(text, unsafe), (text) => {
        const expected = text.split(/\r?\n/).map(terminalText.code).join("\n")
        assert.strictEqual(visible(text), expected)
        assert.strictEqual(visible(visible(text)), visible(text))
      })
    )
  })
})
