import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { FetchHttpClient, HttpBody, HttpClient, HttpClientResponse } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import { Effect, Stream } from "effect"
import { type RuleCase, ruleCase } from "./RuleCase.js"

const serving = (listener: http.RequestListener) =>
  Effect.acquireRelease(
    Effect.async<http.Server>((resume) => {
      const server = http.createServer(listener)
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.async<void>((resume) => {
        server.closeAllConnections()
        server.close(() => resume(Effect.void))
      })
  ).pipe(Effect.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/orders?key=k`))

const asking = <A, E>(
  listener: http.RequestListener,
  read: (response: HttpClientResponse.HttpClientResponse) => Effect.Effect<A, E>
) =>
  Effect.gen(function* () {
    const url = yield* serving(listener)
    const client = yield* HttpClient.HttpClient
    return yield* Effect.flatMap(client.get(url), read)
  }).pipe(Effect.provide(NodeHttpClient.layer))

const answered = (rule: string, status: number, more: Pick<RuleCase, "hint"> = {}): RuleCase =>
  ruleCase(
    rule,
    `an answer of ${status}`,
    asking(
      (_request, response) => response.writeHead(status, { "retry-after": "30" }).end(),
      HttpClientResponse.filterStatusOk
    ),
    more
  )

export const httpFailures: ReadonlyArray<RuleCase> = [
  ruleCase(
    "http-error-decoded",
    "an error page decoded as JSON",
    asking(
      (_request, response) => response.writeHead(500, { "content-type": "text/html" }).end("<h1>Oops</h1>"),
      (response) => response.json
    ),
    { why: "was answered with 500" }
  ),
  ruleCase(
    "http-body-undecodable",
    "a page in place of JSON",
    asking(
      (_request, response) => response.writeHead(200, { "content-type": "text/html" }).end("<h1>Hello</h1>"),
      (response) => response.json
    ),
    { hint: "It was sent as text/html." }
  ),
  ruleCase(
    "http-body-empty",
    "an answer without a body, read as a stream",
    Effect.gen(function* () {
      const url = yield* serving((_request, response) => response.writeHead(204).end())
      const client = yield* HttpClient.HttpClient
      return yield* Stream.runDrain((yield* client.get(url)).stream)
    }).pipe(Effect.provide(FetchHttpClient.layer))
  ),
  ruleCase(
    "http-body-unencodable",
    "a BigInt in a body",
    Effect.suspend(() => HttpBody.json({ total: 1n }))
  ),
  answered("http-unauthorized", 401),
  answered("http-forbidden", 403),
  answered("http-not-found", 404),
  answered("http-method-not-allowed", 405),
  answered("http-proxy-login", 407),
  answered("http-request-timeout", 408),
  answered("http-conflict", 409),
  answered("http-gone", 410),
  answered("http-conflict", 412),
  answered("http-too-large", 413),
  answered("http-media-type", 415),
  answered("http-refused", 418),
  answered("http-invalid", 400),
  answered("http-invalid", 422),
  answered("rate-limited", 429, { hint: "The server asks to wait 30 seconds." }),
  answered("http-server-error", 500),
  answered("http-not-implemented", 501),
  answered("http-gateway", 502),
  answered("http-overloaded", 503, { hint: "30 seconds" }),
  answered("http-gateway", 504),
  answered("http-server-error", 507)
]
