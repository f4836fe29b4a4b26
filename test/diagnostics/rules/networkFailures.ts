import { spawn } from "node:child_process"
import * as http from "node:http"
import * as https from "node:https"
import * as net from "node:net"
import { Writable } from "node:stream"
import * as tls from "node:tls"
import { FetchHttpClient, HttpClient } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import { Effect } from "effect"
import * as certificates from "../../fixtures/certificates.js"
import { inForm, type RuleCase, ruleCase, throwing } from "./RuleCase.js"

/** The port of a server on loopback that is there for the scope. */
const listening = (make: () => net.Server, host = "127.0.0.1") =>
  Effect.acquireRelease(
    Effect.async<net.Server, Error>((resume) => {
      const server = make()
      server.once("error", (error) => resume(Effect.fail(error)))
      server.listen(0, host, () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.async<void>((resume) => void server.close(() => resume(Effect.void)))
  ).pipe(Effect.map((server) => (server.address() as net.AddressInfo).port))

const connecting = (connect: () => net.Socket | http.ClientRequest) =>
  Effect.async<never, Error>((resume) => {
    const socket = connect()
    socket.once("error", (error) => resume(Effect.fail(error)))
    return Effect.sync(() => socket.destroy())
  })

const tlsTo = (server: tls.TlsOptions, client: tls.ConnectionOptions = {}) =>
  Effect.flatMap(
    listening(() => tls.createServer(server).on("tlsClientError", () => {})),
    (port) => connecting(() => tls.connect({ port, host: "127.0.0.1", servername: "localhost", ...client }))
  )

const day = 86_400_000
const trusting = (certificate: certificates.Certificate) => tlsTo({ ...certificate }, { ca: certificate.cert })

const systemFields = { errno: -1, syscall: "connect", address: "192.0.2.1", port: 443 }

export const networkFailures: ReadonlyArray<RuleCase> = [
  ruleCase(
    "connection-refused",
    "a port at which no server listens",
    Effect.flatMap(Effect.scoped(listening(() => net.createServer())), (port) =>
      connecting(() => net.connect(port, "127.0.0.1"))
    ),
    { why: "the connection was refused: nothing listens at 127.0.0.1:", hint: "Inside a container" }
  ),
  inForm(
    "connection-refused",
    "connect ECONNREFUSED 10.0.0.5:5432",
    { ...systemFields, code: "ECONNREFUSED", address: "10.0.0.5", port: 5432 },
    { hint: "Port 5432 is by default that of PostgreSQL." }
  ),
  ruleCase(
    "port-in-use",
    "a port that is taken",
    Effect.flatMap(
      listening(() => net.createServer()),
      (port) =>
        Effect.async<never, Error>((resume) => {
          net
            .createServer()
            .once("error", (error) => resume(Effect.fail(error)))
            .listen(port, "127.0.0.1")
        })
    )
  ),
  ruleCase(
    "address-not-here",
    "an address of another machine",
    listening(() => net.createServer(), "192.0.2.1")
  ),
  ruleCase(
    "connection-reset",
    "a server that resets",
    Effect.flatMap(
      listening(() => net.createServer((socket) => socket.once("data", () => socket.resetAndDestroy()))),
      (port) => connecting(() => net.connect(port, "127.0.0.1").setKeepAlive().end("x").resume())
    )
  ),
  ruleCase(
    "broken-pipe",
    "a process that does not read",
    Effect.async<never, Error>((resume) => {
      const child = spawn("true", { stdio: ["pipe", "ignore", "ignore"] })
      child.stdin.once("error", (error) => resume(Effect.fail(error)))
      child.stdin.write("x".repeat(10_000_000))
    })
  ),
  ruleCase(
    "stream-ended",
    "a write after the end",
    Effect.async<never, Error>((resume) => {
      const stream = new Writable({ write: (_chunk, _encoding, done) => done() })
      stream.once("error", (error) => resume(Effect.fail(error)))
      stream.end("a")
      stream.write("b")
    })
  ),
  inForm(
    "host-unknown",
    "getaddrinfo ENOTFOUND db",
    { errno: -3008, code: "ENOTFOUND", syscall: "getaddrinfo", hostname: "db" },
    { hint: "A name without a dot" }
  ),
  inForm(
    "host-unknown",
    "getaddrinfo ENOTFOUND http://db.example",
    { errno: -3008, code: "ENOTFOUND", syscall: "getaddrinfo", hostname: "http://db.example" },
    { hint: "leave out the scheme" }
  ),
  inForm("name-server-silent", "getaddrinfo EAI_AGAIN db.example", {
    errno: -3001,
    code: "EAI_AGAIN",
    syscall: "getaddrinfo",
    hostname: "db.example"
  }),
  inForm("connect-timeout", "connect ETIMEDOUT 192.0.2.1:443", { ...systemFields, code: "ETIMEDOUT" }),
  inForm("answer-timeout", "Headers Timeout Error", { name: "HeadersTimeoutError", code: "UND_ERR_HEADERS_TIMEOUT" }),
  inForm("host-unreachable", "connect EHOSTUNREACH 192.0.2.1:443", { ...systemFields, code: "EHOSTUNREACH" }),
  ruleCase(
    "forbidden-port",
    "fetch to port 1",
    Effect.flatMap(HttpClient.HttpClient, (client) => client.get("http://127.0.0.1:1/")).pipe(
      Effect.provide(FetchHttpClient.layer)
    )
  ),
  throwing("invalid-url", "a URL without a scheme", () => new URL("example.com/a"), {
    why: '"example.com/a" is not a valid URL'
  }),
  throwing("invalid-url", "a URL against a base that is none", () => new URL("/a", "example.com"), {
    why: '"/a" is not a valid URL, resolved against "example.com"'
  }),
  ruleCase(
    "invalid-url",
    "a request to a path alone",
    Effect.flatMap(HttpClient.HttpClient, (client) => client.get("nope")).pipe(Effect.provide(NodeHttpClient.layer)),
    { why: "GET nope could not be sent: the URL is not valid" }
  ),
  throwing("headers-already-sent", "a header after the answer", () => {
    const response = new http.ServerResponse(new http.IncomingMessage(new net.Socket()))
    response.writeHead(200).end()
    response.setHeader("a", "b")
  }),
  throwing("invalid-header", "a key with a line break", () =>
    http.request({ headers: { authorization: "key\n" }, port: 1 })
  ),
  ruleCase(
    "tls-certificate-expired",
    "a certificate of last year",
    Effect.suspend(() =>
      trusting(
        certificates.make({
          name: "localhost",
          from: new Date(Date.now() - 400 * day),
          until: new Date(Date.now() - day)
        })
      )
    )
  ),
  ruleCase(
    "tls-certificate-not-yet-valid",
    "a certificate of next year",
    Effect.suspend(() =>
      trusting(
        certificates.make({
          name: "localhost",
          from: new Date(Date.now() + day),
          until: new Date(Date.now() + 400 * day)
        })
      )
    )
  ),
  ruleCase(
    "tls-wrong-name",
    "a certificate of another host",
    Effect.suspend(() => trusting(certificates.make({ name: "db.example" })))
  ),
  ruleCase(
    "tls-self-signed",
    "a certificate signed by itself",
    Effect.suspend(() => tlsTo({ ...certificates.make({ name: "localhost" }) }))
  ),
  ruleCase(
    "tls-issuer-unknown",
    "a certificate of an unknown authority",
    Effect.suspend(() => tlsTo({ ...certificates.make({ name: "localhost", signedBy: "an unknown authority" }) }))
  ),
  inForm("tls-certificate-revoked", "certificate revoked", { code: "CERT_REVOKED" }),
  ruleCase(
    "tls-plain-text",
    "https to a server of http",
    Effect.flatMap(
      listening(() => http.createServer((_request, response) => response.end())),
      (port) => connecting(() => https.get(`https://127.0.0.1:${port}/`))
    ),
    { why: "the TLS handshake failed" }
  ),
  ruleCase(
    "tls-handshake-refused",
    "no cipher in common",
    Effect.suspend(() =>
      tlsTo(
        {
          ...certificates.make({ name: "localhost" }),
          maxVersion: "TLSv1.2",
          ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384"
        },
        { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256", rejectUnauthorized: false }
      )
    )
  ),
  ruleCase(
    "not-http",
    "http to a server that greets",
    Effect.flatMap(
      listening(() =>
        net.createServer((socket) => socket.on("error", () => {}).once("data", () => socket.end("220 mail ready\r\n")))
      ),
      (port) => connecting(() => http.get(`http://127.0.0.1:${port}/`))
    )
  )
]
