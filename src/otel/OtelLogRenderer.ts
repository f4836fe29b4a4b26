/**
 * Every event as a log record of OpenTelemetry, tied to the trace and the span it belongs to.
 *
 * Severities: stories and analyses are INFO, stages DEBUG, retries and failed stages WARN (a failed stage may have been
 * caught), failures ERROR, and a line of `Effect.log*` has its own.
 *
 * @since 0.1.0
 */
import type { OtelLoggerProvider } from "@effect/opentelemetry/Logger"
import type { OtlpSerialization } from "@effect/opentelemetry/OtlpSerialization"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as OtelApi from "@opentelemetry/api"
import type { AnyValueMap, LogRecord as OtelLogRecord } from "@opentelemetry/api-logs"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Renderer from "../delivery/Renderer.js"
import type { NarrativeEvent } from "../event/NarrativeEvent.js"
import type { InvalidOption } from "../plain/InvalidOption.js"
import * as logRecord from "./logRecord.js"
import * as otlpEncoding from "./otlpEncoding.js"
import * as otlpExport from "./otlpExport.js"
import * as otlpLogRecord from "./otlpLogRecord.js"
import { decodeSender, type OtlpOptions } from "./otlpOptions.js"
import { resourceOf } from "./otlpResource.js"

const name = "otel-logs"

/**
 * Hands the records to the `LoggerProvider` of the OpenTelemetry SDK, in the emitting fiber: its processor does the
 * waiting.
 *
 * @example
 * ```ts
 * import { Logger, Resource } from "@effect/opentelemetry"
 * import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-http"
 * import { BatchLogRecordProcessor } from "@opentelemetry/sdk-logs"
 * import { Layer } from "effect"
 * import { OtelLogRenderer } from "effect-narrative/otel"
 *
 * export const Logs = OtelLogRenderer.layer.pipe(
 *   Layer.provide(Logger.layerLoggerProvider(new BatchLogRecordProcessor({ exporter: new OTLPLogExporter() }))),
 *   Layer.provide(Resource.layer({ serviceName: "importer" }))
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<never, SdkMissing, OtelLoggerProvider> = Renderer.layerScoped(
  Effect.gen(function* () {
    const { api, Provider } = yield* sdk
    const logger = (yield* Provider).getLogger("effect-narrative")
    return Renderer.make(name, (event) => logger.emit(forSdk(event, api)))
  })
)

/**
 * A package that the SDK's way needs is not installed; `cause` names it.
 *
 * @since 0.1.0
 * @category errors
 */
export class SdkMissing extends Data.TaggedError("SdkMissing")<{ readonly cause: unknown }> {
  override get message(): string {
    return "OtelLogRenderer.layer needs @opentelemetry/api and @opentelemetry/sdk-logs: npm install them, or use layerOtlp"
  }
}

// Whoever uses `layerOtlp` has no SDK, and must not be asked for one.
const sdk = Effect.tryPromise({
  try: async () => ({
    api: await import("@opentelemetry/api"),
    Provider: (await import("@effect/opentelemetry/Logger")).OtelLoggerProvider
  }),
  catch: (cause) => new SdkMissing({ cause })
})

/**
 * Sends the records to an OTLP endpoint without the OpenTelemetry SDK, through a counted queue: `Renderer.stats` knows
 * what was delivered, refused and lost.
 *
 * @example
 * ```ts
 * import { OtlpSerialization } from "@effect/opentelemetry"
 * import { FetchHttpClient } from "@effect/platform"
 * import { Layer } from "effect"
 * import { OtelLogRenderer } from "effect-narrative/otel"
 *
 * export const Logs = OtelLogRenderer.layerOtlp({
 *   url: "http://localhost:4318/v1/logs",
 *   resource: { serviceName: "importer" }
 * }).pipe(Layer.provide([FetchHttpClient.layer, OtlpSerialization.layerJson]))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerOtlp = (
  options: OtlpOptions
): Layer.Layer<never, InvalidOption, HttpClient.HttpClient | OtlpSerialization> =>
  Renderer.layerScoped(
    Effect.gen(function* () {
      const settings = yield* decode(options)
      const form = yield* otlpEncoding.inUse
      const resource = yield* resourceOf(options.resource)
      const send = yield* otlpExport.sender<NarrativeEvent>(
        { name, encode: (batch) => form.logs(resource, batch.map(otlpLogRecord.of)) },
        settings,
        options.headers
      )
      return yield* Renderer.batched(name, { ...otlpExport.bufferOptions(name, settings), handle: send })
    })
  )

const decode = decodeSender("OtelLogRenderer")

const forSdk = (event: NarrativeEvent, api: typeof OtelApi): OtelLogRecord => {
  const { attributes, body, eventName, severity, span, timestamp } = logRecord.of(event)
  return {
    eventName,
    timestamp,
    severityNumber: severity.number,
    severityText: severity.text,
    body,
    // Plain values are what OpenTelemetry calls any value.
    attributes: attributes as AnyValueMap,
    ...(span === undefined ? {} : { context: api.trace.setSpanContext(api.ROOT_CONTEXT, { ...span, traceFlags: 1 }) })
  }
}
