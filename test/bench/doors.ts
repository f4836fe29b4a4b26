/**
 * What a request costs with each door, beside the framework bare and with OpenTelemetry's instrumentation.
 *
 *     npm run bench -- doors
 */
import { type ChildProcess, fork } from "node:child_process"
import { Agent, get } from "node:http"
import { fileURLToPath } from "node:url"
import type { Case, Group } from "./rounds.js"

const requests = 1_000
const connections = 16

const program = fileURLToPath(new URL("doorServer.mjs", import.meta.url))

interface Server {
  readonly child: ChildProcess
  readonly port: number
}

const started = new Map<string, Promise<Server>>()

/** The server of a case; it ends with this process. */
const serverOf = (framework: string, variant: string): Promise<Server> => {
  const key = `${framework} ${variant}`
  const known = started.get(key)
  if (known !== undefined) return known
  const server = new Promise<Server>((resolve, reject) => {
    const child = fork(program, [framework, variant], { execArgv: [] })
    child.once("error", reject)
    child.once("exit", (code) => reject(new Error(`The server of ${key} ended with ${code}`)))
    child.once("message", (port) => {
      // Only requests keep this process alive.
      child.unref()
      child.channel?.unref()
      resolve({ child, port: Number(port) })
    })
  })
  started.set(key, server)
  return server
}

let answered = 0

const request = (agent: Agent, port: number, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    get({ agent, host: "127.0.0.1", port, path }, (response) => {
      if (response.statusCode === 200) answered += 1
      response.resume()
      response.on("end", resolve)
    }).on("error", reject)
  })

const load = (framework: string, variant: string): Case => ({
  name: `${framework}, ${variant}`,
  run: async () => {
    const { port } = await serverOf(framework, variant)
    const agent = new Agent({ keepAlive: true, maxSockets: connections })
    let next = 0
    const worker = async () => {
      while (next < requests) await request(agent, port, `/orders/${next++}`)
    }
    await Promise.all(Array.from({ length: connections }, worker))
    agent.destroy()
  }
})

const group = (framework: string, title: string, rival: string): Group => {
  const name = (variant: string) => `${framework}, ${variant}`
  return {
    title: `Requests of ${title}`,
    text: `A server in a process of its own answers \`GET /orders/:id\` over ${connections} connections that are kept; what sends the requests is part of every time. Narrated: every request is a story, its two events with everything secret hidden, which a renderer keeps in batches and discards. OpenTelemetry: ${rival}, its SDK with the batch processor, and an exporter that discards; it hides nothing. Both keep the context of the request for all that its handlers start.`,
    command: "npm run bench -- doors",
    per: requests,
    rounds: 11,
    cases: [load(framework, "bare"), load(framework, "narrative"), load(framework, "OpenTelemetry")],
    rows: [
      { name: name("bare") },
      { name: name("narrative"), against: name("bare") },
      { name: name("OpenTelemetry"), against: name("bare") },
      { name: name("narrative"), against: name("OpenTelemetry"), bar: 1 }
    ]
  }
}

export const groups: ReadonlyArray<Group> = [
  group("express", "Express", "`instrumentation-http` and `instrumentation-express`"),
  group("fastify", "Fastify", "`instrumentation-http` and `@fastify/otel`"),
  group("hono", "Hono", "`instrumentation-http` and `@hono/otel`")
]

/** Whether the servers answered. */
export const witnesses = () => [answered]
