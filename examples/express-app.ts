/**
 * An Express app whose requests are stories: one that goes well, one that fails, and one that finds nothing.
 */
import type { AddressInfo } from "node:net"
import { ConsoleRenderer } from "effect-narrative"
import { narrative } from "effect-narrative/express"
import { Narrator } from "effect-narrative/promise"
import express from "express"

const narrator = await Narrator.make(ConsoleRenderer.layer())

class OutOfStock extends Error {
  override readonly name = "OutOfStock"
}

const stock = new Map([
  ["tea", 3],
  ["milk", 0]
])

const reserve = async (item: string): Promise<number> => {
  const left = stock.get(item) ?? 0
  if (left === 0) throw new OutOfStock(`No ${item} is left`)
  return left - 1
}

const app = express()
  .use(narrative(narrator, { skip: (request) => request.url === "/health" }))
  .get("/health", (_request, response) => void response.send("up"))
  .post("/orders/:item", async (request, response) => {
    const { item } = request.params
    await narrator.stage("Validate Order", () => narrator.annotate({ item }))
    const left = await narrator.stage("Reserve Stock", () => reserve(item))
    response.status(201).json({ item, left })
  })
  // What a client gets to see of an error; it is reported already.
  .use((_error: unknown, _request: unknown, response: express.Response, _next: unknown) => {
    response.status(500).json({ error: "Something went wrong" })
  })

const server = app.listen(0, "127.0.0.1")
await new Promise((resolve) => server.once("listening", resolve))
const { port } = server.address() as AddressInfo

for (const [method, path] of [
  ["GET", "/health"],
  ["POST", "/orders/tea"],
  ["POST", "/orders/milk"],
  ["GET", "/nowhere"]
] as const) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method })
  await response.text()
}

await new Promise((resolve) => server.close(resolve))
await narrator.dispose()
