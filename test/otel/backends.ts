/**
 * The ways users get spans to a collector.
 */
import * as NodeSdk from "@effect/opentelemetry/NodeSdk"
import * as Otlp from "@effect/opentelemetry/Otlp"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto"
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace-base"
import { Effect, Layer, TestClock } from "effect"
import { Renderer } from "../../src/index.js"
import type { InvalidOption } from "../../src/plain/InvalidOption.js"
import * as Collector from "./Collector.js"

export interface Backend {
  readonly name: string
  readonly layer: (url: string) => Layer.Layer<never>
}

const resource = { serviceName: "importer", serviceVersion: "1.2.3" }

export const nodeSdk: Backend = {
  name: "the SDK, protobuf",
  layer: (url) =>
    Layer.discard(
      NodeSdk.layer(() => ({
        resource,
        spanProcessor: new BatchSpanProcessor(new OTLPTraceExporter({ url: `${url}/v1/traces` }))
      }))
    )
}

export const otlpJson: Backend = {
  name: "Otlp, JSON",
  layer: (url) => Layer.provide(Otlp.layerJson({ baseUrl: url, resource }), NodeHttpClient.layer)
}

export const otlpProtobuf: Backend = {
  name: "Otlp, protobuf",
  layer: (url) => Layer.provide(Otlp.layerProtobuf({ baseUrl: url, resource }), NodeHttpClient.layer)
}

export const backends: ReadonlyArray<Backend> = [nodeSdk, otlpJson, otlpProtobuf]

/** Runs a program on the test's clock and gives what a collector received of it. */
export const received = <E>(
  program: Effect.Effect<unknown, E>,
  backend: (url: string) => Layer.Layer<never, InvalidOption>
) =>
  Effect.gen(function* () {
    const collector = yield* Collector.make
    const running = yield* program.pipe(
      Effect.provide(Layer.mergeAll(backend(collector.url), Renderer.layerNone)),
      Effect.exit,
      Effect.fork
    )
    yield* TestClock.adjust("1 minute")
    yield* running
    return collector
  })
