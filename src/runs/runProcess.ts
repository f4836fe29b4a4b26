/**
 * Which process runs a run, as a text in its row.
 */
import * as processIdentity from "../file/processIdentity.js"

/** This process. */
export const own = (): string => {
  const { boot, host, namespace, pid, startedAt } = processIdentity.own()
  return JSON.stringify({ pid, host, boot, namespace, started_at: startedAt })
}

/** Whether the process still lives; `unknown` where that cannot be said from here. */
export const lifeOf = (text: string | null | undefined): processIdentity.Life => {
  const identity = parsed(text)
  return identity === undefined ? "unknown" : processIdentity.lifeOf(identity)
}

const parsed = (text: string | null | undefined): processIdentity.ProcessIdentity | undefined => {
  if (text === null || text === undefined) return undefined
  try {
    const { boot, host, namespace, pid, started_at: startedAt } = JSON.parse(text)
    const texts = [boot, host, namespace, startedAt].every((one) => typeof one === "string")
    return texts && typeof pid === "number" ? { boot, host, namespace, pid, startedAt } : undefined
  } catch {
    return undefined
  }
}
