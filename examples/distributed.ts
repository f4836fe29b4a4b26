/**
 * One order through five services, each a process of its own: an HttpApi service that calls a second one, an Express app, a worker of
 * BullMQ and a gRPC service. The last of them fails, and the history shows all of it as one tree.
 *
 *     npx tsx examples/distributed.ts
 *
 * It writes to `.narrative`, or to the folder that NARRATIVE_DIR names, and starts a `redis-server` unless REDIS_PORT names one.
 */
import { type ChildProcess, fork, spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:net"
import { Console, Effect, Schedule } from "effect"
import { History } from "effect-narrative/history"
import { historyFile, type Ready } from "./distributed/service.js"
import { storyTree } from "./distributed/storyTree.js"

const services = {
  carrier: () => import("./distributed/carrier.js"),
  worker: () => import("./distributed/worker.js"),
  payments: () => import("./distributed/payments.js"),
  stock: () => import("./distributed/stock.js"),
  shop: () => import("./distributed/shop.js")
}

type Service = keyof typeof services

const children: Array<ChildProcess> = []

/** Starts a service as a process, and gives its port once it listens. */
const start = async (name: Service, env: Readonly<Record<string, string>>): Promise<string> => {
  const child = fork(process.argv[1] ?? "", [name], { env: { ...process.env, ...env } })
  children.push(child)
  const [ready] = (await once(child, "message")) as [Ready]
  return String(ready.port)
}

/** Services end by themselves when this process lets go of them: what they recorded is written first. */
const stop = () =>
  Promise.all(
    children.map(async (child) => {
      if (child.exitCode !== null) return
      const exited = once(child, "exit")
      if (child.connected) child.disconnect()
      else child.kill()
      await exited
    })
  )

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  return typeof address === "object" && address !== null ? address.port : 0
}

const startRedis = async (): Promise<string> => {
  const given = process.env["REDIS_PORT"]
  if (given !== undefined) return given
  const port = String(await freePort())
  const redis = spawn("redis-server", ["--port", port, "--save", "", "--appendonly", "no", "--bind", "127.0.0.1"])
  children.push(redis)
  for await (const chunk of redis.stdout) if (String(chunk).includes("Ready to accept connections")) break
  redis.stdout.resume()
  return port
}

const requestId = `order-${Date.now()}`

/** Until the order has come to its end, at the last service and back. */
const failed = Effect.gen(function* () {
  const { stories } = yield* History.stories({ correlation: { requestId } })
  return stories.filter(({ status }) => status === "failed").length >= 2
}).pipe(
  Effect.repeat({ until: (isOver) => isOver, schedule: Schedule.spaced("100 millis") }),
  Effect.timeout("60 seconds")
)

const program = Effect.gen(function* () {
  const port = yield* Effect.promise(async () => {
    const redis = await startRedis()
    const carrier = await start("carrier", {})
    await start("worker", { REDIS_PORT: redis, CARRIER_PORT: carrier })
    const payments = await start("payments", { REDIS_PORT: redis })
    const stock = await start("stock", {})
    return await start("shop", { PAYMENTS_PORT: payments, STOCK_PORT: stock })
  })
  const answer = yield* Effect.promise(() =>
    fetch(`http://127.0.0.1:${port}/orders`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-request-id": requestId },
      body: JSON.stringify({ item: "tea" })
    })
  )
  yield* Console.log(`POST /orders answered ${answer.status}, and the order went on\n`)
  yield* failed.pipe(Effect.provide(History.layerSqlite({ path: historyFile, readonly: true })))
  yield* Effect.promise(stop)
  const tree = storyTree(requestId).pipe(Effect.provide(History.layerSqlite({ path: historyFile, readonly: true })))
  yield* Console.log(yield* tree)
}).pipe(Effect.ensuring(Effect.promise(stop)))

const role = process.argv[2]
if (role !== undefined && role in services) await services[role as Service]()
else await Effect.runPromise(program)
