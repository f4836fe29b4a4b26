import { assert, describe, it } from "@effect/vitest"
import { isUp } from "../../../src/integration/grpc/statuses.js"

describe("The time of a call that is cancelled", () => {
  it("is up at its deadline, and a little before: the client's comes first", () => {
    assert.isTrue(isUp(1_100, 1_000, 1_100))
    assert.isTrue(isUp(1_100, 1_000, 1_085))
    assert.isTrue(isUp(new Date(61_000), 1_000, 60_850))
  })

  it("is not up as long as a client may have cancelled for another reason", () => {
    assert.isFalse(isUp(1_100, 1_000, 1_070))
    assert.isFalse(isUp(61_000, 1_000, 60_700))
  })

  it("is never up without a deadline", () => {
    assert.isFalse(isUp(Number.POSITIVE_INFINITY, 1_000, 1_000_000))
  })
})
