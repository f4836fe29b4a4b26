/**
 * Failures explained by Claude in the background: no story waits for it, and the program ends when the last is explained.
 *
 *     ANTHROPIC_API_KEY=… npx tsx examples/anthropic-analyzer.ts
 */
import { FetchHttpClient } from "@effect/platform"
import { Config, Console, Effect, Layer, pipe, Schema } from "effect"
import { ConsoleRenderer, FailureAnalyzer, Narrative, RuleBookAnalyzer } from "effect-narrative"
import { AnthropicAnalyzer } from "effect-narrative/analysis"

const Parcel = Schema.Struct({ id: Schema.NonEmptyString, grams: Schema.Positive })

const label = Effect.fn("label")(function* (input: unknown) {
  const { grams, id } = yield* Schema.decodeUnknown(Parcel)(input)
  return `${id} (${grams} g)`
})

const shipParcel = label({ id: "P-1", grams: 0 }).pipe(Narrative.stage("Print Label"), Narrative.story("Ship Parcel"))

// The key is that in ANTHROPIC_API_KEY.
const Claude = AnthropicAnalyzer.layerConfig({
  endpoint: Config.withDefault(Config.string("ANTHROPIC_URL"), "https://api.anthropic.com"),
  timeout: Config.succeed("30 seconds")
})

const Analyzer = pipe(
  Claude,
  // Without a key the program runs all the same.
  Layer.catchAll((error) =>
    Layer.merge(RuleBookAnalyzer.layer(), Layer.effectDiscard(Console.log(`No Claude. ${error.message}`)))
  ),
  FailureAnalyzer.mapLayer(FailureAnalyzer.withRateLimit({ limit: 10, interval: "1 minute" })),
  FailureAnalyzer.mapLayerScoped(FailureAnalyzer.inBackground({ shutdownTimeout: "30 seconds" })),
  Layer.provide(FetchHttpClient.layer)
)

const program = shipParcel.pipe(
  Effect.catchTag("ParseError", () => Console.log("Parcel P-1 stays here.")),
  Effect.provide(Layer.merge(ConsoleRenderer.layer(), Analyzer))
)

program.pipe(Narrative.runMain)
