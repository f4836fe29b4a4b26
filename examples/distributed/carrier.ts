/**
 * The carrier: a gRPC service, that has no truck for every place.
 */
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js"
import { NarrativeGrpc } from "effect-narrative/grpc"
import { HistoryRenderer } from "effect-narrative/history"
import { Narrator } from "effect-narrative/promise"
import { type Booking, definition } from "./carrierService.js"
import { historyFile, ready, released } from "./service.js"

const narrator = await Narrator.make(HistoryRenderer.layer({ path: historyFile }))

const trucks = new Map([["Reykjavik", "truck 4"]])

const findTruck = async ({ to }: Booking): Promise<string> => {
  const truck = trucks.get(to)
  if (truck === undefined) throw new Error(`no truck drives to ${to}`)
  return truck
}

const server = new Server({ interceptors: [NarrativeGrpc.server(narrator)] })

server.addService(
  definition,
  NarrativeGrpc.handlers(narrator, {
    book: async ({ request }: ServerUnaryCall<Booking, unknown>, reply: sendUnaryData<unknown>) => {
      try {
        reply(null, { truck: await narrator.stage("Find Truck", () => findTruck(request)) })
      } catch (error) {
        reply(error as Error)
      }
    }
  })
)

server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error
  ready(port)
})

await released
server.forceShutdown()
await narrator.dispose()
process.exit()
