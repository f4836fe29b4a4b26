/**
 * Requests and responses among the values of a program.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { HttpClient, HttpClientRequest, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Redaction from "../../src/redaction/Redaction.js"

const redactor = Redaction.make()

interface Met {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly url: string
}

/** A request as a server of `node:http` gets it, and the response to it, while both are open. */
const met = Effect.acquireRelease(
  Effect.async<Met & { readonly close: () => void }>((resume) => {
    const server = createServer((request, response) => {
      response.setHeader("Set-Cookie", "sid=sesscookievalue777")
      response.setHeader("X-Kind", "test")
      response.statusCode = 503
      // Only the first stays open.
      if (isOpen) {
        response.end("x")
        return
      }
      isOpen = true
      const close = () => {
        response.end("x")
        server.close()
        server.closeAllConnections()
      }
      resume(Effect.succeed({ request, response, url, close }))
    })
    let isOpen = false
    let url = ""
    server.listen(0, "127.0.0.1", () => {
      // It answers with the port once it listens at one.
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      const headers = {
        Cookie: "sid=sesscookievalue777",
        "X-Api-Key": "apikeyvalue888",
        Authorization: "Token tokvalue999"
      }
      fetch(`${url}/users?name=Ada&token=tokvalue999`, { headers }).catch(() => undefined)
    })
  }),
  ({ close }) => Effect.sync(close)
)

const withheld = /sesscookievalue777|apikeyvalue888|tokvalue999|Ada/

describe("A request or a response among the values", () => {
  it.scopedLive(
    "of node:http is its method, its address without the values of the query, its status and its headers",
    () =>
      Effect.gen(function* () {
        const { request, response } = yield* met
        const shown = redactor.record({ request, response })
        const { headers, ...rest } = Object(shown["request"])
        assert.deepStrictEqual(rest, { method: "GET", url: "/users?name=…&token=<redacted>" })
        assert.deepInclude(headers, {
          Cookie: "<redacted>",
          "X-Api-Key": "<redacted>",
          Authorization: "<redacted>",
          "accept-language": "*"
        })
        assert.deepStrictEqual(shown["response"], {
          status: 503,
          headers: { "Set-Cookie": "<redacted>", "X-Kind": "test" }
        })
        assert.isBelow(JSON.stringify(shown).length, 1_000)
        assert.notMatch(JSON.stringify(shown), withheld)
        assert.match(String(redactor.record({ socket: request.socket })["socket"]), /^\[\w*Socket\]$/)
      })
  )

  it("of fetch is the same", () => {
    const request = new Request("https://example.org/a?token=tokvalue999#part", {
      method: "POST",
      headers: { Authorization: "Token tokvalue999", Accept: "text/html" }
    })
    const response = new Response("body", { status: 404, headers: { "Set-Cookie": "sid=sesscookievalue777" } })
    assert.deepStrictEqual(redactor.value([request, response]), [
      {
        method: "POST",
        url: "https://example.org/a?token=<redacted>",
        headers: { accept: "text/html", authorization: "<redacted>" }
      },
      { status: 404, headers: { "content-type": "text/plain;charset=UTF-8", "set-cookie": "<redacted>" } }
    ])
  })

  it("of @effect/platform is the same", () => {
    const request = HttpClientRequest.get("https://example.org/a?token=tokvalue999").pipe(
      HttpClientRequest.setHeader("X-Api-Key", "apikeyvalue888")
    )
    const served = HttpServerRequest.fromWeb(
      new Request("https://example.org/a?name=Ada", { headers: { Cookie: "sid=sesscookievalue777" } })
    )
    const answer = HttpServerResponse.text("body", { status: 201, headers: { "X-Kind": "test" } })
    assert.deepStrictEqual(redactor.value({ request, served, answer }), {
      request: { method: "GET", url: "https://example.org/a?token=<redacted>", headers: { "x-api-key": "<redacted>" } },
      served: { method: "GET", url: "/a?name=…", headers: { cookie: "<redacted>" } },
      answer: { status: 201, headers: { "x-kind": "test", "content-length": "4", "content-type": "text/plain" } }
    })
  })

  it.scopedLive("of the client of @effect/platform says what was asked, too", () =>
    Effect.gen(function* () {
      const { url } = yield* met
      const got = yield* HttpClient.get(`${url}/a?token=tokvalue999`)
      const shown = redactor.value(got)
      assert.deepInclude(shown, { method: "GET", url: `${url}/a?token=<redacted>`, status: 503 })
      assert.notMatch(JSON.stringify(shown), withheld)
    }).pipe(Effect.provide(NodeHttpClient.layer))
  )
})
