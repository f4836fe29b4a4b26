/**
 * Which process this is, told so that another one can know whether it still lives, whatever became of its pid.
 */
import { readFileSync, readlinkSync } from "node:fs"
import { hostname } from "node:os"

/** A process, and when it last said that it lives, in milliseconds since the epoch. */
export interface ProcessSeen {
  readonly host: string
  readonly pid: number
  /** Tells this process from any other that had or will have its pid. */
  readonly incarnation: string
  readonly lastSeenAt: number
}

/**
 * The boot of the machine, the namespace that pids count in, and when the process started; empty where there is no
 * `/proc`. Two containers may share a host name, and one machine's pids may be counted in several namespaces.
 */
interface Incarnation {
  readonly boot: string
  readonly namespace: string
  readonly start: string
}

const unknown: Incarnation = { boot: "", namespace: "", start: "" }

const incarnationOf = (pid: number | "self"): Incarnation | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
    // The name, in parentheses, may hold anything: the rest is counted from its end. Field 22 is the start.
    const start = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""
    return { ...whereWeAre(), start }
  } catch {
    return undefined
  }
}

const whereWeAre = (): Omit<Incarnation, "start"> => {
  try {
    return {
      boot: readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim(),
      namespace: readlinkSync("/proc/self/ns/pid")
    }
  } catch {
    return unknown
  }
}

const write = ({ boot, namespace, start }: Incarnation): string => [boot, namespace, start].join(" ")

const read = (text: string): Incarnation => {
  const [boot = "", namespace = "", start = ""] = text.split(" ")
  return { boot, namespace, start }
}

/** This process. */
export const own = (): Omit<ProcessSeen, "lastSeenAt"> => ({
  host: hostname(),
  pid: process.pid,
  incarnation: write(incarnationOf("self") ?? unknown)
})

/**
 * Whether a process is gone. `known` tells a fact, as the process table has it or a day of silence makes it, from what is
 * concluded from a silence of more than `silence` milliseconds.
 *
 * @internal
 */
export const isGone = (
  seen: ProcessSeen,
  now: number,
  silence: number
): { readonly gone: boolean; readonly known: boolean } => {
  const there = read(seen.incarnation)
  const here = whereWeAre()
  const silentFor = now - seen.lastSeenAt
  const silent = { gone: silentFor > silence, known: silentFor > Math.max(silence, millisOfDay) }
  if (here.boot !== "" && there.boot !== "") {
    const samePids = here.boot === there.boot && here.namespace === there.namespace
    if (!samePids) return silent
    return { gone: incarnationOf(seen.pid)?.start !== there.start, known: true }
  }
  // Without /proc the pid alone may be another process's by now, but one that does not exist is surely gone.
  if (here.boot === there.boot && seen.host === hostname() && !exists(seen.pid)) return { gone: true, known: true }
  return silent
}

const millisOfDay = 86_400_000

const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It may not be signalled by us, but is there.
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}
