import { isDeepStrictEqual } from "node:util"
import type { AnyValue, KeyValue, Resource } from "@effect/opentelemetry/OtlpResource"
import { layerProtobuf, OtlpSerialization } from "@effect/opentelemetry/OtlpSerialization"
import { assert, describe, it } from "@effect/vitest"
import { Array as Arr, Effect, FastCheck as fc } from "effect"
import type { NarrativeEvent } from "../../src/index.js"
import * as otlpLogRecord from "../../src/otel/otlpLogRecord.js"
import * as otlpProtobuf from "../../src/otel/otlpProtobuf.js"
import type { OtlpSpanData } from "../../src/otel/otlpSpan.js"
import { ofAllCodePoints } from "../fixtures/codePoints.js"
import { anyEvent } from "../fixtures/events.js"
import * as Collector from "./Collector.js"

const scope = { name: "effect-narrative" }

/** About where a text, or its length, takes a byte more. */
const edges = [0, 1, 41, 42, 43, 63, 64, 65, 66, 127, 128, 129, 5_461, 5_462, 16_383, 16_384, 16_385]

const text = fc.oneof(
  { weight: 4, arbitrary: fc.string() },
  { weight: 2, arbitrary: ofAllCodePoints() },
  // Surrogates, lone ones too.
  {
    weight: 2,
    arbitrary: fc.array(fc.integer({ min: 0xd7fe, max: 0xe001 })).map((units) => String.fromCharCode(...units))
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom("a", "\x7f", "\x80", "é", "\u07ff", "数", "\ud83d", "😀"), fc.constantFrom(...edges))
      .map(([unit, length]) => unit.repeat(length))
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...edges), fc.constantFrom("é", "😀", "\udc00"))
      .map(([length, end]) => "a".repeat(length) + end)
  }
)

const hex = (bytes: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789abcdefABCDEF"), minLength: 2 * bytes, maxLength: 2 * bytes })

const nanos = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String)

const count = fc.oneof(fc.constant(0), fc.nat())

/** Integers that the encoder of `@effect/opentelemetry` can write. */
const natural = fc.oneof(
  fc.maxSafeNat(),
  fc.nat({ max: 300 }),
  fc.constantFrom(0, -0, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53, 2 ** 62, 2 ** 63 - 1_024)
)

/** Those it cannot, and what is none. */
const odd = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -300, max: -1 }),
  fc.constantFrom(-(2 ** 31), -(2 ** 32), -(2 ** 53), -(2 ** 63), -(2 ** 63) - 2_048, 2 ** 63, 2 ** 64, 2 ** 70, 1e300),
  fc.constantFrom(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 1.5)
)

const valuesOf = (int: fc.Arbitrary<number>): fc.Arbitrary<AnyValue> =>
  fc.letrec<{ readonly value: AnyValue; readonly leaf: AnyValue; readonly keyValue: KeyValue }>((tie) => ({
    leaf: fc.oneof(
      text.map((stringValue) => ({ stringValue })),
      fc.boolean().map((boolValue) => ({ boolValue })),
      int.map((intValue) => ({ intValue })),
      fc.double().map((doubleValue) => ({ doubleValue })),
      fc.uint8Array().map((bytesValue) => ({ bytesValue })),
      fc.constant({})
    ),
    keyValue: fc.record({ key: text, value: tie("value") }),
    value: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      { weight: 4, arbitrary: tie("leaf") },
      { weight: 1, arbitrary: fc.array(tie("value"), { maxLength: 4 }).map((values) => ({ arrayValue: { values } })) },
      {
        weight: 1,
        arbitrary: fc.array(tie("keyValue"), { maxLength: 4 }).map((values) => ({ kvlistValue: { values } }))
      }
    )
  })).value

const attributesOf = (int: fc.Arbitrary<number>): fc.Arbitrary<Array<KeyValue>> =>
  fc.array(fc.record({ key: text, value: valuesOf(int) }), { maxLength: 4 })

const resourceOf = (int: fc.Arbitrary<number>): fc.Arbitrary<Resource> =>
  fc.record({ attributes: attributesOf(int), droppedAttributesCount: count })

const spanOf = (int: fc.Arbitrary<number>): fc.Arbitrary<OtlpSpanData> => {
  const attributes = attributesOf(int)
  const event = fc.record({ name: text, timeUnixNano: nanos, attributes, droppedAttributesCount: count })
  const link = fc.record({ traceId: hex(16), spanId: hex(8), attributes, droppedAttributesCount: count })
  const code = fc.integer({ min: 0, max: 2 })
  return fc.record({
    traceId: hex(16),
    spanId: hex(8),
    parentSpanId: fc.option(hex(8), { nil: undefined }),
    name: text,
    kind: fc.integer({ min: 1, max: 5 }),
    startTimeUnixNano: nanos,
    endTimeUnixNano: nanos,
    attributes,
    droppedAttributesCount: count,
    events: fc.array(event, { maxLength: 2 }),
    droppedEventsCount: count,
    status: fc.oneof(fc.record({ code }), fc.record({ code, message: text })),
    links: fc.array(link, { maxLength: 2 }),
    droppedLinksCount: count
  })
}

const logOf = (int: fc.Arbitrary<number>): fc.Arbitrary<otlpLogRecord.OtlpLogData> =>
  fc.record(
    {
      // Theirs has none.
      eventName: fc.constant(""),
      timeUnixNano: nanos,
      observedTimeUnixNano: nanos,
      severityNumber: fc.integer({ min: 0, max: 24 }),
      severityText: text,
      body: valuesOf(int),
      attributes: attributesOf(int),
      droppedAttributesCount: count,
      traceId: hex(16),
      spanId: hex(8),
      flags: fc.nat({ max: 2 ** 32 - 1 })
    },
    {
      requiredKeys: [
        "eventName",
        "timeUnixNano",
        "observedTimeUnixNano",
        "severityNumber",
        "severityText",
        "body",
        "attributes",
        "droppedAttributesCount"
      ]
    }
  )

/** A few items, or hundreds. */
const batchOf = <A>(item: fc.Arbitrary<A>): fc.Arbitrary<ReadonlyArray<A>> =>
  fc
    .tuple(fc.array(item, { maxLength: 4 }), fc.constantFrom(1, 1, 1, 1, 1, 1, 100))
    .map(([items, times]) => Array.from({ length: times }, () => items).flat())

const theirs = Effect.provide(OtlpSerialization, layerProtobuf)

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")

/** Compares without printing megabytes. */
const assertSame = (actual: Uint8Array, expected: { readonly _tag: string; readonly body?: unknown }) => {
  assert.strictEqual(expected._tag, "Uint8Array")
  const bytes = expected.body as Uint8Array
  if (Buffer.compare(actual, bytes) === 0) return
  const at = actual.findIndex((byte, i) => byte !== bytes[i])
  const around = (of: Uint8Array) => hexOf(of.subarray(Math.max(0, at - 20), at + 20))
  assert.fail(`${actual.length} bytes, not ${bytes.length}; at ${at}: ${around(actual)}, not ${around(bytes)}`)
}

/** Node compares hundreds of records in a tenth of the time; where they differ, chai says how. */
const assertEqual = (actual: unknown, expected: unknown) => {
  if (!isDeepStrictEqual(actual, expected)) assert.deepStrictEqual(actual, expected)
}

describe("Requests in protobuf", () => {
  it.effect("are those of @effect/opentelemetry for any spans, byte for byte", () =>
    Effect.map(theirs, (serialization) =>
      fc.assert(
        fc.property(resourceOf(natural), batchOf(spanOf(natural)), (resource, spans) =>
          assertSame(
            otlpProtobuf.traces(resource, scope, spans),
            serialization.traces({ resourceSpans: [{ resource, scopeSpans: [{ scope, spans }] }] })
          )
        )
      )
    )
  )

  it.effect("are those of @effect/opentelemetry for any log records without event names, byte for byte", () =>
    Effect.map(theirs, (serialization) =>
      fc.assert(
        fc.property(resourceOf(natural), batchOf(logOf(natural)), (resource, logRecords) =>
          assertSame(
            otlpProtobuf.logs(resource, scope, logRecords),
            serialization.logs({ resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords }] }] })
          )
        )
      )
    )
  )

  const numbers = fc.oneof(natural, odd)

  it("are read as they were meant by OpenTelemetry's own decoder, whatever the spans", () => {
    const message = Collector.trace.v1.ExportTraceServiceRequest
    fc.assert(
      fc.property(resourceOf(numbers), batchOf(spanOf(numbers)), (resource, spans) =>
        assertEqual(
          readBy(message, otlpProtobuf.traces(resource, scope, spans)),
          meantBy(message, { resourceSpans: [{ resource, scopeSpans: [{ scope, spans }] }] })
        )
      )
    )
  })

  // A failure has a time of its own, which the record has.
  const failedAt = (event: NarrativeEvent.NarrativeEvent, time: number) =>
    event._tag === "FailureOccurred"
      ? { failures: Arr.map(event.failures, (failure) => ({ ...failure, failedAt: time })) }
      : {}
  // Some clocks give fractions of a millisecond.
  const time = fc.double({ min: 0, max: 2 ** 43, noNaN: true })
  const anyLog = fc
    .tuple(anyEvent, hex(16), hex(8), time)
    .map(([event, traceId, spanId, timestamp]) =>
      otlpLogRecord.of({ ...event, ...failedAt(event, timestamp), traceId, spanId, timestamp })
    )

  it("are read as they were meant by OpenTelemetry's own decoder, whatever the events in the log", () => {
    const message = Collector.logs.v1.ExportLogsServiceRequest
    fc.assert(
      fc.property(resourceOf(numbers), batchOf(anyLog), (resource, logRecords) =>
        assertEqual(
          readBy(message, otlpProtobuf.logs(resource, scope, logRecords)),
          meantBy(message, { resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords }] }] })
        )
      )
    )
  })

  it("have ids that are not hexadecimal, and values of no kind, without a throw", () => {
    const value = fc.oneof(valuesOf(numbers), fc.constantFrom<AnyValue>({ stringValue: null }, { intValue: null }))
    fc.assert(
      fc.property(spanOf(numbers), text, text, value, (span, traceId, spanId, value) => {
        const attributes = [{ key: "odd", value }]
        const spans = [{ ...span, attributes, traceId, spanId, parentSpanId: spanId, links: [] }]
        const bytes = otlpProtobuf.traces({ attributes, droppedAttributesCount: 0 }, scope, spans)
        const [group] = readBy(Collector.trace.v1.ExportTraceServiceRequest, bytes).resourceSpans
        assert.lengthOf(Buffer.from(group.scopeSpans[0].spans[0].traceId, "base64"), Math.floor(traceId.length / 2))
      })
    )
  })
})

// biome-ignore lint/suspicious/noExplicitAny: the package declares no types.
type Json = any

const options = { longs: String, bytes: String, defaults: true, arrays: true }

const readBy = (message: Json, bytes: Uint8Array): Json => message.toObject(message.decode(bytes), options)

const meantBy = (message: Json, data: object): Json => message.toObject(message.fromObject(meant(data, "")), options)

/** What arrives, if nothing goes wrong: ids are bytes, texts well-formed, and what no integer field holds is a double. */
const meant = (value: unknown, key: string): unknown => {
  if (typeof value === "string")
    return /^(trace|span|parentSpan)Id$/.test(key) ? Buffer.from(value, "hex") : Buffer.from(value).toString()
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value
  if (Array.isArray(value)) {
    // The hundreds of a batch are a few, again and again.
    const items = new Map<unknown, unknown>(value.map((item) => [item, undefined]))
    for (const item of items.keys()) items.set(item, meant(item, key))
    return value.map((item) => items.get(item))
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) =>
      name === "intValue" && !isInt64(part) ? ["doubleValue", part] : [name, meant(part, name)]
    )
  )
}

const isInt64 = (value: number): boolean =>
  Number.isInteger(value) && BigInt.asIntN(64, BigInt(value)) === BigInt(value)
