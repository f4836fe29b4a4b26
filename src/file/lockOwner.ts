/**
 * Who holds a lock, as a name that tells every other process whether the holder still lives.
 */
import { createHash, randomBytes } from "node:crypto"
import { hostname } from "node:os"
import { threadId } from "node:worker_threads"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"

/**
 * `unknown`: it runs on another machine or in another container, is a thread that may have ended without its process,
 * or has a process id that may be another's by now.
 */
export type Life = "alive" | "dead" | "unknown"

/** Process id, thread, time of the process's start, where that id means something, and what tells two locks apart. */
const pattern = /^(\d+)-(\d+)-(\d+)-([0-9a-f]{12})-[0-9a-f]{12}$/

export const isOwner = (name: string): boolean => pattern.test(name)

/** A name of this thread's own, never given twice. */
export const make: Effect.Effect<string, never, FileSystem.FileSystem> = Effect.gen(function* () {
  const state = yield* stateOf(process.pid)
  return `${process.pid}-${threadId}-${state?.started ?? 0}-${yield* space}-${randomBytes(6).toString("hex")}`
})

/** Whether the owner of a name can still be at work. */
export const lifeOf = (name: string): Effect.Effect<Life, never, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const [, pid = "", thread, started, itsSpace] = pattern.exec(name) ?? []
    if (itsSpace === undefined || itsSpace !== (yield* space)) return "unknown"
    if (!exists(Number(pid))) return "dead"
    const state = yield* stateOf(Number(pid))
    if (state === undefined || started === "0") return "unknown"
    // A process id is used again; one that was killed has its id until its parent has taken notice.
    if (state.ended || `${state.started}` !== started) return "dead"
    return thread === "0" ? "alive" : "unknown"
  })

const exists = (pid: number): boolean => {
  try {
    // Signal 0 reaches nobody. `FileSystem` and `Command` know no way to ask.
    return process.kill(pid, 0)
  } catch (error) {
    // Not ours to signal, but there.
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}

/** What Linux tells of a process; nothing elsewhere. */
const stateOf = (pid: number) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const stat = yield* fs.readFileString(`/proc/${pid}/stat`)
    // The 2nd field, the command in parentheses, may hold anything. The 3rd is the state, the 22nd the time of the start.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    const [state = "", started = ""] = [fields[0], fields[19]]
    return /^\d+$/.test(started) ? { ended: "ZXx".includes(state), started: Number(started) } : undefined
  }).pipe(Effect.orElseSucceed(() => undefined))

/** Where a process id and a time of start name one process: this machine, since it was booted, and this container. */
const space = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const orNothing = Effect.orElseSucceed(() => "")
  const boot = yield* orNothing(fs.readFileString("/proc/sys/kernel/random/boot_id"))
  const container = yield* orNothing(fs.readLink("/proc/self/ns/pid"))
  return createHash("sha256").update([hostname(), boot, container].join("\n")).digest("hex").slice(0, 12)
})
