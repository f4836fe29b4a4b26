/**
 * The stock: an `HttpRouter`.
 */
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Effect } from "effect"
import { Narrative } from "effect-narrative"
import { NarrativeHttp } from "effect-narrative/http"
import { serve } from "./httpService.js"

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

await serve(router.pipe(HttpServer.serve(NarrativeHttp.middleware({ routes: router }))))
process.exit()
