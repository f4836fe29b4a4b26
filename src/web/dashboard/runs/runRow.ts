/**
 * A run as the API shows it.
 */
import type { PlainValue } from "../../../plain/PlainValue.js"
import type { NodeStatus } from "../../../renderer/html/pageData.js"

export const statuses = ["running", "success", "partial", "failed", "timeout", "cancelled"] as const

export type RunStatus = (typeof statuses)[number]

export interface RunRow {
  readonly event_id: string
  readonly [column: string]: PlainValue | undefined
}

/** A column as a text; empty where it is. */
export const textOf = (run: RunRow, column: string): string => {
  const value = run[column]
  if (value === null || value === undefined) return ""
  return typeof value === "object" ? JSON.stringify(value) : String(value)
}

export const numberOf = (run: RunRow, column: string): number | undefined => {
  const value = run[column]
  return typeof value === "number" ? value : undefined
}

export const statusOf = (run: RunRow): RunStatus => statuses.find((status) => status === run["status"]) ?? "running"

/** Its mark, which is that of a stage. */
export const markOf = (status: RunStatus): NodeStatus => (status === "success" ? "completed" : status)
