import { createServer } from "node:http"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Rpc, RpcClient, RpcGroup, RpcSerialization, RpcServer } from "@effect/rpc"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Schema, Stream } from "effect"
import { Correlation, Narrative } from "../../../src/index.js"
import { NarrativeRpc } from "../../../src/integration/rpc/index.js"
import { recorder } from "../http/servers.js"

class OutOfStock extends Schema.TaggedError<OutOfStock>()("OutOfStock", { item: Schema.String }) {}

class Orders extends RpcGroup.make(
  Rpc.make("Reserve", { payload: { item: Schema.String }, success: Schema.Number, error: OutOfStock }),
  Rpc.make("Watch", { success: Schema.Number, error: OutOfStock, stream: true }),
  Rpc.make("Wait", {})
).middleware(NarrativeRpc.NarrativeRpc) {}

const handlers = Orders.toLayer({
  Reserve: ({ item }) =>
    (item === "tea"
      ? Effect.fail(new OutOfStock({ item }))
      : item === "broken"
        ? Effect.die(new Error("the disk is full"))
        : Effect.map(Correlation.get("tenant"), () => item.length)
    ).pipe(Narrative.stage("Reserve Stock")),
  Watch: () => Stream.range(1, 3).pipe(Stream.mapEffect((i) => Effect.succeed(i).pipe(Narrative.stage("Tick")))),
  Wait: () => Effect.never
})

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
      const { afterStories, layer } = recorder()
      const client = yield* connected(layer, { skip: (tag) => tag === "Reserve" })
      yield* client.Reserve({ item: "coffee" })
      const call = yield* Effect.fork(client.Wait())
      yield* Effect.sleep("50 millis")
      yield* Fiber.interrupt(call)
      const [ended, ...others] = yield* afterStories(1)
      assert.deepInclude(ended, { storyName: "Wait", status: "cancelled" })
      assert.lengthOf(others, 0)
    })
  )
})
