import { assert, describe, it } from "@effect/vitest"
import { Cause } from "effect"
import { ErrorSummary } from "../../src/index.js"

describe("ErrorSummary", () => {
  it("says of an error its code, its type, its message, and whether trying again may help", () => {
    const summary = ErrorSummary.summarize(new Cause.TimeoutException("Stage timed out after 30000ms"))
    const message = "Stage timed out after 30000ms"
    assert.deepStrictEqual(summary, { code: "TIMEOUT", type: "TimeoutException", message, retryable: true })
    assert.strictEqual(ErrorSummary.format(summary), "TIMEOUT: Stage timed out after 30000ms")
    assert.deepStrictEqual(ErrorSummary.toStagesPatch(summary), { failure: { error: summary } })
  })
})
