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
import * as Either from "effect/Either"
import { constTrue } from "effect/Function"
import * as Layer from "effect/Layer"
import { defaultPrefix } from "./Instruments.js"
import * as NarrativeMetrics from "./NarrativeMetrics.js"
import * as prometheusText from "./prometheusText.js"

/**
 * - `include`: `all` metrics of Effect in this process, the program's own and the runtime's among them (default), or
 *   those of the `narrative`: whose names begin with `prefix`.
 * - `prefix`: as in `NarrativeMetrics` (default `narrative`).
 *
 * @since 0.1.0
 * @category models
 */
export interface TextOptions {
  readonly include?: "all" | "narrative" | undefined
  readonly prefix?: string | undefined
}

/**
 * - `path`: where it is served (default `/metrics`).
 *
 * @since 0.1.0
 * @category models
 */
export interface PrometheusOptions extends NarrativeMetrics.MetricsOptions, TextOptions {
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
export const layer = (
  options: PrometheusOptions = {}
): Layer.Layer<never, NarrativeMetrics.InvalidMetricsOption, HttpServer.HttpServer> =>
  Layer.unwrapEffect(
    Effect.map(validated(options), (path) =>
      Layer.merge(
        NarrativeMetrics.layer(options),
        // Traces of scrapes would only hide the others.
        HttpServer.serve(HttpRouter.empty.pipe(HttpRouter.get(path, handler(options)))).pipe(
          HttpMiddleware.withTracerDisabledWhen(constTrue)
        )
      )
    )
  )

const validated = ({
  include = "all",
  path = "/metrics"
}: PrometheusOptions): Either.Either<HttpRouter.PathInput, NarrativeMetrics.InvalidMetricsOption> => {
  const invalid = (setting: "include" | "path", value: unknown, reason: string) =>
    Either.left(new NarrativeMetrics.InvalidMetricsOption({ setting, value: String(value), reason }))
  if (include !== "all" && include !== "narrative") return invalid("include", include, "it has to be all or narrative")
  return typeof path === "string" && /^\/[\w./~-]*$/.test(path)
    ? Either.right(path)
    : invalid("path", path, "it has to begin with / and to be letters, digits, . _ ~ - and /")
}

/**
 * Adds `GET /metrics`, or another path, to a router that is there already. What is told there is counted by
 * `NarrativeMetrics.layer`.
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
  (options: TextOptions & Pick<PrometheusOptions, "path"> = {}) =>
  <E, R>(router: HttpRouter.HttpRouter<E, R>): HttpRouter.HttpRouter<E, R> =>
    HttpRouter.get(router, options.path ?? "/metrics", handler(options))

const handler = (
  options: TextOptions
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest> =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers }) => {
    const format = wanted(headers["accept"] ?? "")
    return Effect.map(text(format, options), (body) =>
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
export const text = (format: "prometheus" | "openmetrics", options: TextOptions = {}): Effect.Effect<string> => {
  const own = `${options.prefix ?? defaultPrefix}.`
  const isShown = options.include === "narrative" ? (name: string) => name.startsWith(own) : constTrue
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
