/**
 * What it costs to keep a run, beside the bare writes of the very same bytes to the disk, and a server that keeps nothing.
 *
 *     npm run bench -- runs
 */
import { type ChildProcess, fork } from "node:child_process"
import { fdatasync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, write } from "node:fs"
import { Agent, request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Effect, ManagedRuntime } from "effect"
import { Run } from "./library.js"
import type { Case, Group } from "./rounds.js"

const folder = mkdtempSync(join(tmpdir(), "narrative-bench-"))
process.once("exit", () => rmSync(folder, { recursive: true, force: true }))

let done = 0

/** A run, begun and ended: two lines. */
const one = Effect.flatMap(Run.start("importer", "nightly", { product: "docs", inputSummary: "42 files" }), (run) =>
  Run.end(run, { itemsDiscovered: 42, itemsSucceeded: 42, outputSummary: "done" })
)

const baseDir = join(folder, "runs")
const kept = ManagedRuntime.make(Run.layer({ baseDir, history: false, git: false, sweep: false }))

/** The lines of a run as they are in the journal. */
await kept.runPromise(one)
const journal = join(baseDir, "raw")
const [file = ""] = readdirSync(journal)
const lines = readFileSync(join(journal, file), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => Buffer.from(`${line}\n`))
if (lines.length !== 2) throw new Error("A run is two lines")

const fd = openSync(join(folder, "raw.ndjson"), "a")

/** On the disk when it ends. */
const bare = (bytes: Buffer): Promise<void> =>
  new Promise((resolve, reject) =>
    write(fd, bytes, 0, bytes.length, null, (failed) => {
      if (failed !== null) return reject(failed)
      fdatasync(fd, (failed) => (failed === null ? resolve() : reject(failed)))
    })
  )

const oneByOne = 60
const runsAtOnce = 50
const rounds = 20

const sequential: ReadonlyArray<Case> = [
  {
    name: "Run.start and Run.end",
    run: async () => {
      await kept.runPromise(Effect.repeatN(one, oneByOne - 1))
      done += 1
    }
  },
  {
    name: "write and fdatasync of the same bytes",
    run: async () => {
      for (let i = 0; i < oneByOne; i++) for (const line of lines) await bare(line)
      done += 1
    }
  }
]

const together: ReadonlyArray<Case> = [
  {
    name: "50 fibers",
    run: async () => {
      const fibers = Array.from({ length: runsAtOnce }, () => Effect.repeatN(one, rounds - 1))
      await kept.runPromise(Effect.all(fibers, { concurrency: "unbounded", discard: true }))
      done += 1
    }
  },
  {
    name: "write and fdatasync of 50 lines at a time",
    run: async () => {
      for (let i = 0; i < rounds; i++)
        for (const line of lines) await bare(Buffer.concat(Array.from({ length: runsAtOnce }, () => line)))
      done += 1
    }
  }
]

const requests = 1_000
const connections = 64
const program = fileURLToPath(new URL("runServer.mjs", import.meta.url))
const started = new Map<string, Promise<number>>()

/** The port of a server in a process of its own, which ends with this one. */
const portOf = (variant: string): Promise<number> => {
  const known = started.get(variant)
  if (known !== undefined) return known
  const port = new Promise<number>((resolve, reject) => {
    const child: ChildProcess = fork(program, [variant, join(folder, "server")], { execArgv: [] })
    child.once("error", reject)
    child.once("exit", (code) => reject(new Error(`The server ${variant} ended with ${code}`)))
    child.once("message", (port) => {
      // Only requests keep this process alive.
      child.unref()
      child.channel?.unref()
      resolve(Number(port))
    })
  })
  started.set(variant, port)
  return port
}

let created = 0

const post = (agent: Agent, port: number, id: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const body = JSON.stringify({
      event_id: id,
      run_id: id,
      start_time: "2026-01-31T12:00:00Z",
      agent_name: "importer",
      job_type: "nightly",
      status: "success",
      items_discovered: 42,
      metrics_json: { cost_usd: 0.25 }
    })
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) }
    const asked = request(
      { agent, host: "127.0.0.1", port, method: "POST", path: "/api/v1/runs", headers },
      (response) => {
        if (response.statusCode === 201) created += 1
        response.resume()
        response.on("end", resolve)
      }
    )
    asked.on("error", reject)
    asked.end(body)
  })

let ids = 0

const posted = (name: string, variant: string): Case => ({
  name,
  run: async () => {
    const port = await portOf(variant)
    const agent = new Agent({ keepAlive: true, maxSockets: connections })
    let left = requests
    const worker = async () => {
      while (left-- > 0) await post(agent, port, `bench-${process.pid}-${ids++}`)
    }
    await Promise.all(Array.from({ length: connections }, worker))
    agent.destroy()
  }
})

const bareServer = "@effect/platform, the same body read and nothing kept"

export const groups: ReadonlyArray<Group> = [
  {
    title: "A run that is accepted",
    text: `Runs one after the other, each of two lines (${lines.reduce((sum, { length }) => sum + length, 0)} bytes) that are on the disk when \`Run.start\` and \`Run.end\` return, while the database takes them in. Against \`write\` and \`fdatasync\` of the same bytes. The work beside that is some 0.3 ms a run, the database's included, wherever it is measured: the faster a disk, the higher the ratio.`,
    command: "npm run bench -- runs",
    per: oneByOne,
    rounds: 31,
    cases: sequential,
    rows: [
      { name: "Run.start and Run.end", against: "write and fdatasync of the same bytes", bar: 1.3 },
      { name: "write and fdatasync of the same bytes" }
    ]
  },
  {
    title: "Writes of many fibers",
    text: "50 fibers that begin and end 20 runs each. Fibers that write at a time share one write and one `fdatasync`.",
    command: "npm run bench -- runs",
    per: runsAtOnce * rounds * 2,
    rounds: 21,
    cases: together,
    rows: [
      // 5,000 a second.
      { name: "50 fibers", atMostMicros: 200 },
      { name: "50 fibers", against: "write and fdatasync of 50 lines at a time" },
      { name: "write and fdatasync of 50 lines at a time" }
    ]
  },
  {
    title: "A run over HTTP",
    text: `\`POST /api/v1/runs\` over ${connections} connections that are kept, answered by a server in a process of its own when the run is on the disk; what sends the requests is part of every time.`,
    command: "npm run bench -- runs",
    per: requests,
    rounds: 11,
    cases: [posted("RunServer", "runs"), posted(bareServer, "bare")],
    rows: [{ name: "RunServer", against: bareServer, bar: 2 }, { name: bareServer }]
  }
]

/** Whether runs were kept and requests answered. */
export const witnesses = () => [done, created]
