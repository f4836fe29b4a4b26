import { assert, describe, it } from "@effect/vitest"
import { Duration, FastCheck as fc } from "effect"
import { retryAfterOf } from "../../src/outbound/retry.js"

describe("Retry-After", () => {
  it.prop(
    "no header makes anybody wait for less than nothing, or throw",
    [fc.string(), fc.string(), fc.nat()],
    ([header, millis, now]) => {
      const wait = retryAfterOf({ "retry-after": header, "retry-after-ms": millis }, now)
      if (wait !== undefined) assert.isAtLeast(Duration.toMillis(wait), 0)
    }
  )

  it("is read as seconds and as a date, and nothing else is taken for one", () => {
    const now = Date.UTC(2025, 0, 1)
    const millis = (header: string | undefined) => {
      const wait = retryAfterOf({ "retry-after": header }, now)
      return wait && Duration.toMillis(wait)
    }
    assert.strictEqual(millis("120"), 120_000)
    assert.strictEqual(millis(" 0 "), 0)
    assert.strictEqual(millis("1.5"), 1_500)
    assert.strictEqual(millis("Wed, 01 Jan 2025 00:00:10 GMT"), 10_000)
    assert.strictEqual(millis("Wed, 01 Jan 2020 00:00:00 GMT"), 0)
    for (const header of [undefined, "", "soon", "-5", "1e9", "0x10"]) assert.isUndefined(millis(header), header)
  })

  it("gives way to what is more exact", () => {
    const wait = retryAfterOf({ "retry-after": "2", "retry-after-ms": "1250" }, 0)
    assert.deepStrictEqual(wait, Duration.millis(1_250))
    assert.deepStrictEqual(retryAfterOf({ "retry-after": "2", "retry-after-ms": "" }, 0), Duration.seconds(2))
  })
})
