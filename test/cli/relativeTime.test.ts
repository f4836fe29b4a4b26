import { assert, describe, it } from "@effect/vitest"
import { ago, took } from "../../src/cli/relativeTime.js"

const now = Date.UTC(2026, 10, 20, 12)
const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

describe("RelativeTime", () => {
  it("gives an age in the largest unit that says enough, and the day itself beyond a fortnight", () => {
    const said = [0, 999, second, 59 * second, minute, 59 * minute, hour, 47 * hour, 48 * hour, 13 * day, 14 * day]
    assert.deepStrictEqual(
      said.map((elapsed) => ago(now - elapsed, now)),
      ["now", "now", "1s ago", "59s ago", "1m ago", "59m ago", "1h ago", "47h ago", "2d ago", "13d ago", "2026-11-06"]
    )
  })

  it("takes a clock that is a little ahead for now, and gives any other future by its day", () => {
    assert.strictEqual(ago(now + 30 * second, now), "now")
    assert.strictEqual(ago(now + 2 * day, now), "2026-11-22")
  })

  it("gives durations in seconds, and long ones in the two units that count", () => {
    assert.deepStrictEqual([0, 0.0124, 99.9994, 100, 3_599, 3_600, 7_500].map(took), [
      "0µs",
      "0.012s",
      "99.999s",
      "1m 40s",
      "59m 59s",
      "1h 00m",
      "2h 05m"
    ])
  })
})
