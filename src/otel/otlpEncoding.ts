/**
 * The form in which batches go to an OTLP endpoint: that of the `OtlpSerialization` in use.
 */
import type { Resource } from "@effect/opentelemetry/OtlpResource"
import { layerProtobuf, OtlpSerialization } from "@effect/opentelemetry/OtlpSerialization"
import * as HttpBody from "@effect/platform/HttpBody"
import * as Effect from "effect/Effect"
import type { OtlpLogData } from "./otlpLogRecord.js"
import * as otlpProtobuf from "./otlpProtobuf.js"
import type { OtlpSpanData } from "./otlpSpan.js"

export interface OtlpForm {
  readonly traces: (resource: Resource, spans: ReadonlyArray<OtlpSpanData>) => HttpBody.HttpBody
  readonly logs: (resource: Resource, records: ReadonlyArray<OtlpLogData>) => HttpBody.HttpBody
}

const scope: otlpProtobuf.Scope = { name: "effect-narrative" }

/**
 * `layerProtobuf` asks for protobuf, and gets it from a faster writer. Every other serialization is used as it is, one
 * that wraps it too: only its owner knows what it is for.
 */
export const inUse: Effect.Effect<OtlpForm, never, OtlpSerialization> = Effect.gen(function* () {
  const serialization = yield* OtlpSerialization
  const isProtobuf = serialization === (yield* Effect.provide(OtlpSerialization, layerProtobuf))
  return isProtobuf ? protobuf : by(serialization)
})

const by = (serialization: OtlpSerialization["Type"]): OtlpForm => ({
  traces: (resource, spans) => serialization.traces({ resourceSpans: [{ resource, scopeSpans: [{ scope, spans }] }] }),
  logs: (resource, logRecords) =>
    serialization.logs({ resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords }] }] })
})

const protobuf: OtlpForm = {
  traces: (resource, spans) => body(otlpProtobuf.traces(resource, scope, spans)),
  logs: (resource, records) => body(otlpProtobuf.logs(resource, scope, records))
}

const body = (bytes: Uint8Array): HttpBody.HttpBody => HttpBody.uint8Array(bytes, "application/x-protobuf")
