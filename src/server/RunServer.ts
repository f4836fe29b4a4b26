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
import * as Stream from "effect/Stream"
import { InvalidOption } from "../plain/InvalidOption.js"
import { attempt } from "../plain/untrusted.js"
import { parseJson } from "../plain/wireSchema.js"
import type * as embedded from "../runs/embedded.js"
import { withoutNarration } from "../runtime/muting.js"
import { warning } from "../runtime/warnOnce.js"
import { invalid, ofRefusal, Refusal } from "./answers.js"
import * as archive from "./archive.js"
import * as bulkApi from "./bulkApi.js"
import * as bulkJobs from "./bulkJobs.js"
import { drained } from "./drain.js"
import * as eventsApi from "./eventsApi.js"
import * as exportApi from "./exportApi.js"
import * as guard from "./guard.js"
import * as pages from "./pages.js"
import * as runDatabase from "./runDatabase.js"
import * as runsApi from "./runsApi.js"
import * as runWrites from "./runWrites.js"
import * as settings from "./settings.js"
import * as stateApi from "./stateApi.js"
import * as storyRoutes from "./storyRoutes.js"
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
      // Before what it needs, so that a request which comes while that is closed is answered, too.
      const ready = yield* Deferred.make<HttpApp.Default>()
      yield* HttpServer.serveEffect(withoutNarration(Effect.flatten(Deferred.await(ready)))).pipe(
        // Requests of telemetry are no part of what is observed.
        Effect.locally(HttpMiddleware.currentTracerDisabledWhen, constTrue)
      )
      const { opened, source } = yield* runDatabase.open(decoded)
      yield* sweeper.make(opened, decoded)
      const history = yield* archive.make(source)
      const events = yield* eventsApi.make(history)
      const writes = runWrites.make(opened)
      const bulk = bulkApi.make(opened, yield* bulkJobs.make(writes))
      yield* Deferred.succeed(ready, yield* drained(app({ opened, writes, bulk, history, events, given, shown })))
    })
  )

const isLoopback = (hostname: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|::1|\[::1\])$/.test(hostname)

/** The path of a run. */
const ofRun = "/api/v1/runs/:event_id"

/** What requests are answered with. */
interface Served {
  readonly opened: embedded.Embedded
  readonly writes: runWrites.RunWrites
  readonly bulk: bulkApi.BulkApi
  readonly history: archive.Archive
  readonly events: eventsApi.EventsApi
  readonly given: settings.Settings
  readonly shown: pages.Pages
}

/** @internal */
export const app = ({ bulk, events, given, history, opened, shown, writes: changing }: Served): HttpApp.Default => {
  const runs = runsApi.make(opened, changing)
  const writes = writesApi.make(opened)
  const state = stateApi.make(opened)
  const check = guard.make(given)
  const body = jsonBody(given.maxBodyBytes)
  const eventId = Effect.map(HttpRouter.params, (params) => params["event_id"] ?? "")
  const query = HttpServerRequest.ParsedSearchParams
  const ofOthers = HttpRouter.empty.pipe(
    HttpRouter.post(
      "/api/v1/writes",
      Effect.flatMap(body, (all) => writes.write(all, given.maxBatch))
    ),
    HttpRouter.get("/api/v1/run-events", Effect.flatMap(query, writes.events))
  )
  const router = HttpRouter.empty.pipe(
    HttpRouter.get("/health", state.health),
    HttpRouter.get(
      "/metrics",
      Effect.flatMap(header("accept"), (accept) => state.metrics(accept ?? ""))
    ),
    HttpRouter.get("/api/v1/metadata", state.metadata),
    HttpRouter.post("/api/v1/runs", Effect.flatMap(body, runs.create)),
    HttpRouter.post(
      "/api/v1/runs/batch",
      Effect.flatMap(body, (all) => runs.createMany(all, given.maxBatch))
    ),
    HttpRouter.get("/api/v1/runs", Effect.flatMap(query, runs.list)),
    HttpRouter.get("/api/v1/runs/count", Effect.flatMap(query, runs.count)),
    HttpRouter.get("/api/v1/runs/export", Effect.flatMap(query, exportApi.make(opened))),
    HttpRouter.get("/api/v1/runs/analytics", Effect.flatMap(query, runs.analytics)),
    HttpRouter.get(ofRun, Effect.flatMap(eventId, runs.show)),
    HttpRouter.patch(
      ofRun,
      Effect.flatMap(Effect.all([eventId, body, header("if-match")]), ([id, changes, tag]) =>
        runs.patch(id, changes, tag)
      )
    ),
    HttpRouter.post(
      `${ofRun}/associate-commit`,
      Effect.flatMap(Effect.all([eventId, body]), ([id, commit]) => runs.associateCommit(id, commit))
    ),
    HttpRouter.get(`${ofRun}/commit-url`, Effect.flatMap(eventId, runs.commitUrl)),
    HttpRouter.get(`${ofRun}/repo-url`, Effect.flatMap(eventId, runs.repositoryUrl)),
    HttpRouter.concat(storyRoutes.make(opened, history, events))
  )
  const answer = Effect.flatMap(pageOf(shown), (page) =>
    page === undefined
      ? Effect.zipRight(check.caller, HttpRouter.concatAll(bulkApi.routes(bulk, body), router, ofOthers))
      : Effect.succeed(page)
  )
  return Effect.zipRight(check.host, answer).pipe(
    Effect.catchTags({
      Refusal: (refusal) => Effect.succeed(ofRefusal(refusal)),
      RouteNotFound: ({ request }) => Effect.succeed(ofRefusal(noRoute(request.method, request.url)))
    }),
    Effect.catchAllDefect((defect) => Effect.as(warning(`A request of runs failed: ${String(defect)}`), failed))
  )
}

const pageOf = (shown: pages.Pages) =>
  Effect.map(HttpServerRequest.HttpServerRequest, ({ headers, method, url }) =>
    method === "GET" || method === "HEAD"
      ? shown.at(url.split("?", 1)[0] ?? "", headers["accept-encoding"] ?? "")
      : undefined
  )

const failed: HttpServerResponse.HttpServerResponse = ofRefusal(
  new Refusal({ status: 500, detail: "the server failed; its log says why" })
)

const header = (name: string) => Effect.map(HttpServerRequest.HttpServerRequest, ({ headers }) => headers[name])

const methodsOf: ReadonlyArray<readonly [RegExp, string]> = [
  [/^\/(?:health|metrics|api\/v1\/metadata)$/, "GET"],
  [
    /^\/api\/v1\/(?:stories(?:\/[^/]+(?:\/report)?)?|failures(?:\/groups)?|compare(?:\/groups)?|stats|live|events)$/,
    "GET"
  ],
  [/^\/api\/v1\/runs(?:\/bulk)?$/, "GET, POST"],
  [/^\/api\/v1\/runs\/bulk\/[^/]+$/, "GET"],
  [/^\/api\/v1\/runs\/bulk\/[^/]+\/(?:cancel|retry|undo)$/, "POST"],
  [/^\/api\/v1\/(?:runs\/batch|writes)$/, "POST"],
  [/^\/api\/v1\/(?:runs\/(?:analytics|count|export)|run-events)$/, "GET"],
  [/^\/api\/v1\/runs\/[^/]+$/, "GET, PATCH"],
  [/^\/api\/v1\/runs\/[^/]+\/associate-commit$/, "POST"],
  [/^\/api\/v1\/runs\/[^/]+\/(?:commit|repo)-url$/, "GET"]
]

const noRoute = (method: string, url: string): Refusal => {
  const path = url.split("?", 1)[0] ?? ""
  const allow = methodsOf.find(([pattern]) => pattern.test(path))?.[1]
  return allow === undefined
    ? new Refusal({ status: 404, detail: `nothing is at ${path.slice(0, 200)}` })
    : new Refusal({ status: 405, detail: `${method} is not for ${path.slice(0, 200)}`, headers: { allow } })
}

/** The JSON that a request brings, if it is not too long. */
const jsonBody = (most: number): Effect.Effect<unknown, Refusal, HttpServerRequest.HttpServerRequest> =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const type = request.headers["content-type"] ?? "application/json"
    // What a form of another site can send is none of it.
    if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(type)) {
      return yield* new Refusal({ status: 415, detail: "the header Content-Type takes application/json" })
    }
    const tooLong = new Refusal({ status: 413, detail: `the body takes at most ${most} bytes` })
    if (Number(request.headers["content-length"] ?? 0) > most) return yield* tooLong
    const chunks: Array<Uint8Array> = []
    let size = 0
    yield* Stream.runForEach(request.stream, (chunk) => {
      size += chunk.length
      chunks.push(chunk)
      return size > most ? Effect.fail(tooLong) : Effect.void
    }).pipe(Effect.catchTag("RequestError", () => new Refusal({ status: 400, detail: "the body broke off" })))
    const text = attempt(() => new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks)), undefined)
    const parsed = attempt(() => (text === undefined ? undefined : { value: parseJson(text) }), undefined)
    return parsed === undefined
      ? yield* invalid([{ loc: ["body"], msg: "takes JSON", type: "value_error" }])
      : parsed.value
  })
