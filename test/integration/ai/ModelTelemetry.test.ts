import { AiError, EmbeddingModel, LanguageModel, type Response, Tool, Toolkit } from "@effect/ai"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Schema, Stream } from "effect"
import { Narrative, NarrativeEvent, Work } from "../../../src/index.js"
import * as ModelTelemetry from "../../../src/integration/ai/ModelTelemetry.js"
import { atEveryOperation } from "../../fixtures/interruptingScheduler.js"
import { assertWellFormed, observe } from "../../laws/observed.js"

const secret = "hunter2-of-the-north"

const usage = { inputTokens: 1_000, outputTokens: 200, totalTokens: 1_200, cachedInputTokens: 100 }
const metadata = { type: "response-metadata" as const, id: "r1", modelId: "gpt-4o-2024-08-06" }
const finish = { type: "finish" as const, reason: "stop" as const, usage }

const FindHotels = Tool.make("find_hotels", {
  description: "Finds hotels",
  parameters: { city: Schema.String, password: Schema.String },
  success: Schema.Struct({ found: Schema.Int, token: Schema.String }),
  failure: Schema.String,
  failureMode: "return"
})

const Tools = Toolkit.make(FindHotels)

const ToolsLayer = Tools.toLayer({
  find_hotels: ({ city }) =>
    city === "Atlantis" ? Effect.fail("no such city") : Effect.succeed({ found: 2, token: secret })
})

const toolCall = (city: string): Response.PartEncoded => ({
  type: "tool-call",
  id: "call-1",
  name: "find_hotels",
  params: { city, password: secret },
  providerExecuted: false
})

const modelLayer = (
  parts: ReadonlyArray<Response.PartEncoded>,
  stream: Stream.Stream<Response.StreamPartEncoded, AiError.AiError> = Stream.empty
) =>
  Layer.effect(
    LanguageModel.LanguageModel,
    LanguageModel.make({ generateText: () => Effect.succeed([...parts]), streamText: () => stream })
  )

const recorded = (
  parts: ReadonlyArray<Response.PartEncoded>,
  stream?: Stream.Stream<Response.StreamPartEncoded, AiError.AiError>
) => {
  const observed = observe()
  const prices = Work.layerPrices({ "gpt-4o": { prompt: 1, completion: 10 } })
  const model = Layer.provide(ModelTelemetry.layer({ provider: "openai" }), modelLayer(parts, stream))
  return { observed, layer: Layer.mergeAll(observed.layer, model, ToolsLayer, prices) }
}

const ends = (observed: ReturnType<typeof observe>, kind: string) =>
  observed.events.filter(NarrativeEvent.isStageEnded).filter((event) => event.kind === kind)

const workOf = (observed: ReturnType<typeof observe>) => {
  const end = observed.events.find((event) => event._tag === "StoryCompleted")
  return end?._tag === "StoryCompleted" ? end.work : null
}

describe("ModelTelemetry", () => {
  it.effect("records a call of a model with its tokens and its cost, and keeps its answer", () =>
    Effect.gen(function* () {
      const { layer, observed } = recorded([{ type: "text", text: "Rayleigh scattering" }, metadata, finish])
      const answer = yield* LanguageModel.generateText({ prompt: "Why is the sky blue?" }).pipe(
        Narrative.story("Answer"),
        Effect.provide(layer)
      )
      assert.strictEqual(answer.text, "Rayleigh scattering")
      const [end] = ends(observed, "provider")
      assert.deepInclude(end?.attributes, {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.response.model": "gpt-4o-2024-08-06",
        "gen_ai.usage.input_tokens": 1_000,
        "gen_ai.usage.output_tokens": 200
      })
      const work = workOf(observed)
      assert.closeTo(work === null ? 0 : Work.costUsd(work), (1_000 + 200 * 10) / 1e6, 1e-12)
    })
  )

  it.effect("records the tools that a model calls as stages inside the call", () =>
    Effect.gen(function* () {
      const { layer, observed } = recorded([toolCall("Bergen"), metadata, finish])
      const answer = yield* LanguageModel.generateText({ prompt: "Hotels?", toolkit: Tools }).pipe(
        Narrative.story("Answer"),
        Effect.provide(layer)
      )
      assert.deepStrictEqual(answer.toolResults[0]?.result, { found: 2, token: secret })
      const [tool] = ends(observed, "tool")
      assert.strictEqual(tool?._tag, "StageCompleted")
      assert.deepStrictEqual([tool?.stageName, tool?.parentStageName], ["find_hotels", "chat"])
      assert.include(tool?.attributes["narrative.tool.payload_summary"], "Bergen")
      assert.notInclude(JSON.stringify(observed.events), secret)
      assertWellFormed(observed.events)
    })
  )

  it.effect("records a tool whose error is returned to the model as failed, and the program goes on", () =>
    Effect.gen(function* () {
      const { layer, observed } = recorded([toolCall("Atlantis"), finish])
      const answer = yield* LanguageModel.generateText({ prompt: "Hotels?", toolkit: Tools }).pipe(
        Narrative.story("Answer"),
        Effect.provide(layer)
      )
      assert.deepInclude(answer.toolResults[0], { result: "no such city", isFailure: true })
      assert.strictEqual(ends(observed, "tool")[0]?._tag, "StageFailed")
      assert.isFalse(observed.events.some((event) => event._tag === "FailureOccurred"))
    })
  )

  const parts = Stream.make<Array<Response.StreamPartEncoded>>(
    { type: "text-start", id: "1" },
    { type: "text-delta", id: "1", delta: "Ray" },
    metadata,
    finish
  ).pipe(Stream.rechunk(1))

  it.effect("records a streamed call until its stream ends", () =>
    Effect.gen(function* () {
      const { layer, observed } = recorded([], parts)
      const seen = yield* LanguageModel.streamText({ prompt: "Why?" }).pipe(
        Stream.runCount,
        Narrative.story("Answer"),
        Effect.provide(layer)
      )
      assert.strictEqual(seen, 4)
      const [end] = ends(observed, "provider")
      assert.strictEqual(end?._tag, "StageCompleted")
      assert.strictEqual(end?.attributes["gen_ai.usage.input_tokens"], 1_000)
      assertWellFormed(observed.events)
    })
  )

  it.effect("reports what an aborted stream had used", () =>
    Effect.gen(function* () {
      const { layer, observed } = recorded([], Stream.concat(parts, Stream.never))
      const fiber = yield* LanguageModel.streamText({ prompt: "Why?" }).pipe(
        Stream.runDrain,
        Narrative.story("Answer"),
        Effect.provide(layer),
        Effect.fork
      )
      yield* Effect.repeatN(Effect.yieldNow(), 100)
      yield* Fiber.interrupt(fiber)
      const [end] = ends(observed, "provider")
      assert.strictEqual(end?._tag, "StageCancelled")
      assert.strictEqual(end?.attributes["gen_ai.usage.output_tokens"], 200)
      assertWellFormed(observed.events)
    })
  )

  it.effect("records nothing of a stream that is never run, and ends one whose reader stops", () =>
    Effect.gen(function* () {
      const { layer, observed } = recorded([], parts)
      yield* Effect.gen(function* () {
        const stream = LanguageModel.streamText({ prompt: "Why?" })
        assert.deepStrictEqual(ends(observed, "provider"), [])
        yield* Stream.runHead(stream)
      }).pipe(Narrative.story("Answer"), Effect.provide(layer))
      assert.strictEqual(ends(observed, "provider")[0]?._tag, "StageCompleted")
      assertWellFormed(observed.events)
    })
  )

  it.effect("says why a streamed call failed", () =>
    Effect.gen(function* () {
      const error = new AiError.UnknownError({ module: "Test", method: "stream", description: "overloaded" })
      const { layer, observed } = recorded([], Stream.concat(parts, Stream.fail(error)))
      yield* LanguageModel.streamText({ prompt: "Why?" }).pipe(
        Stream.runDrain,
        Effect.ignore,
        Narrative.story("Answer"),
        Effect.provide(layer)
      )
      assert.strictEqual(ends(observed, "provider")[0]?._tag, "StageFailed")
    })
  )

  it.effect("ends each call and tool once, interrupted wherever", () =>
    Effect.gen(function* () {
      const { layer, observed } = recorded([toolCall("Bergen"), finish], Stream.make(finish))
      const program = Effect.gen(function* () {
        yield* LanguageModel.generateText({ prompt: "Hotels?", toolkit: Tools })
        yield* Stream.runDrain(LanguageModel.streamText({ prompt: "Why?" }))
      }).pipe(Narrative.story("Answer"))
      yield* atEveryOperation(
        program,
        () =>
          Effect.sync(() => {
            assertWellFormed(observed.events)
            assert.deepStrictEqual(
              observed.openSpans().filter((name) => !/^(?:LanguageModel|Toolkit)\./.test(name)),
              []
            )
            observed.clear()
          }),
        61
      ).pipe(Effect.provide(layer))
    })
  )

  it.effect("records what is embedded as calls, whose failure is theirs", () =>
    Effect.gen(function* () {
      const observed = observe()
      const refused = new AiError.UnknownError({ module: "Embeddings", method: "embedMany", description: "too long" })
      const embeddings = Layer.effect(
        EmbeddingModel.EmbeddingModel,
        EmbeddingModel.make({
          embedMany: (inputs) =>
            inputs.includes("too long")
              ? Effect.fail(refused)
              : Effect.succeed(inputs.map((input, index) => ({ index, embeddings: [input.length] })))
        })
      )
      const recorded = ModelTelemetry.layerEmbedding({ provider: "openai", model: "small" })
      const [one, many, failure] = yield* Effect.gen(function* () {
        const model = yield* EmbeddingModel.EmbeddingModel
        return [
          yield* model.embed("sky"),
          yield* model.embedMany(["sky", "ocean"]),
          yield* Effect.flip(model.embedMany(["too long"]))
        ] as const
      }).pipe(
        Narrative.story("Index"),
        Effect.provide(Layer.merge(observed.layer, Layer.provide(recorded, embeddings)))
      )
      assert.deepStrictEqual([one, many], [[3], [[3], [5]]])
      assert.strictEqual(failure.message, refused.message)
      assert.deepStrictEqual(
        ends(observed, "provider").map(({ _tag, stageName }) => [_tag, stageName]),
        [
          ["StageCompleted", "embeddings small"],
          ["StageCompleted", "embeddings small"],
          ["StageFailed", "embeddings small"]
        ]
      )
      assertWellFormed(observed.events)
    })
  )
})
