import type { AddressInfo } from "node:net"
import { Readable } from "node:stream"
import Fastify from "fastify"
import { narrative } from "../../src/integration/fastify/index.js"
import { backlog, type Framework, requestSuite, StockError, wait } from "./requestSuite.js"

const framework: Framework = {
  name: "Fastify",
  unseen: ["/bad%"],
  lateFailure: undefined,
  serve: async ({ mixed, narrator, sendHeaders, stage }) => {
    const app = Fastify({ forceCloseConnections: true })
    if (narrator !== undefined) {
      await app.register(narrative, { narrator, sendHeaders, skip: ({ url }) => url === "/health" })
      await app.register(narrative, { narrator })
    }
    app.get("/health", () => "up")
    app.get<{ Params: { id: string } }>("/orders/:id", ({ params }) => stage("Load Order", async () => params))
    await app.register(
      async (items) => {
        items.get("/items/:item/parts/:part", async ({ params }) => params)
      },
      { prefix: "/api/:version" }
    )
    app.get("/text", (_request, reply) => reply.type("text/plain").send("plain"))
    app.get("/empty", (_request, reply) => reply.status(204).send())
    app.get("/redirect", (_request, reply) => reply.redirect("/text"))
    app.post("/echo", async ({ body }) => stage("Echo", () => body))
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
    app.get("/declared", async () => {
      throw Object.assign(new StockError("sold"), { statusCode: 409 })
    })
    app.get("/stream", (_request, reply) => reply.send(stage("Stream", () => Readable.from(["a", "b", "c"]))))
    app.get("/slow", async () => {
      await stage("Slowly", () => wait(20))
      return "slow"
    })
    app.get("/late", (_request, reply) =>
      reply.type("text/plain").send(
        Readable.from(
          (async function* () {
            yield "begun"
            await wait(5)
            throw new StockError("torn")
          })()
        )
      )
    )
    app.get("/hang", () => new Promise(() => undefined))
    app.get("/endless", (_request, reply) =>
      reply.type("text/plain").send(
        Readable.from(
          (async function* () {
            for (;;) {
              yield "more"
              await wait(5)
            }
          })()
        )
      )
    )
    app.get<{ Params: { id: string } }>("/mixed/:id", ({ params }) => mixed(params.id))
    await app.listen({ port: 0, host: "127.0.0.1", backlog })
    return { port: (app.server.address() as AddressInfo).port, close: () => app.close() }
  }
}

requestSuite(framework)
