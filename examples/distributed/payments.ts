/**
 * The payments: an Express app that adds a job to a queue.
 */
import type { AddressInfo } from "node:net"
import { Queue } from "bullmq"
import { narrativeTelemetry } from "effect-narrative/bullmq"
import { narrative } from "effect-narrative/express"
import { HistoryRenderer } from "effect-narrative/history"
import { Narrator } from "effect-narrative/promise"
import express from "express"
import { historyFile, portOf, ready, released } from "./service.js"

const narrator = await Narrator.make(HistoryRenderer.layer({ path: historyFile }))

const shipments = new Queue("shipments", {
  connection: { port: Number(portOf("REDIS")) },
  telemetry: narrativeTelemetry(narrator)
})

const app = express()
  .use(narrative(narrator))
  .post("/payments", async (_request, response) => {
    await narrator.stage("Charge Card", async () => narrator.annotate("amount", 12.5))
    await narrator.stage("Queue Shipment", () => shipments.add("Ship Order", { item: "tea" }, { attempts: 1 }))
    response.status(202).json({ paid: true })
  })

const server = app.listen(0, "127.0.0.1", () => ready((server.address() as AddressInfo).port))

await released
server.close()
await shipments.close()
await narrator.dispose()
process.exit()
