/**
 * The HTTP API of runs: programs in any language create, query and correct them.
 *
 * @since 0.1.0
 */
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"
import * as Layer from "effect/Layer"
import { InvalidOption } from "../plain/InvalidOption.js"
import * as closingServer from "../runtime/closingServer.js"
import { withoutNarration } from "../runtime/muting.js"
import { warning } from "../runtime/warnOnce.js"
import { ofRefusal, Refusal } from "./answers.js"
import * as apiPage from "./apiPage.js"
import * as archive from "./archive.js"
import * as bulkApi from "./bulkApi.js"
import * as bulkJobs from "./bulkJobs.js"
import * as compareApi from "./compareApi.js"
import { drained } from "./drain.js"
import * as eventsApi from "./eventsApi.js"
import * as exportApi from "./exportApi.js"
import * as failuresApi from "./failuresApi.js"
import * as guard from "./guard.js"
import * as liveApi from "./liveApi.js"
import * as pages from "./pages.js"
import { jsonBody } from "./requestBody.js"
import * as routes from "./routes.js"
import * as runDatabase from "./runDatabase.js"
import * as runsApi from "./runsApi.js"
import * as runWrites from "./runWrites.js"
import * as settings from "./settings.js"
import * as stateApi from "./stateApi.js"
import * as storiesApi from "./storiesApi.js"
import * as sweeper from "./sweeper.js"
import * as writesApi from "./writesApi.js"

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  ServerOptions
} from "./settings.js"

/**
 * Serves the runs of a folder, or of a schema of PostgreSQL, by the program's `HttpServer`. A run is answered with 201 when it is on the
 * disk, or committed.
 *
 * A server that others can reach has to have a `token`; without one it is refused, unless it listens on this machine's loopback.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http"
 * import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
 * import { Layer } from "effect"
 * import { RunServer } from "effect-narrative/server"
 *
 * const Server = RunServer.layer({ baseDir: ".telemetry" }).pipe(
 *   Layer.provide(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 8765 }))
 * )
 *
 * Layer.launch(Server).pipe(NodeRuntime.runMain)
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: settings.ServerOptions = {}): Layer.Layer<never, InvalidOption, HttpServer.HttpServer> =>
  layerWithPages(options, pages.none)

/**
 * The same with pages of ours at other paths.
 *
 * @internal
 */
export const layerWithPages = (
  options: settings.ServerOptions,
  shown: pages.Pages
): Layer.Layer<never, InvalidOption, HttpServer.HttpServer> =>
  Layer.scopedDiscard(
    Effect.gen(function* () {
      const decoded = yield* settings.decode(options)
      const given = settings.settingsOf(decoded)
      const { address } = yield* HttpServer.HttpServer
      if (given.token === undefined && address._tag === "TcpAddress" && !isLoopback(address.hostname)) {
        return yield* new InvalidOption({
          module: "RunServer",
          setting: "token",
          expected: `a token, since the server listens on ${address.hostname}, where others can reach it`,
          advice: "Give one, or listen on 127.0.0.1"
        })
      }
      yield* closingServer.make(address)
      // Before what it needs, so that a request which comes while that is closed is answered, too.
      const ready = yield* Deferred.make<HttpApp.Default>()
      yield* HttpServer.serveEffect(withoutNarration(Effect.flatten(Deferred.await(ready)))).pipe(
        // Requests of telemetry are no part of what is observed.
        Effect.locally(HttpMiddleware.currentTracerDisabledWhen, constTrue)
      )
      const database = yield* runDatabase.open(decoded)
      const { opened, source } = database
      yield* sweeper.make(opened, decoded)
      const history = yield* archive.make(source)
      const events = yield* eventsApi.make(history)
      const writes = runWrites.make(opened)
      const bulk = bulkApi.make(opened, yield* bulkJobs.make(writes))
      yield* Deferred.succeed(ready, yield* drained(app({ database, writes, bulk, history, events, given, shown })))
    })
  )

const isLoopback = (hostname: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|::1|\[::1\])$/.test(hostname)

/** What requests are answered with. */
interface Served {
  readonly database: runDatabase.RunDatabase
  readonly writes: runWrites.RunWrites
  readonly bulk: bulkApi.BulkApi
  readonly history: archive.Archive
  readonly events: eventsApi.EventsApi
  readonly given: settings.Settings
  readonly shown: pages.Pages
}

/** @internal */
export const app = ({ bulk, database, events, given, history, shown, writes: changing }: Served): HttpApp.Default => {
  const { opened } = database
  const runs = runsApi.make(database, changing)
  const writes = writesApi.make(opened)
  const state = stateApi.make(database)
  const stories = storiesApi.make(history)
  const failures = failuresApi.make(history)
  const compared = compareApi.make(opened, history)
  const check = guard.make(given)
  const body = jsonBody(given.maxBodyBytes)
  const param = (name: string) => Effect.map(HttpRouter.params, (params) => params[name] ?? "")
  const [eventId, storyId] = [param("event_id"), param("story_id")]
  const query = HttpServerRequest.ParsedSearchParams
  const router = routes.make({
    service: {
      health: state.health,
      metrics: Effect.flatMap(header("accept"), (accept) => state.metrics(accept ?? "")),
      metadata: state.metadata
    },
    runs: {
      create: Effect.flatMap(body, runs.create),
      createMany: Effect.flatMap(body, (all) => runs.createMany(all, given.maxBatch)),
      list: Effect.flatMap(query, runs.list),
      count: Effect.flatMap(query, runs.count),
      export: Effect.flatMap(query, exportApi.make(opened)),
      analytics: Effect.flatMap(query, runs.analytics),
      show: Effect.flatMap(eventId, runs.show),
      change: Effect.flatMap(Effect.all([eventId, body, header("if-match")]), ([id, changes, tag]) =>
        runs.patch(id, changes, tag)
      ),
      associateCommit: Effect.flatMap(Effect.all([eventId, body]), ([id, commit]) => runs.associateCommit(id, commit)),
      commitUrl: Effect.flatMap(eventId, runs.commitUrl),
      repositoryUrl: Effect.flatMap(eventId, runs.repositoryUrl),
      events: Effect.flatMap(query, writes.events),
      write: Effect.flatMap(body, (all) => writes.write(all, given.maxBatch))
    },
    bulk: bulkApi.endpoints(bulk, body),
    stories: {
      list: Effect.flatMap(query, stories.list),
      show: Effect.flatMap(storyId, stories.show),
      report: Effect.flatMap(storyId, stories.report),
      stats: Effect.flatMap(query, stories.stats),
      live: Effect.flatMap(query, liveApi.make(opened, history)),
      events: Effect.flatMap(query, events),
      compare: Effect.flatMap(query, compared.each),
      compareGroups: Effect.flatMap(query, compared.groups)
    },
    failures: {
      list: Effect.flatMap(query, failures.list),
      groups: Effect.flatMap(query, failures.groups)
    }
  })
  const answer = Effect.flatMap(pageOf(shown), (page) =>
    page === undefined ? Effect.zipRight(check.caller, router) : Effect.succeed(page)
  )
  return Effect.zipRight(check.host, answer).pipe(
    Effect.catchTags({
      Refusal: (refusal) => Effect.succeed(ofRefusal(refusal)),
      RouteNotFound: ({ request }) => Effect.succeed(ofRefusal(routes.noRoute(request.method, request.url)))
    }),
    Effect.catchAllDefect((defect) => Effect.as(warning(`A request of runs failed: ${String(defect)}`), failed))
  )
}

const pageOf = (shown: pages.Pages) =>
  Effect.map(HttpServerRequest.HttpServerRequest, ({ headers, method, url }) => {
    if (method !== "GET" && method !== "HEAD") return undefined
    const path = url.split("?", 1)[0] ?? ""
    return apiPage.at(path) ?? shown.at(path, headers["accept-encoding"] ?? "")
  })

const failed: HttpServerResponse.HttpServerResponse = ofRefusal(
  new Refusal({ status: 500, detail: "the server failed; its log says why" })
)

const header = (name: string) => Effect.map(HttpServerRequest.HttpServerRequest, ({ headers }) => headers[name])
