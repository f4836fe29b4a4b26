/**
 * Ids of spans, as every part of OpenTelemetry takes them. One that comes from elsewhere may be any text, and an endpoint
 * that cannot read one id refuses the whole batch it is in.
 *
 * https://opentelemetry.io/docs/specs/otel/trace/api/#spancontext
 */
export interface SpanIds {
  readonly traceId: string
  readonly spanId: string
}

/** Whether the span can be named to others. */
export const isKnown = ({ spanId, traceId }: SpanIds): boolean =>
  /^(?!0{32})[\da-f]{32}$/.test(traceId) && /^(?!0{16})[\da-f]{16}$/.test(spanId)
