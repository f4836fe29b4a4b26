/**
 * What a request costs that is a story, beside the span that Effect's server makes of every request; and what headers cost that come
 * from anyone.
 *
 *     npm run bench -- http
 */
import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Layer } from "effect"
import { Correlation, NarrativeHttp, Renderer } from "./library.js"
import type { Case, Group } from "./rounds.js"

const requests = 200

const router = HttpRouter.empty.pipe(HttpRouter.get("/orders/:id", HttpServerResponse.unsafeJson({ ok: true })))

const headers = { "x-request-id": "r-1", traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" }

let answered = 0
let events = 0

const one = (name: string, layer: Layer.Layer<never>, middleware?: HttpMiddleware.HttpMiddleware): Case => {
  const { handler } = HttpApp.toWebHandlerLayer(router, layer, middleware === undefined ? {} : { middleware })
  return {
    name,
    run: async () => {
      for (let i = 0; i < requests; i++) {
        const response = await handler(new Request(`http://localhost/orders/${i}`, { headers }))
        if (response.ok) answered += 1
      }
    }
  }
}

const counting = Renderer.replace(
  Renderer.make("counting", () => {
    events += 1
  })
)

const bare = "no span"
const traced = "HttpMiddleware.tracer"
const narrated = NarrativeHttp.middleware({ routes: router })

const kilobytes = (text: string): string => text.repeat(Math.ceil(1_000_000 / text.length))
const pairs = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`x-baggage-k${i}`, "1"]))

let read = 0
const reading = (name: string, given: Parameters<typeof Correlation.fromHeaders>[0]): Case => ({
  name,
  run: () => {
    for (let i = 0; i < 20; i++) read += Object.keys(Correlation.fromHeaders(given)).length + 1
  }
})

const hostile: ReadonlyArray<Case> = [
  reading("baggage of 1 MB, well formed", { baggage: kilobytes("key=value,") }),
  reading("baggage of 1 MB, commas", { baggage: kilobytes(",") }),
  reading("baggage of 1 MB, percent signs", { baggage: kilobytes("%") }),
  reading("traceparent and tracestate of 1 MB", { traceparent: kilobytes("0"), tracestate: kilobytes("a=1,") }),
  reading("10,000 headers of baggage", pairs)
]

export const groups: ReadonlyArray<Group> = [
  {
    title: "A request that is a story",
    text: "200 requests to a web handler of `@effect/platform`, one after the other, each of them for one route of a router. The span that Effect's server makes is there in all cases but the first.",
    command: "npm run bench -- http",
    per: requests,
    rounds: 31,
    cases: [
      one(
        bare,
        HttpMiddleware.withTracerDisabledWhen(Layer.empty, () => true)
      ),
      one(traced, Layer.empty),
      one("the same and NarrativeHttp, no renderer", Renderer.layerNone, narrated),
      one("the same and NarrativeHttp, one renderer", counting, narrated)
    ],
    rows: [
      { name: bare },
      { name: traced, against: bare },
      { name: "the same and NarrativeHttp, no renderer", against: traced },
      { name: "the same and NarrativeHttp, one renderer", against: traced }
    ]
  },
  {
    title: "Headers that come from anyone",
    text: "`Correlation.fromHeaders` of a request that is meant to cost as much as it can.",
    command: "npm run bench -- http",
    per: 20,
    rounds: 31,
    cases: [
      reading("a usual request", { ...headers, host: "a.test", accept: "*/*", baggage: "region=eu" }),
      ...hostile
    ],
    rows: [{ name: "a usual request" }, ...hostile.map(({ name }) => ({ name, atMostMicros: 5_000 }))]
  }
]

/** Whether requests were answered, stories made, and headers read. */
export const witnesses = () => [answered, events, read]
