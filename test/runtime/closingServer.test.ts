/**
 * Servers that are closed while others hold connections to them.
 */
import { createServer } from "node:http"
import { connect, type Socket } from "node:net"
import * as HttpServer from "@effect/platform/HttpServer"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { PrometheusRenderer } from "../../src/index.js"
import { RunServer } from "../../src/server/index.js"
import { folder } from "../history/histories.js"

interface Connection {
  readonly socket: Socket
  /** All that came, once the other side has ended it. */
  readonly answer: Effect.Effect<string>
}

const connected = (port: number): Effect.Effect<Connection, never, Scope.Scope> =>
  Effect.gen(function* () {
    const ended = yield* Deferred.make<string>()
    const socket = yield* Effect.acquireRelease(
      Effect.async<Socket>((resume) => {
        const socket = connect(port, "127.0.0.1", () => resume(Effect.succeed(socket)))
      }),
      (socket) => Effect.sync(() => socket.destroy())
    )
    let text = ""
    socket.setEncoding("utf8").on("data", (data: string) => {
      text += data
    })
    socket.once("close", () => Deferred.unsafeDone(ended, Exit.succeed(text)))
    return { socket, answer: Deferred.await(ended) }
  })

type Served = Layer.Layer<never, unknown, HttpServer.HttpServer>

/** A server of its own, and what closes it. */
const served = (layer: Served) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const server = createServer()
    const http = NodeHttpServer.layer(() => server, { host: "127.0.0.1", port: 0 })
    const context = yield* Layer.buildWithScope(Layer.provideMerge(layer, http), scope)
    const { address } = Context.get(context, HttpServer.HttpServer)
    const port = address._tag === "TcpAddress" ? address.port : 0
    return { server, port, close: Scope.close(scope, Exit.void) }
  })

const layers: ReadonlyArray<readonly [what: string, path: string, layer: Effect.Effect<Served, never, Scope.Scope>]> = [
  ["runs", "/health", Effect.map(folder, (baseDir) => RunServer.layer({ baseDir }))],
  ["metrics", "/metrics", Effect.succeed(PrometheusRenderer.layer())]
]

describe.each(layers)("A server of %s that is closed", (_, path, layer) => {
  it.scopedLive("does not wait for connections that have never sent anything", () =>
    Effect.gen(function* () {
      const { close, port } = yield* served(yield* layer)
      const silent = yield* connected(port)
      const spoken = yield* connected(port)
      spoken.socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
      yield* Effect.async<void>((resume) => void spoken.socket.once("data", () => resume(Effect.void)))
      yield* close
      assert.strictEqual(yield* silent.answer, "")
      assert.match(yield* spoken.answer, /^HTTP\/1\.1 200 /)
    })
  )

  it.scopedLive("refuses a request that comes after that, and closes its connection", () =>
    Effect.gen(function* () {
      const { close, port, server } = yield* served(yield* layer)
      const late = yield* connected(port)
      const begun = Effect.async<void>((resume) => void server.once("connection", () => resume(Effect.void)))
      const other = yield* Effect.zipLeft(connected(port), begun, { concurrent: true })
      late.socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n`)
      other.socket.write(`GET ${path} HTTP/1.1\r\n`)
      const closed = yield* Effect.fork(close)
      yield* Effect.repeat(Effect.yieldNow(), { until: () => !server.listening })
      late.socket.write("\r\n")
      other.socket.write("Host: localhost\r\n\r\n")
      assert.match(yield* late.answer, /^HTTP\/1\.1 503 [\s\S]*connection: close/i)
      assert.match(yield* other.answer, /^HTTP\/1\.1 503 /)
      yield* Fiber.join(closed)
    })
  )
})
