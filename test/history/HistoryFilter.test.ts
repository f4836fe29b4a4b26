import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { momentOf, type TimeInput } from "../../src/history/HistoryFilter.js"
import { InvalidOption } from "../../src/plain/InvalidOption.js"

const now = Date.UTC(2026, 0, 31, 12)
const hour = 3_600_000

describe("a moment", () => {
  const written: ReadonlyArray<readonly [TimeInput, number]> = [
    ["2026-01-31", Date.UTC(2026, 0, 31)],
    ["2026-01-31T08:30", Date.UTC(2026, 0, 31, 8, 30)],
    ["2026-01-31T08:30:00.250Z", Date.UTC(2026, 0, 31, 8, 30, 0, 250)],
    ["2026-01-31 08:30:00", Date.UTC(2026, 0, 31, 8, 30)],
    ["2026-01-31T08:30:00+02:00", Date.UTC(2026, 0, 31, 6, 30)],
    ["15m", now - hour / 4],
    ["1.5h", now - 1.5 * hour],
    ["24h", now - 24 * hour],
    ["7d", now - 7 * 24 * hour],
    ["2 weeks", now - 14 * 24 * hour],
    ["30 minutes", now - hour / 2],
    [Duration.hours(2), now - 2 * hour],
    [new Date(5), 5],
    [5, 5],
    ["99999999w", 0],
    [Number.MAX_SAFE_INTEGER, Date.UTC(9999, 11, 31, 23, 59, 59, 999)]
  ]
  for (const [input, millis] of written) {
    it(`is read from ${input instanceof Date ? "a Date" : String(input)}`, () => {
      assert.strictEqual(momentOf("since", input, now), millis)
    })
  }

  for (const input of ["", "yesterday", "5 parsecs", "2026-13-45", "12", "2026-01-31T08", Number.NaN, new Date("no")]) {
    it.effect(`is not read from ${JSON.stringify(input)}, and the setting is named`, () =>
      Effect.gen(function* () {
        const error: unknown = yield* Effect.flip(Effect.try(() => momentOf("since", input, now))).pipe(
          Effect.map((thrown) => thrown.error)
        )
        assert.instanceOf(error, InvalidOption)
        assert.include(String(error), "since")
        assert.include(String(error), "ISO-8601")
      })
    )
  }
})
