import { assert, describe, it } from "@effect/vitest"
import { tagOf } from "../../src/server/apiRows.js"

describe("The tag of a run", () => {
  const row = { updated_at: "2026-01-31T12:00:00.000Z", revisions: '{"of":{"20000000000000aaaa":["status"]}}' }

  it("is another one after a second write of the same millisecond", () => {
    const later = { ...row, revisions: '{"of":{"20000000000000aaaa":["status"],"20000000000001aaaa":["end_time"]}}' }
    assert.notStrictEqual(tagOf(later), tagOf(row))
    assert.strictEqual(tagOf({ ...row }), tagOf(row))
  })

  it("is another one after a write of a program that knows no revisions", () => {
    assert.notStrictEqual(tagOf({ ...row, updated_at: "2026-01-31T12:00:00.001Z" }), tagOf(row))
  })
})
