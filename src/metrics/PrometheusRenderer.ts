/**
 * Metrics for Prometheus to fetch, in whichever of its two texts it asks for, without any package for that.
 *
 * @since 0.1.0
 */
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { InvalidOption } from "../plain/InvalidOption.js"
import * as options from "../plain/options.js"
import * as closingServer from "../runtime/closingServer.js"
import { defaultPrefix } from "./Instruments.js"
import * as NarrativeMetrics from "./NarrativeMetrics.js"
import * as prometheusText from "./prometheusText.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface TextOptions {
  /**
   * `all` metrics of Effect in this process, the program's own and the runtime's among them (default), or those of the
   * `narrative`: whose names begin with `prefix`.
   */
  readonly include?: "all" | "narrative" | undefined
  /** As in `NarrativeMetrics` (default `narrative`). */
  readonly prefix?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface PrometheusOptions extends NarrativeMetrics.MetricsOptions, TextOptions {
  /** Where it is served (default `/metrics`). */
  readonly path?: `/${string}` | undefined
}

/**
 * Makes metrics of everything the layer is provided to, as `NarrativeMetrics.layer` does, and serves them. Any other
 * path is answered with 404; a scrape is neither traced nor logged.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http"
 * import { NodeHttpServer } from "@effect/platform-node"
 * import { Layer } from "effect"
 * import { PrometheusRenderer } from "effect-narrative"
 *
 * export const Metrics = PrometheusRenderer.layer().pipe(Layer.provide(NodeHttpServer.layer(createServer, { port: 9464 })))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (settings: PrometheusOptions = {}): Layer.Layer<never, InvalidOption, HttpServer.HttpServer> =>
  Layer.unwrapEffect(
    Effect.map(decode(settings), ({ path }) =>
      Layer.merge(
        NarrativeMetrics.layer(settings),
        // Traces of scrapes would only hide the others.
        HttpServer.serve(HttpRouter.empty.pipe(HttpRouter.get(path, handler(settings)))).pipe(
          HttpMiddleware.withTracerDisabledWhen(constTrue),
          Layer.provide(closing)
        )
      )
    )
  )

const closing = Layer.scopedDiscard(Effect.flatMap(HttpServer.HttpServer, ({ address }) => closingServer.make(address)))

const Served = Schema.Struct({
  include: Schema.optional(options.oneOf("all", "narrative")),
  path: options.withDefault(
    Schema.TemplateLiteral("/", Schema.String).pipe(
      Schema.pattern(/^\/[\w./~-]*$/),
      options.takes("a path: / and then letters, digits, . _ ~ - and /")
    ),
    "/metrics"
  )
})

const decode = options.decode("PrometheusRenderer", Served)

/**
 * Adds `GET /metrics`, or another path, to a router of yours. The metrics come from `NarrativeMetrics.layer`.
 *
 * @example
 * ```ts
 * import { HttpRouter, HttpServerResponse } from "@effect/platform"
 * import { PrometheusRenderer } from "effect-narrative"
 *
 * export const router = HttpRouter.empty.pipe(
 *   HttpRouter.get("/health", HttpServerResponse.text("ok")),
 *   PrometheusRenderer.route()
 * )
 * ```
 *
 * @since 0.1.0
 * @category serving
 */
export const route =
  (settings: TextOptions & Pick<PrometheusOptions, "path"> = {}) =>
  <E, R>(router: HttpRouter.HttpRouter<E, R>): HttpRouter.HttpRouter<E, R> =>
    HttpRouter.get(router, settings.path ?? "/metrics", handler(settings))

const handler = (
  settings: TextOptions
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest> =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers }) => {
    const format = wanted(headers["accept"] ?? "")
    return Effect.map(text(format, settings), (body) =>
      HttpServerResponse.text(body, { contentType: prometheusText.contentTypes[format] })
    )
  })

/**
 * The metrics as text: `prometheus` is Prometheus's own, 0.0.4; `openmetrics` is OpenMetrics 1.0, which has units, and
 * for each bucket of our histograms the trace of the last value in it.
 *
 * @since 0.1.0
 * @category serving
 */
export const text = (format: "prometheus" | "openmetrics", settings: TextOptions = {}): Effect.Effect<string> => {
  const own = `${settings.prefix ?? defaultPrefix}.`
  const isShown = settings.include === "narrative" ? (name: string) => name.startsWith(own) : constTrue
  return Effect.zipRight(NarrativeMetrics.poll, prometheusText.render(format, isShown))
}

/** What an `Accept` header likes best, of the two. */
const wanted = (accept: string): prometheusText.Format => {
  let best: { readonly format: prometheusText.Format; readonly weight: number } = { format: "prometheus", weight: 0 }
  for (const range of accept.split(",")) {
    const [type, ...parameters] = range.split(";").map((part) => part.trim().toLowerCase())
    const parameter = (name: string) => parameters.find((text) => text.startsWith(`${name}=`))?.slice(name.length + 1)
    const weight = Number(parameter("q") ?? 1)
    const isOpen = type === "application/openmetrics-text" && (parameter("version") ?? "1.0.0") === "1.0.0"
    if (!isOpen && type !== "text/plain") continue
    if (weight > best.weight) best = { format: isOpen ? "openmetrics" : "prometheus", weight }
  }
  return best.format
}
