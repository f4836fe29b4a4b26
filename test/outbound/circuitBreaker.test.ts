import { assert, describe, it } from "@effect/vitest"
import { Data, Duration, Effect, Fiber, TestClock } from "effect"
import { CircuitBreaker, consecutive, type TripPolicy } from "../../src/outbound/circuitBreaker.js"

class Down extends Data.TaggedError("Down") {}

class Refused extends Data.TaggedError("Refused")<{ readonly retryAfter: Duration.Duration }> {}

const refuse = (retryAfter: Duration.Duration) => new Refused({ retryAfter })

describe("a circuit breaker", () => {
  it.effect("refuses with an error of the caller's own, which says how long the circuit stays open", () =>
    Effect.gen(function* () {
      const circuit = new CircuitBreaker(consecutive(2), Duration.seconds(30))
      yield* Effect.flip(circuit.protect(new Down(), refuse))
      yield* Effect.flip(circuit.protect(new Down(), refuse))
      yield* TestClock.adjust("10 seconds")
      const error = yield* Effect.flip(circuit.protect(Effect.succeed(1), refuse))
      assert.deepStrictEqual(error, new Refused({ retryAfter: Duration.seconds(20) }))
    })
  )

  it.effect("does not count a refusal, nor what was interrupted", () =>
    Effect.gen(function* () {
      const circuit = new CircuitBreaker(consecutive(2), Duration.seconds(30))
      yield* Effect.flip(circuit.protect(new Down(), refuse))
      const fiber = yield* Effect.fork(circuit.protect(Effect.never, refuse))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(yield* circuit.protect(Effect.succeed(1), refuse), 1)
    })
  )

  it.effect("opens as its policy says, whatever that counts", () =>
    Effect.gen(function* () {
      let failures = 0
      let resets = 0
      const total: TripPolicy = {
        onSuccess: () => {},
        onFailure: () => ++failures >= 2,
        reset: () => {
          resets += 1
          failures = 0
        }
      }
      const circuit = new CircuitBreaker(total, Duration.seconds(1))
      yield* Effect.flip(circuit.protect(new Down(), refuse))
      yield* circuit.protect(Effect.void, refuse)
      yield* Effect.flip(circuit.protect(new Down(), refuse))
      assert.strictEqual((yield* Effect.flip(circuit.protect(Effect.void, refuse)))._tag, "Refused")
      yield* TestClock.adjust("1 second")
      yield* circuit.protect(Effect.void, refuse)
      yield* circuit.protect(Effect.void, refuse)
      assert.strictEqual(resets, 2)
    })
  )
})
