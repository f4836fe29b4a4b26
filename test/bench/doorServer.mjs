/**
 * A server of a framework, bare, narrated, or with OpenTelemetry's instrumentation: a process of its own, because that
 * patches what is loaded after it. Its parent is sent the port, and keeps it alive.
 */
import { createRequire } from "node:module"

const require = createRequire(import.meta.url)
const [framework, variant] = process.argv.slice(2)

/** Spans of each request and of its handlers, made and thrown away. */
const instrument = () => {
  const { BatchSpanProcessor } = require("@opentelemetry/sdk-trace-base")
  const { NodeTracerProvider } = require("@opentelemetry/sdk-trace-node")
  const { HttpInstrumentation } = require("@opentelemetry/instrumentation-http")
  const { ExpressInstrumentation } = require("@opentelemetry/instrumentation-express")
  const exporter = { export: (_spans, done) => done({ code: 0 }), shutdown: () => Promise.resolve() }
  const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] })
  provider.register()
  const instrumentations = [
    new HttpInstrumentation(),
    ...(framework === "express" ? [new ExpressInstrumentation()] : [])
  ]
  for (const one of instrumentations) one.setTracerProvider(provider)
  if (framework === "hono") return require("@hono/otel").httpInstrumentationMiddleware()
  if (framework !== "fastify") return undefined
  const { FastifyOtelInstrumentation } = require("@fastify/otel")
  const fastify = new FastifyOtelInstrumentation()
  fastify.setTracerProvider(provider)
  return fastify.plugin()
}

const otel = variant === "OpenTelemetry" ? instrument() : undefined
const http = require("node:http")

let handled = 0

const narratorOf = async () => {
  const { Renderer } = await import("../../dist/index.js")
  const { Narrator } = await import("../../dist/promise/index.js")
  // Keeps what it gets, and throws it away by batches, as the batch processor and the exporter of the rival do.
  const batch = []
  const batches = Renderer.make("batches", (event) => {
    handled += 1
    if (batch.push(event) === 512) batch.length = 0
  })
  return Narrator.make(Renderer.layer(batches))
}

const narrator = variant === "narrative" ? await narratorOf() : undefined
const door = narrator && (await import(`../../dist/integration/${framework}/index.js`)).narrative

const listen = (server) => new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)))

const frameworks = {
  express: () => {
    const express = require("express")
    const app = express()
    if (door) app.use(door(narrator))
    app.use(express.json())
    app.get("/orders/:id", async (request, response) => {
      response.json(await Promise.resolve({ id: request.params.id }))
    })
    return listen(http.createServer(app))
  },
  fastify: async () => {
    const app = require("fastify")()
    if (door) await app.register(door, { narrator })
    if (otel) await app.register(otel)
    app.get("/orders/:id", async (request) => Promise.resolve({ id: request.params.id }))
    await app.listen({ port: 0, host: "127.0.0.1" })
    return app.server.address().port
  },
  hono: () => {
    const { Hono } = require("hono")
    const { getRequestListener } = require("@hono/node-server")
    const app = new Hono()
    if (door) app.use(door(narrator))
    if (otel) app.use(otel)
    app.get("/orders/:id", async (c) => c.json(await Promise.resolve({ id: c.req.param("id") })))
    return listen(http.createServer(getRequestListener(app.fetch)))
  }
}

process.on("disconnect", () => process.exit())
process.on("message", () => process.send(handled))
process.send(await frameworks[framework]())
