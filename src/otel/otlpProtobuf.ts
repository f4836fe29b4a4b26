/**
 * Requests of OTLP in protobuf, in a fraction of the time that the encoder of `@effect/opentelemetry` takes, which makes
 * an array of bytes of every field. The bytes are the same, but for whole numbers that it writes so that no endpoint can read
 * them, nor the batch they are in (negative ones: https://github.com/Effect-TS/effect/issues/7130, and those beyond 64
 * bits), and for the event name of a log record, which it leaves out.
 *
 * Numbers of fields: https://github.com/open-telemetry/opentelemetry-proto/tree/main/opentelemetry/proto
 */
import type { AnyValue, KeyValue, Resource } from "@effect/opentelemetry/OtlpResource"
import { isInt64 } from "./otlpAttributes.js"
import type { OtlpLogData } from "./otlpLogRecord.js"
import type { OtlpEvent, OtlpLink, OtlpSpanData } from "./otlpSpan.js"
import { ProtobufWriter } from "./protobufWriter.js"

/** Who wrote what is sent. */
export interface Scope {
  readonly name: string
}

/** A request with a batch of spans. */
export const traces = (resource: Resource, scope: Scope, spans: ReadonlyArray<OtlpSpanData>): Uint8Array =>
  request(resource, scope, spans, writeSpan)

/** A request with a batch of log records. */
export const logs = (resource: Resource, scope: Scope, records: ReadonlyArray<OtlpLogData>): Uint8Array =>
  request(resource, scope, records, writeLog)

/** All signals have this around them, with the same numbers. */
const request = <A>(
  resource: Resource,
  scope: Scope,
  batch: ReadonlyArray<A>,
  write: (to: ProtobufWriter, item: A) => void
): Uint8Array => {
  const writer = new ProtobufWriter(1_024 + 512 * batch.length)
  writer.message(1, resource, () => {
    writer.message(1, resource, writeResource)
    writer.message(2, batch, () => {
      writer.message(1, scope, writeScope)
      writer.messages(2, batch, write)
    })
  })
  return writer.written
}

const writeResource = (to: ProtobufWriter, resource: Resource): void => {
  to.messages(1, resource.attributes, writeKeyValue)
  writeCount(to, 2, resource.droppedAttributesCount)
}

const writeScope = (to: ProtobufWriter, scope: Scope): void => to.text(1, scope.name)

const writeSpan = (to: ProtobufWriter, span: OtlpSpanData): void => {
  to.hex(1, span.traceId)
  to.hex(2, span.spanId)
  if (span.parentSpanId !== undefined) to.hex(4, span.parentSpanId)
  to.text(5, span.name)
  to.int(6, span.kind)
  to.fixed64(7, span.startTimeUnixNano)
  to.fixed64(8, span.endTimeUnixNano)
  to.messages(9, span.attributes, writeKeyValue)
  writeCount(to, 10, span.droppedAttributesCount)
  to.messages(11, span.events, writeEvent)
  writeCount(to, 12, span.droppedEventsCount)
  to.messages(13, span.links, writeLink)
  writeCount(to, 14, span.droppedLinksCount)
  to.message(15, span.status, writeStatus)
}

const writeEvent = (to: ProtobufWriter, event: OtlpEvent): void => {
  to.fixed64(1, event.timeUnixNano)
  to.text(2, event.name)
  to.messages(3, event.attributes, writeKeyValue)
  writeCount(to, 4, event.droppedAttributesCount)
}

const writeLink = (to: ProtobufWriter, link: OtlpLink): void => {
  to.hex(1, link.traceId)
  to.hex(2, link.spanId)
  to.messages(4, link.attributes, writeKeyValue)
  writeCount(to, 5, link.droppedAttributesCount)
}

const writeStatus = (to: ProtobufWriter, { code, message }: OtlpSpanData["status"]): void => {
  if (message !== undefined && message !== "") to.text(2, message)
  to.int(3, code)
}

const writeLog = (to: ProtobufWriter, record: OtlpLogData): void => {
  to.fixed64(1, record.timeUnixNano)
  to.int(2, record.severityNumber)
  if (record.severityText !== "") to.text(3, record.severityText)
  to.message(5, record.body, writeAnyValue)
  to.messages(6, record.attributes, writeKeyValue)
  writeCount(to, 7, record.droppedAttributesCount)
  if (record.flags !== undefined) to.fixed32(8, record.flags)
  if (record.traceId !== undefined) to.hex(9, record.traceId)
  if (record.spanId !== undefined) to.hex(10, record.spanId)
  to.fixed64(11, record.observedTimeUnixNano)
  if (record.eventName !== "") to.text(12, record.eventName)
}

const writeCount = (to: ProtobufWriter, field: number, count: number): void => {
  if (count > 0) to.int(field, count)
}

const writeKeyValue = (to: ProtobufWriter, { key, value }: KeyValue): void => {
  to.text(1, key)
  to.message(2, value, writeAnyValue)
}

const writeAnyValue = (to: ProtobufWriter, value: AnyValue): void => {
  if (isGiven(value.stringValue)) to.text(1, value.stringValue)
  else if (isGiven(value.boolValue)) to.bool(2, value.boolValue)
  else if (isGiven(value.intValue)) writeInt(to, value.intValue)
  else if (isGiven(value.doubleValue)) to.double(4, value.doubleValue)
  else if (value.arrayValue !== undefined) to.message(5, value.arrayValue, writeArray)
  else if (value.kvlistValue !== undefined) to.message(6, value.kvlistValue, writeKeyValues)
  else if (value.bytesValue !== undefined) to.bytes(7, value.bytesValue)
}

const isGiven = <A>(value: A | null | undefined): value is A => value !== undefined && value !== null

/** What is no whole number of 64 bits is a double. One beyond 2^53 comes in digits. */
const writeInt = (to: ProtobufWriter, value: number | string): void => {
  if (typeof value === "string") to.int(3, BigInt(value))
  else if (isInt64(value)) to.int(3, value)
  else to.double(4, value)
}

const writeArray = (to: ProtobufWriter, { values }: { readonly values: ReadonlyArray<AnyValue> }): void =>
  to.messages(1, values, writeAnyValue)

const writeKeyValues = (to: ProtobufWriter, { values }: { readonly values: ReadonlyArray<KeyValue> }): void =>
  to.messages(1, values, writeKeyValue)
