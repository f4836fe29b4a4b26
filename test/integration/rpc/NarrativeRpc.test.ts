import { createServer } from "node:http"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Rpc, RpcClient, RpcGroup, RpcSerialization, RpcServer } from "@effect/rpc"
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Fiber, Layer, Queue, Random, Schema, Stream } from "effect"
import { Correlation, Narrative } from "../../../src/index.js"
import { NarrativeRpc } from "../../../src/integration/rpc/index.js"
import { recorder } from "../http/servers.js"

class OutOfStock extends Schema.TaggedError<OutOfStock>()("OutOfStock", { item: Schema.String }) {}

class Orders extends RpcGroup.make(
  Rpc.make("Reserve", { payload: { item: Schema.String }, success: Schema.Number, error: OutOfStock }),
  Rpc.make("Watch", { success: Schema.Number, error: OutOfStock, stream: true }),
  Rpc.make("Wait", {}),
  Rpc.make("Look", { payload: { id: Schema.Number }, success: Schema.Array(Schema.String) })
).middleware(NarrativeRpc.NarrativeRpc) {}

class Pause extends Context.Tag("test/Pause")<Pause, Effect.Effect<void>>() {}

/** Wakes its askers from a fiber of another context: what holds for it must not be what holds for them. */
const makePause = Effect.gen(function* () {
  const gate = yield* Deferred.make<void>()
  const queue = yield* Queue.unbounded<() => void>()
  yield* Queue.take(queue).pipe(
    Effect.flatMap((wake) => Effect.sync(wake)),
    Effect.forever,
    Correlation.with({ tenant: "another" }),
    Effect.forkScoped
  )
  return Effect.gen(function* () {
    const kind = yield* Random.nextIntBetween(0, 5)
    if (kind === 0) yield* Effect.yieldNow()
    else if (kind === 1) yield* Effect.sleep(yield* Random.nextIntBetween(0, 4))
    else if (kind === 2) {
      // One of them opens it for all.
      if (yield* Random.nextBoolean) yield* Deferred.succeed(gate, undefined)
      else yield* Effect.race(Deferred.await(gate), Effect.sleep("5 millis"))
    } else if (kind === 3) yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
    else {
      const woken = yield* Deferred.make<void>()
      yield* Queue.offer(queue, () => Effect.runSync(Deferred.succeed(woken, undefined)))
      yield* Deferred.await(woken)
    }
  })
})

const handlers = Orders.toLayer({
  Reserve: ({ item }) =>
    (item === "tea"
      ? Effect.fail(new OutOfStock({ item }))
      : item === "broken"
        ? Effect.die(new Error("the disk is full"))
        : Effect.map(Correlation.get("tenant"), () => item.length)
    ).pipe(Narrative.stage("Reserve Stock")),
  Watch: () => Stream.range(1, 3).pipe(Stream.mapEffect((i) => Effect.succeed(i).pipe(Narrative.stage("Tick")))),
  Wait: () => Effect.never,
  Look: ({ id }) =>
    Effect.gen(function* () {
      const pause = yield* Pause
      const look = Effect.map(Correlation.current, ({ requestId, tenant }) => `${requestId} ${tenant}`)
      const seen: Array<string> = []
      for (let i = 0; i < 2; i++) {
        yield* pause
        seen.push(yield* look.pipe(Narrative.stage(`Look ${id}`)))
      }
      return [...seen, ...(yield* Effect.all([look, look], { concurrency: "unbounded" }))]
    })
}).pipe(Layer.provide(Layer.scoped(Pause, makePause)))

/** A client of a server on a free port. */
const connected = (layer: Layer.Layer<never>, options: NarrativeRpc.ServerOptions = { group: "Orders" }) =>
  Effect.gen(function* () {
    const Server = RpcServer.layer(Orders).pipe(
      Layer.provide([handlers, NarrativeRpc.layer(options)]),
      Layer.provide(RpcServer.layerProtocolHttp({ path: "/rpc" })),
      Layer.provide(RpcSerialization.layerNdjson)
    )
    const services = yield* Layer.build(
      HttpRouter.Default.serve().pipe(
        Layer.provide(Server),
        Layer.provideMerge(Layer.merge(NodeHttpServer.layer(createServer, { port: 0 }), layer))
      )
    )
    const { address } = yield* HttpServer.HttpServer.pipe(Effect.provide(services))
    const url = `${HttpServer.formatAddress(address).replace("0.0.0.0", "127.0.0.1")}/rpc`
    const protocol = yield* Layer.build(
      RpcClient.layerProtocolHttp({ url }).pipe(Layer.provide([FetchHttpClient.layer, RpcSerialization.layerNdjson]))
    )
    return yield* RpcClient.make(Orders).pipe(
      Effect.provide(Layer.merge(Layer.succeedContext(protocol), NarrativeRpc.layerClient))
    )
  })

describe("The story of a call", () => {
  it.scopedLive("is named by group and method, inside the stage that called, and knows who asked", () =>
    Effect.gen(function* () {
      const { afterStories, events, layer } = recorder()
      const client = yield* connected(layer)
      const reserved = yield* client
        .Reserve({ item: "coffee" })
        .pipe(
          Narrative.stage("Call"),
          Narrative.story("Order"),
          Correlation.with({ requestId: "r-1", tenant: "Fjord Tea" }),
          Effect.provide(layer)
        )
      assert.strictEqual(reserved, 6)
      const ended = (yield* afterStories(2)).find(({ storyName }) => storyName === "Orders.Reserve")
      const stage =
        events.find((event) => event._tag === "StageCompleted" && event.stageName === "Call") ?? assert.fail("no stage")
      assert.isNotNull(stage.traceId)
      assert.deepInclude(ended, { kind: "rpc", status: "success", traceId: stage.traceId })
      assert.deepInclude(ended?.correlation, { requestId: "r-1", tenant: "Fjord Tea", spanId: stage.spanId ?? "" })
      assert.deepInclude(
        events.find((event) => event._tag === "StageCompleted" && event.stageName === "Reserve Stock"),
        { storyName: "Orders.Reserve" }
      )
    })
  )

  it.scopedLive("has a declared error as its outcome, fails with a defect, and ends with its stream", () =>
    Effect.gen(function* () {
      const { afterStories, events, layer } = recorder()
      const client = yield* connected(layer, { naming: (tag) => tag.toLowerCase() })
      assert.deepStrictEqual(yield* Effect.flip(client.Reserve({ item: "tea" })), new OutOfStock({ item: "tea" }))
      assert.deepStrictEqual(Array.from(yield* Stream.runCollect(client.Watch())), [1, 2, 3])
      yield* Effect.exit(client.Reserve({ item: "broken" }))
      const ended = yield* afterStories(3)
      assert.deepStrictEqual(
        ended.map(({ outcome, status, storyName }) => [storyName, status, outcome]),
        [
          ["reserve", "success", "OutOfStock"],
          ["watch", "success", null],
          ["reserve", "failed", null]
        ]
      )
      assert.strictEqual(ended[1]?.progress.completedStages, 3)
      const failures = events.filter((event) => event._tag === "FailureOccurred")
      assert.deepStrictEqual(
        failures.map(({ failures }) => failures[0].errorMessage),
        ["the disk is full"]
      )
    })
  )

  it.scopedLive("is cancelled when the client interrupts the call, and is not made of what is skipped", () =>
    Effect.gen(function* () {
      const { afterStories, events, layer } = recorder()
      const client = yield* connected(layer, { skip: (tag) => tag === "Reserve" })
      yield* client.Reserve({ item: "coffee" })
      const call = yield* Effect.fork(client.Wait())
      while (!events.some(({ _tag }) => _tag === "StoryStarted")) yield* Effect.sleep("2 millis")
      yield* Fiber.interrupt(call)
      const [ended, ...others] = yield* afterStories(1)
      assert.deepInclude(ended, { storyName: "Wait", status: "cancelled" })
      assert.lengthOf(others, 0)
    })
  )

  it.scopedLive("of 1,000 concurrent calls is never mixed up", () =>
    Effect.gen(function* () {
      const { afterStories, events, layer } = recorder()
      const { dispose, handler } = RpcServer.toWebHandler(Orders, {
        layer: Layer.mergeAll(
          handlers,
          NarrativeRpc.layer({ group: "Orders" }),
          RpcSerialization.layerNdjson,
          HttpServer.layerContext
        ).pipe(Layer.provideMerge(layer))
      })
      yield* Effect.addFinalizer(() => Effect.promise(dispose))
      // Messages as they are sent, but without sockets, which would take most of the time.
      const fetch: typeof globalThis.fetch = (input, init) => handler(new Request(input, init))
      const client = yield* RpcClient.make(Orders).pipe(
        Effect.provide(
          Layer.merge(
            NarrativeRpc.layerClient,
            RpcClient.layerProtocolHttp({ url: "http://a.test/" }).pipe(
              Layer.provide([FetchHttpClient.layer, RpcSerialization.layerNdjson])
            )
          )
        ),
        Effect.provideService(FetchHttpClient.Fetch, fetch)
      )
      const answers = yield* Effect.forEach(
        Array.from({ length: 1_000 }, (_, i) => i),
        (id) => client.Look({ id }).pipe(Correlation.with({ requestId: `r-${id}`, tenant: `t-${id}` })),
        { concurrency: "unbounded" }
      )
      answers.forEach((seen, id) => {
        assert.deepStrictEqual(new Set(seen), new Set([`r-${id} t-${id}`]))
      })
      const ended = yield* afterStories(1_000)
      assert.strictEqual(new Set(ended.map(({ correlation }) => correlation?.requestId)).size, 1_000)
      const requests = new Map(ended.map(({ correlation, storyId }) => [storyId, correlation?.requestId]))
      const stages = events.filter((event) => event._tag === "StageCompleted")
      assert.lengthOf(stages, 2_000)
      for (const { stageName, storyId } of stages) {
        assert.strictEqual(stageName.replace("Look ", "r-"), requests.get(storyId))
      }
    })
  )
})
