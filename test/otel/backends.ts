/**
 * The ways users get spans to a collector.
 */
import * as NodeSdk from "@effect/opentelemetry/NodeSdk"
import * as Otlp from "@effect/opentelemetry/Otlp"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto"
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace-base"
import { Layer } from "effect"

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
