import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import { Data, Effect, Layer, TestClock } from "effect"
import { History, HistoryRenderer } from "../src/history/index.js"
import { Instruments, Narrative, type NarrativeEvent, NarrativeMetrics, Renderer, Work } from "../src/index.js"
import { atEveryOperation } from "./fixtures/interruptingScheduler.js"
import { assertWellFormed, observe } from "./laws/observed.js"
import { freshPrefix, readings, total } from "./metrics/readings.js"

class RateLimitError extends Data.TaggedError("RateLimitError")<{ readonly retryAfter: number }> {}

const chat = { operation: "chat", provider: "openai", model: "gpt-4o" }

/** Emits to the metrics and a list only. */
const received = (prefix: string) => {
  const events: Array<NarrativeEvent.NarrativeEvent> = []
  const list = Renderer.layer(Renderer.make("list", (event) => void events.push(event)))
  const ends = () => events.filter((event) => event._tag === "StoryCompleted")
  return { events, ends, layer: Layer.merge(list, NarrativeMetrics.layer({ prefix })) }
}

describe("Narrative.metrics", () => {
  it.effect("an agent's call is recorded with its latency, tokens and cost, in metrics and in the story", () => {
    const prefix = freshPrefix()
    const { ends, layer } = received(prefix)
    return Effect.gen(function* () {
      yield* Effect.succeed({ prompt: 1_000, completion: 500, cached: 200 }).pipe(
        Effect.tap(() => TestClock.adjust("2 seconds")),
        Work.providerCall({ ...chat, usage: (usage) => usage, cost: () => 0.05 }),
        Effect.zipRight(Work.recordQuality("coherence", 0.88)),
        Effect.zipRight(Work.recordItems({ discovered: 12, succeeded: 11, failed: 1 })),
        Work.agent({ id: "writer", model: "gpt-4o" }),
        Narrative.story("Produce")
      )
      const api = { model: "gpt-4o", provider: "openai", operation: "chat" }
      assert.deepStrictEqual(yield* readings(Instruments.apiCalls, prefix), [
        { labels: { ...api, agent_id: "writer" }, value: 1 }
      ])
      const [latency] = yield* readings(Instruments.apiCallDuration, prefix)
      assert.deepStrictEqual([latency?.labels, latency?.sum], [{ ...api, unit: "s" }, 2])
      assert.strictEqual(yield* total(Instruments.tokensUsed, prefix, { token_type: "prompt" }), 1_000)
      assert.strictEqual(yield* total(Instruments.tokensUsed, prefix, { token_type: "completion" }), 500)
      assert.strictEqual(yield* total(Instruments.costUsd, prefix, { model: "gpt-4o", agent_id: "writer" }), 0.05)
      assert.strictEqual(yield* total(Instruments.agentDuration, prefix, { agent_id: "writer", model: "gpt-4o" }), 1)
      assert.strictEqual(yield* total(Instruments.qualityScore, prefix, { metric_type: "coherence" }), 1)
      assert.strictEqual(yield* total(Instruments.items, prefix, { story_name: "Produce", result: "failed" }), 1)
      assert.strictEqual(yield* total(Instruments.apiErrors, prefix), 0)
      const [{ work } = { work: null }] = ends()
      assert.deepStrictEqual(work, {
        models: [
          {
            model: "gpt-4o",
            promptTokens: 1_000,
            completionTokens: 500,
            cachedTokens: 200,
            reasoningTokens: 0,
            costUsd: 0.05
          }
        ],
        quality: [{ metric: "coherence", count: 1, average: 0.88 }],
        items: { discovered: 12, succeeded: 11, failed: 1, skipped: 0 },
        calls: 1,
        failedCalls: 0
      })
      assert.strictEqual(
        work === null ? "" : Work.summary(work),
        "12 items (1 failed) · 1 call · 1,500 tokens (gpt-4o) · $0.05 · quality 0.88"
      )
    }).pipe(Effect.provide(layer))
  })

  it.effect("a sub-story's work is part of the stories around it, and no other story's", () => {
    const { ends, layer } = received(freshPrefix())
    return Effect.gen(function* () {
      yield* Work.recordCost("gpt-4o", 1).pipe(
        Narrative.story("Inner"),
        Effect.zipRight(Work.recordCost("gpt-4o", 2)),
        Narrative.story("Outer")
      )
      yield* Effect.void.pipe(Narrative.story("Other"))
      assert.deepStrictEqual(
        ends().map(({ storyName, work }) => [storyName, work === null ? null : Work.costUsd(work)]),
        [
          ["Inner", 1],
          ["Outer", 3],
          ["Other", null]
        ]
      )
    }).pipe(Effect.provide(layer))
  })

  it.effect("a failed call is an error of its type; a retry is its agent's", () => {
    const prefix = freshPrefix()
    const { ends, layer } = received(prefix)
    return Effect.gen(function* () {
      yield* new RateLimitError({ retryAfter: 1 }).pipe(
        Work.providerCall(chat),
        Narrative.retry({ times: 2 }),
        Work.agent({ id: "writer" }),
        Narrative.story("Produce"),
        Effect.ignore
      )
      assert.strictEqual(yield* total(Instruments.apiCalls, prefix), 3)
      assert.strictEqual(yield* total(Instruments.apiErrors, prefix, { error_type: "RateLimitError" }), 3)
      assert.strictEqual(yield* total(Instruments.agentErrors, prefix, { error_type: "RateLimitError" }), 1)
      const reason = { agent_id: "writer", reason: "RateLimitError" }
      assert.strictEqual(yield* total(Instruments.retryAttempts, prefix, reason), 2)
      assert.deepInclude(ends()[0]?.work, { calls: 3, failedCalls: 3 })
    }).pipe(Effect.provide(layer))
  })

  it.effect("outside any story it is counted too", () => {
    const prefix = freshPrefix()
    return Effect.gen(function* () {
      yield* Effect.void.pipe(Work.providerCall(chat))
      yield* Work.recordTokens("gpt-4o", { prompt: 3 })
      assert.strictEqual(yield* total(Instruments.apiCalls, prefix, { agent_id: "none" }), 1)
      assert.strictEqual(yield* total(Instruments.tokensUsed, prefix), 3)
    }).pipe(Effect.provide(received(prefix).layer))
  })

  it.effect("its stage records what was asked, and of whom, by the names of OpenTelemetry's conventions", () => {
    const { events, layer } = received(freshPrefix())
    return Effect.gen(function* () {
      yield* Work.recordTokens("gpt-4o", { prompt: 7, completion: 5 }).pipe(
        Work.providerCall(chat),
        Narrative.story("Ask")
      )
      const stage = events.find((event) => event._tag === "StageCompleted")
      assert.deepStrictEqual(stage?.attributes, {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.usage.input_tokens": 7,
        "gen_ai.usage.output_tokens": 5
      })
      assert.deepStrictEqual([stage?.stageName, stage?.kind], ["chat gpt-4o", "provider"])
    }).pipe(Effect.provide(layer))
  })

  it.effect("wrong values are left out, and the good ones beside them count", () => {
    const prefix = freshPrefix()
    const { ends, layer } = received(prefix)
    // What JavaScript may pass.
    const wrong = (value: unknown): number => value as number
    return Effect.gen(function* () {
      yield* Effect.gen(function* () {
        for (const value of [Number.NaN, -1, Number.POSITIVE_INFINITY, 0.5, "7", null, {}]) {
          yield* Work.recordTokens("gpt-4o", { prompt: wrong(value), completion: 1 })
          yield* Work.recordItems({ failed: wrong(value), succeeded: 1 })
        }
        for (const value of [Number.NaN, -1, Number.POSITIVE_INFINITY, "7", null]) {
          yield* Work.recordCost("gpt-4o", wrong(value))
        }
        for (const value of [7, -0.1, Number.NaN, "1"]) yield* Work.recordQuality("logic", wrong(value))
        yield* Work.recordTokens("gpt-4o", wrong(null) as Work.Tokens)
        yield* Effect.void.pipe(
          Work.providerCall({
            ...chat,
            usage: () => {
              throw new Error("no usage")
            }
          })
        )
      }).pipe(Narrative.story("Wrong"))
      assert.strictEqual(yield* total(Instruments.tokensUsed, prefix), 7)
      assert.strictEqual(yield* total(Instruments.items, prefix), 7)
      assert.strictEqual(yield* total(Instruments.costUsd, prefix), 0)
      assert.strictEqual(yield* total(Instruments.qualityScore, prefix), 0)
      assert.deepInclude(ends()[0], { status: "success" })
    }).pipe(Effect.provide(layer))
  })

  it.scoped("the history keeps a story's work in its record", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const filename = `${yield* fs.makeTempDirectoryScoped()}/history.db`
      yield* Work.recordCost("gpt-4o", 2).pipe(
        Narrative.story("Produce"),
        Effect.provide(HistoryRenderer.layer({ path: filename }))
      )
      const { stories } = yield* History.stories().pipe(Effect.provide(History.layerSqlite({ path: filename })))
      const record = yield* History.story(stories[0]?.id ?? "").pipe(
        Effect.provide(History.layerSqlite({ path: filename }))
      )
      assert.strictEqual(record.work === null ? 0 : Work.costUsd(record.work), 2)
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.effect("calls and agents end exactly once, interrupted at whichever operation", () => {
    const prefix = freshPrefix()
    const observed = observe()
    const ended = (kind: string) =>
      observed.events.filter(
        (event) => (event._tag === "StageCompleted" || event._tag === "StageCancelled") && event.kind === kind
      ).length
    const self = Effect.yieldNow().pipe(
      Work.providerCall(chat),
      Work.agent({ id: "writer" }),
      Narrative.story("Produce")
    )
    return Effect.gen(function* () {
      const operations = yield* atEveryOperation(self, () =>
        Effect.gen(function* () {
          assertWellFormed(observed.events)
          assert.deepStrictEqual(observed.openSpans(), [])
          assert.strictEqual(yield* total(Instruments.apiCalls, prefix), ended("provider"))
          assert.strictEqual(yield* total(Instruments.agentDuration, prefix), ended("agent"))
          assert.strictEqual(yield* total(Instruments.activeStories, prefix), 0)
        })
      )
      assert.isAbove(operations, 15)
      assert.isAbove(ended("provider"), 5)
    }).pipe(Effect.provide(Layer.provideMerge(NarrativeMetrics.layer({ prefix }), observed.layer)))
  })
})
