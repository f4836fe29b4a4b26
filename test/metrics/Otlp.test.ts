// @effect-diagnostics multipleEffectProvide:off -- which layer is inside which is part of what is tested.
import * as NodeSdk from "@effect/opentelemetry/NodeSdk"
import * as Otlp from "@effect/opentelemetry/Otlp"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http"
import { PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics"
import { Effect, Layer } from "effect"
import { Narrative, NarrativeMetrics, Renderer } from "../../src/index.js"
import * as Collector from "../otel/Collector.js"
import { freshPrefix } from "./readings.js"

const resource = { serviceName: "importer" }

const backends = {
  "Otlp, JSON": (url: string) => Layer.provide(Otlp.layerJson({ baseUrl: url, resource }), NodeHttpClient.layer),
  "Otlp, protobuf": (url: string) =>
    Layer.provide(Otlp.layerProtobuf({ baseUrl: url, resource }), NodeHttpClient.layer),
  "the SDK": (url: string) =>
    Layer.discard(
      NodeSdk.layer(() => ({
        resource,
        metricReader: new PeriodicExportingMetricReader({
          exporter: new OTLPMetricExporter({ url: `${url}/v1/metrics` })
        })
      }))
    )
}

describe("metrics by OTLP", () => {
  for (const [name, backend] of Object.entries(backends)) {
    it.scopedLive(`${name}: names, units, buckets and values arrive as they are defined`, () =>
      Effect.gen(function* () {
        const prefix = freshPrefix()
        const collector = yield* Collector.make
        yield* Effect.void.pipe(
          Narrative.stage("Load"),
          Narrative.story("Import"),
          Effect.provide(
            Layer.mergeAll(Renderer.layerNone, NarrativeMetrics.layer({ prefix }), backend(collector.url))
          ),
          Effect.provide(Renderer.layerNone)
        )
        // biome-ignore lint/suspicious/noExplicitAny: as the protocol has it.
        const metric = (of: string): any => collector.metrics.findLast((metric) => metric["name"] === `${prefix}.${of}`)
        const duration = metric("stage.duration")
        assert.strictEqual(duration.unit, "s")
        const [point] = duration.histogram.dataPoints
        assert.strictEqual(Number(point.count), 1)
        assert.deepStrictEqual(
          point.explicitBounds,
          [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
        )
        assert.strictEqual(point.bucketCounts.length, 15)
        const stories = metric("story")
        assert.isTrue(stories.sum.isMonotonic)
        assert.strictEqual(stories.unit, "1")
        assert.strictEqual(Number(stories.sum.dataPoints[0].asDouble), 1)
      })
    )
  }
})
