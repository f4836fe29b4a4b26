import type { AddressInfo } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { createAdaptorServer, type HttpBindings } from "@hono/node-server"
import { Hono } from "hono"
import { HTTPException } from "hono/http-exception"
import { afterAll, beforeAll, vi } from "vitest"
import { narrative } from "../../src/integration/hono/index.js"
import { recorded } from "../promise/narrators.js"
import { backlog, type Framework, requestSuite, StockError, wait } from "./requestSuite.js"

const streamOf = (parts: AsyncIterable<string>): ReadableStream<Uint8Array> =>
  (ReadableStream.from(parts) as ReadableStream<string>).pipeThrough(new TextEncoderStream())

const framework: Framework = {
  name: "Hono",
  lateFailure: "torn",
  serve: async ({ mixed, narrator, sendHeaders, stage }) => {
    const app = new Hono<{ Bindings: HttpBindings }>()
    if (narrator !== undefined) {
      app.use(narrative(narrator, { sendHeaders, skip: ({ req }) => req.path === "/health" }))
      app.use(narrative(narrator))
    }
    app.onError((error) =>
      error instanceof HTTPException ? error.getResponse() : new Response("failed", { status: 500 })
    )
    app.get("/health", (c) => c.text("up"))
    app.get("/orders/:id", async (c) => c.json(await stage("Load Order", async () => c.req.param())))
    const items = new Hono()
    items.get("/items/:item/parts/:part", (c) => c.json(c.req.param()))
    app.route("/api/:version", items)
    app.get("/text", (c) => c.text("plain"))
    app.get("/empty", (c) => c.body(null, 204))
    app.get("/redirect", (c) => c.redirect("/text"))
    app.post("/echo", async (c) => {
      const body: unknown = await c.req.json().catch(() => {
        throw new HTTPException(400, { message: "no JSON" })
      })
      return new Response(JSON.stringify(stage("Echo", () => body)))
    })
    app.get("/throws", () => {
      stage("Reserve", () => {
        throw new StockError("no stock")
      })
      return new Response()
    })
    app.get("/rejects", async () => {
      await wait(1)
      await stage("Reserve", async () => {
        await wait(1)
        throw new StockError("no stock")
      })
      return new Response()
    })
    app.get("/declared", () => {
      throw new HTTPException(409, { message: "sold" })
    })
    app.get("/stream", (c) =>
      c.body(
        streamOf(
          stage("Stream", async function* () {
            yield "a"
            await wait(1)
            yield "b"
          })
        )
      )
    )
    app.get("/slow", async (c) => {
      await stage("Slowly", () => wait(20))
      return c.text("slow")
    })
    app.get("/late", async (c) => {
      c.env.outgoing.write("begun")
      await wait(5)
      throw new StockError("torn")
    })
    app.get("/hang", () => new Promise<Response>(() => undefined))
    app.get("/endless", (c) =>
      c.body(
        streamOf(
          (async function* () {
            for (;;) {
              yield "more"
              await wait(5)
            }
          })()
        )
      )
    )
    app.get("/mixed/:id", async (c) => c.text(await mixed(c.req.param("id"))))
    const server = createAdaptorServer({ fetch: app.fetch })
    await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1", backlog }, resolve))
    return {
      port: (server.address() as AddressInfo).port,
      close: async () => {
        if ("closeAllConnections" in server) server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      }
    }
  }
}

// The framework, or its server, prints what its requests fail with.
beforeAll(() => {
  vi.spyOn(console, "error").mockImplementation(() => undefined)
})
afterAll(() => {
  vi.restoreAllMocks()
})

requestSuite(framework)

describe("Requests of Hono elsewhere than on Node", () => {
  it("end when their response is there", () =>
    recorded(async ({ narrator, stories }) => {
      const app = new Hono()
        .use(narrative(narrator))
        .get("/orders/:id", (c) => c.json(narrator.stage("Load Order", () => ({ id: c.req.param("id") }))))
        .get("/throws", () => {
          throw new StockError("no stock")
        })
      const response = await app.request("/orders/7", { headers: { "x-correlation-id": "c-1" } })
      assert.strictEqual(response.headers.get("x-correlation-id"), "c-1")
      assert.deepStrictEqual(await response.json(), { id: "7" })
      assert.strictEqual((await app.request("/throws")).status, 500)
      assert.deepStrictEqual(
        stories().map(({ failure, name, outcome, status }) => [name, status, outcome, failure?.failures[0].errorType]),
        [
          ["GET /orders/:id", "success", "200", undefined],
          ["GET /throws", "failed", "500", "StockError"]
        ]
      )
    }))

  it("are named by where an app is mounted, or files are served, though no handler has a route", () =>
    recorded(async ({ narrator, stories }) => {
      const app = new Hono()
        .use(narrative(narrator))
        .use("/files/*", async ({ req, text }, next) => (req.path === "/files/a.txt" ? text("a") : next()))
        .use("/orders/*", (_, next) => next())
        .get("/orders/:id", ({ text }) => text("7"))
        .mount("/old", () => new Response("old"))
      for (const path of ["/files/a.txt", "/files/b.txt", "/old/page", "/orders/7", "/nowhere"]) await app.request(path)
      assert.deepStrictEqual(
        stories().map(({ name, outcome }) => [name, outcome]),
        [
          ["GET /files/*", "200"],
          ["GET /files/*", "404"],
          ["GET /old/*", "200"],
          ["GET /orders/:id", "200"],
          ["GET", "404"]
        ]
      )
    }))
})
