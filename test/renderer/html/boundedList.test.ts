import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { BoundedList } from "../../../src/renderer/html/boundedList.js"

describe("a bounded list", () => {
  it("keeps the first, the last, and what matters between, in order; and counts the others", () => {
    const bounds = fc.record({ first: fc.nat(5), last: fc.integer({ min: 1, max: 5 }), between: fc.nat(3) })
    fc.assert(
      fc.property(bounds, fc.array(fc.boolean(), { maxLength: 60 }), (bounds, matters) => {
        const kept = new BoundedList<number>(bounds, (entry) => matters[entry] === true)
        for (const entry of matters.keys()) kept.add(entry)
        const middle = Array.from(matters.keys()).slice(
          bounds.first,
          Math.max(bounds.first, matters.length - bounds.last)
        )
        const saved = middle.filter((entry) => matters[entry]).slice(0, bounds.between)
        assert.deepStrictEqual(
          kept.entries,
          Array.from(matters.keys()).filter((entry) => !middle.includes(entry) || saved.includes(entry))
        )
        assert.strictEqual(kept.omitted, middle.length - saved.length)
      })
    )
  })
})
