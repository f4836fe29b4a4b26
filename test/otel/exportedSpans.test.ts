import * as OtlpSerialization from "@effect/opentelemetry/OtlpSerialization"
import { HttpClient, HttpClientError, HttpClientResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Cause, ConfigProvider, Effect, Fiber, Layer, Logger, TestClock, Tracer } from "effect"
import { Narrative, Redaction, Renderer } from "../../src/index.js"
import { CountedSpanProcessor, NarrativeTracing } from "../../src/otel/index.js"
import { ProtobufWriter } from "../../src/otel/protobufWriter.js"
import { withWarnings } from "../renderer/rendererSuite.js"

interface Sent {
  readonly name: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly attributes: ReadonlyArray<{ readonly key: string; readonly value: object }>
  readonly events: ReadonlyArray<{ readonly name: string; readonly attributes: ReadonlyArray<unknown> }>
  readonly links: ReadonlyArray<object>
  readonly droppedLinksCount: number
}

/** An endpoint in memory. It answers each request as `answer` does, by its number; by default it takes all. */
const endpoint = (
  answer: (request: number) => Effect.Effect<void, HttpClientError.HttpClientError> = () => Effect.void
) => {
  const bodies: Array<string> = []
  let requests = 0
  const client = HttpClient.make((request) =>
    Effect.suspend(() => answer(++requests)).pipe(
      Effect.map(() => {
        if (request.body._tag === "Uint8Array") bodies.push(new TextDecoder().decode(request.body.body))
        return HttpClientResponse.fromWeb(request, new Response("{}"))
      }),
      Effect.mapError((error) => new HttpClientError.RequestError({ ...error, request, reason: "Transport" }))
    )
  )
  const groups = () => bodies.flatMap((body) => JSON.parse(body).resourceSpans)
  return {
    layer: Layer.merge(Layer.succeed(HttpClient.HttpClient, client), OtlpSerialization.layerJson),
    text: () => bodies.join("\n"),
    requests: () => requests,
    spans: (): ReadonlyArray<Sent> => groups().flatMap(({ scopeSpans }) => scopeSpans[0].spans),
    resource: () => JSON.stringify(groups()[0]?.resource)
  }
}

const url = "http://collector.test/v1/traces"

/** Runs a program with its spans sent to an endpoint, until all of them are. */
const exported = <A, E>(
  program: Effect.Effect<A, E>,
  { layer }: ReturnType<typeof endpoint>,
  options: Partial<NarrativeTracing.OtlpOptions & NarrativeTracing.TracingOptions> = {}
) =>
  Effect.exit(program).pipe(
    Effect.provide(
      Layer.merge(
        Renderer.layerNone,
        NarrativeTracing.layerOtlp({ url, resource: { serviceName: "x" }, ...options }).pipe(Layer.provide(layer))
      )
    )
  )

const attributeOf = (span: Sent | undefined, key: string) =>
  span?.attributes.find((attribute) => attribute.key === key)?.value

describe("What a story hides", () => {
  const login = Effect.gen(function* () {
    yield* Narrative.note("in", { apiKey: "k-93jd72hs-by-value" })
    yield* Effect.log("login with password=hunter2-by-shape").pipe(Effect.annotateLogs({ token: "tok-by-name-123" }))
    yield* Effect.log("server said k-93jd72hs-by-value is unknown")
    return yield* Effect.die(new Error("refused k-93jd72hs-by-value"))
  })
  const secrets = ["hunter2-by-shape", "tok-by-name-123", "k-93jd72hs-by-value"]

  it.effect("is in no log line and no failure of its exported spans", () =>
    Effect.gen(function* () {
      const collector = endpoint()
      yield* exported(login.pipe(Narrative.stage("Login"), Narrative.story("Call")), collector)
      const [span] = collector.spans()
      assert.isAtLeast(span?.events.length ?? 0, 3)
      for (const secret of secrets) assert.notInclude(collector.text(), secret)
    })
  )

  it.effect("is in none of a program's own spans inside the story either, filtered or not", () =>
    Effect.gen(function* () {
      for (const options of [{}, { minDuration: "1 millis" as const }]) {
        const collector = endpoint()
        const program = login.pipe(Effect.withSpan("query"), Narrative.stage("Login"), Narrative.story("Call"))
        yield* exported(program, collector, options)
        assert.include(
          collector.spans().map(({ name }) => name),
          "query"
        )
        for (const secret of secrets) assert.notInclude(collector.text(), secret)
      }
    })
  )

  it.effect("is in no attribute that is put on its spans, or on a program's own inside it", () =>
    Effect.gen(function* () {
      for (const options of [{}, { minDuration: "1 millis" as const }]) {
        const collector = endpoint()
        const annotate = Effect.annotateCurrentSpan({ password: "hunter2-by-shape", host: "db", rows: 12n })
        const program = annotate.pipe(
          Effect.zipRight(Effect.annotateCurrentSpan("said", "hunter2-by-shape is wrong")),
          Effect.withSpan("query", { attributes: { token: "tok-by-name-123" } }),
          Effect.zipRight(annotate),
          Effect.annotateSpans({ apiKey: "k-93jd72hs-by-value" }),
          Narrative.stage("Login"),
          Narrative.story("Call")
        )
        yield* exported(program, collector, options)
        const stage = collector.spans().find(({ name }) => name === "Login")
        assert.deepStrictEqual(attributeOf(stage, "host"), { stringValue: "db" })
        assert.deepStrictEqual(attributeOf(stage, "rows"), { intValue: 12 })
        assert.deepStrictEqual(attributeOf(stage, "password"), { stringValue: "<redacted>" })
        for (const secret of secrets) assert.notInclude(collector.text(), secret)
      }
    })
  )

  it.effect("is in no span of a failure that is no error", () =>
    Effect.gen(function* () {
      const failures = [
        new URL("https://ada:hunter2-by-shape@db/"),
        new Map([["password", "hunter2-by-shape"]]),
        { password: "hunter2-by-shape" }
      ]
      for (const failure of failures) {
        const collector = endpoint()
        yield* exported(Effect.fail(failure).pipe(Narrative.stage("Login"), Narrative.story("Call")), collector)
        assert.lengthOf(collector.spans(), 2)
        assert.notInclude(collector.text(), "hunter2-by-shape")
      }
    })
  )

  it.effect("is found by the redaction in use", () =>
    Effect.gen(function* () {
      const collector = endpoint()
      const program = Effect.log("of a customer").pipe(
        Effect.annotateLogs({ customerRef: "C-1234" }),
        Narrative.story("Call"),
        Effect.provide(Redaction.layer({ extra: ["customer_ref"] }))
      )
      yield* exported(program, collector)
      assert.notInclude(collector.text(), "C-1234")
    })
  )
})

describe("A cause of very many failures", () => {
  it.effect("is exported as its first failures and their number", () =>
    Effect.gen(function* () {
      const collector = endpoint()
      const rows = Array.from({ length: 5_000 }, (_, i) => new Error(`row ${i}`))
      const cause = rows.map((row): Cause.Cause<Error> => Cause.fail(row)).reduce(Cause.parallel)
      const program = Effect.failCause(cause).pipe(Effect.withSpan("query"), Narrative.stage("s"), Narrative.story("S"))
      yield* exported(program, collector)
      assert.lengthOf(collector.spans(), 3)
      for (const span of collector.spans()) {
        assert.deepStrictEqual(attributeOf(span, "narrative.failures"), { intValue: 5_000 })
        assert.include(JSON.stringify(span.events), "row 0")
        assert.notInclude(JSON.stringify(span.events), "row 10\\n")
        assert.isBelow(JSON.stringify(span).length, 100_000)
      }
    })
  )
})

describe("Links to sub-stories in traces of their own", () => {
  it.effect("are no more than 128, the others counted, and each sub-story links to its story", () =>
    Effect.gen(function* () {
      const collector = endpoint()
      const id = (i: number, digits: number) => i.toString(16).padStart(digits, "0")
      const handle = (i: number) =>
        Effect.void.pipe(
          Narrative.story("Message"),
          Effect.withParentSpan(Tracer.externalSpan({ traceId: id(i, 32), spanId: id(i, 16) }))
        )
      let kept = 0
      const worker = Effect.gen(function* () {
        for (let i = 1; i <= 200; i++) yield* handle(i)
        kept = (yield* Effect.orDie(Effect.currentSpan)).links.length
      })
      yield* exported(worker.pipe(Narrative.story("Mail Worker")), collector)
      assert.strictEqual(kept, 128)
      const story = collector.spans().find(({ name }) => name === "Mail Worker")
      assert.lengthOf(story?.links ?? [], 128)
      assert.deepStrictEqual(attributeOf(story, "narrative.links.dropped"), { intValue: 72 })
      for (const span of collector.spans()) if (span.name === "Message") assert.lengthOf(span.links, 1)
    })
  )

  it.effect("that a program adds itself are bounded and counted too", () =>
    Effect.gen(function* () {
      const collector = endpoint()
      const span = Tracer.externalSpan({ traceId: "1".repeat(32), spanId: "1".repeat(16) })
      const links = Array.from({ length: 100 }, () => ({ _tag: "SpanLink" as const, span, attributes: {} }))
      const program = Effect.flatMap(Effect.orDie(Effect.currentSpan), (own) => Effect.sync(() => own.addLinks(links)))
      yield* exported(program.pipe(Effect.withSpan("busy", { links })), collector)
      const [busy] = collector.spans()
      assert.deepStrictEqual([busy?.links.length, busy?.droppedLinksCount], [128, 72])
    })
  )
})

describe("A span's parent", () => {
  it.effect("is always exported: what begins in a short stage after its end belongs to the span around it", () =>
    Effect.gen(function* () {
      const collector = endpoint()
      const mail = Effect.sleep("60 millis").pipe(Effect.withSpan("Send Mail"), Effect.delay("60 millis"))
      const order = mail.pipe(
        Effect.forkDaemon,
        Narrative.stage("Enqueue"),
        Narrative.stage("Accept"),
        Effect.flatMap(Fiber.join),
        Narrative.story("Order")
      )
      const fiber = yield* Effect.fork(exported(order, collector, { minDuration: "50 millis" }))
      yield* TestClock.adjust("1 minute")
      yield* fiber
      const [sent, story] = collector.spans()
      assert.deepStrictEqual([sent?.name, story?.name], ["Send Mail", "Order"])
      assert.strictEqual(sent?.parentSpanId, story?.spanId)
    })
  )
})

describe("A whole number", () => {
  const reference = 1234567890123456789n

  it.effect("is exact on the way out: beyond 2^53 it is sent in digits, in attributes and in the resource", () =>
    Effect.gen(function* () {
      const collector = endpoint()
      const attributes = { reference, list: [-reference], small: 5n, huge: 2n ** 64n }
      yield* exported(Effect.void.pipe(Effect.withSpan("pay", { attributes })), collector, {
        resource: { serviceName: "x", attributes: { build: reference } }
      })
      const [span] = collector.spans()
      assert.deepStrictEqual(attributeOf(span, "reference"), { intValue: "1234567890123456789" })
      assert.deepStrictEqual(attributeOf(span, "list"), {
        arrayValue: { values: [{ intValue: "-1234567890123456789" }] }
      })
      assert.deepStrictEqual(attributeOf(span, "small"), { intValue: 5 })
      assert.deepStrictEqual(attributeOf(span, "huge"), { stringValue: "18446744073709551616" })
      assert.include(collector.resource(), '{"key":"build","value":{"intValue":"1234567890123456789"}}')
    })
  )

  it("is exact in protobuf", () => {
    const writer = new ProtobufWriter(16)
    writer.int(1, -1n)
    writer.int(1, reference)
    const bytes = [...writer.written]
    const varint = (from: number) =>
      bytes.slice(from, from + 10).reduce((value, byte, i) => value | (BigInt(byte & 0x7f) << BigInt(7 * i)), 0n)
    assert.strictEqual(BigInt.asIntN(64, varint(1)), -1n)
    assert.strictEqual(
      bytes.slice(12).reduce((value, byte, i) => value | (BigInt(byte & 0x7f) << BigInt(7 * i)), 0n),
      reference
    )
  })
})

describe("OTEL_RESOURCE_ATTRIBUTES", () => {
  const resourceOf = (variable: string, attributes: Record<string, unknown> = {}) =>
    Effect.gen(function* () {
      const collector = endpoint()
      yield* exported(Effect.void.pipe(Effect.withSpan("x")), collector, { resource: { attributes } }).pipe(
        Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["OTEL_RESOURCE_ATTRIBUTES", variable]])))
      )
      return collector.resource()
    })

  it.effect("has percent-encoded values, in which anything may be, and gives way to what the program says", () =>
    Effect.gen(function* () {
      const resource = yield* resourceOf("region=eu%20west, team=a%2Cb,key=a=b,odd=%ZZ,service.name=shop%201,=x,none")
      for (const value of ["eu west", "a,b", "a=b", "%ZZ", "shop 1"]) {
        assert.include(resource, JSON.stringify({ stringValue: value }))
      }
      assert.include(yield* resourceOf("region=eu", { region: "us" }), '"us"')
    })
  )
})

describe("An endpoint", () => {
  /** A story every second for so long. */
  const ticking = (seconds: number) =>
    Narrative.story(Effect.void, "Tick").pipe(Effect.delay("1 second"), Effect.repeatN(seconds - 1))

  it.effect("that never answers one request is given up in time, and gets all later ones", () =>
    withWarnings(() =>
      Effect.gen(function* () {
        for (const never of [Effect.never, Effect.uninterruptible(Effect.never)]) {
          const collector = endpoint((request) => (request === 1 ? never : Effect.void))
          const fiber = yield* Effect.fork(exported(ticking(60), collector))
          yield* TestClock.adjust("2 minutes")
          yield* fiber
          assert.lengthOf(collector.spans(), 60)
        }
      })
    )
  )

  /** Everything that is logged, causes included. */
  const logged = <A, E, R>(test: (said: () => string) => Effect.Effect<A, E, R>) => {
    const lines: Array<string> = []
    const logger = Logger.make(({ cause, message }) => {
      lines.push(`${String(message)} ${Cause.pretty(cause)}`)
    })
    return Effect.provide(
      Effect.suspend(() => test(() => lines.join("\n"))),
      Logger.replace(Logger.defaultLogger, logger)
    )
  }

  it.effect("that never answers any request costs the spans, each counted, and no more than the closing time", () =>
    logged((said) =>
      Effect.gen(function* () {
        const collector = endpoint(() => Effect.never)
        const program = Effect.zipRight(ticking(30), NarrativeTracing.exportStats)
        const fiber = yield* Effect.fork(exported(program, collector, { retries: 0, timeout: "2 seconds" }))
        yield* TestClock.adjust("35 seconds")
        const exit = yield* Fiber.join(fiber)
        assert.isAtLeast(collector.requests(), 5)
        const [stats] = exit._tag === "Success" ? exit.value : []
        assert.isAbove(stats?.failed ?? 0, 0)
        assert.include(said(), "http://collector.test/v1/traces gave no answer within 2s")
      })
    )
  )

  it.effect("that cannot be reached is named in warnings without its credentials and its query", () =>
    logged((said) =>
      Effect.gen(function* () {
        const refused = Object.assign(new Error("connect to http://ada:s3cret-pw@down.test?api_key=k-93jd72hs"), {
          code: "ECONNREFUSED"
        })
        const collector = endpoint(() => Effect.fail({ cause: refused } as HttpClientError.RequestError))
        yield* exported(Effect.void.pipe(Narrative.story("S")), collector, {
          url: "http://ada:s3cret-pw@down.test/v1/traces?api_key=k-93jd72hs",
          retries: 0
        })
        assert.include(said(), "http://down.test/v1/traces cannot be reached (ECONNREFUSED)")
        for (const secret of ["ada", "s3cret-pw", "k-93jd72hs"]) assert.notInclude(said(), secret)
      })
    )
  )

  it.effect("whose options cannot be used is an early error that does not show its address", () =>
    Effect.gen(function* () {
      const failure = (options: Partial<NarrativeTracing.OtlpOptions>) => {
        const layer = NarrativeTracing.layerOtlp({ url, ...options }).pipe(Layer.provide(endpoint().layer))
        return Effect.flip(Effect.scoped(Layer.build(layer)))
      }
      const noUrl = yield* failure({ url: "collector?api_key=s3cret" })
      assert.deepStrictEqual([noUrl.setting, noUrl.given], ["url", undefined])
      for (const options of [{ maxBatchSize: 0 }, { capacity: 1.5 }, { timeout: 0 }, { retries: -1 }]) {
        assert.deepStrictEqual((yield* failure(options)).setting, Object.keys(options)[0])
      }
    })
  )
})

describe("CountedSpanProcessor", () => {
  it.effect("does not wait for ever for an exporter that never answers, nor for its shutdown", () =>
    withWarnings((warnings) =>
      Effect.gen(function* () {
        const hanging = { export: () => {}, shutdown: () => new Promise<void>(() => {}) }
        const program = Effect.gen(function* () {
          const processor = yield* CountedSpanProcessor.make(hanging, { timeout: "3 seconds" })
          // What the queue looks at of a span.
          processor.onEnd({ spanContext: () => ({ traceFlags: 1 }) } as never)
          yield* Effect.sleep("10 seconds")
        })
        const fiber = yield* Effect.fork(Effect.scoped(program))
        yield* TestClock.adjust("20 seconds")
        yield* Fiber.join(fiber)
        assert.include(warnings.join(), '"otel-spans" failed')
      })
    )
  )
})
