import { gzipSync } from "node:zlib"
import * as NodeSdk from "@effect/opentelemetry/NodeSdk"
import * as OtlpSerialization from "@effect/opentelemetry/OtlpSerialization"
import * as HttpBody from "@effect/platform/HttpBody"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto"
import {
  Cause,
  Context,
  Effect,
  Exit,
  Fiber,
  FastCheck as fc,
  Layer,
  Logger,
  Scope,
  TestClock,
  TestContext,
  Tracer
} from "effect"
import type { Delivery } from "../../src/delivery/deliveryCounts.js"
import { Narrative, Renderer } from "../../src/index.js"
import { CountedSpanProcessor, NarrativeTracing } from "../../src/otel/index.js"
import * as otlpExport from "../../src/otel/otlpExport.js"
import { decodeSender } from "../../src/otel/otlpOptions.js"
import { thrownValue } from "../cause/thrownValues.js"
import { withWarnings } from "../renderer/rendererSuite.js"
import * as Collector from "./Collector.js"

const assertConserved = ({ delivered, droppedTotal, emitted, failed, pending }: Delivery) =>
  assert.strictEqual(emitted, delivered + droppedTotal + failed + pending)

/** Lets the test's clock go on, which retries wait for, until real sockets have done their part. */
const whileTimePasses = <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(self)
    const passing = yield* TestClock.adjust("1 second").pipe(
      Effect.zipRight(Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))),
      Effect.forever,
      Effect.fork
    )
    const exit = yield* Fiber.await(fiber)
    yield* Fiber.interrupt(passing)
    return yield* exit
  })

/** Queues texts for a collector that answers so, closes the queue, and gives its counts. */
const sent = (
  count: number,
  answers: Collector.Collector["answers"],
  options: Partial<NarrativeTracing.OtlpOptions> = {}
) =>
  Effect.gen(function* () {
    const collector = yield* Collector.make
    collector.answers.push(...answers)
    const scope = yield* Scope.make()
    const signal = { name: "texts", encode: (batch: ReadonlyArray<string>) => HttpBody.unsafeJson({ batch }) }
    // Real sockets know nothing of the test's clock.
    const settings = yield* decodeSender("test")({ url: `${collector.url}/v1/else`, timeout: "1 day", ...options })
    const queue = yield* otlpExport
      .queue(signal, settings)
      .pipe(Scope.extend(scope), Effect.provide(NodeHttpClient.layer))
    for (let i = 0; i < count; i++) yield* queue.offer(`text ${i}`) ?? Effect.void
    yield* whileTimePasses(Scope.close(scope, Exit.void))
    assertConserved(queue.delivery)
    assert.strictEqual(queue.delivery.pending, 0)
    return { collector, delivery: queue.delivery }
  })

const answering = (...statuses: ReadonlyArray<number>) => statuses.map((status) => ({ status }))

const hour = { shutdownTimeout: "1 hour" } as const

describe("A counted queue in front of OTLP", () => {
  it.scoped("sends in batches", () =>
    Effect.gen(function* () {
      const { collector, delivery } = yield* sent(10, [], { maxBatchSize: 4 })
      assert.strictEqual(delivery.delivered, 10)
      assert.strictEqual(collector.requests, 3)
    })
  )

  it.scoped("tries again what the protocol calls transient, and what was torn", () =>
    Effect.gen(function* () {
      const { collector, delivery } = yield* sent(3, answering(429, 502, 503, 504, 0), hour)
      assert.strictEqual(delivery.delivered, 3)
      assert.strictEqual(collector.requests, 6)
    })
  )

  it.scoped("waits as long as it is asked to", () =>
    Effect.gen(function* () {
      const clock = yield* Effect.clock
      const start = clock.unsafeCurrentTimeMillis()
      yield* sent(1, [{ status: 429, headers: { "retry-after": "40" } }], hour)
      assert.isAtLeast(clock.unsafeCurrentTimeMillis() - start, 40_000)
    })
  )

  it.scoped("does not let a server that asks for more than five minutes hold up what comes after", () =>
    Effect.gen(function* () {
      const { collector, delivery } = yield* sent(1, [{ status: 503, headers: { "retry-after": "301" } }], hour)
      assert.strictEqual(delivery.failed, 1)
      assert.strictEqual(collector.requests, 1)
    })
  )

  it.scoped("counts a batch that is refused as failed, warns of it, and sends the next one", () =>
    withWarnings((warnings) =>
      Effect.gen(function* () {
        const { collector, delivery } = yield* sent(4, answering(400), { maxBatchSize: 2 })
        assert.deepStrictEqual([delivery.failed, delivery.delivered], [2, 2])
        assert.strictEqual(collector.requests, 2)
        assert.include(warnings[0], "texts")
      })
    )
  )

  it.scoped("counts what is lost to an endpoint that never works", () =>
    Effect.gen(function* () {
      const { collector, delivery } = yield* sent(2, answering(503, 503, 503, 503), { ...hour, retries: 3 })
      assert.strictEqual(delivery.failed, 2)
      assert.strictEqual(collector.requests, 4)
    })
  )

  it.scoped("closes within its time, and counts what is left as dropped", () =>
    Effect.gen(function* () {
      const { delivery } = yield* sent(2, answering(503, 503, 503, 503, 503, 503), { shutdownTimeout: "2 seconds" })
      assert.deepStrictEqual(delivery.dropped, new Map([["shutdown", 2]]))
    })
  )

  it.scoped("drops the newest when it is full, and counts it", () =>
    Effect.gen(function* () {
      const { delivery } = yield* sent(10, [], { capacity: 4, maxBatchSize: 4 })
      assert.strictEqual(delivery.emitted, 10)
      assert.strictEqual(delivery.delivered + (delivery.dropped.get("overflow") ?? 0), 10)
      assert.isAtLeast(delivery.dropped.get("overflow") ?? 0, 1)
    })
  )

  it.effect("accounts for everything, whatever the endpoint answers", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(
          fc.array(fc.constantFrom(200, 202, 400, 404, 413, 429, 500, 503, 0), { maxLength: 12 }),
          fc.integer({ min: 0, max: 30 }),
          fc.integer({ min: 1, max: 8 }),
          (statuses, count, maxBatchSize) =>
            sent(count, answering(...statuses), { ...hour, maxBatchSize, retries: 2 }).pipe(
              Effect.scoped,
              Effect.asVoid,
              Effect.provide(Layer.mergeAll(TestContext.TestContext, Logger.remove(Logger.defaultLogger))),
              Effect.runPromise
            )
        ),
        { numRuns: 25 }
      )
    )
  )
})

describe("What an endpoint took without keeping it", () => {
  const partial = (headers: Record<string, string>, body: string | Uint8Array) => ({ status: 200, headers, body })

  it.scoped("is counted as failed, in JSON and in protobuf", () =>
    Effect.gen(function* () {
      const json = yield* sent(5, [
        partial({ "content-type": "application/json" }, '{"partialSuccess":{"rejectedSpans":"3","errorMessage":"old"}}')
      ])
      assert.deepStrictEqual([json.delivery.failed, json.delivery.delivered], [3, 2])
      const response = Collector.trace.v1.ExportTraceServiceResponse
      const body = response.encode({ partialSuccess: { rejectedSpans: 300, errorMessage: "old" } }).finish()
      const protobuf = yield* sent(301, [partial({ "content-type": "application/x-protobuf" }, body)])
      assert.deepStrictEqual([protobuf.delivery.failed, protobuf.delivery.delivered], [300, 1])
    })
  )
})

const stages = (count: number) =>
  Narrative.stage(Effect.void, "Load").pipe(
    Effect.repeatN(count - 1),
    Narrative.story("Import"),
    Effect.provide(Renderer.layerNone)
  )

const forms = { JSON: OtlpSerialization.layerJson, protobuf: OtlpSerialization.layerProtobuf }

for (const [form, serialization] of Object.entries(forms)) {
  describe(`NarrativeTracing.layerOtlp, ${form}`, () => {
    const layer = (url: string) =>
      NarrativeTracing.layerOtlp({
        url: `${url}/v1/traces`,
        resource: { serviceName: "importer" },
        timeout: "1 day"
      }).pipe(Layer.provide([NodeHttpClient.layer, serialization]))

    it.scoped("delivers every span of the program, and knows so", () =>
      Effect.gen(function* () {
        const collector = yield* Collector.make
        const stats = yield* stages(1_500).pipe(
          Effect.zipRight(Effect.withSpan(Effect.void, "bare")),
          Effect.zipRight(NarrativeTracing.exportStats),
          Effect.provide(layer(collector.url)),
          whileTimePasses
        )
        assert.strictEqual(collector.spans.length, 1_502)
        assert.strictEqual(stats.find(({ name }) => name === "otlp-traces")?.emitted, 1_502)
        assert.strictEqual(new Set(collector.spans.map((span) => span.spanId)).size, 1_502)
      })
    )

    it.scoped("delivers numbers of either sign and any texts", () =>
      Effect.gen(function* () {
        const collector = yield* Collector.make
        const odd = {
          debt: -5,
          least: -(2 ** 53),
          most: 1e300,
          ratio: -0.5,
          text: "数😀",
          none: "",
          list: [-1, 2 ** 40]
        }
        yield* Effect.annotateCurrentSpan({ ...odd, rate: Number.NaN }).pipe(
          Effect.withSpan("bare"),
          Effect.provide(layer(collector.url)),
          whileTimePasses
        )
        assert.deepStrictEqual(collector.spans[0]?.attributes, { ...odd, rate: "NaN" })
      })
    )

    it.scoped("begins a trace of its own below a span whose ids no endpoint can read, and links to none such", () =>
      Effect.gen(function* () {
        const collector = yield* Collector.make
        const unreadable = [
          { traceId: "not a trace", spanId: "b7ad6b7169203331" },
          { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "12" },
          { traceId: "0".repeat(32), spanId: "b7ad6b7169203331" }
        ].map(Tracer.externalSpan)
        const good = Tracer.externalSpan({ traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" })
        const links = [...unreadable, good].map((span) => ({ _tag: "SpanLink" as const, span, attributes: {} }))
        yield* Effect.forEach(unreadable, (parent) =>
          Narrative.stage(Effect.void, "Load").pipe(
            Narrative.story("Import"),
            Effect.withSpan("request", { parent, links })
          )
        ).pipe(Effect.provide([layer(collector.url), Renderer.layerNone]), whileTimePasses)
        assert.lengthOf(collector.spans, 9)
        const requests = collector.spans.filter(({ name }) => name === "request")
        assert.strictEqual(new Set(collector.spans.map(({ traceId }) => traceId)).size, 3)
        for (const request of requests) {
          assert.match(request.traceId, /^[\da-f]{32}$/)
          assert.strictEqual(request.parentSpanId, "")
          assert.deepStrictEqual(
            request.links.map(({ traceId, spanId }) => ({ traceId, spanId })),
            [{ traceId: good.traceId, spanId: good.spanId }]
          )
        }
      })
    )

    it.scoped("changes no program for what its spans and failures hold", () =>
      Effect.gen(function* () {
        const collector = yield* Collector.make
        const samples = fc.sample(thrownValue, 200).map((make) => make())
        const exits = yield* Effect.forEach(samples, (odd) =>
          Effect.exit(Effect.withSpan(Effect.failCause(Cause.fail(odd)), "odd", { attributes: { odd, list: [odd] } }))
        ).pipe(Effect.provide(layer(collector.url)), whileTimePasses)
        assert.lengthOf(collector.spans, samples.length)
        samples.forEach((odd, i) => {
          const exit = exits[i]
          assert.isTrue(
            exit !== undefined &&
              Exit.isFailure(exit) &&
              Cause.isFailType(exit.cause) &&
              Object.is(exit.cause.error, odd)
          )
        })
      })
    )

    it.scoped("records failures, interruptions and parents as the SDK's tracer does", () =>
      Effect.gen(function* () {
        const collector = yield* Collector.make
        yield* Effect.fail("bad row").pipe(
          Narrative.stage("Load"),
          Effect.ignore,
          Effect.zipRight(Effect.ignore(Narrative.stage(Effect.interrupt, "Stopped"))),
          Narrative.story("Import"),
          Effect.exit,
          Effect.provide([layer(collector.url), Renderer.layerNone]),
          whileTimePasses
        )
        const [load, stopped, story] = collector.spans
        assert.strictEqual(load?.parentSpanId, story?.spanId)
        assert.deepInclude(load?.status, { code: 2, message: "bad row" })
        assert.strictEqual(load?.events[0]?.attributes["exception.type"], "string")
        assert.deepInclude(stopped?.attributes, { "status.interrupted": true })
        assert.strictEqual(stopped?.status.code, 1)
      })
    )
  })
}

describe("NarrativeTracing.layerOtlp, a serialization that compresses", () => {
  const gzipped = Layer.map(OtlpSerialization.layerProtobuf, (context) => {
    const { traces, ...other } = Context.get(context, OtlpSerialization.OtlpSerialization)
    return Context.make(OtlpSerialization.OtlpSerialization, {
      ...other,
      traces: (data) => {
        const body = traces(data)
        return body._tag === "Uint8Array" ? HttpBody.uint8Array(gzipSync(body.body), body.contentType) : body
      }
    })
  })

  it.scoped("is used as it is", () =>
    Effect.gen(function* () {
      const collector = yield* Collector.make
      yield* stages(10).pipe(
        Effect.provide(
          NarrativeTracing.layerOtlp({
            url: `${collector.url}/v1/traces`,
            timeout: "1 day",
            headers: { "content-encoding": "gzip" }
          }).pipe(Layer.provide([NodeHttpClient.layer, gzipped]))
        ),
        whileTimePasses
      )
      assert.lengthOf(collector.spans, 11)
    })
  )
})

describe("CountedSpanProcessor", () => {
  const layer = (url: string, options?: CountedSpanProcessor.CountedSpanProcessorOptions) =>
    Layer.discard(
      Layer.unwrapScoped(
        Effect.map(
          CountedSpanProcessor.make(new OTLPTraceExporter({ url: `${url}/v1/traces` }), options),
          (spanProcessor) => NodeSdk.layer(() => ({ resource: { serviceName: "importer" }, spanProcessor }))
        )
      )
    )

  it.scopedLive("delivers every span through the SDK's exporter, and knows so", () =>
    Effect.gen(function* () {
      const collector = yield* Collector.make
      const stats = yield* stages(1_500).pipe(
        Effect.zipRight(NarrativeTracing.exportStats),
        Effect.provide(layer(collector.url, { name: "mine" }))
      )
      assert.strictEqual(collector.spans.length, 1_501)
      assert.strictEqual(stats.find(({ name }) => name === "mine")?.emitted, 1_501)
    })
  )

  it.scopedLive("counts and warns of what the exporter could not send", () =>
    withWarnings((warnings) =>
      Effect.gen(function* () {
        const collector = yield* Collector.make
        collector.answers.push({ status: 400 })
        yield* stages(10).pipe(Effect.provide(layer(collector.url)))
        assert.include(warnings.join(), '"otel-spans" failed')
        assert.lengthOf(collector.spans, 0)
      })
    )
  )
})
