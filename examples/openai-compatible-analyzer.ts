/**
 * A failure explained by a model behind OpenAI's chat completions: a hosted one, vLLM, llama.cpp or LM Studio.
 *
 *     MODEL_URL=http://localhost:8000 RUNTIME_NARRATIVE_MODEL=llama3 npx tsx examples/openai-compatible-analyzer.ts
 */
import { FetchHttpClient } from "@effect/platform"
import { Config, Console, Effect, flow, Layer, pipe, Schedule, Schema } from "effect"
import { ConsoleRenderer, FailureAnalyzer, Narrative, RuleBookAnalyzer } from "effect-narrative"
import { OpenAiCompatibleAnalyzer } from "effect-narrative/analysis"

class CardDeclined extends Schema.TaggedError<CardDeclined>()("CardDeclined", {
  message: Schema.String,
  attempt: Schema.Number
}) {}

const charge = Effect.fn("charge")(function* (order: string, attempt: number) {
  yield* Narrative.annotate({ order, attempt })
  return yield* new CardDeclined({ message: `The bank declined order ${order}`, attempt })
})

const payOrder = charge("A-17", 3).pipe(Narrative.stage("Charge Card"), Narrative.story("Pay Order"))

// A passing fault is tried again; a server that keeps failing is left alone for a while.
const Analyzer = pipe(
  OpenAiCompatibleAnalyzer.layerConfig({
    endpoint: Config.withDefault(Config.string("MODEL_URL"), "http://localhost:8000"),
    model: Config.withDefault(Config.string("RUNTIME_NARRATIVE_MODEL"), "llama3"),
    structured: Config.succeed(true)
  }),
  FailureAnalyzer.mapLayer(
    flow(
      FailureAnalyzer.withRetry(Schedule.intersect(Schedule.exponential("200 millis"), Schedule.recurs(2))),
      FailureAnalyzer.withCircuitBreaker({ failures: 3, resetAfter: "5 minutes" }),
      FailureAnalyzer.withFallback(RuleBookAnalyzer.analyzer)
    )
  ),
  Layer.provide(FetchHttpClient.layer)
)

const program = payOrder.pipe(
  Effect.catchTag("CardDeclined", ({ attempt }) => Console.log(`Giving up after ${attempt} attempts.`)),
  Effect.provide(Layer.merge(ConsoleRenderer.layer(), Analyzer))
)

program.pipe(Narrative.runMain)
