/**
 * The shop: an `HttpApi` that asks the stock, and sends a payment on its way.
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpClient from "@effect/platform/HttpClient"
import { Effect, Layer, Schema } from "effect"
import { Narrative } from "effect-narrative"
import { NarrativeHttp } from "effect-narrative/http"
import { serve } from "./httpService.js"
import { portOf } from "./service.js"

class SoldOut extends Schema.TaggedError<SoldOut>()("SoldOut", { item: Schema.String }) {}

const Order = Schema.Struct({ item: Schema.String })

const api = HttpApi.make("shop").add(
  HttpApiGroup.make("orders").add(
    HttpApiEndpoint.post("create", "/orders")
      .setPayload(Order)
      .addSuccess(Order, { status: 202 })
      .addError(SoldOut, { status: 409 })
  )
)

const stock = `http://127.0.0.1:${portOf("STOCK")}`
const payments = `http://127.0.0.1:${portOf("PAYMENTS")}`

const Orders = HttpApiBuilder.group(api, "orders", (handlers) =>
  Effect.map(HttpClient.HttpClient, (client) =>
    handlers.handle("create", ({ payload }) =>
      Effect.gen(function* () {
        const response = yield* client.get(`${stock}/items/${payload.item}`)
        const { count } = (yield* response.json) as { readonly count: number }
        if (count === 0) return yield* new SoldOut({ item: payload.item })
        yield* client.post(`${payments}/payments`).pipe(Narrative.stage("Pay"))
        return payload
      }).pipe(Effect.catchTags({ RequestError: Effect.die, ResponseError: Effect.die }))
    )
  )
).pipe(
  Layer.provide(NarrativeHttp.layerClient({ propagateTo: [stock, payments] })),
  Layer.provide(FetchHttpClient.layer)
)

const Server = HttpApiBuilder.serve(NarrativeHttp.middleware({ routes: api })).pipe(
  Layer.provide(HttpApiBuilder.api(api)),
  Layer.provide(Orders)
)

await serve(Server)
process.exit()
