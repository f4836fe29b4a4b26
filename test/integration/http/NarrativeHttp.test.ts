import { Readable } from "node:stream"
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Layer, Queue, Random, Schedule, Schema, Stream, Tracer } from "effect"
import { Correlation, Narrative } from "../../../src/index.js"
import { NarrativeHttp } from "../../../src/integration/http/index.js"
import { abort, bytes, recorder, serve } from "./servers.js"

class Unpaid extends Schema.TaggedError<Unpaid>()("Unpaid", { cents: Schema.Number }) {}

class OutOfStock extends Schema.TaggedError<OutOfStock>()("OutOfStock", { item: Schema.String }) {}

const ticks = Stream.range(1, 3).pipe(
  Stream.schedule(Schedule.spaced("2 millis")),
  Stream.map((i) => `tick ${i}\n`),
  Stream.encodeText
)

const router = HttpRouter.empty.pipe(
  HttpRouter.get("/", HttpServerResponse.text("hello")),
  HttpRouter.get("/orders/:id", HttpServerResponse.json({ ok: true }).pipe(Narrative.stage("Load Order"))),
  HttpRouter.post(
    "/orders",
    Effect.gen(function* () {
      const { text } = yield* HttpServerRequest.HttpServerRequest
      return HttpServerResponse.text(yield* text, { status: 201, headers: { "x-own": "1" } })
    })
  ),
  HttpRouter.get("/empty", HttpServerResponse.empty()),
  HttpRouter.get("/broken", Effect.die(new Error("the disk is full"))),
  HttpRouter.get("/failing", Effect.fail(new OutOfStock({ item: "tea" })).pipe(Narrative.stage("Reserve"))),
  HttpRouter.get("/unavailable", HttpServerResponse.empty({ status: 503 })),
  HttpRouter.get("/late", Effect.never.pipe(Effect.timeout("5 millis"), Effect.as(HttpServerResponse.empty()))),
  HttpRouter.get("/slow", Effect.sleep("20 millis").pipe(Effect.as(HttpServerResponse.text("slow")))),
  HttpRouter.get("/never", Effect.never),
  HttpRouter.get("/thrown", Effect.die(HttpServerResponse.text("teapot", { status: 418 }))),
  HttpRouter.get(
    "/stream",
    HttpServerResponse.stream(ticks, { contentType: "text/plain", headers: { "content-type": "text/x-ticks" } })
  ),
  HttpRouter.get(
    "/stream/broken",
    HttpServerResponse.stream(Stream.concat(ticks, Stream.die(new Error("the tape tore"))))
  ),
  HttpRouter.get("/stream/endless", HttpServerResponse.stream(Stream.concat(ticks, Stream.never))),
  HttpRouter.get(
    "/raw",
    Effect.sync(() => HttpServerResponse.raw(Readable.from(["a", "b"])))
  ),
  HttpRouter.mountApp("/mounted", HttpServerResponse.text("mounted"))
)

const narrated = NarrativeHttp.middleware({ routes: router })

/** The story of one request to the router. */
const storyOf = (path: string, method = "GET") =>
  Effect.gen(function* () {
    const { afterStories, events, layer } = recorder()
    const url = yield* serve(router, narrated, layer)
    yield* bytes(url, method, path)
    const [ended] = yield* afterStories(1)
    const failures = events.filter((event) => event._tag === "FailureOccurred")
    return { ended: ended ?? assert.fail("no story"), events, failures }
  })

describe("The story of a request", () => {
  it.scopedLive("is named by method and route, with the path as an attribute", () =>
    Effect.gen(function* () {
      const { ended, events } = yield* storyOf("/orders/7?token=hunter2222")
      assert.deepInclude(ended, { storyName: "GET /orders/:id", kind: "request", status: "success", outcome: "200" })
      assert.deepStrictEqual(ended.attributes, {
        "http.request.method": "GET",
        "url.path": "/orders/7",
        "http.route": "/orders/:id",
        "http.response.status_code": 200
      })
      assert.deepStrictEqual(
        events.map((event) => event._tag),
        ["StoryStarted", "StageStarted", "StageCompleted", "StoryCompleted"]
      )
    })
  )

  it.scopedLive("has one name for 10,000 paths of one route, and for paths of none", () =>
    Effect.gen(function* () {
      const { ended, layer } = recorder()
      const ask = (i: number) => {
        const request = HttpServerRequest.fromWeb(new Request(`http://a.test/${i % 2 === 0 ? "orders" : "none"}/${i}`))
        return narrated(router).pipe(
          Effect.scoped,
          Effect.provideService(HttpServerRequest.HttpServerRequest, request),
          Effect.exit
        )
      }
      yield* Effect.loop(0, { while: (i) => i < 10_000, step: (i) => i + 1, body: ask, discard: true }).pipe(
        Effect.provide(layer)
      )
      assert.deepStrictEqual(Array.from(new Set(ended().map(({ storyName }) => storyName))).sort(), [
        "GET",
        "GET /orders/:id"
      ])
      assert.lengthOf(ended(), 10_000)
    })
  )

  it.scopedLive("succeeded below 500, and no report is made of what no route is for", () =>
    Effect.gen(function* () {
      for (const [path, name, outcome, method] of [
        ["/none", "GET", "404"],
        ["/thrown", "GET /thrown", "418"],
        ["/empty", "GET /empty", "204"],
        ["/orders", "POST /orders", "201", "POST"],
        ["/", "HEAD /", "200", "HEAD"],
        ["/mounted/deep", "GET /mounted/*", "200"]
      ] as const) {
        const { ended, failures } = yield* storyOf(path, method)
        assert.deepInclude(ended, { storyName: name, status: "success", outcome })
        assert.lengthOf(failures, 0)
      }
    })
  )

  it.scopedLive("succeeded also where a middleware of the user's makes it around the router", () =>
    Effect.gen(function* () {
      const { afterStories, events, layer } = recorder()
      const url = yield* serve(router, (app) => Effect.scoped(app).pipe(Narrative.story("Request")), layer)
      assert.match(yield* bytes(url, "GET", "/none"), /^HTTP\/1\.1 404 /)
      const [ended] = yield* afterStories(1)
      assert.deepInclude(ended, { status: "success", success: true, outcome: "404" })
      assert.lengthOf(
        events.filter((event) => event._tag === "FailureOccurred"),
        0
      )
    })
  )

  it.scopedLive("failed with a defect, with an error that leaves the app, and with an answer of 500 and above", () =>
    Effect.gen(function* () {
      const broken = yield* storyOf("/broken")
      assert.deepInclude(broken.ended, { status: "failed", outcome: "500" })
      assert.strictEqual(broken.failures[0]?.failures[0].errorMessage, "the disk is full")
      const failing = yield* storyOf("/failing")
      assert.deepInclude(failing.ended, { status: "failed", outcome: "500" })
      assert.deepInclude(failing.failures[0]?.failures[0], { errorType: "OutOfStock", stageName: "Reserve" })
      assert.lengthOf(failing.failures[0]?.failures ?? [], 1)
      const unavailable = yield* storyOf("/unavailable")
      assert.deepInclude(unavailable.ended, { status: "failed", success: false, outcome: "503" })
      assert.lengthOf(unavailable.failures, 0)
      assert.deepInclude((yield* storyOf("/late")).ended, { status: "timeout", outcome: "500" })
    })
  )

  it.scopedLive("lasts as long as its stream, and fails with it", () =>
    Effect.gen(function* () {
      const streamed = yield* storyOf("/stream")
      assert.deepInclude(streamed.ended, { status: "success", outcome: "200" })
      assert.isAtLeast(streamed.ended.durationSeconds, 0.004)
      const broken = yield* storyOf("/stream/broken")
      assert.strictEqual(broken.ended.status, "failed")
      assert.strictEqual(broken.failures[0]?.failures[0].errorMessage, "the tape tore")
    })
  )

  it.scopedLive("is cancelled when the client goes away", () =>
    Effect.gen(function* () {
      for (const [path, seen] of [
        ["/never", ""],
        ["/stream/endless", "tick 3"]
      ] as const) {
        const { afterStories, events, layer } = recorder()
        const url = yield* serve(router, narrated, layer)
        yield* abort(url, path, seen)
        const [ended] = yield* afterStories(1)
        assert.strictEqual(ended?.status, "cancelled", path)
        assert.lengthOf(
          events.filter((event) => event._tag === "FailureOccurred"),
          0
        )
      }
    })
  )

  it.scopedLive("is not made of requests that are skipped, nor where narration is off", () =>
    Effect.gen(function* () {
      const { events, layer } = recorder()
      const skipping = NarrativeHttp.middleware({ skip: ({ url }) => url === "/" })
      assert.include(yield* bytes(yield* serve(router, skipping, layer)), "hello")
      assert.include(yield* bytes(yield* serve(router, narrated, Layer.merge(layer, Narrative.disabled))), "hello")
      assert.lengthOf(events, 0)
    })
  )

  it.scopedLive("has the name that is asked for, and one of its own where that cannot be had", () =>
    Effect.gen(function* () {
      const names: Array<string> = []
      for (const naming of [({ url }: HttpServerRequest.HttpServerRequest) => url, () => assert.fail("no name")]) {
        const { afterStories, layer } = recorder()
        const url = yield* serve(router, NarrativeHttp.middleware({ routes: ["GET /orders/:id"], naming }), layer)
        yield* bytes(url, "GET", "/orders/7")
        names.push((yield* afterStories(1))[0]?.storyName ?? "")
      }
      assert.deepStrictEqual(names, ["/orders/7", "GET /orders/:id"])
    })
  )
})

describe("The answer", () => {
  it.scopedLive("is the same, byte by byte, with stories and without", () =>
    Effect.gen(function* () {
      const { afterStories, layer } = recorder()
      const bare = yield* serve(router)
      const url = yield* serve(router, narrated, layer)
      const corpus = [
        ["GET", "/"],
        ["HEAD", "/"],
        ["GET", "/orders/7"],
        ["POST", "/orders", "Content-Type: text/plain\r\n", "two pounds of tea"],
        ["GET", "/empty"],
        ["GET", "/broken"],
        ["GET", "/failing"],
        ["GET", "/unavailable"],
        ["GET", "/late"],
        ["GET", "/slow"],
        ["GET", "/thrown"],
        ["GET", "/none"],
        ["DELETE", "/"],
        ["GET", "/stream"],
        ["HEAD", "/stream"],
        ["GET", "/stream/broken"],
        ["GET", "/raw"],
        ["GET", "/mounted/deep"],
        ["GET", "/%zz"]
      ] as const
      for (const request of corpus) {
        const without = yield* bytes(bare, ...request)
        assert.notStrictEqual(without, "")
        assert.strictEqual(yield* bytes(url, ...request), without, request[1])
      }
      const ended = yield* afterStories(corpus.length)
      yield* Effect.sleep("50 millis")
      assert.lengthOf(ended, corpus.length)
      assert.lengthOf(new Set(ended.map(({ storyId }) => storyId)), corpus.length)
    })
  )

  it.scopedLive(
    "of a web handler is the same, too, and its story ends with its stream, in which stages are of it",
    () =>
      Effect.gen(function* () {
        const stages = Stream.fromEffect(Effect.succeed("a").pipe(Narrative.stage("Chunk"))).pipe(Stream.encodeText)
        const app = router.pipe(HttpRouter.get("/staged", HttpServerResponse.stream(stages)))
        const { afterStories, events, layer } = recorder()
        const bare = HttpApp.toWebHandler(app)
        const { dispose, handler } = HttpApp.toWebHandlerLayer(app, layer, { middleware: narrated })
        yield* Effect.addFinalizer(() => Effect.promise(dispose))
        const answer = async (handle: typeof bare, path: string, method: string) => {
          const response = await handle(new Request(`http://a.test${path}`, { method }))
          const body = await response.text().catch((error) => `failed: ${error}`)
          return { status: response.status, headers: Array.from(response.headers), body }
        }
        const requests = ["/", "/broken", "/stream", "/stream/broken", "/staged", "/none"].map(
          (path) => [path, "GET"] as const
        )
        for (const [path, method] of [...requests, ["/stream", "HEAD"]] as const) {
          const without = yield* Effect.promise(() => answer(bare, path, method))
          assert.deepStrictEqual(yield* Effect.promise(() => answer(handler, path, method)), without, path)
        }
        yield* afterStories(requests.length)
        assert.deepInclude(
          events.find((event) => event._tag === "StageCompleted" && event.stageName === "Chunk"),
          { storyName: "GET" }
        )
        assert.deepInclude(
          events.find((event) => event._tag === "StoryCompleted" && event.storyName === "GET /stream/broken"),
          { status: "failed" }
        )
      })
  )
})

describe("Who asked", () => {
  it.scopedLive("is taken from the headers, and the story is in the trace that asked", () =>
    Effect.gen(function* () {
      const { afterStories, layer } = recorder()
      const url = yield* serve(router, narrated, layer)
      const traceId = "0af7651916cd43dd8448eb211c80319c"
      yield* bytes(
        url,
        "GET",
        "/",
        `traceparent: 00-${traceId}-b7ad6b7169203331-01\r\nX-Request-ID: r-1\r\nx-org-id: acme\r\n`
      )
      const [ended] = yield* afterStories(1)
      assert.deepStrictEqual(ended?.correlation, {
        traceId,
        spanId: "b7ad6b7169203331",
        sampled: true,
        correlationId: "r-1",
        requestId: "r-1",
        orgId: "acme"
      })
      assert.strictEqual(ended?.traceId, traceId)
    })
  )

  it.scopedLive("is made where the request names none, and where headers are not trusted", () =>
    Effect.gen(function* () {
      const { afterStories, layer } = recorder()
      const url = yield* serve(router, NarrativeHttp.middleware({ trustHeaders: false }), layer)
      yield* bytes(url, "GET", "/", "X-Request-ID: forged\r\n")
      const [ended] = yield* afterStories(1)
      assert.match(ended?.correlation?.requestId ?? "", /^[0-9a-f-]{36}$/)
      assert.strictEqual(ended?.correlation?.correlationId, ended?.correlation?.requestId)
    })
  )

  it.scopedLive("of 1,000 concurrent requests is never mixed up", () =>
    Effect.gen(function* () {
      const { ended, layer } = recorder()
      const signal = yield* Deferred.make<void>()
      const queue = yield* Queue.unbounded<() => void>()
      // A fiber of another context wakes the requests: what holds for it must not be what holds for them.
      yield* Queue.take(queue).pipe(
        Effect.flatMap((wake) => Effect.sync(wake)),
        Effect.forever,
        Effect.forkScoped
      )
      const pause = Effect.gen(function* () {
        const kind = yield* Random.nextIntBetween(0, 5)
        if (kind === 0) yield* Effect.yieldNow()
        else if (kind === 1) yield* Effect.sleep(yield* Random.nextIntBetween(0, 4))
        else if (kind === 2) yield* Deferred.await(signal)
        else if (kind === 3) yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
        else {
          const woken = yield* Deferred.make<void>()
          yield* Queue.offer(queue, () => Effect.runSync(Deferred.succeed(woken, undefined)))
          yield* Deferred.await(woken)
        }
      })
      const look = Effect.map(Correlation.current, ({ requestId, tenant }) => `${requestId} ${tenant}`)
      const app = HttpRouter.empty.pipe(
        HttpRouter.get(
          "/:id",
          Effect.gen(function* () {
            const { id } = yield* HttpRouter.params
            const seen: Array<string> = []
            for (let i = 0; i < 4; i++) {
              yield* pause
              seen.push(yield* look.pipe(Narrative.stage(`Look ${id}`)))
            }
            const forked = yield* Effect.all([look, look], { concurrency: "unbounded" })
            return yield* HttpServerResponse.json([...seen, ...forked])
          })
        )
      )
      const { dispose, handler } = HttpApp.toWebHandlerLayer(app, layer, {
        middleware: NarrativeHttp.middleware({ routes: app })
      })
      yield* Effect.addFinalizer(() => Effect.promise(dispose))
      const ask = (i: number) =>
        Effect.promise(async () => {
          const headers = { "x-request-id": `r-${i}`, baggage: `narrative.tenant=t-${i}` }
          const response = await handler(new Request(`http://a.test/${i}`, { headers }))
          return (await response.json()) as Array<string>
        })
      yield* Effect.fork(Effect.delay(Deferred.succeed(signal, undefined), "20 millis"))
      const answers = yield* Effect.forEach(
        Array.from({ length: 1_000 }, (_, i) => i),
        ask,
        { concurrency: "unbounded" }
      )
      answers.forEach((seen, i) => {
        assert.deepStrictEqual(new Set(seen), new Set([`r-${i} t-${i}`]))
      })
      assert.lengthOf(ended(), 1_000)
      for (const { attributes, correlation } of ended()) {
        assert.strictEqual(attributes["url.path"], `/${correlation?.requestId?.slice(2)}`)
      }
    })
  )
})

describe("The span of Effect's server", () => {
  it.scopedLive("is the parent of the story's, and has no secret of the URL and the headers", () =>
    Effect.gen(function* () {
      const spans: Array<Tracer.Span> = []
      const native = yield* Effect.tracer
      const tracer = Tracer.make({
        span: (...args) => {
          const span = native.span(...args)
          spans.push(span)
          return span
        },
        context: (f) => f()
      })
      const { afterStories, layer } = recorder()
      const url = yield* serve(router, narrated, Layer.merge(layer, Layer.setTracer(tracer)))
      yield* bytes(url, "GET", "/?api_key=hunter2222&page=2", "X-Session-Token: hunter3333\r\nX-Plain: fine\r\n")
      yield* afterStories(1)
      const [server, story] = spans
      assert.isTrue(story?.parent._tag === "Some" && story.parent.value === server)
      const attributes = Object.fromEntries(server?.attributes ?? [])
      assert.notInclude(JSON.stringify(attributes), "hunter")
      assert.include(attributes["url.query"], "page=2")
      assert.strictEqual(attributes["http.request.header.x-plain"], "fine")
      assert.strictEqual(attributes["http.response.status_code"], 200)
    })
  )
})

describe("An HttpApi", () => {
  const api = HttpApi.make("shop").add(
    HttpApiGroup.make("orders")
      .add(
        HttpApiEndpoint.get("byId", "/:id")
          .setPath(Schema.Struct({ id: Schema.NumberFromString }))
          .addSuccess(Schema.String)
      )
      .add(HttpApiEndpoint.post("reserve", "/reserve").addSuccess(Schema.String).addError(OutOfStock, { status: 409 }))
      .add(HttpApiEndpoint.post("pay", "/pay").addSuccess(Schema.String).addError(Unpaid, { status: 503 }))
      .add(HttpApiEndpoint.get("broken", "/broken/now").addSuccess(Schema.String))
      .prefix("/orders")
  )
  const handlers = HttpApiBuilder.group(api, "orders", (handlers) =>
    handlers
      .handle("byId", ({ path }) => Effect.succeed(`order ${path.id}`).pipe(Narrative.stage("Load Order")))
      .handle("reserve", () => Effect.fail(new OutOfStock({ item: "tea" })).pipe(Narrative.stage("Reserve")))
      .handle("pay", () => Effect.fail(new Unpaid({ cents: 900 })).pipe(Narrative.stage("Charge")))
      .handle("broken", () => Effect.die(new Error("the disk is full")))
  )
  const layerApi = HttpApiBuilder.api(api).pipe(Layer.provide(handlers))

  it.scopedLive(
    "names stories by its endpoints; an error that it declares is an outcome below 500, and else why it failed",
    () =>
      Effect.gen(function* () {
        const { afterStories, events, layer } = recorder()
        const services = Layer.mergeAll(layerApi, HttpServer.layerContext)
        const answers = async (handler: (request: Request) => Promise<Response>) => {
          const all: Array<readonly [number, string]> = []
          for (const [method, path] of requests) {
            const response = await handler(new Request(`http://a.test${path}`, { method }))
            all.push([response.status, await response.text()])
          }
          return all
        }
        const requests = [
          ["GET", "/orders/7"],
          ["GET", "/orders/seven"],
          ["POST", "/orders/reserve"],
          ["POST", "/orders/pay"],
          ["GET", "/orders/broken/now"],
          ["GET", "/none"]
        ] as const
        const narrated = HttpApiBuilder.toWebHandler(Layer.merge(services, layer), {
          middleware: NarrativeHttp.middleware({ routes: api })
        })
        const bare = HttpApiBuilder.toWebHandler(services)
        const without = yield* Effect.promise(() => answers(bare.handler))
        assert.deepStrictEqual(yield* Effect.promise(() => answers(narrated.handler)), without)
        yield* Effect.promise(narrated.dispose)
        yield* Effect.promise(bare.dispose)
        const ended = yield* afterStories(requests.length)
        assert.deepStrictEqual(
          ended.map(({ outcome, status, storyName }) => [storyName, status, outcome]),
          [
            ["GET /orders/:id", "success", "200"],
            ["GET /orders/:id", "success", "400"],
            ["POST /orders/reserve", "success", "409"],
            ["POST /orders/pay", "failed", "503"],
            ["GET /orders/broken/now", "failed", "500"],
            ["GET", "success", "404"]
          ]
        )
        const failures = events.filter((event) => event._tag === "FailureOccurred")
        assert.deepStrictEqual(
          failures.map(({ failures }) => [failures[0].errorType, failures[0].errorMessage, failures[0].stageName]),
          [
            ["Unpaid", `{ "cents": 900 }`, "Charge"],
            ["Error", "the disk is full", null]
          ]
        )
      })
  )
})
