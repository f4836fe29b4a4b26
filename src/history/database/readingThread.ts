/**
 * Questions to a file that take long, asked by a thread of their own: the program's does other things meanwhile.
 *
 * SQLite works where it is called. The thread has a connection that only reads; whoever asks has a client of their own, whose statements it
 * runs. One question at a time: what another one asks meanwhile waits for it.
 */
import { createRequire } from "node:module"
import { Worker } from "node:worker_threads"
import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { attempt } from "../../plain/untrusted.js"
import { Permits } from "../../runtime/permits.js"
import { roomy } from "./database.js"

export interface ReadingThread {
  /** Runs a question's statements on the thread; where there can be none, where it is called. */
  readonly reading: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

/** Asks where it is called. */
export const none: ReadingThread = { reading: (self) => self }

/** Text, as nothing but the driver is loaded there: there is no file of ours to be found by whatever bundled it. */
const program = `
const { parentPort, workerData } = require("node:worker_threads")
const { driver, filename, patience, settings } = workerData
const Database = require(driver)
const database = new Database(filename, { readonly: true, timeout: patience })
for (const setting of settings) database.pragma(setting)
const prepared = new Map()
const statementOf = (text) => {
  const known = prepared.get(text)
  if (known !== undefined) return known
  if (prepared.size >= 100) prepared.clear()
  const made = database.prepare(text)
  prepared.set(text, made)
  return made
}
parentPort.on("message", ({ asValues, id, parameters, text }) => {
  try {
    const statement = statementOf(text)
    if (!statement.reader) throw new Error("The thread only reads")
    parentPort.postMessage({ id, rows: statement.raw(asValues).all(...parameters) })
  } catch (error) {
    parentPort.postMessage({ id, message: String(error.message), code: error.code })
  }
})
`

/** How long it waits for another connection that writes, in milliseconds, where there is no write-ahead log. */
const patience = 30_000

const clientPackage = "@effect/sql-sqlite-node"

/** The driver of the client that the program has. */
const driverPath = (): string | undefined =>
  attempt(() => {
    const client = createRequire(import.meta.url).resolve(`${clientPackage}/package.json`)
    return createRequire(client).resolve("better-sqlite3")
  }, undefined)

/**
 * Made when it is first asked, and ended with the scope.
 *
 * @internal
 */
export const make = (filename: string): Effect.Effect<ReadingThread, never, Scope.Scope> =>
  Effect.gen(function* () {
    const driver = driverPath()
    if (driver === undefined) return none
    const thread = yield* Effect.acquireRelease(
      Effect.sync(() => new Thread(filename, driver)),
      (thread) => Effect.ignore(Effect.timeout(Effect.interruptible(thread.end), "5 seconds"))
    )
    const alone = new Permits(1)
    return {
      reading: (self) => alone.run(Effect.provideService(self, SqlClient.TransactionConnection, [thread.connection, 0]))
    }
  })

interface Answer {
  readonly id: number
  readonly rows?: ReadonlyArray<never>
  readonly message?: string
  readonly code?: string
}

type Resume = (result: Effect.Effect<ReadonlyArray<never>, SqlError>) => void

class Thread {
  readonly #asked = new Map<number, Resume>()
  #worker: Worker | undefined
  #last = 0

  constructor(
    readonly filename: string,
    readonly driver: string
  ) {}

  // The rows are of whatever type the question gives them.
  readonly connection: Connection = {
    execute: (text, parameters, transformRows) => {
      const rows = this.#ask(text, parameters, false)
      return transformRows === undefined ? rows : Effect.map(rows, transformRows)
    },
    executeRaw: (text, parameters) => this.#ask(text, parameters, false),
    executeValues: (text, parameters) => this.#ask(text, parameters, true),
    executeUnprepared: (text, parameters, transformRows) => this.connection.execute(text, parameters, transformRows),
    executeStream: () => Stream.dieMessage("Nothing here streams")
  }

  get end(): Effect.Effect<void> {
    return Effect.promise(async () => {
      await this.#worker?.terminate()
    })
  }

  #ask(text: string, parameters: ReadonlyArray<unknown>, asValues: boolean) {
    return Effect.async<ReadonlyArray<never>, SqlError>((resume) => {
      const id = ++this.#last
      const worker = this.#started()
      this.#asked.set(id, resume)
      // Only who waits for an answer keeps the process.
      worker.ref()
      worker.postMessage({ id, text, parameters, asValues })
      return Effect.sync(() => {
        this.#answered(worker, id)
        // SQLite cannot be stopped there: whoever asks next has another thread, and does not wait for what no longer matters.
        if (this.#worker === worker) this.#worker = undefined
        void worker.terminate()
      })
    })
  }

  #started(): Worker {
    if (this.#worker !== undefined) return this.#worker
    const { driver, filename } = this
    const workerData = { driver, filename, patience, settings: roomy }
    const worker = new Worker(program, { eval: true, workerData, execArgv: [] })
    this.#worker = worker
    worker.on("message", ({ code, id, message, rows }: Answer) => {
      const resume = this.#answered(worker, id)
      if (rows !== undefined) return resume?.(Effect.succeed(rows))
      resume?.(failed(Object.assign(new Error(message), { code })))
    })
    const lost = (why: unknown) => {
      // One that was given up has no questions any more; what is asked is another's.
      if (this.#worker !== worker) return
      this.#worker = undefined
      for (const id of this.#asked.keys()) this.#answered(worker, id)?.(failed(why))
    }
    worker.on("error", lost)
    worker.on("exit", () => lost(new Error("The thread that reads has ended")))
    return worker
  }

  #answered(worker: Worker, id: number): Resume | undefined {
    const resume = this.#asked.get(id)
    this.#asked.delete(id)
    if (this.#asked.size === 0) worker.unref()
    return resume
  }
}

const failed = (cause: unknown) => new SqlError({ cause, message: "Failed to execute statement" })
