/**
 * The stock: an `HttpRouter`.
 */
import { createServer } from "node:http"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { NodeHttpServer } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { Narrative } from "effect-narrative"
import { HistoryRenderer } from "effect-narrative/history"
import { NarrativeHttp } from "effect-narrative/http"
import { historyFile, ready, released } from "./service.js"

const router = HttpRouter.empty.pipe(
  HttpRouter.get(
    "/items/:item",
    Effect.gen(function* () {
      const { item } = yield* HttpRouter.params
      const count = yield* Effect.succeed(7).pipe(Narrative.stage("Count Items"))
      return yield* HttpServerResponse.json({ item, count })
    })
  )
)

const Server = router.pipe(
  HttpServer.serve(NarrativeHttp.middleware({ routes: router })),
  Layer.merge(
    Layer.effectDiscard(
      HttpServer.addressWith((address) => Effect.sync(() => ready(address._tag === "TcpAddress" ? address.port : 0)))
    )
  ),
  Layer.provide(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })),
  Layer.provide(HistoryRenderer.layer({ path: historyFile }))
)

await Effect.runPromise(Layer.build(Server).pipe(Effect.zipRight(Effect.promise(() => released)), Effect.scoped))
process.exit()
