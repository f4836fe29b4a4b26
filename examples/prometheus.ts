/**
 * Imports three orders, one of them without a price, has an agent describe the others, and stays up for Prometheus to fetch
 * the metrics of it:
 *
 *     PORT=9464 npx tsx examples/prometheus.ts
 *     curl http://localhost:9464/metrics
 */
import { createServer } from "node:http"
import { HttpServer } from "@effect/platform"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Config, Data, Effect, Layer } from "effect"
import { Narrative, PrometheusRenderer, Work } from "effect-narrative"

class NoPrice extends Data.TaggedError("NoPrice")<{ readonly message: string }> {}

/** Stands for a model, whose answer says what it used. */
const answer = Effect.delay(Effect.succeed({ score: 0.75, usage: { prompt: 1000, completion: 250 } }), "10 millis")

const describe = answer.pipe(
  Work.providerCall({
    operation: "chat",
    provider: "openai",
    model: "gpt-4o",
    usage: ({ usage }) => usage,
    cost: ({ usage }) => (usage.prompt * 2.5 + usage.completion * 10) / 1_000_000
  }),
  Effect.tap(({ score }) => Work.recordQuality("coherence", score)),
  Work.agent({ id: "writer", model: "gpt-4o" })
)

const validate = (prices: ReadonlyArray<number | undefined>) =>
  Effect.gen(function* () {
    const priced = prices.filter((price) => price !== undefined)
    yield* Work.recordItems({ succeeded: priced.length, failed: prices.length - priced.length })
    if (priced.length === 0) return yield* new NoPrice({ message: "an order without a price" })
  })

const importOrder = (prices: ReadonlyArray<number | undefined>) =>
  Effect.gen(function* () {
    yield* Effect.sleep("20 millis").pipe(Narrative.stage("Load"))
    yield* validate(prices).pipe(Narrative.stage("Validate"))
    yield* describe
  }).pipe(Narrative.story("Import Order", { labels: { region: "eu" } }))

const program = Effect.forEach([[12, 7], [undefined], [5, undefined, 3]], (prices) =>
  Effect.ignore(importOrder(prices))
)

const Metrics = PrometheusRenderer.layer({ storyLabels: ["region"] }).pipe(
  HttpServer.withLogAddress,
  Layer.provide(NodeHttpServer.layerConfig(createServer, { port: Config.withDefault(Config.integer("PORT"), 9464) }))
)

program.pipe(Effect.zipRight(Effect.never), Effect.provide([Metrics, Narrative.layerDefault]), NodeRuntime.runMain)
