/**
 * What a stage costs that is exported to OpenTelemetry, beside the same span exported by `@effect/opentelemetry` alone.
 *
 *     npm run bench -- tracing
 */
import * as NodeSdk from "@effect/opentelemetry/NodeSdk"
import * as OtlpSerialization from "@effect/opentelemetry/OtlpSerialization"
import * as OtlpTracer from "@effect/opentelemetry/OtlpTracer"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { BatchSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace-base"
import { Effect, Layer } from "effect"
import type * as Tracing from "../../src/otel/NarrativeTracing.js"
import { CountedSpanProcessor, Narrative, NarrativeTracing, Renderer } from "./library.js"
import type { Case, Group } from "./rounds.js"

const stages = 2_000
const storyName = "Import Customers"
const stageName = "Load CSV"

let done = 0
const work = Effect.sync(() => {
  done += 1
})

const repeat = (self: Effect.Effect<void>) =>
  Effect.gen(function* () {
    for (let i = 0; i < stages; i++) yield* self
  })

const recorded = repeat(Narrative.stage(work, stageName)).pipe(
  Narrative.story(storyName, { totalStages: stages }),
  Effect.provide(Renderer.layerNone)
)

/** The span of a stage, with all that is on it. */
const spanned = repeat(
  Effect.withSpan(work, stageName, {
    captureStackTrace: false,
    attributes: {
      "narrative.story.id": "01993c3e-9f5a-7c3e-8d1b-3f2a1b4c5d6e",
      "narrative.story.name": storyName,
      "narrative.stage.name": stageName,
      "narrative.stage.index": 1
    }
  })
).pipe(Effect.withSpan(storyName, { captureStackTrace: false }))

let sent = 0
/** Takes every request at once: what is measured is what a span costs the program, not the network. */
const taking = Layer.succeed(
  HttpClient.HttpClient,
  HttpClient.make((request) =>
    Effect.sync(() => {
      sent += 1
      return HttpClientResponse.fromWeb(request, new Response())
    })
  )
)

const endpoint = {
  url: "http://localhost:4318/v1/traces",
  resource: { serviceName: "bench" }
}

const discarding: SpanExporter = {
  export: (spans, exported) => {
    sent += spans.length
    exported({ code: 0 })
  },
  shutdown: () => Promise.resolve()
}

const resource = { serviceName: "bench" }
const filter = { excludeStages: ["Health Check"], minDuration: "1 nanos" } as const

const sdk = Layer.discard(
  NodeSdk.layer(() => ({ resource, spanProcessor: new BatchSpanProcessor(discarding, { maxQueueSize: 2 * stages }) }))
)
const countedSdk = Layer.discard(
  Layer.unwrapScoped(
    Effect.map(Effect.orDie(CountedSpanProcessor.make(discarding)), (spanProcessor) =>
      NodeSdk.layer(() => ({ resource, spanProcessor }))
    )
  )
)
const filteredSdk = Layer.orDie(Layer.provide(NarrativeTracing.layer(filter), countedSdk))

const forms = { JSON: OtlpSerialization.layerJson, protobuf: OtlpSerialization.layerProtobuf }

const plain = "withSpan, OtlpTracer, JSON"
const plainProtobuf = "withSpan, OtlpTracer, protobuf"
const plainSdk = "withSpan, OpenTelemetry SDK"

const over = (form: keyof typeof forms) => Layer.merge(taking, forms[form])

const one = (name: string, program: Effect.Effect<void>, layer: Layer.Layer<never>): Case => ({
  name,
  run: () => Effect.runPromise(Effect.provide(program, layer))
})

const ours = (form: keyof typeof forms, options: Tracing.TracingOptions = {}) =>
  Layer.orDie(Layer.provide(NarrativeTracing.layerOtlp({ ...endpoint, ...options }), over(form)))

export const groups: ReadonlyArray<Group> = [
  {
    title: "A stage exported to OpenTelemetry",
    text: "2,000 stages, or spans with the same attributes, in a loop, until the last of them is written as OTLP and handed to an HTTP client (or an exporter of the SDK) that takes all at once. `layerOtlp` writes protobuf itself, `OtlpTracer` by the encoder of `@effect/opentelemetry`.",
    command: "npm run bench -- tracing",
    per: stages,
    rounds: 31,
    cases: [
      one(plain, spanned, Layer.provide(OtlpTracer.layer(endpoint), over("JSON"))),
      one("stage, NarrativeTracing.layerOtlp, JSON", recorded, ours("JSON")),
      one("the same, filtered", recorded, ours("JSON", filter)),
      one(plainProtobuf, spanned, Layer.provide(OtlpTracer.layer(endpoint), over("protobuf"))),
      one("stage, NarrativeTracing.layerOtlp, protobuf", recorded, ours("protobuf")),
      one(plainSdk, spanned, sdk),
      one("stage, OpenTelemetry SDK", recorded, sdk),
      one("stage, the SDK with a counted queue", recorded, countedSdk),
      one("stage, the SDK filtered, with a counted queue", recorded, filteredSdk)
    ],
    rows: [
      { name: plain },
      { name: "stage, NarrativeTracing.layerOtlp, JSON", against: plain, bar: 0.8 },
      { name: "the same, filtered", against: plain, bar: 0.8 },
      { name: plainProtobuf },
      { name: "stage, NarrativeTracing.layerOtlp, protobuf", against: plainProtobuf, bar: 0.8 },
      { name: plainSdk },
      { name: "stage, OpenTelemetry SDK", against: plainSdk, bar: 0.8 },
      { name: "stage, the SDK with a counted queue", against: plainSdk, bar: 0.8 },
      { name: "stage, the SDK filtered, with a counted queue", against: plainSdk, bar: 0.8 }
    ]
  }
]

/** Whether the loops ran, and something was sent. */
export const witnesses = () => [done, sent]
