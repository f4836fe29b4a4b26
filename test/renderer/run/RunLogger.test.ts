// @effect-diagnostics globalErrorInEffectFailure:off -- plain errors are what users fail with, too.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, TestClock } from "effect"
import { Narrative, RunLogger } from "../../../src/index.js"
import { atEveryOperation } from "../../fixtures/interruptingScheduler.js"
import { withWarnings } from "../rendererSuite.js"

const logged = (options?: { readonly roots?: boolean }) => {
  const started: Array<RunLogger.RunStarted> = []
  const completed: Array<RunLogger.RunCompleted> = []
  const failed: Array<RunLogger.RunFailed> = []
  const layer = RunLogger.layer(
    {
      logRunStarted: (run) => Effect.sync(() => void started.push(run)),
      logRunCompleted: (run) => Effect.sync(() => void completed.push(run)),
      logRunFailed: (run) => Effect.sync(() => void failed.push(run))
    },
    options
  )
  return { completed, failed, layer, started }
}

describe("RunLogger", () => {
  it.effect("logs a run's start and its end, with what became of its stages", () =>
    Effect.gen(function* () {
      const { completed, layer, started } = logged()
      const fiber = yield* Effect.gen(function* () {
        yield* Effect.sleep("1 second").pipe(Narrative.stage("llm"))
        yield* Effect.fail("busy").pipe(Narrative.stage("tts"), Effect.ignore)
        yield* Narrative.setOutcome("spoken")
      }).pipe(
        Narrative.story("chat_fast", { id: "run-1", labels: { topology: "fast", execution_mode: "practice" } }),
        Effect.provide(layer),
        Effect.fork
      )
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(fiber)
      assert.deepInclude(started[0], { runId: "run-1", name: "chat_fast", topology: "fast", executionMode: "practice" })
      assert.deepInclude(completed[0], { runId: "run-1", status: "success", durationMs: 1_000, outcome: "spoken" })
      assert.deepStrictEqual(completed[0]?.stageResults["llm"], { status: "completed", durationMs: 1_000, error: null })
      assert.strictEqual(completed[0]?.stageResults["tts"]?.status, "failed")
    })
  )

  it.effect("logs why a run failed, and where", () =>
    Effect.gen(function* () {
      const { completed, failed, layer } = logged()
      yield* Effect.fail(new RangeError("out of tokens")).pipe(
        Narrative.stage("llm"),
        Narrative.story("chat_fast"),
        Effect.exit,
        Effect.provide(layer)
      )
      assert.deepInclude(failed[0], { error: "out of tokens", stage: "llm", status: "failed" })
      assert.deepStrictEqual(completed, [])
    })
  )

  it.effect("logs sub-stories as runs of their own, or leaves them out", () =>
    Effect.gen(function* () {
      const program = Effect.void.pipe(Narrative.story("inner"), Narrative.story("outer", { id: "run-1" }))
      const all = logged()
      yield* Effect.provide(program, all.layer)
      assert.deepStrictEqual(
        all.started.map(({ name, parentRunId }) => [name, parentRunId]),
        [
          ["outer", null],
          ["inner", "run-1"]
        ]
      )
      const roots = logged({ roots: true })
      yield* Effect.provide(program, roots.layer)
      assert.deepStrictEqual(
        roots.completed.map(({ name }) => name),
        ["outer"]
      )
    })
  )

  it.effect("logs one end for each start, interrupted at whichever operation", () =>
    Effect.gen(function* () {
      const { completed, failed, layer, started } = logged()
      const program = Effect.yieldNow().pipe(Narrative.stage("llm"), Narrative.story("chat_fast"))
      yield* atEveryOperation(program, () => Effect.void).pipe(Effect.provide(layer))
      assert.isAbove(started.length, 10)
      assert.strictEqual(completed.length + failed.length, started.length)
      assert.isTrue(completed.some(({ status }) => status === "cancelled"))
    })
  )

  it.effect("slows no stage, and fails none", () =>
    withWarnings((warnings) =>
      Effect.gen(function* () {
        const layer = RunLogger.layer({
          ...RunLogger.none,
          logRunStarted: () => Effect.never,
          logRunCompleted: () => Effect.fail("locked")
        })
        const fiber = yield* Effect.succeed(42).pipe(Narrative.story("chat_fast"), Effect.provide(layer), Effect.fork)
        yield* TestClock.adjust("10 seconds")
        assert.strictEqual(yield* Fiber.join(fiber), 42)
        assert.isNotEmpty(warnings)
      })
    ).pipe(Effect.provide(Layer.empty))
  )
})
