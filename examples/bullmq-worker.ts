/**
 * A BullMQ worker whose jobs are stories: one is added by another story, fails once, and is tried again. It needs a Redis: the
 * one of `REDIS_PORT`, or `redis-server` on the path, which it starts and stops.
 */
import { spawn } from "node:child_process"
import { type AddressInfo, createServer } from "node:net"
import { Queue, Worker } from "bullmq"
import { ConsoleRenderer } from "effect-narrative"
import { narrativeProcessor, narrativeTelemetry } from "effect-narrative/bullmq"
import { Narrator } from "effect-narrative/promise"

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

const startRedis = async (): Promise<number> => {
  const port = await freePort()
  const options = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
  const redis = spawn("redis-server", options, { stdio: "ignore" })
  process.once("exit", () => redis.kill("SIGKILL"))
  redis.unref()
  return port
}

const port = Number(process.env["REDIS_PORT"] ?? (await startRedis()))

const narrator = await Narrator.make(ConsoleRenderer.layer())
const settings = { connection: { host: "127.0.0.1", port }, telemetry: narrativeTelemetry(narrator) }

interface Order {
  readonly id: string
  readonly amount: number
}

const queue = new Queue<Order>("orders", settings)
// Until Redis answers, connections are tried again.
queue.on("error", () => undefined)
await queue.waitUntilReady()

let attempts = 0
const charge = async ({ amount }: Order): Promise<string> => {
  attempts += 1
  if (attempts === 1) throw new Error(`The bank did not answer for ${amount} €`)
  return "paid"
}

const worker = new Worker<Order, string>(
  queue.name,
  narrativeProcessor(narrator, async (job) => {
    narrator.annotate("order", job.data.id)
    const receipt = await narrator.stage("Charge Card", () => charge(job.data))
    await job.updateProgress(100)
    return receipt
  }),
  settings
)

const done = new Promise((resolve) => worker.once("completed", resolve))
await narrator.story("Checkout", { correlation: { tenant: "Fjord Tea" } }, () =>
  narrator.stage("Enqueue", () =>
    queue.add("charge", { id: "A-1", amount: 12 }, { attempts: 2, backoff: { type: "fixed", delay: 20 } })
  )
)
await done

await worker.close()
await queue.close()
await narrator.dispose()
