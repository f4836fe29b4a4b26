/**
 * The page on which people look at runs and stories, with the HTTP API that it asks.
 *
 * @since 0.1.0
 */
import type * as HttpServer from "@effect/platform/HttpServer"
import type * as Layer from "effect/Layer"
import type { InvalidOption } from "../plain/InvalidOption.js"
import * as RunServer from "../server/RunServer.js"
import { pages } from "./pages.js"

/**
 * Serves the dashboard, and the API of `RunServer.layer`, by the program's `HttpServer`. The options are those of
 * `RunServer.layer`; a server that others can reach has to have a `token`, for which the page asks.
 *
 * Nothing is loaded from outside, and no file of the machine is served.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http"
 * import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
 * import { Layer } from "effect"
 * import { Dashboard } from "effect-narrative/dashboard"
 *
 * const Server = Dashboard.layer({ baseDir: ".telemetry" }).pipe(
 *   Layer.provide(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 8765 }))
 * )
 *
 * Layer.launch(Server).pipe(NodeRuntime.runMain)
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: RunServer.ServerOptions = {}
): Layer.Layer<never, InvalidOption, HttpServer.HttpServer> => RunServer.layerWithPages(options, pages)
