/**
 * BullMQ's own interface for telemetry, by which a job says who asked for it.
 */
import type { ContextManager, Span, Telemetry } from "bullmq"
import type { Narrator } from "../../promise/Narrator.js"
import * as Correlation from "../../tracing/Correlation.js"
import { readMetadata } from "./metadata.js"

/**
 * Who asked, as BullMQ hands it from a producer to a worker.
 *
 * @since 0.1.0
 * @category models
 */
export interface JobContext {
  readonly correlation: Correlation.Correlation
}

// Stages say what happens; BullMQ's own spans, one for each of its calls, would be beside them.
const span: Span<JobContext> = {
  setSpanOnContext: (context) => context,
  setAttribute: () => undefined,
  setAttributes: () => undefined,
  addEvent: () => undefined,
  recordException: () => undefined,
  end: () => undefined
}

/**
 * The `telemetry` of a queue, a flow producer and a worker, by which a job carries who asked for it: trace, correlation id,
 * tenant, baggage. It travels as the headers of W3C trace context, which `bullmq-otel` reads and writes, too.
 *
 * @example
 * ```ts
 * import { Queue } from "bullmq"
 * import { narrativeTelemetry } from "effect-narrative/bullmq"
 * import { Narrator } from "effect-narrative/promise"
 *
 * const narrator = await Narrator.make()
 *
 * export const queue = new Queue("orders", {
 *   connection: { port: 6379 },
 *   telemetry: narrativeTelemetry(narrator)
 * })
 * ```
 *
 * @since 0.1.0
 * @category telemetry
 */
export const narrativeTelemetry = (
  narrator: Pick<Narrator, "correlation" | "withCorrelation">
): Telemetry<JobContext> => {
  const contextManager: ContextManager<JobContext> = {
    // A producer goes on where it is.
    with: (context, f) => narrator.withCorrelation(context.correlation, f),
    active: () => ({ correlation: narrator.correlation() }),
    root: () => ({ correlation: Correlation.none }),
    getMetadata: ({ correlation }) => JSON.stringify(Correlation.toHeaders(correlation)),
    fromMetadata: (_active, metadata) => ({ correlation: readMetadata(metadata) })
  }
  return { contextManager, tracer: { startSpan: () => span } }
}
