/**
 * The name of a lock's owner, from which every other process can know whether the owner still lives.
 */
import { createHash, randomBytes } from "node:crypto"
import { threadId } from "node:worker_threads"
import { type Life, lifeHere, own, ownSpace, type PidSpace } from "./processIdentity.js"

/** Pid, thread, start of the process (0: unknown), where that pid is valid, and what distinguishes two locks. */
const pattern = /^(\d+)-(\d+)-(\d+)-([0-9a-f]{12})-[0-9a-f]{12}$/

export const isOwner = (name: string): boolean => pattern.test(name)

/** A name of this thread's own, never given twice. */
export const make = (): string => {
  const { pid, startedAt, ...space } = own()
  return `${pid}-${threadId}-${startedAt === "" ? "0" : startedAt}-${digestOf(space)}-${randomBytes(6).toString("hex")}`
}

/** Whether the owner of a name can still be at work. A thread may have ended without its process. */
export const lifeOf = (name: string): Life => {
  const [, pid = "", thread, startedAt = "", space] = pattern.exec(name) ?? []
  if (space === undefined || space !== digestOf(ownSpace())) return "unknown"
  const life = lifeHere(Number(pid), startedAt === "0" ? "" : startedAt)
  return life === "alive" && thread !== "0" ? "unknown" : life
}

const digestOf = ({ boot, host, namespace }: PidSpace): string =>
  createHash("sha256").update([host, boot, namespace].join("\n")).digest("hex").slice(0, 12)
