import { assert, describe, it } from "@effect/vitest"
import { Cause } from "effect"
import { prettyCause } from "../../src/cause/prettyCause.js"
import { thrownValue } from "./thrownValues.js"

const hostile = {
  get message(): string {
    throw new Error("a trap")
  }
}

describe("prettyCause", () => {
  it("prettyCause is what Cause.pretty makes of a cause", () => {
    const cause = Cause.fail(new Error("bad row", { cause: new Error("torn") }))
    assert.strictEqual(prettyCause(cause, "unreadable"), Cause.pretty(cause))
    const options = { renderErrorCause: true }
    assert.strictEqual(prettyCause(cause, "unreadable", options), Cause.pretty(cause, options))
  })

  it("an error whose own code throws does not cost later errors their stacks", () => {
    const limit = Error.stackTraceLimit
    assert.strictEqual(prettyCause(Cause.fail(hostile), "unreadable"), "unreadable")
    assert.strictEqual(Error.stackTraceLimit, limit)
    assert.isAbove((new Error("later").stack ?? "").split("\n").length, 3)
  })

  it.prop("any thrown value has a text, and leaves the limit of stacks as it was", [thrownValue], ([make]) => {
    const limit = Error.stackTraceLimit
    const text = prettyCause(Cause.die(make()), "unreadable")
    assert.isString(text)
    assert.strictEqual(Error.stackTraceLimit, limit)
    return true
  })
})
