import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as terminalText from "../../src/plain/terminalText.js"
import { ofAllCodePoints } from "../fixtures/codePoints.js"

const harmful = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u

describe("TerminalText", () => {
  it("shows what is unsafe as one would write it in source", () => {
    assert.strictEqual(terminalText.line("\x1b[2J\x07\x7f\x9b"), "\\x1b[2J\\x07\\x7f\\x9b")
    assert.strictEqual(terminalText.line("user\u202e\u2066\u2028"), "user\\u202e\\u2066\\u2028")
    assert.strictEqual(terminalText.line("a\tb\r\nc"), "a\\tb\\r\\nc")
  })

  it("shows what is invisible: soft hyphens, fillers, joiners that join nothing, tags", () => {
    assert.strictEqual(
      terminalText.line("ad\u00admin \u3164 \u115f \u180e \u200d \u200b \uffa0"),
      "ad\\xadmin \\u3164 \\u115f \\u180e \\u200d \\u200b \\uffa0"
    )
    assert.strictEqual(terminalText.line("pay\u200cpal pay\u200dpal"), "pay\\u200cpal pay\\u200dpal")
    assert.strictEqual(terminalText.line("hi\u{e0041}\u{e0042}"), "hi\\u{e0041}\\u{e0042}")
  })

  it("leaves every other text as it is", () => {
    const persian = "می\u200cخواهم"
    const emoji = "👩‍👩‍👧 ❌ ❤️ 🏳️\u200d🌈 👩🏽\u200d🚀"
    for (const text of ["", "plain", "naïve café", "数据 مرحبا", persian, "क्\u200dष", emoji]) {
      assert.strictEqual(terminalText.line(text), text)
    }
  })

  it("keeps line breaks only where lines are asked for", () => {
    assert.deepStrictEqual(terminalText.lines("a\r\nb\n\x1bc\n\n"), ["a", "b", "\\x1bc"])
  })

  it.prop("lets no control character through", [ofAllCodePoints()], ([text]) => {
    assert.notMatch(terminalText.line(text), harmful)
    assert.notMatch(terminalText.code(text), harmful)
    for (const line of terminalText.lines(text)) assert.notMatch(line, harmful)
  })

  it.prop(
    "lets no control character through, wherever it is",
    [FastCheck.integer({ min: 0, max: 0xffff })],
    ([code]) => {
      assert.notMatch(terminalText.line(`a${String.fromCharCode(code)}b`), harmful)
    },
    { fastCheck: { numRuns: 5_000 } }
  )
})
