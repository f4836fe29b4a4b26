/**
 * A failure explained by a model of a local Ollama, and by the rule book where there is none.
 *
 *     RUNTIME_NARRATIVE_MODEL=llama3 npx tsx examples/ollama-analyzer.ts
 */
import { readFile } from "node:fs/promises"
import { FetchHttpClient } from "@effect/platform"
import { Config, Console, Data, Effect, flow, Layer, pipe } from "effect"
import { ConsoleRenderer, FailureAnalyzer, Narrative, RuleBookAnalyzer } from "effect-narrative"
import { OllamaAnalyzer } from "effect-narrative/analysis"

class NoPrices extends Data.TaggedError("NoPrices")<{ readonly cause: unknown }> {}

const readPrices = Effect.fn("readPrices")(function* (path: string) {
  const text = yield* Effect.tryPromise({
    try: () => readFile(path, "utf8"),
    catch: (cause) => new NoPrices({ cause })
  })
  return text.split("\n").length
})

const importPrices = readPrices("prices/tomorrow.csv").pipe(
  Narrative.stage("Read Prices"),
  Narrative.story("Import Prices")
)

// The same failure is asked about once, and never longer than the timeout.
const Analyzer = pipe(
  OllamaAnalyzer.layerConfig({
    endpoint: Config.withDefault(Config.string("OLLAMA_URL"), "http://localhost:11434"),
    model: Config.withDefault(Config.string("RUNTIME_NARRATIVE_MODEL"), "llama3"),
    timeout: Config.succeed("30 seconds")
  }),
  FailureAnalyzer.mapLayer(
    flow(
      FailureAnalyzer.withCache({ capacity: 256, timeToLive: "1 hour" }),
      FailureAnalyzer.withFallback(RuleBookAnalyzer.analyzer)
    )
  ),
  Layer.provide(FetchHttpClient.layer)
)

const program = importPrices.pipe(
  Effect.catchAll(() => Console.log("Keeping the prices of today.")),
  Effect.provide(Layer.merge(ConsoleRenderer.layer(), Analyzer))
)

program.pipe(Narrative.runMain)
