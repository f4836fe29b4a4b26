/**
 * What the HTTP services of the example share: their server, and how long it runs.
 */
import { createServer } from "node:http"
import * as HttpServer from "@effect/platform/HttpServer"
import { NodeHttpServer } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { HistoryRenderer } from "effect-narrative/history"
import { historyFile, ready, released } from "./service.js"

const listening = Layer.effectDiscard(
  HttpServer.addressWith((address) => Effect.sync(() => ready(address._tag === "TcpAddress" ? address.port : 0)))
)

type Platform = Layer.Layer.Success<ReturnType<typeof NodeHttpServer.layer>>

/** Serves until whoever started the process lets go of it. */
export const serve = <E>(app: Layer.Layer<never, E, Platform>): Promise<void> =>
  Layer.merge(app, listening).pipe(
    Layer.provide(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })),
    Layer.provide(HistoryRenderer.layer({ path: historyFile })),
    Layer.build,
    Effect.zipRight(Effect.promise(() => released)),
    Effect.scoped,
    Effect.runPromise
  )
