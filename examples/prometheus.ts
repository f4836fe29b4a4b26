/**
 * Imports three orders, one of them broken, and stays up for Prometheus to fetch the metrics of it:
 *
 *     PORT=9464 npx tsx examples/prometheus.ts
 *     curl http://localhost:9464/metrics
 */
import { createServer } from "node:http"
import { HttpServer } from "@effect/platform"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Config, Data, Effect, Layer } from "effect"
import { Narrative, PrometheusRenderer } from "effect-narrative"

class NoPrice extends Data.TaggedError("NoPrice")<{ readonly message: string }> {}

const importOrder = (price: number | undefined) =>
  Effect.gen(function* () {
    yield* Effect.sleep("20 millis").pipe(Narrative.stage("Load"))
    yield* (price === undefined ? new NoPrice({ message: "an order without a price" }) : Effect.void).pipe(
      Narrative.stage("Validate")
    )
  }).pipe(Narrative.story("Import Order", { labels: { region: "eu" } }))

const program = Effect.forEach([12, undefined, 7], (price) => Effect.ignore(importOrder(price)))

const Metrics = PrometheusRenderer.layer({ storyLabels: ["region"] }).pipe(
  HttpServer.withLogAddress,
  Layer.provide(NodeHttpServer.layerConfig(createServer, { port: Config.withDefault(Config.integer("PORT"), 9464) }))
)

program.pipe(Effect.zipRight(Effect.never), Effect.provide(Metrics), NodeRuntime.runMain)
