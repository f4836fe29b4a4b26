// @effect-diagnostics multipleEffectProvide:off -- which layer is inside which is part of what is tested.
import { assert, describe, it } from "@effect/vitest"
import {
  Cause,
  Context,
  Deferred,
  Duration,
  Effect,
  Exit,
  Fiber,
  FastCheck as fc,
  flow,
  Layer,
  Option,
  pipe,
  Schedule,
  TestClock
} from "effect"
import { FailureAnalyzer, Narrative } from "../../src/index.js"
import { InvalidOption } from "../../src/plain/InvalidOption.js"
import { analysisOf, counted, explains, gated, hostile, reportOf, unreachable } from "../fixtures/analyzers.js"
import { observe } from "../laws/observed.js"
import { withWarnings } from "../renderer/rendererSuite.js"

const some = (text: string) => Option.some(analysisOf(text))

/** Fails as often as asked, then explains. */
const failing = (times: number, error = unreachable) => {
  let left = times
  return counted(() => (left-- > 0 ? Effect.fail(error) : Effect.succeed(some("because"))))
}

const errorLike = (overrides: Partial<FailureAnalyzer.AnalyzerError>) =>
  new FailureAnalyzer.AnalyzerError({ ...unreachable, ...overrides })

const reasonOf = (self: FailureAnalyzer.Analyzer, message = "x") =>
  self.analyze(reportOf(message)).pipe(
    Effect.flip,
    Effect.map((error) => error.reason)
  )

describe("FailureAnalyzer", () => {
  it.effect("combinators change the analyzer that a Layer provides, and a Layer's state is its own", () =>
    Effect.gen(function* () {
      const analyzer = explains()
      const layer = FailureAnalyzer.layer(analyzer).pipe(
        FailureAnalyzer.mapLayer(
          flow(FailureAnalyzer.withTimeout("1 second"), FailureAnalyzer.withCache({ capacity: 2 }))
        )
      )
      const twice = Effect.flatMap(FailureAnalyzer.FailureAnalyzer, (self) =>
        Effect.repeatN(self.analyze(reportOf("x")), 1)
      )
      assert.deepStrictEqual(yield* Effect.provide(twice, layer), some("because x"))
      assert.lengthOf(analyzer.asked, 1)
      yield* Effect.provide(twice, layer)
      assert.lengthOf(analyzer.asked, 2)
    })
  )

  it.effect("combinators keep what else their Layer provides", () =>
    Effect.gen(function* () {
      const Port = Context.GenericTag<number>("Port")
      const layer = pipe(
        Layer.merge(FailureAnalyzer.layer(explains()), Layer.succeed(Port, 80)),
        FailureAnalyzer.mapLayer(FailureAnalyzer.withCache({ capacity: 1 })),
        FailureAnalyzer.withFallbackLayer(FailureAnalyzer.layer(explains())),
        FailureAnalyzer.mapLayerScoped(FailureAnalyzer.inBackground())
      )
      assert.strictEqual(yield* Effect.provide(Port, layer), 80)
    })
  )

  it.effect("what is no analyzer is an error of the place where it was given", () =>
    Effect.gen(function* () {
      assert.throws(
        () => FailureAnalyzer.make(42 as never),
        InvalidOption,
        "FailureAnalyzer.make: analyze takes a function of a report, not 42"
      )
      for (const layer of [
        FailureAnalyzer.layer(null as never),
        FailureAnalyzer.layerScoped(Effect.succeed({ analyze: 1 } as never))
      ]) {
        const exit = yield* Effect.exit(Effect.provide(Effect.void, layer))
        assert.isTrue(Exit.isFailure(exit))
        if (Exit.isFailure(exit)) {
          assert.include(Cause.pretty(exit.cause), "FailureAnalyzer.layer: analyze takes a function of a report")
        }
      }
    })
  )

  const wrong: ReadonlyArray<
    readonly [combinator: string, setting: string, (self: FailureAnalyzer.Analyzer) => FailureAnalyzer.Analyzer]
  > = [
    ["withCache", "capacity", FailureAnalyzer.withCache({ capacity: 0 })],
    ["withCache", "capacity", (self) => FailureAnalyzer.withCache(self, { capacity: Number.NaN })],
    ["withCache", "timeToLive", FailureAnalyzer.withCache({ capacity: 1, timeToLive: 0 })],
    ["withTimeout", "duration", FailureAnalyzer.withTimeout("soon" as never)],
    ["withTimeout", "duration", (self) => FailureAnalyzer.withTimeout(self, -5)],
    ["withRateLimit", "limit", FailureAnalyzer.withRateLimit({ limit: 1.5, interval: "1 second" })],
    ["withRateLimit", "interval", FailureAnalyzer.withRateLimit({ limit: 1, interval: 0 })],
    ["withCircuitBreaker", "failures", FailureAnalyzer.withCircuitBreaker({ failures: -1, resetAfter: 1 })]
  ]
  for (const [combinator, setting, change] of wrong) {
    it.effect(`${combinator} throws for a ${setting} that cannot be used, and mapLayer fails with the same error`, () =>
      Effect.gen(function* () {
        assert.throws(() => change(explains()), InvalidOption, `FailureAnalyzer.${combinator}: ${setting} takes `)
        const layer = FailureAnalyzer.layer(explains()).pipe(FailureAnalyzer.mapLayer(change))
        const error = yield* Effect.flip(Effect.provide(Effect.void, layer))
        assert.deepStrictEqual([error.module, error.setting], [`FailureAnalyzer.${combinator}`, setting])
      })
    )
  }

  it.effect("inBackground fails for options that cannot be used", () =>
    Effect.gen(function* () {
      for (const options of [
        { concurrency: 0 },
        { capacity: "many" as never },
        { shutdownTimeout: "never" as never }
      ]) {
        const error = yield* Effect.flip(Effect.scoped(FailureAnalyzer.inBackground(explains(), options)))
        assert.deepStrictEqual(
          [error._tag, error.module, error.setting],
          ["InvalidOption", "FailureAnalyzer.inBackground", ...Object.keys(options)]
        )
      }
    })
  )

  it.effect("combinators pass on whatever a hostile analyzer does, as an error or a defect", () =>
    Effect.gen(function* () {
      for (const [what, analyzer] of hostile) {
        const wrapped = pipe(
          analyzer,
          FailureAnalyzer.withTimeout("1 second"),
          FailureAnalyzer.withRetry(Schedule.recurs(1)),
          FailureAnalyzer.withRateLimit({ limit: 10, interval: "1 second" }),
          FailureAnalyzer.withCircuitBreaker({ failures: 3, resetAfter: "1 second" }),
          FailureAnalyzer.withCache({ capacity: 1 })
        )
        const exit = yield* Effect.exit(wrapped.analyze(reportOf("x")))
        assert.isTrue(Exit.isFailure(exit) || Option.isOption(exit.value), what)
        const explained = FailureAnalyzer.withFallback(wrapped, explains())
        const answer = yield* Effect.exit(withWarnings(() => explained.analyze(reportOf("x"))))
        const isInterrupted = what === "interrupts itself"
        if (!isInterrupted) assert.isTrue(Exit.isSuccess(answer) && Option.isSome(answer.value), what)
      }
    })
  )
})

describe("withTimeout", () => {
  it.effect("fails in time, in the analyzer's name, even where it cannot be interrupted", () =>
    Effect.gen(function* () {
      const stubborn = FailureAnalyzer.make(() => Effect.uninterruptible(Effect.never), {
        name: "ollama",
        model: "llama3",
        endpoint: "http://localhost:11434"
      })
      const self = FailureAnalyzer.withTimeout(stubborn, "12 seconds")
      const fiber = yield* Effect.fork(Effect.flip(self.analyze(reportOf("x"))))
      yield* TestClock.adjust("12 seconds")
      const error = yield* Fiber.join(fiber)
      assert.strictEqual(error.reason, "Timeout")
      assert.include(error.message, "ollama (llama3) at http://localhost:11434: no answer within 12s.")
      assert.include(error.message, "withTimeout")
    })
  )
})

describe("withRetry", () => {
  it.effect("asks again after an error that is retryable, and only then", () =>
    Effect.gen(function* () {
      const flaky = failing(2)
      const policy = Schedule.recurs(2)
      assert.deepStrictEqual(yield* FailureAnalyzer.withRetry(flaky, policy).analyze(reportOf("x")), some("because"))
      assert.lengthOf(flaky.asked, 3)
      const refused = failing(2, errorLike({ reason: "Unauthorized" }))
      assert.strictEqual(yield* reasonOf(FailureAnalyzer.withRetry(refused, policy)), "Unauthorized")
      assert.lengthOf(refused.asked, 1)
      const wanted = failing(2, errorLike({ reason: "Unauthorized" }))
      yield* FailureAnalyzer.withRetry(wanted, policy, { while: () => true }).analyze(reportOf("x"))
      assert.lengthOf(wanted.asked, 3)
    })
  )

  it.effect("waits as the schedule says, and no less than the server asked for", () =>
    Effect.gen(function* () {
      const busy = failing(2, errorLike({ reason: "RateLimited", retryAfter: Duration.seconds(7) }))
      const self = FailureAnalyzer.withRetry(
        busy,
        Schedule.intersect(Schedule.recurs(5), Schedule.exponential("5 seconds"))
      )
      const fiber = yield* Effect.fork(self.analyze(reportOf("x")))
      const asked: Array<number> = []
      for (let second = 0; second <= 17; second++) {
        asked.push(busy.asked.length)
        yield* TestClock.adjust("1 second")
      }
      yield* Fiber.join(fiber)
      assert.deepStrictEqual([asked[6], asked[7], asked[16], asked[17]], [1, 2, 2, 3])
    })
  )
})

describe("withCache", () => {
  it.effect("makes one call of 100 concurrent equal failures", () =>
    Effect.gen(function* () {
      const { analyzer, open } = gated()
      const self = FailureAnalyzer.withCache(analyzer, { capacity: 8 })
      const fibers = yield* Effect.forEach(Array.from({ length: 100 }), () => Effect.fork(self.analyze(reportOf("x"))))
      while (analyzer.asked.length === 0) yield* Effect.yieldNow()
      yield* open
      const answers = yield* Effect.forEach(fibers, Fiber.join)
      assert.lengthOf(analyzer.asked, 1)
      assert.isTrue(answers.every((answer) => Option.isSome(answer)))
      yield* self.analyze(reportOf("x"))
      assert.lengthOf(analyzer.asked, 1)
    })
  )

  it.effect("goes on with a call as long as anybody waits for it, whoever asked first", () =>
    Effect.gen(function* () {
      const { analyzer, open } = gated()
      const self = FailureAnalyzer.withCache(analyzer, { capacity: 8 })
      const [first, second, third] = yield* Effect.all([
        Effect.fork(self.analyze(reportOf("x"))),
        Effect.fork(self.analyze(reportOf("x"))),
        Effect.fork(self.analyze(reportOf("x")))
      ])
      while (analyzer.asked.length === 0) yield* Effect.yieldNow()
      yield* Fiber.interrupt(first)
      yield* Fiber.interrupt(third)
      yield* open
      assert.deepStrictEqual(yield* Fiber.join(second), some("because x"))
      assert.lengthOf(analyzer.asked, 1)
    })
  )

  it.effect("cancels a call that no story waits for any more, and makes a new one when asked again", () =>
    Effect.gen(function* () {
      const cancelled = yield* Deferred.make<void>()
      let isFirst = true
      const analyzer = counted(() => {
        if (!isFirst) return Effect.succeed(some("because"))
        isFirst = false
        return Effect.onInterrupt(Effect.never, () => Deferred.succeed(cancelled, undefined))
      })
      const self = FailureAnalyzer.withCache(analyzer, { capacity: 8 })
      const fiber = yield* Effect.fork(self.analyze(reportOf("x")))
      while (analyzer.asked.length === 0) yield* Effect.yieldNow()
      yield* Fiber.interrupt(fiber)
      yield* Deferred.await(cancelled)
      assert.deepStrictEqual(yield* self.analyze(reportOf("x")), some("because"))
    })
  )

  it.effect("remembers neither errors nor defects nor nothing to say", () =>
    Effect.gen(function* () {
      for (const answer of [unreachable, Effect.die("x"), Effect.succeedNone]) {
        const analyzer = counted(() => answer)
        const self = FailureAnalyzer.withCache(analyzer, { capacity: 8 })
        yield* Effect.exit(self.analyze(reportOf("x")))
        yield* Effect.exit(self.analyze(reportOf("x")))
        assert.lengthOf(analyzer.asked, 2)
      }
    })
  )

  it.effect("forgets what was not asked for longest, beyond its capacity", () =>
    Effect.gen(function* () {
      const analyzer = explains()
      const self = FailureAnalyzer.withCache(analyzer, { capacity: 2 })
      const ask = (message: string) => self.analyze(reportOf(message))
      for (const message of ["a", "b", "a", "c", "a", "b"]) yield* ask(message)
      assert.deepStrictEqual(
        analyzer.asked.map((report) => report.failures[0].errorMessage),
        ["a", "b", "c", "b"]
      )
    })
  )

  it.effect("forgets what is older than its time to live", () =>
    Effect.gen(function* () {
      const analyzer = explains()
      const self = FailureAnalyzer.withCache(analyzer, { capacity: 2, timeToLive: "1 minute" })
      yield* self.analyze(reportOf("x"))
      yield* TestClock.adjust("59 seconds")
      yield* self.analyze(reportOf("x"))
      assert.lengthOf(analyzer.asked, 1)
      yield* TestClock.adjust("1 second")
      yield* self.analyze(reportOf("x"))
      assert.lengthOf(analyzer.asked, 2)
    })
  )

  it.effect("takes failures for equal by type, file, line and chain, and by nothing else", () =>
    Effect.gen(function* () {
      const report = reportOf("x")
      const [primary] = report.failures
      const location = { file: "/app/db.ts", line: 47, column: 3, function: "insert", sourceLine: null }
      const like = (overrides: Partial<typeof primary>) => ({
        ...report,
        failures: [{ ...primary, location, ...overrides }] as const
      })
      const analyzer = explains()
      const self = FailureAnalyzer.withCache(analyzer, { capacity: 100 })
      const asks = (overrides: Partial<typeof primary>) =>
        Effect.gen(function* () {
          const before = analyzer.asked.length
          yield* self.analyze(like(overrides))
          return analyzer.asked.length > before
        })
      assert.isTrue(yield* asks({}))
      assert.isFalse(yield* asks({ errorMessage: "y", stackText: "elsewhere", stageName: "Other" }))
      assert.isFalse(yield* asks({ location: { ...location, column: 9, function: "other" } }))
      assert.isTrue(yield* asks({ errorType: "Other" }))
      assert.isTrue(yield* asks({ location: { ...location, file: "/app/db2.ts" } }))
      assert.isTrue(yield* asks({ location: { ...location, line: 48 } }))
      assert.isTrue(yield* asks({ location: null }))
      assert.isTrue(yield* asks({ exceptionChain: "Error: x <- Error: y" }))
    })
  )

  it.effect.prop(
    "asks, in whatever order and however interrupted, once for each failure at a time, and every other waiter is answered",
    [fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.boolean()), { minLength: 1, maxLength: 30 })],
    ([askers]) =>
      Effect.gen(function* () {
        const { analyzer, open } = gated()
        const self = FailureAnalyzer.withCache(analyzer, { capacity: 8 })
        const fibers = yield* Effect.forEach(askers, ([message, isInterrupted]) =>
          Effect.map(Effect.fork(self.analyze(reportOf(message))), (fiber) => ({ fiber, isInterrupted, message }))
        )
        yield* Effect.yieldNow()
        for (const { fiber, isInterrupted } of fibers) if (isInterrupted) yield* Fiber.interrupt(fiber)
        yield* open
        for (const { fiber, isInterrupted, message } of fibers) {
          if (!isInterrupted) assert.deepStrictEqual(yield* Fiber.join(fiber), some(`because ${message}`))
        }
        for (const message of new Set(askers.map(([message]) => message))) {
          const asked = analyzer.asked.filter((report) => report.failures[0].errorMessage === message)
          assert.isAtMost(asked.length, 1)
        }
      }),
    { fastCheck: { numRuns: 25 } }
  )
})

describe("withFallback", () => {
  it.effect("asks the other one where this one fails, breaks or has nothing to say, and says so", () =>
    withWarnings((warnings) =>
      Effect.gen(function* () {
        for (const answer of [unreachable, Effect.die("x"), Effect.succeedNone]) {
          const self = FailureAnalyzer.withFallback(
            counted(() => answer),
            explains()
          )
          assert.deepStrictEqual(yield* self.analyze(reportOf("x")), some("because x"))
        }
        assert.lengthOf(warnings, 2)
        assert.include(warnings[0], "Another analyzer was asked instead. test (llama3) at")
        assert.include(warnings[0], "connection refused. Start Ollama")
      })
    )
  )

  it.effect("does not ask the other one otherwise, and fails as that one does", () =>
    Effect.gen(function* () {
      const that = explains()
      yield* FailureAnalyzer.withFallback(explains(), that).analyze(reportOf("x"))
      assert.lengthOf(that.asked, 0)
      const refused = errorLike({ reason: "Refused" })
      const both = FailureAnalyzer.withFallback(
        counted(() => unreachable),
        counted(() => refused)
      )
      assert.strictEqual(yield* withWarnings(() => reasonOf(both)), "Refused")
    })
  )

  it.effect("takes a Layer, whose errors become the Layer's", () =>
    Effect.gen(function* () {
      const layer = FailureAnalyzer.layer(counted(() => Effect.succeedNone)).pipe(
        FailureAnalyzer.withFallbackLayer(FailureAnalyzer.layer(explains()))
      )
      const ask = Effect.flatMap(FailureAnalyzer.FailureAnalyzer, (self) => self.analyze(reportOf("x")))
      assert.deepStrictEqual(yield* Effect.provide(ask, layer), some("because x"))
      const broken = FailureAnalyzer.layer(explains()).pipe(
        FailureAnalyzer.withFallbackLayer(FailureAnalyzer.layerScoped(Effect.fail("no key" as const)))
      )
      assert.strictEqual(yield* Effect.flip(Effect.provide(ask, broken)), "no key" as never)
    })
  )
})

describe("withFallback to a Layer", () => {
  it.effect("keeps that one open for as long as this one may ask it", () =>
    Effect.gen(function* () {
      let isOpen = true
      const that = FailureAnalyzer.layerScoped(
        Effect.acquireRelease(
          Effect.succeed(counted(() => (isOpen ? Effect.succeed(some("because")) : unreachable))),
          () =>
            Effect.sync(() => {
              isOpen = false
            })
        )
      )
      const silent = counted(() => Effect.delay(Effect.succeedNone, "1 second"))
      const observed = observe()
      const layer = FailureAnalyzer.layer(silent).pipe(
        FailureAnalyzer.mapLayerScoped(FailureAnalyzer.inBackground()),
        FailureAnalyzer.withFallbackLayer(that)
      )
      const fiber = yield* Effect.fail("x").pipe(
        Narrative.story("S"),
        Effect.exit,
        Effect.provide(layer),
        Effect.provide(observed.layer),
        Effect.fork
      )
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      assert.strictEqual(observed.events.at(-1)?._tag, "AnalysisReady")
    })
  )
})

describe("withRateLimit", () => {
  it.effect("refuses what comes too soon, and says how long to wait", () =>
    Effect.gen(function* () {
      const analyzer = explains()
      const self = FailureAnalyzer.withRateLimit(analyzer, { limit: 2, interval: "10 seconds" })
      yield* self.analyze(reportOf("x"))
      yield* TestClock.adjust("4 seconds")
      yield* self.analyze(reportOf("x"))
      const error = yield* Effect.flip(self.analyze(reportOf("x")))
      assert.strictEqual(error.reason, "RateLimited")
      assert.deepStrictEqual(error.retryAfter, Duration.seconds(6))
      yield* TestClock.adjust("6 seconds")
      yield* self.analyze(reportOf("x"))
      assert.strictEqual(yield* reasonOf(self), "RateLimited")
      assert.lengthOf(analyzer.asked, 3)
    })
  )

  it.effect.prop(
    "lets at most so many through in any interval, and all of them if they come slowly enough",
    [fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 60 }), fc.integer({ min: 1, max: 5 })],
    ([pauses, limit]) =>
      Effect.gen(function* () {
        const at: Array<number> = []
        const analyzer = counted(() =>
          Effect.map(Effect.clock, (clock) => {
            at.push(clock.unsafeCurrentTimeMillis())
            return Option.none()
          })
        )
        const self = FailureAnalyzer.withRateLimit(analyzer, { limit, interval: "1 second" })
        for (const pause of pauses) {
          yield* TestClock.adjust(pause)
          const exit = yield* Effect.exit(self.analyze(reportOf("x")))
          const now = (yield* Effect.clock).unsafeCurrentTimeMillis()
          const recent = at.filter((time) => time > now - 1_000).length
          assert.isAtMost(recent, limit)
          if (Exit.isFailure(exit)) assert.strictEqual(recent, limit)
        }
      }),
    { fastCheck: { numRuns: 10 } }
  )
})

describe("withCircuitBreaker", () => {
  it.effect("opens after so many faults in a row, lets one question through later, and closes with its answer", () =>
    Effect.gen(function* () {
      const analyzer = failing(4)
      const self = FailureAnalyzer.withCircuitBreaker(analyzer, { failures: 3, resetAfter: "1 minute" })
      for (const reason of ["Unreachable", "Unreachable", "Unreachable", "CircuitOpen", "CircuitOpen"] as const) {
        assert.strictEqual(yield* reasonOf(self), reason)
      }
      assert.lengthOf(analyzer.asked, 3)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* reasonOf(self), "Unreachable")
      assert.strictEqual(yield* reasonOf(self), "CircuitOpen")
      yield* TestClock.adjust("59 seconds")
      const error = yield* Effect.flip(self.analyze(reportOf("x")))
      assert.deepStrictEqual(error.retryAfter, Duration.seconds(1))
      yield* TestClock.adjust("1 second")
      yield* self.analyze(reportOf("x"))
      yield* self.analyze(reportOf("x"))
      assert.lengthOf(analyzer.asked, 6)
    })
  )

  it.effect("lets only one question through while it is half open; one that is interrupted does not count", () =>
    Effect.gen(function* () {
      let isUp = false
      const gate = yield* Deferred.make<void>()
      const analyzer = counted(() => (isUp ? Effect.as(Deferred.await(gate), Option.none()) : unreachable))
      const self = FailureAnalyzer.withCircuitBreaker(analyzer, { failures: 1, resetAfter: "1 minute" })
      assert.strictEqual(yield* reasonOf(self), "Unreachable")
      yield* TestClock.adjust("1 minute")
      isUp = true
      const probe = yield* Effect.fork(self.analyze(reportOf("x")))
      yield* Effect.yieldNow()
      assert.strictEqual(yield* reasonOf(self), "CircuitOpen")
      yield* Fiber.interrupt(probe)
      const next = yield* Effect.fork(self.analyze(reportOf("x")))
      yield* Effect.yieldNow()
      assert.strictEqual(yield* reasonOf(self), "CircuitOpen")
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(next)
      yield* self.analyze(reportOf("x"))
    })
  )

  it.effect("counts faults in a row only, defects among them", () =>
    Effect.gen(function* () {
      const answers = [unreachable, Effect.die("x"), Effect.succeedNone, unreachable, Effect.die("x"), unreachable]
      const analyzer = counted(() => answers.shift() ?? Effect.succeedNone)
      const self = FailureAnalyzer.withCircuitBreaker(analyzer, { failures: 3, resetAfter: "1 minute" })
      for (let i = 0; i < 6; i++) yield* Effect.exit(self.analyze(reportOf("x")))
      assert.lengthOf(analyzer.asked, 6)
      assert.strictEqual(yield* reasonOf(self), "CircuitOpen")
    })
  )
})
