/**
 * A server in the process of the test, and how it is asked.
 */
import { createServer } from "node:http"
import { join } from "node:path"
import * as HttpServer from "@effect/platform/HttpServer"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Context, Effect, Layer, type Scope } from "effect"
import { RunServer } from "../../src/server/index.js"
import type * as postgres from "../fixtures/postgres.js"
import { folder, onPostgres, rowsOf } from "../history/histories.js"

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // What the server answers is what is tested.
  // biome-ignore lint/suspicious/noExplicitAny: the body of an answer.
  readonly json: any
}

export interface Asked {
  readonly method?: string | undefined
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** A server on a port of its own, for as long as the scope is open. */
export const serve = (options: RunServer.ServerOptions, host = "127.0.0.1") => serveBy(RunServer.layer, options, host)

/** The same by another layer that serves. */
export const serveBy = (layer: typeof RunServer.layer, options: RunServer.ServerOptions, host = "127.0.0.1") =>
  Effect.gen(function* () {
    const http = NodeHttpServer.layer(createServer, { host, port: 0 })
    const context = yield* Layer.build(Layer.provideMerge(layer(options), http))
    const { address } = Context.get(context, HttpServer.HttpServer)
    const port = address._tag === "TcpAddress" ? address.port : 0
    const ask = (path: string, { body, headers, method }: Asked = {}) =>
      Effect.promise(async (): Promise<Answer> => {
        const response = await fetch(`http://127.0.0.1:${port}${path}`, {
          method: method ?? (body === undefined ? "GET" : "POST"),
          headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
          ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) })
        })
        const text = await response.text()
        const isJson = response.headers.get("content-type")?.startsWith("application/json") === true
        return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined }
      })
    return { ask, port }
  })

/** Where a server keeps its runs. */
export interface ServedDatabase {
  readonly where: string
  /** The options of a place that no other test has, and what its rows are found by. */
  readonly place: Effect.Effect<
    { readonly options: RunServer.ServerOptions; readonly database: string },
    never,
    Scope.Scope
  >
  readonly rowsOf: typeof rowsOf
}

const inFolder: ServedDatabase = {
  where: "in a folder",
  place: Effect.map(folder, (baseDir) => ({ options: { baseDir }, database: join(baseDir, "db/telemetry.sqlite") })),
  rowsOf
}

/** PostgreSQL is the one of the file of tests. */
export const databases = (server: Effect.Effect<postgres.Postgres>): ReadonlyArray<ServedDatabase> => {
  const { file, rowsOf } = onPostgres(server)
  return [
    inFolder,
    {
      where: "on PostgreSQL",
      place: Effect.map(file, (url) => ({ options: { postgres: { url } }, database: url })),
      rowsOf
    }
  ]
}

/** A server of a place of its own. */
export const startedAt = ({ place }: Pick<ServedDatabase, "place">) =>
  Effect.flatMap(place, ({ database, options }) =>
    Effect.map(serve({ ...options, maxBatch: 10, maxBodyBytes: 150_000 }), (server) => ({
      ...server,
      options,
      database
    }))
  )

/** A server of a folder of its own. */
export const started = startedAt(inFolder)
