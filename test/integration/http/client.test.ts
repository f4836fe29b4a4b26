import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpRouter from "@effect/platform/HttpRouter"
import { HttpServerRequest } from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Correlation, InvalidOption, Narrative } from "../../../src/index.js"
import { NarrativeHttp } from "../../../src/integration/http/index.js"
import { recorder, serve } from "./servers.js"

const echo = HttpRouter.empty.pipe(
  HttpRouter.get(
    "/echo",
    Effect.flatMap(HttpServerRequest, ({ headers }) => HttpServerResponse.json(headers))
  ),
  HttpRouter.get("/none", HttpServerResponse.empty({ status: 404 }))
)

type Sent = Readonly<Record<string, string>>

describe("A request of a client", () => {
  it.scopedLive("is a stage, in which what the service does is", () =>
    Effect.gen(function* () {
      const { afterStories, events, layer } = recorder()
      const url = yield* serve(echo, NarrativeHttp.middleware({ routes: echo }), layer)
      const asking = Effect.gen(function* () {
        const client = (yield* HttpClient.HttpClient).pipe(
          HttpClient.mapRequest(HttpClientRequest.prependUrl(url)),
          NarrativeHttp.client({ propagateTo: [url] })
        )
        const answer = yield* client.get("/echo?token=hunter2222")
        return (yield* answer.json) as Sent
      }).pipe(Narrative.story("Ask"), Correlation.with({ requestId: "r-1", tenant: "Fjord Tea" }))
      const sent = yield* asking.pipe(Effect.provide(layer))
      const stage = events.find((event) => event._tag === "StageCompleted") ?? assert.fail("no stage")
      assert.deepInclude(stage, { stageName: `GET ${new URL(url).host}`, kind: "http-client" })
      assert.deepInclude(stage.attributes, { "http.request.method": "GET", "http.response.status_code": 200 })
      assert.notInclude(JSON.stringify(stage.attributes), "hunter2222")
      assert.strictEqual(sent.traceparent, `00-${stage.traceId}-${stage.spanId}-01`)
      assert.strictEqual(sent["x-request-id"], "r-1")
      const served = (yield* afterStories(2)).find(({ storyName }) => storyName === "GET /echo")
      assert.isNotNull(stage.traceId)
      assert.strictEqual(served?.traceId, stage.traceId)
      assert.deepInclude(served?.correlation, { spanId: stage.spanId ?? "", requestId: "r-1", tenant: "Fjord Tea" })
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )

  it.scopedLive("gives who asked to no other origin, which has the trace that Effect sends", () =>
    Effect.gen(function* () {
      const { events, layer } = recorder()
      const url = yield* serve(echo)
      const program = Effect.gen(function* () {
        const client = yield* HttpClient.HttpClient
        const sent = (yield* (yield* client.get(`${url}/echo`)).json) as Sent
        assert.isUndefined(sent["x-request-id"])
        assert.match(sent.traceparent ?? "", /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
        const untraced = (yield* (yield* client.pipe(HttpClient.withTracerPropagation(false)).get(`${url}/echo`))
          .json) as Sent
        assert.isUndefined(untraced.traceparent)
        const { status } = yield* client.get(`${url}/none`)
        assert.strictEqual(status, 404)
        yield* client.get("http://127.0.0.1:1/refused").pipe(Effect.exit)
      })
      yield* program.pipe(
        Narrative.story("Ask"),
        Correlation.with({ requestId: "r-1" }),
        Effect.provide(
          Layer.provideMerge(
            NarrativeHttp.layerClient({ naming: ({ url }) => new URL(url).pathname, propagateTo: ["https://a.test"] }),
            layer
          )
        )
      )
      assert.deepStrictEqual(
        events.flatMap((event) =>
          event._tag === "StageCompleted" || event._tag === "StageFailed" ? [[event.stageName, event._tag]] : []
        ),
        [
          ["/echo", "StageCompleted"],
          ["/echo", "StageCompleted"],
          ["/none", "StageCompleted"],
          ["/refused", "StageFailed"]
        ]
      )
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )

  it("does not take what is no origin", () => {
    assert.throws(() => NarrativeHttp.client({ propagateTo: ["a.test"] }), InvalidOption.InvalidOption)
  })
})
