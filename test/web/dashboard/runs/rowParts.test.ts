import { assert, describe, it } from "@effect/vitest"
import { rowParts } from "../../../../src/web/dashboard/runs/rowParts.js"

const shown = (first: number, end: number, kept: ReadonlyArray<number>, count: number) =>
  rowParts(first, end, kept, count)
    .map((part) => (part.kind === "row" ? `${part.at}` : `${part.first}..${part.end - 1}`))
    .join(" ")

describe("The rows of a long list that are in the document", () => {
  it("are those in sight, between what is left out before and after", () => {
    assert.strictEqual(shown(3, 6, [], 10), "0..2 3 4 5 6..9")
  })

  it("begin and end without a gap at the ends of the list", () => {
    assert.strictEqual(shown(0, 3, [], 3), "0 1 2")
    assert.strictEqual(shown(-4, 30, [], 3), "0 1 2")
    assert.strictEqual(shown(0, 0, [], 0), "")
  })

  it("are also those that are kept, wherever they are, once", () => {
    assert.strictEqual(shown(3, 5, [8, 4, 0], 10), "0 1..2 3 4 5..7 8 9..9")
  })

  it("pass over what is kept of another list", () => {
    assert.strictEqual(shown(0, 2, [-1, 40], 4), "0 1 2..3")
  })
})
