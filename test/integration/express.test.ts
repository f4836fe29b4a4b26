import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Readable } from "node:stream"
import { assert, describe, it } from "@effect/vitest"
import express from "express"
import { afterAll, beforeAll, vi } from "vitest"
import { narrative, narrativeErrors } from "../../src/integration/express/index.js"
import { recorded } from "../promise/narrators.js"
import { backlog, type Framework, requestSuite, StockError, wait } from "./requestSuite.js"

const framework: Framework = {
  name: "Express",
  lateFailure: "torn",
  serve: async ({ mixed, narrator, sendHeaders, stage }) => {
    const app = express().disable("x-powered-by").set("env", "production")
    // Elsewhere than in production, Express answers with the stack of an error.
    if (narrator !== undefined) {
      app.use(narrative(narrator, { sendHeaders, skip: ({ url }) => url === "/health" }))
      app.use(narrative(narrator))
    }
    app.use(express.json())
    app.get("/health", (_request, response) => void response.send("up"))
    app.get("/orders/:id", async (request, response) => {
      response.json(await stage("Load Order", async () => ({ id: request.params.id })))
    })
    const items = express.Router({ mergeParams: true })
    items.get("/items/:item/parts/:part", (request, response) => void response.json(request.params))
    app.use("/api/:version", items)
    app.get("/text", (_request, response) => void response.type("text").send("plain"))
    app.get("/empty", (_request, response) => void response.status(204).end())
    app.get("/redirect", (_request, response) => response.redirect("/text"))
    app.post("/echo", (request, response) => void response.json(stage("Echo", () => request.body as unknown)))
    app.get("/throws", () => {
      stage("Reserve", () => {
        throw new StockError("no stock")
      })
    })
    app.get("/rejects", async () => {
      await wait(1)
      await stage("Reserve", async () => {
        await wait(1)
        throw new StockError("no stock")
      })
    })
    app.get("/declared", (_request, _response, next) => next(Object.assign(new StockError("sold"), { status: 409 })))
    app.get("/stream", (_request, response) => {
      stage("Stream", () => Readable.from(["a", "b", "c"])).pipe(response)
    })
    app.get("/slow", async (_request, response) => {
      await stage("Slowly", () => wait(20))
      response.send("slow")
    })
    app.get("/late", async (_request, response) => {
      response.write("begun")
      await wait(5)
      throw new StockError("torn")
    })
    app.get("/hang", () => undefined)
    app.get("/endless", async (_request, response) => {
      while (!response.destroyed) {
        response.write("more")
        await wait(5)
      }
    })
    app.get("/mixed/:id", async (request, response) => {
      response.send(await mixed(request.params.id))
    })
    app.use(narrativeErrors())
    return listening(app)
  }
}

const listening = async (app: express.Express) => {
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1", backlog }, resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
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

describe("Requests of Express that no route answers", () => {
  it("are named by where an app is mounted, or files are served, if any", () =>
    recorded(async ({ narrator, stories }) => {
      const inner = express.Router()
      inner.use("/files", (_request, response, next) => (_request.path === "/a.txt" ? response.send("a") : next()))
      inner.get("/orders/:id", (_request, response) => void response.send("7"))
      const old = express().use((_request, response) => void response.send("old"))
      const app = express()
        .use(narrative(narrator))
        .use("/api/orders", (_request, _response, next) => next())
        .use("/old", old)
        .use("/api", inner)
        .use(express.Router().get("/text", (_request, response) => void response.send("plain")))
      const { close, port } = await listening(app)
      const paths = [
        "/api/files/a.txt",
        "/api/files/b.txt",
        "/old/page",
        "/api/orders/7",
        "/api/orders/7/x",
        "/text",
        "/no"
      ]
      for (const path of paths) await fetch(`http://127.0.0.1:${port}${path}`).then((response) => response.text())
      await close()
      assert.deepStrictEqual(
        stories().map(({ name, outcome }) => [name, outcome]),
        [
          ["GET /api/files/*", "200"],
          ["GET /api/files/*", "404"],
          ["GET /old/*", "200"],
          ["GET /api/orders/:id", "200"],
          ["GET /api/orders/*", "404"],
          ["GET /text", "200"],
          ["GET", "404"]
        ]
      )
    }))
})
