import { assert, describe, it } from "@effect/vitest"
import * as theme from "../../../src/renderer/console/theme.js"

const hasColour = (isTerminal: boolean, env: theme.Environment) => theme.make(isTerminal, env).colours.bad("x") !== "x"
const glyph = (isTerminal: boolean, env: theme.Environment) => theme.make(isTerminal, env).glyphs.completed

describe("Theme", () => {
  it("has colours on a terminal that is not dumb", () => {
    assert.isTrue(hasColour(true, { TERM: "xterm" }))
    assert.isFalse(hasColour(true, { TERM: "dumb" }))
    assert.isFalse(hasColour(false, { TERM: "xterm" }))
  })

  it("obeys NO_COLOR before FORCE_COLOR, and neither when it is empty", () => {
    assert.isFalse(hasColour(true, { NO_COLOR: "1", FORCE_COLOR: "1" }))
    assert.isTrue(hasColour(false, { NO_COLOR: "", FORCE_COLOR: "1" }))
    assert.isTrue(hasColour(true, { FORCE_COLOR: "" }))
    assert.isFalse(hasColour(true, { FORCE_COLOR: "0" }))
    assert.isFalse(hasColour(true, { FORCE_COLOR: "false" }))
  })

  it("has plain glyphs only on a terminal that cannot show others", () => {
    assert.strictEqual(glyph(true, {}), "✔")
    assert.strictEqual(glyph(true, { LANG: "de_DE.UTF-8" }), "✔")
    assert.strictEqual(glyph(true, { LANG: "de_DE.UTF-8", LC_ALL: "C" }), "[ok]")
    assert.strictEqual(glyph(true, { LANG: "C.utf8", TERM: "linux" }), "[ok]")
    assert.strictEqual(glyph(false, { LANG: "C", TERM: "linux" }), "✔")
  })
})
