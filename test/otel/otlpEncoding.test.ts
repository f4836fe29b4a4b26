import type { Resource } from "@effect/opentelemetry/OtlpResource"
import { layerJson, layerProtobuf, OtlpSerialization } from "@effect/opentelemetry/OtlpSerialization"
import * as HttpBody from "@effect/platform/HttpBody"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as otlpEncoding from "../../src/otel/otlpEncoding.js"
import type { OtlpLogData } from "../../src/otel/otlpLogRecord.js"
import type { OtlpSpanData } from "../../src/otel/otlpSpan.js"

const scope = { name: "effect-narrative" }
const resource: Resource = {
  attributes: [{ key: "service.name", value: { stringValue: "importer" } }],
  droppedAttributesCount: 0
}
const attributes = [{ key: "row", value: { intValue: 7 } }]
const ids = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" }

const span: OtlpSpanData = {
  ...ids,
  parentSpanId: undefined,
  name: "Load CSV",
  kind: 1,
  startTimeUnixNano: "1790000000000000000",
  endTimeUnixNano: "1790000000000001000",
  attributes,
  droppedAttributesCount: 0,
  events: [],
  droppedEventsCount: 0,
  status: { code: 1 },
  links: [],
  droppedLinksCount: 0
}
const record: OtlpLogData = {
  ...ids,
  eventName: "",
  timeUnixNano: "1790000000000000000",
  observedTimeUnixNano: "1790000000000000000",
  severityNumber: 9,
  severityText: "INFO",
  body: { stringValue: "Load CSV" },
  attributes,
  droppedAttributesCount: 0,
  flags: 1
}

const traces = { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: [span] }] }] }
const logs = { resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords: [record] }] }] }

/** A serialization that keeps what it was given. */
const watched = (make: (data: unknown) => HttpBody.HttpBody) => {
  const seen: Array<unknown> = []
  const encode = (data: unknown) => {
    seen.push(data)
    return make(data)
  }
  return { seen, layer: Layer.succeed(OtlpSerialization, { traces: encode, metrics: encode, logs: encode }) }
}

const bodies = (form: otlpEncoding.OtlpForm) => [form.traces(resource, [span]), form.logs(resource, [record])]

describe("The form of what is sent", () => {
  it.effect("is JSON by layerJson", () =>
    Effect.gen(function* () {
      const form = yield* Effect.provide(otlpEncoding.inUse, layerJson)
      assert.deepStrictEqual(bodies(form), [HttpBody.unsafeJson(traces), HttpBody.unsafeJson(logs)])
    })
  )

  it.effect("is what layerProtobuf writes", () =>
    Effect.gen(function* () {
      const theirs = yield* Effect.provide(OtlpSerialization, layerProtobuf)
      const expected = [theirs.traces(traces), theirs.logs(logs)]
      const form = yield* Effect.provide(otlpEncoding.inUse, layerProtobuf)
      assert.deepStrictEqual(bodies(form).map(plain), expected.map(plain))
    })
  )

  it.effect("is that of a serialization of one's own, which sees every batch and nothing else", () =>
    Effect.gen(function* () {
      const own = watched(() => HttpBody.text("mine"))
      const form = yield* Effect.provide(otlpEncoding.inUse, own.layer)
      assert.isEmpty(own.seen)
      assert.deepStrictEqual(bodies(form), [HttpBody.text("mine"), HttpBody.text("mine")])
      assert.deepStrictEqual(own.seen, [traces, logs])
    })
  )

  it.effect("is that of a serialization around layerProtobuf, even if it changes nothing", () =>
    Effect.gen(function* () {
      const theirs = yield* Effect.provide(OtlpSerialization, layerProtobuf)
      const around = watched(theirs.traces)
      const form = yield* Effect.provide(otlpEncoding.inUse, around.layer)
      form.traces(resource, [span])
      assert.deepStrictEqual(around.seen, [traces])
    })
  )
})

/** Whatever the class of the bytes. */
const plain = (body: HttpBody.HttpBody) => {
  assert.strictEqual(body._tag, "Uint8Array")
  if (body._tag !== "Uint8Array") return undefined
  return { bytes: Buffer.from(body.body).toString("hex"), type: body.contentType, length: body.contentLength }
}
