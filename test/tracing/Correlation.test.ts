import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, FastCheck, Fiber, FiberRef, HashMap, Layer, Logger, Queue, Tracer } from "effect"
import { Correlation, InvalidOption, Narrative } from "../../src/index.js"
import { correlations } from "./correlations.js"

const ids = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" }

const atDepth = Effect.gen(function* () {
  const fiber = yield* Effect.fork(Effect.yieldNow().pipe(Effect.zipRight(Correlation.current)))
  return yield* Fiber.join(fiber)
})

describe("What holds", () => {
  it.effect("is nothing by itself", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* Correlation.current, {})
      assert.isTrue((yield* Correlation.get("tenant"))._tag === "None")
    })
  )

  it.effect("is what was said, for everything inside and its child fibers, and no longer", () =>
    Effect.gen(function* () {
      const inside = yield* atDepth.pipe(Correlation.with({ orgId: "org-7", tenant: "Fjord Tea" }))
      assert.deepStrictEqual(inside, { orgId: "org-7", tenant: "Fjord Tea" })
      assert.deepStrictEqual(yield* Correlation.current, {})
    })
  )

  it.effect("adds up, member by member", () =>
    Effect.gen(function* () {
      const found = yield* Correlation.current.pipe(
        Correlation.with({ tenant: "B", baggage: { b: "2" }, userId: undefined }),
        Correlation.with({ tenant: "A", requestId: "r", userId: "u", baggage: { a: "1" }, extra: { interaction: "9" } })
      )
      assert.deepStrictEqual(found, {
        requestId: "r",
        userId: "u",
        tenant: "B",
        baggage: { a: "1", b: "2" },
        extra: { interaction: "9" }
      })
    })
  )

  it.effect("reaches what a layer builds, and stays with who waits for another fiber", () =>
    Effect.gen(function* () {
      class Tenant extends Context.Tag("Tenant")<Tenant, string | undefined>() {}
      const layer = Layer.effect(
        Tenant,
        Effect.map(Correlation.current, ({ tenant }) => tenant)
      )
      const built = yield* Tenant.pipe(Effect.provide(layer), Correlation.with({ tenant: "A" }))
      assert.strictEqual(built, "A")

      const signal = yield* Deferred.make<void>()
      const waiting = yield* Deferred.await(signal).pipe(
        Effect.zipRight(Correlation.current),
        Correlation.with({ tenant: "A" }),
        Effect.fork
      )
      yield* Effect.yieldNow()
      yield* Deferred.succeed(signal, undefined).pipe(Correlation.with({ tenant: "B" }))
      assert.deepStrictEqual(yield* Fiber.join(waiting), { tenant: "A" })
    })
  )

  it.effect("names the current span, its parent and its trace", () =>
    Effect.gen(function* () {
      const inside = Effect.gen(function* () {
        const span = yield* Effect.currentSpan
        return { found: yield* Correlation.current, span }
      })
      const { found, span } = yield* inside.pipe(
        Effect.withSpan("work"),
        Correlation.with({ ...ids, sampled: true, traceState: "vendor=1", requestId: "r" })
      )
      assert.deepStrictEqual(found, {
        traceId: ids.traceId,
        spanId: span.spanId,
        parentSpanId: ids.spanId,
        sampled: true,
        traceState: "vendor=1",
        requestId: "r"
      })
      assert.notStrictEqual(span.spanId, ids.spanId)
    })
  )

  it.effect("does not take the placeholder of an unnamed Effect.fn for a span", () =>
    Effect.gen(function* () {
      const unnamed = Effect.fn(function* () {
        return yield* Correlation.current
      })
      const found = yield* unnamed().pipe(Correlation.with({ ...ids, sampled: false }))
      assert.deepStrictEqual(found, { ...ids, sampled: false })
    })
  )

  it.effect("leaves out what is not as its field says", () =>
    Effect.sync(() => {
      const wrong = {
        traceId: "0".repeat(32),
        spanId: "abc",
        parentSpanId: "B7AD6B7169203331",
        sampled: "yes",
        traceState: "=",
        correlationId: "",
        requestId: "a\r\nb",
        runId: 7,
        orgId: "x".repeat(257),
        tenant: "\ud800",
        baggage: { "a b": "1", "narrative.tenant": "x" },
        extra: null
      }
      assert.deepStrictEqual(Correlation.make(wrong), {})
      assert.deepStrictEqual(Correlation.make(null), {})
    })
  )
})

describe("The correlation id", () => {
  it.effect("is made where there is none, and holds for what follows", () =>
    Effect.gen(function* () {
      const [first, second, inside] = yield* Effect.all([
        Correlation.ensure,
        Correlation.ensure,
        Correlation.current
      ]).pipe(Narrative.stage("Work"))
      assert.strictEqual(first, second)
      assert.strictEqual(inside.correlationId, first)
      assert.deepStrictEqual(yield* Correlation.current, {})
      assert.strictEqual(yield* Correlation.ensure.pipe(Correlation.with({ correlationId: "mine" })), "mine")
    })
  )
})

describe("What was captured", () => {
  it.effect("comes back whole in another fiber, as JSON", () =>
    Effect.gen(function* () {
      const queue = yield* Queue.unbounded<string>()
      const said = Correlation.make({
        ...ids,
        parentSpanId: "00f067aa0ba902b7",
        sampled: false,
        traceState: "vendor=1",
        correlationId: "c",
        requestId: "r",
        runId: "run",
        sessionId: "s",
        userId: "u",
        orgId: "o",
        tenant: "t",
        baggage: { a: "1", b: { value: "ü", properties: "ttl=5" } },
        extra: { interaction: "9" }
      })
      yield* Correlation.capture.pipe(
        Effect.flatMap((captured) => Queue.offer(queue, JSON.stringify(captured))),
        Correlation.with(said)
      )
      const found = yield* Queue.take(queue).pipe(
        Effect.flatMap((text) => Correlation.activate(Correlation.current, JSON.parse(text))),
        Correlation.with({ tenant: "another", extra: { other: "1" } })
      )
      assert.deepStrictEqual(found, said)
    })
  )

  it.effect("is an identity where it is", () =>
    Effect.promise(() =>
      FastCheck.assert(
        FastCheck.asyncProperty(correlations, FastCheck.boolean(), async (said, traced) => {
          const look = Effect.all({ correlation: Correlation.current, span: Effect.option(Effect.currentSpan) })
          const both = Effect.gen(function* () {
            const captured = yield* Correlation.capture
            return { here: yield* look, there: yield* Correlation.activate(look, captured) }
          })
          const { here, there } = await both.pipe(
            traced ? Effect.withSpan("work") : (self) => self,
            Correlation.with(said),
            Effect.runPromise
          )
          assert.deepStrictEqual(there.correlation, here.correlation)
          assert.strictEqual(there.span._tag, here.span._tag)
        })
      )
    )
  )

  it.effect("gives spans inside the parent that asked", () =>
    Effect.gen(function* () {
      const span = yield* Effect.currentSpan.pipe(
        Effect.withSpan("inner"),
        Correlation.activate({ ...ids, sampled: true })
      )
      assert.strictEqual(span.traceId, ids.traceId)
      assert.isTrue(span.parent._tag === "Some" && span.parent.value.spanId === ids.spanId)
    })
  )

  it.effect("is not seen in an effect that clears it", () =>
    Effect.gen(function* () {
      const found = yield* Correlation.clear(Correlation.current).pipe(Correlation.with({ tenant: "A", ...ids }))
      assert.isUndefined(found.tenant)
    })
  )
})

describe("Log lines", () => {
  it.effect("are annotated with the ids, and with no secret", () =>
    Effect.gen(function* () {
      const annotations = Effect.map(FiberRef.get(FiberRef.currentLogAnnotations), (all) =>
        Object.fromEntries(HashMap.entries(all))
      )
      const said = {
        orgId: "org-7",
        tenant: "Fjord Tea",
        sessionId: "s-123456",
        extra: { apiKey: "k-123456", shop: "1" }
      }
      assert.deepStrictEqual(yield* annotations.pipe(Correlation.with(said), Effect.annotateLogs("own", 1)), {
        own: 1,
        org_id: "org-7",
        tenant: "Fjord Tea",
        session_id: "<redacted>",
        apiKey: "<redacted>",
        shop: "1"
      })
      const cleared = yield* annotations.pipe(Correlation.clear, Correlation.with(said), Effect.annotateLogs("own", 1))
      assert.deepStrictEqual(cleared, { own: 1 })
    })
  )

  it.effect("say the tenant", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const logger = Logger.map(Logger.logfmtLogger, (line) => void lines.push(line))
      yield* Effect.log("packed").pipe(
        Correlation.with({ tenant: "Fjord Tea" }),
        Effect.provide(Logger.replace(Logger.defaultLogger, logger))
      )
      assert.include(lines[0], 'tenant="Fjord Tea"')
    })
  )
})

describe("A client that propagates", () => {
  const sent: Array<HttpClientRequest.HttpClientRequest> = []
  const client = HttpClient.make((request) => {
    sent.push(request)
    return Effect.succeed(HttpClientResponse.fromWeb(request, new Response("ok")))
  })

  it.effect("sends it to the origins it is given, and to no other", () =>
    Effect.gen(function* () {
      sent.length = 0
      const own = client.pipe(
        Correlation.propagate({ to: ["https://api.example.com/v1", new URL("http://127.0.0.1:80")] })
      )
      yield* Effect.gen(function* () {
        yield* own.get("https://api.example.com/orders")
        yield* own.get("http://127.0.0.1/orders")
        yield* own.get("https://api.example.com.evil.test/orders")
        yield* own.get("http://api.example.com/orders")
      }).pipe(Correlation.with({ requestId: "r", tenant: "Fjord Tea" }))
      assert.deepStrictEqual(
        sent.map(({ headers }) => [headers["x-request-id"], headers.baggage]),
        [
          ["r", "narrative.tenant=Fjord%20Tea"],
          ["r", "narrative.tenant=Fjord%20Tea"],
          [undefined, undefined],
          [undefined, undefined]
        ]
      )
    })
  )

  it.effect("names the span that asks", () =>
    Effect.gen(function* () {
      sent.length = 0
      const own = client.pipe(HttpClient.withTracerPropagation(false), Correlation.propagate({ to: ["http://a.test"] }))
      const span = yield* own.get("http://a.test").pipe(Effect.zipRight(Effect.currentSpan), Effect.withSpan("ask"))
      assert.strictEqual(sent[0]?.headers.traceparent, `00-${span.traceId}-${span.spanId}-01`)
    })
  )

  it("does not take what is no origin", () => {
    assert.throws(() => Correlation.propagate({ to: ["api.example.com"] }), InvalidOption.InvalidOption as never)
  })
})

describe("Code that is not Effect", () => {
  const foreign = Effect.promise(async () => {
    await new Promise((resolve) => setImmediate(resolve))
    return Correlation.unsafeCurrent()
  })

  it.live("sees what holds for the fiber that called it", () =>
    Effect.gen(function* () {
      const found = yield* Effect.forEach(
        Array.from({ length: 50 }, (_, i) => String(i)),
        (tenant) => Effect.yieldNow().pipe(Effect.zipRight(foreign), Correlation.with({ tenant })),
        { concurrency: "unbounded" }
      ).pipe(Effect.provide(Correlation.layerForeign))
      assert.deepStrictEqual(
        found.map(({ tenant }) => tenant),
        Array.from({ length: 50 }, (_, i) => String(i))
      )
    })
  )

  it.live("sees nothing without the layer, and spans are made by the tracer in use with it", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* foreign.pipe(Correlation.with({ tenant: "A" })), {})
      const names: Array<string> = []
      const before = yield* Effect.tracer
      const tracer = Tracer.make({
        span: (name, ...rest) => {
          names.push(name)
          return before.span(name, ...rest)
        },
        context: (f) => f()
      })
      yield* foreign.pipe(
        Effect.withSpan("work"),
        Effect.provide(Correlation.layerForeign.pipe(Layer.provide(Layer.setTracer(tracer))))
      )
      assert.deepStrictEqual(names, ["work"])
    })
  )
})
