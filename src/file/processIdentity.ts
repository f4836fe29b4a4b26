/**
 * Which process this is, and whether another one still lives, whatever became of its pid.
 *
 * A pid names one process only together with when that process started, and only among the pids that are counted with it:
 * those of one machine, since it was booted, in one container. Two containers may share a host name, and the pids of one
 * machine may be counted in several namespaces.
 */
import { readFileSync, readlinkSync } from "node:fs"
import { hostname } from "node:os"

/** Where a pid means something. `boot` and `namespace` are empty where there is no `/proc`. */
export interface PidSpace {
  readonly host: string
  readonly boot: string
  readonly namespace: string
}

export interface ProcessIdentity extends PidSpace {
  readonly pid: number
  /** In ticks since the boot; empty where there is no `/proc`. */
  readonly startedAt: string
}

/** `unknown`: it runs elsewhere, or has a pid that may be another process's by now. */
export type Life = "alive" | "dead" | "unknown"

/** Where the pids of this process mean something. */
export const ownSpace = (): PidSpace => {
  const { boot, namespace } = ownFacts()
  return { host: hostname(), boot, namespace }
}

/** This process. */
export const own = (): ProcessIdentity => ({ ...ownSpace(), pid: process.pid, startedAt: ownFacts().startedAt })

/** What is the same for as long as a process lives; its machine may be renamed meanwhile. */
type Facts = Omit<ProcessIdentity, "host" | "pid">

let known: Facts | undefined

/** Read once: each begun run says them. */
const ownFacts = (): Facts => {
  known ??= { ...bootAndNamespace(), startedAt: statOf(process.pid)?.startedAt ?? "" }
  return known
}

const bootAndNamespace = (): Pick<PidSpace, "boot" | "namespace"> => {
  try {
    return {
      boot: readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim(),
      namespace: readlinkSync("/proc/self/ns/pid")
    }
  } catch {
    return { boot: "", namespace: "" }
  }
}

/** Whether a process still lives. */
export const lifeOf = (identity: ProcessIdentity): Life =>
  isHere(identity) ? lifeHere(identity.pid, identity.startedAt) : "unknown"

const isHere = ({ boot, host, namespace }: PidSpace): boolean => {
  const here = ownSpace()
  // A machine may be renamed while it runs; its boot is its own.
  return boot === here.boot && namespace === here.namespace && (boot !== "" || host === here.host)
}

/** Whether a process still lives whose pid is counted where ours are. */
export const lifeHere = (pid: number, startedAt: string): Life => {
  if (!exists(pid)) return "dead"
  const stat = statOf(pid)
  if (stat === undefined || startedAt === "") return "unknown"
  return stat.startedAt === startedAt && !stat.ended ? "alive" : "dead"
}

const exists = (pid: number): boolean => {
  // 0 and below name groups of processes.
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    // Signal 0 only asks. `FileSystem` and `Command` have no way to.
    return process.kill(pid, 0)
  } catch (error) {
    // Not ours to signal, but there.
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}

/** What Linux knows of a process; nothing elsewhere, nor of a process that is hidden from us. */
const statOf = (pid: number): { readonly ended: boolean; readonly startedAt: string } | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
    // The 2nd field, the command in parentheses, may hold anything. The 3rd is the state, the 22nd the time of the start.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    const [state = "", startedAt = ""] = [fields[0], fields[19]]
    // One that was killed has its pid until its parent takes notice.
    return /^\d+$/.test(startedAt) ? { ended: "ZXx".includes(state), startedAt } : undefined
  } catch {
    return undefined
  }
}
