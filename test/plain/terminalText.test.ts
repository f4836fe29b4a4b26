import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as terminalText from "../../src/plain/terminalText.js"

const harmful = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u

describe("TerminalText", () => {
  it("shows what is unsafe as one would write it in source", () => {
    assert.strictEqual(terminalText.line("\x1b[2J\x07\x7f\x9b"), "\\x1b[2J\\x07\\x7f\\x9b")
    assert.strictEqual(terminalText.line("user\u202e\u2066\u2028"), "user\\u202e\\u2066\\u2028")
    assert.strictEqual(terminalText.line("a\tb\r\nc"), "a\\tb\\r\\nc")
  })

  it("leaves every other text as it is", () => {
    for (const text of ["", "plain", "naïve café", "数据 مرحبا", "👩‍👩‍👧 ❌"]) {
      assert.strictEqual(terminalText.line(text), text)
    }
  })

  it("keeps line breaks only where lines are asked for", () => {
    assert.deepStrictEqual(terminalText.lines("a\r\nb\n\x1bc\n\n"), ["a", "b", "\\x1bc"])
  })

  it.prop("lets no control character through", [FastCheck.string({ unit: "binary" })], ([text]) => {
    assert.notMatch(terminalText.line(text), harmful)
    assert.notMatch(terminalText.code(text), harmful)
    for (const line of terminalText.lines(text)) assert.notMatch(line, harmful)
  })

  it.prop(
    "lets no control character through, wherever it stands",
    [FastCheck.integer({ min: 0, max: 0xffff })],
    ([code]) => {
      assert.notMatch(terminalText.line(`a${String.fromCharCode(code)}b`), harmful)
    },
    { fastCheck: { numRuns: 5_000 } }
  )
})
