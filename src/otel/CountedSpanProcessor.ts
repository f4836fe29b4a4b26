/**
 * A counted queue in front of an exporter of the OpenTelemetry SDK. The SDK's own batch processor drops spans when its
 * queue is full, and counts neither those nor the ones that could not be exported.
 *
 * @since 0.1.0
 */
import type { ReadableSpan, SpanExporter, SpanProcessor } from "@opentelemetry/sdk-trace-base"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import * as boundedBuffer from "../delivery/boundedBuffer.js"
import type { InvalidOption } from "../plain/InvalidOption.js"
import { waitAtMost } from "../runtime/deadline.js"
import * as otlpExport from "./otlpExport.js"
import { decodeQueue, type QueueOptions } from "./otlpOptions.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface CountedSpanProcessorOptions extends QueueOptions {
  /** What the queue is called in warnings and counts (default `otel-spans`). */
  readonly name?: string | undefined
}

/** The exporter did not take a batch. */
class ExportFailed extends Data.TaggedError("ExportFailed")<{ readonly cause: unknown }> {}

/**
 * A span processor that accounts for every span: its counts are among those of `NarrativeTracing.exportStats`.
 *
 * @example
 * ```ts
 * import { NodeSdk } from "@effect/opentelemetry"
 * import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto"
 * import { Effect, Layer } from "effect"
 * import { CountedSpanProcessor } from "effect-narrative/otel"
 *
 * export const Sdk = Layer.unwrapScoped(
 *   Effect.map(CountedSpanProcessor.make(new OTLPTraceExporter()), (spanProcessor) =>
 *     NodeSdk.layer(() => ({ resource: { serviceName: "importer" }, spanProcessor }))
 *   )
 * )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  exporter: SpanExporter,
  options: CountedSpanProcessorOptions = {}
): Effect.Effect<SpanProcessor, InvalidOption, Scope.Scope> =>
  Effect.gen(function* () {
    const settings = yield* decode(options)
    yield* Effect.addFinalizer(() =>
      waitAtMost(Effect.ignoreLogged(Effect.tryPromise(() => exporter.shutdown())), settings.shutdownTimeout)
    )
    const name = options.name ?? "otel-spans"
    const queue = yield* otlpExport.counted(
      boundedBuffer.open<ReadableSpan, never>({
        ...otlpExport.bufferOptions(name, settings),
        handle: (batch) =>
          exported(exporter, batch).pipe(
            // An exporter that never answers must not hold up what comes after.
            Effect.timeoutFail({
              duration: settings.timeout,
              onTimeout: () => new ExportFailed({ cause: `no answer within ${Duration.format(settings.timeout)}` })
            })
          )
      })
    )
    const runtime = yield* Effect.runtime<never>()
    const flush = () => Runtime.runPromise(runtime)(queue.flush)
    return {
      onStart: () => {},
      onEnd: (span) => {
        // 1 is the flag of spans that were sampled.
        if ((span.spanContext().traceFlags & 1) === 0) return
        const warning = queue.offer(span)
        if (warning !== undefined) Runtime.runFork(runtime)(warning)
      },
      forceFlush: flush,
      shutdown: flush
    }
  })

const decode = decodeQueue("CountedSpanProcessor")

const exported = (exporter: SpanExporter, batch: ReadonlyArray<ReadableSpan>): Effect.Effect<void, ExportFailed> =>
  Effect.async<void, ExportFailed>((resume) => {
    exporter.export([...batch], (result) => {
      // 0 is success, as `ExportResultCode` has it.
      resume(result.code === 0 ? Effect.void : Effect.fail(new ExportFailed({ cause: result.error })))
    })
  }).pipe(Effect.withTracerEnabled(false))
