/**
 * A server that runs are posted to: of the library, or one that reads the body and keeps nothing. A process of its own; its parent
 * is sent the port, and keeps it alive.
 */
import { createServer } from "node:http"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Context, Effect, Layer } from "effect"
import { RunServer } from "../../dist/server/index.js"

const [variant, baseDir] = process.argv.slice(2)

const bare = HttpServer.serve(
  HttpRouter.empty.pipe(
    HttpRouter.post(
      "/api/v1/runs",
      Effect.flatMap(
        Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => request.json),
        ({ event_id, run_id }) => HttpServerResponse.json({ status: "created", event_id, run_id }, { status: 201 })
      )
    )
  )
)

const served = variant === "bare" ? bare : RunServer.layer({ baseDir })

process.once("disconnect", () => process.exit(0))

await Effect.runPromise(
  Effect.scoped(
    Effect.gen(function* () {
      const http = NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })
      const context = yield* Layer.build(Layer.provideMerge(served, http))
      process.send(Context.get(context, HttpServer.HttpServer).address.port)
      return yield* Effect.never
    })
  )
)
