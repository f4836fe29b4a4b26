import { createServer } from "node:net"
import * as tls from "node:tls"
import { HttpClient, HttpClientResponse } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import { Effect } from "effect"
import { Narrative } from "../../../src/index.js"
import * as certificates from "../../fixtures/certificates.js"
import { closedPort, type EvalCase, serving } from "../EvalCase.js"

const connecting = (port: number) =>
  Effect.async<never, Error>((resume) => {
    const socket = tls.connect({ port, host: "127.0.0.1", servername: "localhost" })
    socket.once("error", (error) => resume(Effect.fail(error)))
    return Effect.sync(() => socket.destroy())
  })

const payments = (certificate: certificates.Certificate) =>
  Effect.acquireRelease(
    Effect.async<tls.Server>((resume) => {
      const server = tls.createServer({ ...certificate }).on("tlsClientError", () => {})
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.async<void>((resume) => void server.close(() => resume(Effect.void)))
  ).pipe(Effect.map((server) => (server.address() as { readonly port: number }).port))

export const networkCases: ReadonlyArray<EvalCase> = [
  {
    name: "an inventory service that is down",
    truth: {
      line: "yield* client.get(",
      rule: "connection-refused",
      cause: [["refused", "nothing listens", "not running", "is down"], ["127.0.0.1"]]
    },
    program: Effect.gen(function* () {
      const port = yield* closedPort
      const client = yield* HttpClient.HttpClient
      const items = yield* client.get(`http://127.0.0.1:${port}/items`).pipe(Narrative.stage("Ask Inventory"))
      return items.status
    }).pipe(Effect.provide(NodeHttpClient.layer), Narrative.story("Reserve Items"))
  },
  {
    name: "a port that an earlier run still has",
    truth: {
      line: "const second = yield* listen(first)",
      rule: "port-in-use",
      cause: [
        ["in use", "eaddrinuse", "already"],
        ["port", "address", "127.0.0.1"]
      ]
    },
    program: Effect.gen(function* () {
      const listen = (port: number) =>
        Effect.acquireRelease(
          Effect.async<ReturnType<typeof createServer>, Error>((resume) => {
            const server = createServer()
            server.once("error", (error) => resume(Effect.fail(error)))
            server.listen(port, "127.0.0.1", () => resume(Effect.succeed(server)))
          }),
          (server) => Effect.async<void>((resume) => void server.close(() => resume(Effect.void)))
        ).pipe(Effect.map((server) => (server.address() as { readonly port: number }).port))
      const first = yield* listen(0)
      const second = yield* listen(first).pipe(Narrative.stage("Listen"))
      return second
    }).pipe(Narrative.story("Start Service"))
  },
  {
    name: "a customer the server does not have",
    truth: {
      line: "HttpClientResponse.filterStatusOk",
      rule: "http-not-found",
      cause: [["404", "not found"], ["/customers/7"]]
    },
    program: Effect.gen(function* () {
      const url = yield* serving((_request, response) => response.writeHead(404).end())
      const client = yield* HttpClient.HttpClient
      const found = client.get(`${url}/customers/7`)
      const customer = yield* Effect.flatMap(found, HttpClientResponse.filterStatusOk).pipe(Narrative.stage("Find"))
      return customer.status
    }).pipe(Effect.provide(NodeHttpClient.layer), Narrative.story("Greet Customer"))
  },
  {
    name: "an API that is asked too often",
    truth: {
      line: "HttpClientResponse.filterStatusOk",
      rule: "rate-limited",
      cause: [["429", "too many requests", "rate limit"]]
    },
    program: Effect.gen(function* () {
      const url = yield* serving((_request, response) => response.writeHead(429, { "retry-after": "30" }).end())
      const client = yield* HttpClient.HttpClient
      const rates = client.get(`${url}/rates`)
      const answer = yield* Effect.flatMap(rates, HttpClientResponse.filterStatusOk).pipe(Narrative.stage("Ask Rates"))
      return answer.status
    }).pipe(Effect.provide(NodeHttpClient.layer), Narrative.story("Convert Prices"))
  },
  {
    name: "an error page decoded as data",
    hard: "the last error is of JSON, but the server had failed",
    truth: {
      line: "yield* Effect.flatMap(asked, (response) => response.json)",
      rule: "http-error-decoded",
      cause: [["500", "server error", "server failed"]]
    },
    program: Effect.gen(function* () {
      const url = yield* serving((_request, response) => response.writeHead(500).end("<h1>Internal error</h1>"))
      const client = yield* HttpClient.HttpClient
      const asked = client.get(`${url}/stock`)
      const stock = yield* Effect.flatMap(asked, (response) => response.json).pipe(Narrative.stage("Read Stock"))
      return stock
    }).pipe(Effect.provide(NodeHttpClient.layer), Narrative.story("Count Stock"))
  },
  {
    name: "a payment server with a certificate of its own",
    truth: {
      line: 'return yield* connecting(port).pipe(Narrative.stage("Connect to Payments"))',
      rule: "tls-self-signed",
      cause: [["self-signed", "self signed"], ["certificate"]]
    },
    program: Effect.gen(function* () {
      const port = yield* payments(certificates.make({ name: "localhost" }))
      return yield* connecting(port).pipe(Narrative.stage("Connect to Payments"))
    }).pipe(Narrative.story("Pay"))
  },
  {
    name: "a connection the server breaks off",
    truth: {
      line: 'yield* fetched.pipe(Narrative.stage("Fetch Feed"))',
      rule: "connection-reset",
      cause: [["reset", "broke", "closed", "hang up"]]
    },
    program: Effect.gen(function* () {
      const url = yield* serving((request) => void request.socket.resetAndDestroy())
      const client = yield* HttpClient.HttpClient
      const fetched = client.get(`${url}/feed`)
      yield* fetched.pipe(Narrative.stage("Fetch Feed"))
    }).pipe(Effect.provide(NodeHttpClient.layer), Narrative.story("Read Feed"))
  },
  {
    name: "an address from a setting without its scheme",
    truth: {
      line: "new URL(base)",
      rule: "invalid-url",
      cause: [["url"], ["api.example.com"], ["valid", "scheme", "https"]]
    },
    program: Effect.gen(function* () {
      const base = "api.example.com/v1"
      const url = yield* Effect.sync(() => {
        return new URL(base)
      }).pipe(Narrative.stage("Read Address"))
      return url.href
    }).pipe(Narrative.story("Start Client"))
  }
]
