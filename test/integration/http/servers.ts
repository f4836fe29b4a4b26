/**
 * Real servers on loopback, what they are sent byte by byte, and the events of the stories they make.
 */
import { createServer } from "node:http"
import { connect } from "node:net"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServer from "@effect/platform/HttpServer"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Effect, Layer, type Scope } from "effect"
import { type NarrativeEvent, Renderer } from "../../../src/index.js"

type Event = NarrativeEvent.NarrativeEvent
export type Ended = NarrativeEvent.StoryCompleted

/** The events of everything that the layer is provided to. */
export const recorder = () => {
  const events: Array<Event> = []
  const layer = Renderer.replace(Renderer.make("recorder", (event) => void events.push(event)))
  const ended = (): ReadonlyArray<Ended> => events.filter((event) => event._tag === "StoryCompleted")
  /** Once so many stories have ended: a response may be read before its story is. */
  const afterStories = (count: number) =>
    Effect.gen(function* () {
      while (ended().length < count) yield* Effect.sleep("2 millis")
      return ended()
    }).pipe(Effect.timeout("10 seconds"), Effect.orDie)
  return { events, layer, ended, afterStories }
}

/** Serves an app on a free port, for as long as the scope is open, and gives its address. */
export const serve = <E, R>(
  app: HttpApp.Default<E, R>,
  middleware: <E, R>(app: HttpApp.Default<E, R>) => HttpApp.Default<E, R> = (app) => app,
  layer: Layer.Layer<never> = Layer.empty
) =>
  Effect.gen(function* () {
    const services = yield* Layer.build(
      Layer.provideMerge(
        HttpServer.serve(app, middleware),
        Layer.merge(NodeHttpServer.layer(createServer, { port: 0 }), layer)
      )
    )
    const server = yield* HttpServer.HttpServer.pipe(Effect.provide(services))
    return HttpServer.formatAddress(server.address).replace("0.0.0.0", "127.0.0.1")
  })

export type Serving = Effect.Effect<string, never, Scope.Scope>

/** Everything a server writes to a request, but for the time. */
export const bytes = (url: string, method = "GET", path = "/", more = "", body = "") =>
  Effect.async<string>((resume) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    let text = ""
    socket.setEncoding("latin1")
    socket.on("data", (chunk) => {
      text += chunk
    })
    socket.on("close", () => resume(Effect.succeed(text.replace(/^Date: .*\r\n/im, ""))))
    socket.on("error", () => {})
    socket.write(
      `${method} ${path} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n${more}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
    )
    return Effect.sync(() => socket.destroy())
  })

/** Sends a request and goes away when `seen` is in the answer, or at once. */
export const abort = (url: string, path: string, seen = "") =>
  Effect.async<void>((resume) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    let text = ""
    const leave = () => {
      socket.destroy()
      resume(Effect.void)
    }
    socket.on("error", () => {})
    socket.on("data", (chunk) => {
      text += String(chunk)
      if (seen !== "" && text.includes(seen)) leave()
    })
    socket.write(`GET ${path} HTTP/1.1\r\nHost: a.test\r\n\r\n`, () => {
      if (seen === "") setTimeout(leave, 30)
    })
  })
