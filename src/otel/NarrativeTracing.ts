/**
 * Traces of stories and stages, fit for a backend that is paid by the span: what is not worth a span is left out, and
 * what is too long is cut. Stories and stages are spans of whatever `Tracer` is in use; this changes what that one is
 * given.
 *
 * @since 0.1.0
 */
import type { OtlpSerialization } from "@effect/opentelemetry/OtlpSerialization"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"
import * as Tracer from "effect/Tracer"
import type { RendererStats } from "../delivery/Renderer.js"
import type { InvalidOption } from "../plain/InvalidOption.js"
import * as options from "../plain/options.js"
import { useBuiltIn } from "../redaction/builtInRedactor.js"
import { redactedLike } from "../tracing/redactedSpan.js"
import * as otlpEncoding from "./otlpEncoding.js"
import * as otlpExport from "./otlpExport.js"
import { decodeSender, type OtlpOptions } from "./otlpOptions.js"
import { resourceOf } from "./otlpResource.js"
import { OtlpSpan, type OtlpSpanData } from "./otlpSpan.js"
import { type Filter, filtering } from "./spanFilter.js"

// What is exported is redacted.
useBuiltIn()

/**
 * Which stages have spans. A stage that fails always has one.
 *
 * @since 0.1.0
 * @category models
 */
export interface TracingOptions {
  /**
   * Stages without a span of their own, by name or by a function of the name. What happens inside such a stage belongs to
   * the span around it.
   */
  readonly excludeStages?: ReadonlyArray<string> | ReadonlySet<string> | ((stageName: string) => boolean) | undefined
  /**
   * A stage that took less has no span (default: 0, all have one). One with a span inside it that is kept stays, since
   * that span names it as its parent.
   */
  readonly minDuration?: Duration.DurationInput | undefined
  /**
   * Longest text of an attribute, a message or a stack, in UTF-16 code units; 1 or more (default 8,192). A longer one is
   * cut, and says how much is missing.
   */
  readonly maxAttributeLength?: number | undefined
}

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  OtlpOptions,
  /**
   * @since 0.1.0
   * @category models
   */
  QueueOptions
} from "./otlpOptions.js"

/**
 * Filters the spans of stages for the `Tracer` in use where the layer is built.
 *
 * @example
 * ```ts
 * import { NodeSdk } from "@effect/opentelemetry"
 * import { BatchSpanProcessor, ConsoleSpanExporter } from "@opentelemetry/sdk-trace-base"
 * import { Layer } from "effect"
 * import { NarrativeTracing } from "effect-narrative/otel"
 *
 * const Sdk = NodeSdk.layer(() => ({
 *   resource: { serviceName: "importer" },
 *   spanProcessor: new BatchSpanProcessor(new ConsoleSpanExporter())
 * }))
 *
 * export const Tracing = NarrativeTracing.layer({
 *   excludeStages: ["Health Check", "Cache Lookup"],
 *   minDuration: "5 millis",
 *   maxAttributeLength: 4_096
 * }).pipe(Layer.provideMerge(Sdk))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (given: TracingOptions = {}): Layer.Layer<never, InvalidOption> =>
  Layer.unwrapEffect(
    Effect.gen(function* () {
      const filter = yield* parse(given)
      return Layer.setTracer(filtering(yield* Effect.tracer, filter))
    })
  )

/**
 * Sends every span of the program to an OTLP endpoint, without the OpenTelemetry SDK, through a counted queue: what is
 * delivered, refused and lost is known to {@link exportStats}, and losses are warned of.
 *
 * @example
 * ```ts
 * import { OtlpSerialization } from "@effect/opentelemetry"
 * import { FetchHttpClient } from "@effect/platform"
 * import { Layer } from "effect"
 * import { NarrativeTracing } from "effect-narrative/otel"
 *
 * export const Tracing = NarrativeTracing.layerOtlp({
 *   url: "http://localhost:4318/v1/traces",
 *   resource: { serviceName: "importer" },
 *   excludeStages: ["Health Check"]
 * }).pipe(Layer.provide([FetchHttpClient.layer, OtlpSerialization.layerProtobuf]))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerOtlp = (
  given: OtlpOptions & TracingOptions
): Layer.Layer<never, InvalidOption, HttpClient.HttpClient | OtlpSerialization> =>
  Layer.unwrapScoped(
    Effect.gen(function* () {
      const filter = yield* parse(given)
      const form = yield* otlpEncoding.inUse
      const settings = yield* decodeSettings(given)
      const resource = yield* resourceOf(given.resource)
      const spans = yield* otlpExport.queue<OtlpSpanData>(
        { name: "otlp-traces", encode: (batch) => form.traces(resource, batch) },
        settings,
        given.headers
      )
      const send = (span: OtlpSpanData): void => {
        // Nothing waits for the warning of what was dropped.
        const warning = spans.offer(span)
        if (warning !== undefined) runFork(warning)
      }
      const runFork = Runtime.runFork(yield* Effect.runtime<never>())
      const tracer = Tracer.make({
        span: (name, parent, context, links, startTime, kind) =>
          redactedLike(parent, new OtlpSpan(name, parent, context, links, startTime, kind, filter.maxLength, send)),
        context: (execution) => execution()
      })
      const isFiltered = given.excludeStages !== undefined || given.minDuration !== undefined
      // Such a span cuts its texts itself.
      return Layer.setTracer(
        isFiltered ? filtering(tracer, { ...filter, maxLength: Number.POSITIVE_INFINITY }) : tracer
      )
    })
  )

/**
 * What became of the spans and log records of every OTLP queue that is open in this process:
 * `emitted = delivered + dropped + failed + pending`.
 *
 * @since 0.1.0
 * @category stats
 */
export const exportStats: Effect.Effect<ReadonlyArray<RendererStats>> = otlpExport.stats

type ExcludeStages = NonNullable<TracingOptions["excludeStages"]>

const Options = Schema.Struct({
  excludeStages: options.withDefault<ExcludeStages, ExcludeStages>(
    Schema.Union(
      Schema.Array(Schema.String),
      Schema.ReadonlySetFromSelf(Schema.String),
      options.functionOf<(stageName: string) => boolean>()
    ).pipe(options.takes("a list or Set of names of stages, or a function of the name")),
    []
  ),
  maxAttributeLength: options.withDefault(options.wholeNumber(1), 8_192),
  minDuration: options.withDefault(options.finiteDuration, Duration.zero)
})

const decode = options.decode("NarrativeTracing", Options, ["resource", "headers"])

const decodeSettings = decodeSender("NarrativeTracing")

/** @internal */
export const parse = (given: TracingOptions): Either.Either<Filter, InvalidOption> =>
  Either.map(decode(given), ({ excludeStages, maxAttributeLength, minDuration }) => {
    const names = Predicate.isFunction(excludeStages) ? undefined : new Set(excludeStages)
    return {
      isExcluded: Predicate.isFunction(excludeStages) ? excludeStages : (name: string) => names?.has(name) === true,
      minNanos: Duration.unsafeToNanos(minDuration),
      maxLength: maxAttributeLength
    }
  })
