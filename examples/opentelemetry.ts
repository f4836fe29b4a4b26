/**
 * Traces and logs for OpenTelemetry, without its SDK: what is exported goes through counted queues, so the program knows
 * at its end what arrived.
 *
 * Needs a collector that speaks OTLP over HTTP, at `OTEL_EXPORTER_OTLP_ENDPOINT` or on this machine; Jaeger is one:
 *
 *     docker run --rm -p 16686:16686 -p 4318:4318 jaegertracing/jaeger
 */
import { OtlpSerialization } from "@effect/opentelemetry"
import { FetchHttpClient } from "@effect/platform"
import { Config, Console, Data, Effect, Layer, Schedule } from "effect"
import { ConsoleRenderer, Narrative, Renderer } from "effect-narrative"
import { NarrativeTracing, OtelLogRenderer } from "effect-narrative/otel"

class NoRate extends Data.TaggedError("NoRate")<{ readonly currency: string }> {
  override get message() {
    return `No rate for ${this.currency}`
  }
}

class GatewayBusy extends Data.TaggedError("GatewayBusy")<{ readonly message: string }> {}

let calls = 0

const fetchRates = Effect.suspend(() =>
  ++calls === 1 ? Effect.fail(new GatewayBusy({ message: "503 from the rates service" })) : Effect.succeed({ EUR: 1 })
).pipe(Narrative.retry(Schedule.spaced("20 millis")), Narrative.stage("Fetch Rates", { kind: "provider" }))

const convert = Effect.fnUntraced(
  function* (amount: number, currency: string) {
    const rates: Record<string, number> = yield* fetchRates
    yield* Effect.sleep("1 millis").pipe(Narrative.stage("Look Up Cache"))
    const rate = rates[currency]
    if (rate === undefined) return yield* new NoRate({ currency })
    yield* Narrative.note("converted", { currency, amount: amount * rate })
  },
  Narrative.story("Convert", { kind: "request" })
)

const program = Effect.gen(function* () {
  yield* convert(12, "EUR")
  yield* Effect.ignore(convert(99, "ISK"))
  const counts = [...(yield* Renderer.stats), ...(yield* NarrativeTracing.exportStats)]
  for (const { emitted, name } of counts) if (name !== "console") yield* Console.log(`${name}: ${emitted} handed over`)
})

const OpenTelemetry = Layer.unwrapEffect(
  Effect.gen(function* () {
    const endpoint = yield* Config.string("OTEL_EXPORTER_OTLP_ENDPOINT").pipe(
      Config.withDefault("http://localhost:4318")
    )
    const resource = { serviceName: "rates", serviceVersion: "1.0.0" }
    return Layer.merge(
      NarrativeTracing.layerOtlp({ url: `${endpoint}/v1/traces`, resource, excludeStages: ["Look Up Cache"] }),
      OtelLogRenderer.layerOtlp({ url: `${endpoint}/v1/logs`, resource })
    )
  })
).pipe(Layer.provide([FetchHttpClient.layer, OtlpSerialization.layerJson]))

Narrative.runMain(program, { layer: Layer.merge(OpenTelemetry, ConsoleRenderer.layer()) })
