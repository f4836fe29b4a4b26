/**
 * Stories of the requests that a server of `@effect/platform` answers, and stages of those that its client sends.
 *
 * A story begins when a request arrives and ends when its response has been sent, streams included. It is named by method and
 * route, takes over who asked from the headers, and never changes the response.
 *
 * @since 0.1.0
 */

import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { HttpServerRequest } from "@effect/platform/HttpServerRequest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { definedBy } from "../../diagnostics/source/callSite.js"
import { storyInit } from "../../narration/combinators.js"
import { idIn } from "../../narration/storyRegion.js"
import type { InvalidOption } from "../../plain/InvalidOption.js"
import { decodeOrThrow, flag, functionOf, like, withDefault } from "../../plain/options.js"
import { attempt } from "../../plain/untrusted.js"
import { withFiber } from "../../runtime/fiber.js"
import { isEnabled } from "../../runtime/muting.js"
import { askerOf, pathOf } from "../incoming.js"
import * as clientStage from "./clientStage.js"
import * as requestStory from "./requestStory.js"
import * as routing from "./routes.js"

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  Routes
} from "./routes.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface ServerOptions {
  /**
   * Where the routes are known from: the `HttpRouter` or the `HttpApi` that is served, or texts such as `GET /orders/:id`. Stories
   * are named by them. Without, and for a request that no route is for, a story is named by its method alone.
   */
  readonly routes?: routing.Routes | undefined
  /**
   * Another name. Keep the names few, since they are labels of metrics; the path is an attribute already. It is given the path of the
   * route, if there is one.
   */
  readonly naming?: ((request: HttpServerRequest, route: string | undefined) => string) | undefined
  /** Requests that get no story, such as health checks. */
  readonly skip?: ((request: HttpServerRequest) => boolean) | undefined
  /**
   * Whether the headers are believed that say who asks (default `true`). With `false`, for a server that anyone can reach, each request
   * begins a correlation of its own; the trace is Effect's business. A request without an id has that of its story.
   */
  readonly trustHeaders?: boolean | undefined
}

/**
 * A middleware that gives each request a story, for `HttpServer.serve`, `HttpApiBuilder.serve`, `HttpApp.toWebHandler` and the like.
 *
 * The story's outcome is the status of the response. Below 500 it is a success, whatever error the status is for; with 500 and above
 * and with a defect it failed; it is cancelled when the client went away or the server stopped.
 *
 * Throws {@link InvalidOption} for what is no route, no function or no flag.
 *
 * @example
 * ```ts
 * import * as HttpRouter from "@effect/platform/HttpRouter"
 * import * as HttpServer from "@effect/platform/HttpServer"
 * import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
 * import { Narrative } from "effect-narrative"
 * import { NarrativeHttp } from "effect-narrative/http"
 *
 * const router = HttpRouter.empty.pipe(
 *   HttpRouter.get("/orders/:id", HttpServerResponse.json({ ok: true }).pipe(Narrative.stage("Load Order")))
 * )
 *
 * export const Server = router.pipe(HttpServer.serve(NarrativeHttp.middleware({ routes: router })))
 * ```
 *
 * @since 0.1.0
 * @category server
 */
export const middleware = (
  options: ServerOptions = {}
): (<E, R>(app: HttpApp.Default<E, R>) => HttpApp.Default<E, R>) => {
  const definedAt = definedBy(middleware)
  const { naming, routes, skip, trustHeaders } = decodeServer(options)
  const find = routes === undefined ? Effect.succeed(undefined) : routing.find(routes)
  return <E, R>(app: HttpApp.Default<E, R>) =>
    withFiber<HttpServerResponseOf<typeof app>, E, R | HttpServerRequest>((fiber) => {
      const request = Context.unsafeGet(fiber.currentContext as Context.Context<HttpServerRequest>, HttpServerRequest)
      if (!isEnabled(fiber) || (skip !== undefined && attempt(() => skip(request) === true, false))) return app
      return Effect.flatMap(find, (route) => {
        const given = naming && attempt(() => naming(request, route), undefined)
        const name = given ?? (route === undefined ? request.method : `${request.method} ${route}`)
        const id = idIn(fiber)
        const story = storyInit(name, { id, kind: "request", attributes: attributesOf(request, route) }, definedAt)
        return requestStory.run(app, story, askerOf(request.headers, trustHeaders, id))
      })
    })
}

const decodeServer = decodeOrThrow(
  "NarrativeHttp",
  Schema.Struct({
    routes: Schema.optional(like(routing.isRoutes, 'an HttpRouter, an HttpApi, or texts such as "GET /orders/:id"')),
    naming: Schema.optional(functionOf<NonNullable<ServerOptions["naming"]>>("a function of a request and its route")),
    skip: Schema.optional(functionOf<NonNullable<ServerOptions["skip"]>>("a function of a request")),
    trustHeaders: withDefault(flag, true)
  })
)

type HttpServerResponseOf<App> = App extends Effect.Effect<infer A, infer _E, infer _R> ? A : never

const attributesOf = (request: HttpServerRequest, route: string | undefined): Record<string, unknown> => {
  const path = pathOf(request.url)
  return route === undefined
    ? { "http.request.method": request.method, "url.path": path }
    : { "http.request.method": request.method, "url.path": path, "http.route": route }
}

/**
 * @since 0.1.0
 * @category models
 */
export interface ClientOptions {
  /**
   * The origins that get the correlation, such as `https://stock.example.com`: see `Correlation.propagate`. Any other gets only the
   * `traceparent` that Effect's client sends.
   */
  readonly propagateTo?: ReadonlyArray<string | URL> | undefined
  /** Another name (default: the method and the host). Keep the names few, since they are labels of metrics. */
  readonly naming?: ((request: HttpClientRequest.HttpClientRequest) => string) | undefined
}

/**
 * A client each of whose requests is a stage of the kind `http-client`, with the status as an attribute. Where correlation is sent, the
 * stage's span takes the place of the one that Effect's client makes, so that what the service does is inside it.
 *
 * Throws {@link InvalidOption} for what is no origin.
 *
 * @since 0.1.0
 * @category client
 */
export const client = (
  options: ClientOptions = {}
): (<E, R>(client: HttpClient.HttpClient.With<E, R>) => HttpClient.HttpClient.With<E, R>) =>
  clientStage.make(decodeClient(options), definedBy(client))

const isOrigins = (value: unknown): value is NonNullable<ClientOptions["propagateTo"]> => Array.isArray(value)

const decodeClient = decodeOrThrow(
  "NarrativeHttp",
  Schema.Struct({
    propagateTo: Schema.optional(like(isOrigins, "a list of origins, such as https://stock.example.com")),
    naming: Schema.optional(functionOf<NonNullable<ClientOptions["naming"]>>("a function of a request"))
  })
)

/**
 * The same for the `HttpClient` of everything the layer is provided to.
 *
 * @since 0.1.0
 * @category client
 */
export const layerClient = (
  options: ClientOptions = {}
): Layer.Layer<HttpClient.HttpClient, never, HttpClient.HttpClient> => {
  const narrated = client(options)
  return Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, narrated))
}
