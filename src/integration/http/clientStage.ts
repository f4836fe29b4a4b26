/**
 * A stage for each request of a client.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientRequest } from "@effect/platform/HttpClientRequest"
import type { HttpClientResponse } from "@effect/platform/HttpClientResponse"
import * as UrlParams from "@effect/platform/UrlParams"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { constTrue } from "effect/Function"
import type { DefinedAt } from "../../diagnostics/source/callSite.js"
import { stageInit } from "../../narration/combinators.js"
import { annotate } from "../../narration/recording.js"
import * as stageRegion from "../../narration/stageRegion.js"
import { attempt } from "../../plain/untrusted.js"
import { withFiber } from "../../runtime/fiber.js"
import { isEnabled } from "../../runtime/muting.js"
import * as Correlation from "../../tracing/Correlation.js"

interface Options {
  readonly propagateTo?: ReadonlyArray<string | URL> | undefined
  readonly naming?: ((request: HttpClientRequest) => string) | undefined
}

/** What every client of 3.22 has and its type leaves out: what it does to a request, and with the result. */
interface Parts<E, R> {
  readonly preprocess: HttpClient.HttpClient.Preprocess<E, R>
  readonly postprocess: HttpClient.HttpClient.Postprocess<E, R>
}

export const make = (
  { naming, propagateTo = [] }: Options,
  definedAt: DefinedAt
): (<E, R>(client: HttpClient.HttpClient.With<E, R>) => HttpClient.HttpClient.With<E, R>) => {
  const propagate = Correlation.propagate({ to: propagateTo })
  const origins = new Set(propagateTo.map((origin) => new URL(origin).origin))
  return <E, R>(client: HttpClient.HttpClient.With<E, R>) => {
    // A stage is named by the request that is sent, and its span is in the headers: it begins between the two.
    const { postprocess, preprocess } = client as unknown as Parts<E, R>
    const sender = propagate(HttpClient.makeWith<E, R, E, R>(postprocess, Effect.succeed))
    const send = (request: HttpClientRequest) =>
      withFiber<HttpClientResponse, E, R>((fiber) => {
        if (!isEnabled(fiber)) return sender.execute(request)
        const url = Either.getOrUndefined(UrlParams.makeUrl(request.url, request.urlParams, request.hash))
        const name = attempt(() => naming?.(request), undefined) ?? `${request.method} ${url?.host ?? "(invalid URL)"}`
        const attributes = { "http.request.method": request.method, "url.full": url?.href ?? request.url }
        const sent = Effect.tap(sender.execute(request), ({ status }) => annotate("http.response.status_code", status))
        return stageRegion.run(
          // The span that a service finds in the headers is then that of the stage, and there is one of each request.
          url !== undefined && origins.has(url.origin)
            ? Effect.locally(sent, HttpClient.currentTracerDisabledWhen, constTrue)
            : sent,
          stageInit<HttpClientResponse>(name, { kind: "http-client", attributes }, definedAt)
        )
      })
    return HttpClient.makeWith<E, R, E, R>((request) => Effect.flatMap(request, send), preprocess)
  }
}
