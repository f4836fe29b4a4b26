// @effect-diagnostics globalErrorInEffectFailure:off -- plain errors are what users fail with, too.
import { assert, describe, it } from "@effect/vitest"
import { Data, Effect, Fiber, TestClock } from "effect"
import { Correlation, Narrative, ProviderCallLogger, Work } from "../../src/index.js"
import { atEveryOperation } from "../fixtures/interruptingScheduler.js"
import { withWarnings } from "../renderer/rendererSuite.js"

class Busy extends Data.TaggedError("Busy")<{ readonly status: number }> {}

const call = { operation: "chat", provider: "openai", model: "gpt-4o" }

const logged = () => {
  const starts: Array<ProviderCallLogger.CallStart> = []
  const ends: Array<readonly [string, ProviderCallLogger.CallEnd]> = []
  const layer = ProviderCallLogger.layer({
    logCallStart: (start) => Effect.as(Effect.yieldNow(), `call-${starts.push(start)}`),
    logCallEnd: (id, end) =>
      Effect.zipRight(
        Effect.yieldNow(),
        Effect.sync(() => void ends.push([id, end]))
      )
  })
  return { ends, layer, starts }
}

describe("ProviderCallLogger", () => {
  it.effect("logs a call's start and its end, under one id, with what it used", () =>
    Effect.gen(function* () {
      const { ends, layer, starts } = logged()
      const fiber = yield* Effect.sleep("1500 millis").pipe(
        Work.providerCall({ ...call, usage: () => ({ prompt: 10, completion: 5 }) }),
        Narrative.stage("llm"),
        Narrative.story("Answer", { id: "run-1" }),
        Correlation.with({ requestId: "request-1" }),
        Effect.provide([layer, Work.layerPrices({ "gpt-4o": { prompt: 1_000_000, completion: 0 } })]),
        Effect.fork
      )
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(fiber)
      assert.deepInclude(starts[0], { operation: "chat", provider: "openai", modelId: "gpt-4o" })
      assert.deepInclude(starts[0]?.context, { pipeline_run_id: "run-1", stage: "llm", request_id: "request-1" })
      const metrics = { prompt_tokens: 10, completion_tokens: 5, cached_tokens: 0, reasoning_tokens: 0, cost_usd: 10 }
      assert.deepStrictEqual(ends, [["call-1", { success: true, latencyMs: 1_500, error: null, metrics }]])
    })
  )

  it.effect("logs why a call failed, redacted, and that an interrupted one was cancelled", () =>
    Effect.gen(function* () {
      const { ends, layer } = logged()
      yield* new Busy({ status: 503 }).pipe(Work.providerCall(call), Effect.ignore, Effect.provide(layer))
      yield* Effect.fail(new RangeError("bad key sk-proj-abcdefghijklmnopqrstuvwxyz0123456789")).pipe(
        Work.providerCall(call),
        Effect.ignore,
        Effect.provide(layer)
      )
      const fiber = yield* Effect.never.pipe(Work.providerCall(call), Effect.provide(layer), Effect.fork)
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fiber)
      assert.match(ends[0]?.[1].error ?? "", /^UNAVAILABLE: /)
      assert.notInclude(ends[1]?.[1].error ?? "", "sk-proj")
      assert.deepInclude(ends[2]?.[1], { success: false, error: "CANCELLED: interrupted", latencyMs: 1_000 })
      assert.isTrue(ends[2]?.[1].metrics["cancelled"])
    })
  )

  it.effect("logs one end for each start, interrupted at whichever operation", () =>
    Effect.gen(function* () {
      const { ends, layer, starts } = logged()
      const program = Effect.yieldNow().pipe(Work.providerCall(call), Narrative.story("Answer"))
      const operations = yield* atEveryOperation(program, () =>
        Effect.sync(() => assert.strictEqual(ends.length, starts.length))
      ).pipe(Effect.provide(layer))
      assert.isAbove(operations, 15)
      assert.isAbove(starts.length, 5)
      assert.strictEqual(new Set(ends.map(([id]) => id)).size, starts.length)
    })
  )

  it.effect("does not fail a call when it fails itself, and still logs the end", () =>
    withWarnings((warnings) =>
      Effect.gen(function* () {
        let ended = 0
        const layer = ProviderCallLogger.layer({
          logCallStart: () => Effect.fail("table is locked"),
          logCallEnd: () => {
            ended += 1
            throw new Error("thrown")
          }
        })
        assert.strictEqual(yield* Effect.succeed(42).pipe(Work.providerCall(call), Effect.provide(layer)), 42)
        assert.strictEqual(ended, 1)
        assert.match(warnings[0] ?? "", /ProviderCallLogger failed/)
      })
    )
  )
})
