/**
 * An event as a log record in the form of OTLP, without the OpenTelemetry SDK.
 */
import type * as OtlpResource from "@effect/opentelemetry/OtlpResource"
import type { NarrativeEvent } from "../event/NarrativeEvent.js"
import * as logRecord from "./logRecord.js"
import * as otlpAttributes from "./otlpAttributes.js"

/** As the protocol has it: https://opentelemetry.io/docs/specs/otlp/ */
export interface OtlpLogData {
  readonly eventName: string
  readonly timeUnixNano: string
  readonly observedTimeUnixNano: string
  readonly severityNumber: number
  readonly severityText: string
  readonly body: OtlpResource.AnyValue
  readonly attributes: ReadonlyArray<OtlpResource.KeyValue>
  readonly droppedAttributesCount: number
  readonly traceId?: string
  readonly spanId?: string
  readonly flags?: number
}

export const of = (event: NarrativeEvent): OtlpLogData => {
  const { attributes, body, eventName, severity, span, timestamp } = logRecord.of(event)
  const timeUnixNano = `${Math.trunc(timestamp)}000000`
  return {
    eventName,
    timeUnixNano,
    observedTimeUnixNano: timeUnixNano,
    severityNumber: severity.number,
    severityText: severity.text,
    body: { stringValue: body },
    // Not every backend, nor the protobuf form of @effect/opentelemetry, knows the event name.
    attributes: otlpAttributes.of(Object.entries({ "event.name": eventName, ...attributes })),
    droppedAttributesCount: 0,
    ...(span === undefined ? {} : { ...span, flags: 1 })
  }
}
