import { assert, describe, it } from "@effect/vitest"
import { Clock, Data, Duration, Effect, Fiber, FastCheck as fc, Schedule, TestClock } from "effect"
import { retry, retryAfterOf } from "../../src/outbound/retry.js"

describe("Retry-After", () => {
  it.prop(
    "no header makes a client wait for less than nothing, or throws",
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

describe("retry", () => {
  class Busy extends Data.TaggedError("Busy")<{
    readonly retryAfter?: Duration.Duration | null | undefined
    readonly hopeless?: boolean
  }> {}

  /** Fails with this error at every attempt, and gives the seconds at which it was tried. */
  const attempts = (error: Busy, schedule: Schedule.Schedule<unknown, Busy>) =>
    Effect.gen(function* () {
      const at: Array<number> = []
      const attempt = Effect.flatMap(Clock.currentTimeMillis, (now) => {
        at.push(now / 1_000)
        return error
      })
      const fiber = yield* attempt.pipe(
        retry(schedule, ({ hopeless }) => hopeless !== true),
        Effect.flip,
        Effect.fork
      )
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* Fiber.join(fiber), error)
      return at
    })

  const everySecond = Schedule.intersect(Schedule.spaced("1 second"), Schedule.recurs(2))

  it.effect("waits as the schedule says where the server asks for nothing, or for less", () =>
    Effect.gen(function* () {
      for (const retryAfter of [undefined, null, Duration.millis(10)]) {
        const at = yield* attempts(new Busy({ retryAfter }), everySecond)
        assert.deepStrictEqual(
          at.map((second) => second - (at[0] ?? 0)),
          [0, 1, 2]
        )
      }
    })
  )

  it.effect("waits as long as the server asks for, up to five minutes", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* attempts(new Busy({ retryAfter: Duration.minutes(5) }), everySecond), [0, 300, 600])
    })
  )

  it.effect("does not try again where the server asks for more, nor where it cannot help", () =>
    Effect.gen(function* () {
      assert.lengthOf(yield* attempts(new Busy({ retryAfter: Duration.minutes(6) }), everySecond), 1)
      assert.lengthOf(yield* attempts(new Busy({ hopeless: true }), everySecond), 1)
    })
  )
})
