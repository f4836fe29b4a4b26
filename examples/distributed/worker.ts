/**
 * The worker: takes shipments from the queue, and books each with the carrier.
 */
import { credentials, type ServiceError } from "@grpc/grpc-js"
import { Worker } from "bullmq"
import { narrativeProcessor, narrativeTelemetry } from "effect-narrative/bullmq"
import { NarrativeGrpc } from "effect-narrative/grpc"
import { HistoryRenderer } from "effect-narrative/history"
import { Narrator } from "effect-narrative/promise"
import { type Booking, Carrier } from "./carrierService.js"
import { historyFile, portOf, ready, released } from "./service.js"

const narrator = await Narrator.make(HistoryRenderer.layer({ path: historyFile }))

const carrier = new Carrier(`127.0.0.1:${portOf("CARRIER")}`, credentials.createInsecure(), {
  interceptors: [NarrativeGrpc.client(narrator)]
})

const book = (booking: Booking) =>
  new Promise<void>((resolve, reject) => {
    carrier.book(booking, (error: ServiceError | null) => (error === null ? resolve() : reject(error)))
  })

const worker = new Worker<{ item: string }>(
  "shipments",
  narrativeProcessor(narrator, async ({ data }) => {
    await narrator.stage("Pack", async () => narrator.note("packed", data.item))
    await book({ item: data.item, to: "Torshavn" })
  }),
  { connection: { port: Number(portOf("REDIS")) }, telemetry: narrativeTelemetry(narrator) }
)

await worker.waitUntilReady()
ready(0)

await released
await worker.close()
carrier.close()
await narrator.dispose()
process.exit()
