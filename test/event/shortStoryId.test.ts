import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { shortStoryId } from "../../src/event/shortStoryId.js"

describe("the short id of a story", () => {
  it("is the end of its id, of 6 characters", () => {
    assert.strictEqual(shortStoryId("01900000-0000-7000-8000-0000aaf6027a"), "f6027a")
  })

  it("is one longer for each other story that has it", () => {
    const taken = new Set(["f6027a", "af6027a"])
    assert.strictEqual(
      shortStoryId("01900000-0000-7000-8000-0000aaf6027a", (end) => taken.has(end)),
      "aaf6027a"
    )
  })

  it("is the whole id where that is short, or no end of it is free", () => {
    assert.strictEqual(shortStoryId("a"), "a")
    assert.strictEqual(
      shortStoryId("long enough", () => true),
      "long enough"
    )
  })

  it("ends as the id does, and begins with a whole character", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("a", "数", "😀") }), (id) => {
        const short = shortStoryId(id)
        assert.isTrue(id.endsWith(short))
        assert.notMatch(short, /^[\udc00-\udfff]/)
      })
    )
  })
})
