import { assert, describe, it } from "@effect/vitest"
import { Data, Duration, Effect, Fiber, TestClock } from "effect"
import { CircuitBreaker, Instruments, Narrative, NarrativeMetrics, Renderer, Work } from "../../src/index.js"
import { observe } from "../laws/observed.js"
import { freshPrefix, total } from "../metrics/readings.js"

class Down extends Data.TaggedError("Down") {}
class BadRequest extends Data.TaggedError("BadRequest") {}

const key = { operation: "chat", provider: "openai" }

const withBreaker = <A, E>(self: Effect.Effect<A, E>, options?: CircuitBreaker.Options) =>
  Effect.provide(self, CircuitBreaker.layer(options))

const failing = (times: number) =>
  Effect.replicateEffect(Effect.exit(new Down().pipe(CircuitBreaker.protect(key))), times)

const tagOf = <A, E extends { readonly _tag: string }>(self: Effect.Effect<A, E>) =>
  Effect.match(self, { onFailure: (error) => error._tag, onSuccess: () => "success" })

describe("CircuitBreaker", () => {
  it.effect("opens after five failures in a row, each counted once, and says how long it refuses", () =>
    withBreaker(
      Effect.gen(function* () {
        yield* failing(4)
        assert.isFalse(yield* CircuitBreaker.isOpen(key))
        yield* failing(1)
        yield* TestClock.adjust("10 seconds")
        const error = yield* Effect.flip(Effect.succeed(1).pipe(CircuitBreaker.protect(key)))
        assert.strictEqual(error._tag, "CircuitBreakerOpenError")
        assert.strictEqual(Duration.toSeconds(error.retryAfter), 20)
        assert.match(error.message, /circuit of chat at openai is open; try again in 20s/)
      })
    )
  )

  it.effect("is counted as it opens, refuses and closes", () => {
    const prefix = freshPrefix()
    return withBreaker(
      Effect.gen(function* () {
        yield* failing(7)
        yield* TestClock.adjust("30 seconds")
        yield* Effect.void.pipe(CircuitBreaker.protect(key))
        for (const [result, count] of Object.entries({ opened: 1, refused: 2, closed: 1 })) {
          assert.strictEqual(yield* total(Instruments.circuitTransitions, prefix, { ...key, result }), count, result)
        }
      })
    ).pipe(Effect.provide([Renderer.layerNone, NarrativeMetrics.layer({ prefix })]))
  })

  it.effect("is not closed by its own refusals", () =>
    withBreaker(
      Effect.gen(function* () {
        yield* failing(5)
        for (let i = 0; i < 3; i++) {
          assert.strictEqual(yield* tagOf(Effect.void.pipe(CircuitBreaker.protect(key))), "CircuitBreakerOpenError")
        }
      })
    )
  )

  it.effect("lets one call through when it is half open, whose end closes it or opens it again", () =>
    withBreaker(
      Effect.gen(function* () {
        yield* failing(5)
        yield* TestClock.adjust("30 seconds")
        const probe = yield* Effect.fork(Effect.never.pipe(CircuitBreaker.protect(key)))
        yield* Effect.yieldNow()
        assert.strictEqual(yield* tagOf(Effect.void.pipe(CircuitBreaker.protect(key))), "CircuitBreakerOpenError")
        yield* Fiber.interrupt(probe)
        assert.strictEqual(yield* tagOf(new Down().pipe(CircuitBreaker.protect(key))), "Down")
        assert.isTrue(yield* CircuitBreaker.isOpen(key))
        yield* TestClock.adjust("30 seconds")
        assert.strictEqual(yield* tagOf(Effect.void.pipe(CircuitBreaker.protect(key))), "success")
        assert.isFalse(yield* CircuitBreaker.isOpen(key))
      })
    )
  )

  it.effect("has a circuit for each operation of each provider", () =>
    withBreaker(
      Effect.gen(function* () {
        yield* failing(5)
        assert.isFalse(yield* CircuitBreaker.isOpen({ operation: "stt", provider: "openai" }))
        assert.isFalse(yield* CircuitBreaker.isOpen({ operation: "chat", provider: "groq" }))
        assert.isTrue(yield* CircuitBreaker.isOpen(key))
      })
    )
  )

  it.effect("works by hand as it does around an effect", () =>
    withBreaker(
      Effect.gen(function* () {
        yield* CircuitBreaker.recordFailure({ ...key, reason: "timeout" })
        yield* CircuitBreaker.recordSuccess(key)
        yield* CircuitBreaker.recordFailure(key)
        yield* CircuitBreaker.recordFailure(key)
        assert.isTrue(yield* CircuitBreaker.isOpen(key))
        yield* CircuitBreaker.recordSuccess(key)
        assert.isTrue(yield* CircuitBreaker.isOpen(key), "what began before it opened says nothing")
        yield* TestClock.adjust("30 seconds")
        assert.isFalse(yield* CircuitBreaker.isOpen(key))
        assert.isTrue(yield* CircuitBreaker.isOpen(key))
        yield* CircuitBreaker.recordSuccess(key)
        assert.isFalse(yield* CircuitBreaker.isOpen(key))
      }),
      { tripPolicy: { failures: 2 } }
    )
  )

  it.effect("counts only what is a failure of the provider", () =>
    withBreaker(
      Effect.gen(function* () {
        yield* Effect.replicateEffect(Effect.exit(new BadRequest().pipe(CircuitBreaker.protect(key))), 10)
        assert.isFalse(yield* CircuitBreaker.isOpen(key))
        yield* failing(5)
        assert.isTrue(yield* CircuitBreaker.isOpen(key))
      }),
      { isFailure: (error) => !(error instanceof BadRequest) }
    )
  )

  it.effect("opens by the share of calls that failed", () =>
    withBreaker(
      Effect.gen(function* () {
        yield* Effect.replicateEffect(Effect.void.pipe(CircuitBreaker.protect(key)), 5)
        yield* failing(4)
        assert.isFalse(yield* CircuitBreaker.isOpen(key))
        yield* failing(1)
        assert.isTrue(yield* CircuitBreaker.isOpen(key))
      }),
      { tripPolicy: { rate: 0.5, minimum: 6, within: "10 seconds" } }
    )
  )

  it.effect("refuses nothing where there is none", () =>
    Effect.gen(function* () {
      yield* failing(10)
      assert.strictEqual(yield* tagOf(Effect.void.pipe(CircuitBreaker.protect(key))), "success")
    })
  )

  it.effect("says in the story when it opens, refuses and closes", () => {
    const observed = observe()
    return withBreaker(
      Effect.gen(function* () {
        yield* failing(1)
        yield* Effect.exit(Effect.void.pipe(CircuitBreaker.protect(key)))
        yield* TestClock.adjust("30 seconds")
        yield* Effect.void.pipe(CircuitBreaker.protect(key))
        const said = observed.events.flatMap((event) =>
          event._tag === "EventRecorded" ? [[event.name, event.data]] : []
        )
        assert.deepStrictEqual(said, [
          ["circuit.opened", { ...key, retry_after_ms: 30_000 }],
          ["circuit.refused", key],
          ["circuit.closed", key]
        ])
      }).pipe(Narrative.story("Answer")),
      { tripPolicy: { failures: 1 } }
    ).pipe(Effect.provide(observed.layer))
  })

  it.effect("refuses calls of providers that ask for it, and no others", () =>
    withBreaker(
      Effect.gen(function* () {
        const call = { ...key, model: "gpt-4o" }
        const down = Effect.exit(new Down().pipe(Work.providerCall({ ...call, circuitBreaker: true })))
        yield* Effect.replicateEffect(down, 5)
        assert.strictEqual(
          yield* tagOf(Effect.void.pipe(Work.providerCall({ ...call, circuitBreaker: true }))),
          "CircuitBreakerOpenError"
        )
        assert.isUndefined(yield* Effect.void.pipe(Work.providerCall(call)))
      })
    )
  )

  it.effect("refuses options that cannot be used", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(CircuitBreaker.make({ tripPolicy: { failures: 0 } }))
      assert.strictEqual(error.setting, "tripPolicy.failures")
    })
  )
})
