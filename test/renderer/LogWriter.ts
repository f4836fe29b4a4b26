/**
 * Processes that write to files, as their users run them: started, listened to, killed.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { Deferred, Effect, FiberId, type Scope } from "effect"
import type { Job } from "../fixtures/logWriter.js"

export class LogWriter {
  readonly #said: Array<string> = []
  #stderr = ""
  #ended = false
  readonly #waiting = new Set<() => void>()
  readonly #exit = Deferred.unsafeMake<number | null>(FiberId.none)

  constructor(readonly child: ChildProcess) {
    let rest = ""
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n")
      rest = lines.pop() ?? ""
      this.#said.push(...lines)
      this.#wake()
    })
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text
      this.#wake()
    })
    child.once("close", (code) => {
      this.#ended = true
      this.#wake()
      Deferred.unsafeDone(this.#exit, Effect.succeed(code))
    })
  }

  get said(): ReadonlyArray<string> {
    return this.#said
  }

  get stderr(): string {
    return this.#stderr
  }

  /** Waits until it said the `count`th line that begins so. Dies if it ends before. */
  saying(start: string, count = 1): Effect.Effect<string> {
    return Effect.async<string>((resume) => {
      const look = () => {
        const line = this.#said.filter((line) => line.startsWith(start))[count - 1]
        if (line === undefined && !this.#ended) return
        this.#waiting.delete(look)
        resume(
          line === undefined
            ? Effect.dieMessage(`it never said "${start}" ${count} times: ${this.#said.join("\n")}\n${this.#stderr}`)
            : Effect.succeed(line)
        )
      }
      this.#waiting.add(look)
      look()
    })
  }

  /** Its exit code; `null` when it was killed. */
  get exit(): Effect.Effect<number | null> {
    return Deferred.await(this.#exit)
  }

  get kill(): Effect.Effect<void> {
    return Effect.zipRight(
      Effect.sync(() => this.child.kill("SIGKILL")),
      this.exit
    )
  }

  #wake(): void {
    for (const look of this.#waiting) look()
  }
}

/** Starts a process, which is killed at the latest with the scope. `prefix`: shell commands to run before it. */
export const start = (program: string, job: Job, prefix = ""): Effect.Effect<LogWriter, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const command = `${prefix}exec "$0" "$@"`
      const args = ["-c", command, process.execPath, program, JSON.stringify(job)]
      return new LogWriter(spawn("sh", args, { stdio: ["ignore", "pipe", "pipe"] }))
    }),
    (writer) => writer.kill
  )
