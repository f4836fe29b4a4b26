/**
 * Ids of runs.
 */
import { v4, v7 } from "uuid"

/** Longest id, in UTF-16 code units. */
const maxLength = 255

/** Why an id of one's own cannot be used. */
export type IdFault = "empty" | "too_long" | "path_separator" | "nul"

/** What is wrong with an id that someone chose. */
export const faultOf = (id: unknown): IdFault | undefined => {
  if (typeof id !== "string" || id.trim() === "") return "empty"
  if (id.length > maxLength) return "too_long"
  if (/[/\\]/.test(id)) return "path_separator"
  return id.includes("\0") ? "nul" : undefined
}

/** `20260131T080000Z-agent-1a2b3c4d` */
export const make = (agentName: string, now: number): string => {
  const time = new Date(now).toISOString().replace(/[-:]|\.\d+/g, "")
  const agent = agentName.replaceAll(/[/\\\0]/g, "_").slice(0, 200)
  return `${time}-${agent}-${v4().slice(0, 8)}`
}

/** The id for a run whose own one another run of this process has, which is not over. */
export const duplicateOf = (id: string): string => `${id.slice(0, maxLength - 19)}-duplicate-${v4().slice(0, 8)}`

/** An id by which a run, or an event of one, is known for good. */
export const eventId = (now: number): string => v7({ msecs: now })
