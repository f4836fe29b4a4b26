/**
 * What can be changed of a run: how it is typed, and what is wrong with what was typed.
 */
import type { PlainValue } from "../../../plain/PlainValue.js"
import { fromLocalField, toLocalField } from "../times.js"
import { type RunRow, statuses } from "./runRow.js"

export interface RunField {
  readonly name: string
  readonly title: string
  readonly kind: "status" | "time" | "count" | "line" | "text" | "json"
  /** Longest text. */
  readonly most?: number
}

export const runFields: ReadonlyArray<RunField> = [
  { name: "status", title: "Status", kind: "status" },
  { name: "end_time", title: "Ended", kind: "time" },
  { name: "duration_ms", title: "Duration in ms", kind: "count" },
  { name: "items_discovered", title: "Items discovered", kind: "count" },
  { name: "items_succeeded", title: "Items succeeded", kind: "count" },
  { name: "items_failed", title: "Items failed", kind: "count" },
  { name: "items_skipped", title: "Items skipped", kind: "count" },
  { name: "input_summary", title: "Input", kind: "line", most: 1_000 },
  { name: "output_summary", title: "Output", kind: "line", most: 1_000 },
  { name: "error_summary", title: "Error", kind: "line", most: 500 },
  { name: "error_details", title: "Error in full", kind: "text", most: 5_000 },
  { name: "metrics_json", title: "Metrics", kind: "json" },
  { name: "context_json", title: "Context", kind: "json" }
]

/** What a field shows of a run, to be changed. */
export const typedOf = (field: RunField, run: RunRow): string => {
  const value = run[field.name]
  if (value === null || value === undefined) return ""
  if (field.kind === "time") return toLocalField(String(value))
  if (field.kind === "json") return JSON.stringify(value, undefined, 2)
  return String(value)
}

export type Typed = { readonly value: PlainValue } | { readonly fault: string }

/** What was typed as the API takes it. Nothing clears the field. */
export const valueOf = ({ kind, most, name }: RunField, typed: string): Typed => {
  const text = typed.trim()
  if (text === "") return name === "status" ? { fault: "takes a status" } : { value: null }
  switch (kind) {
    case "status":
      return statuses.some((status) => status === text) ? { value: text } : { fault: `takes ${statuses.join(", ")}` }
    case "time": {
      const value = fromLocalField(text)
      return value === "" ? { fault: "takes a day and a time" } : { value }
    }
    case "count": {
      const value = Number(text)
      return /^\d+$/.test(text) && Number.isSafeInteger(value)
        ? { value }
        : { fault: "takes a whole number of 0 or more" }
    }
    case "json":
      try {
        return { value: JSON.parse(text) }
      } catch (error) {
        return { fault: `takes JSON: ${error instanceof Error ? error.message : String(error)}` }
      }
    default:
      return most !== undefined && typed.length > most
        ? {
            fault: `takes at most ${most.toLocaleString("en")} characters; these are ${typed.length.toLocaleString("en")}`
          }
        : { value: typed }
  }
}

/** A value in a line, as a person reads it. */
export const shortOf = (value: unknown): string => {
  if (value === null || value === undefined || value === "") return "empty"
  const text = typeof value === "object" ? JSON.stringify(value) : String(value)
  return text.length > 120 ? `${text.slice(0, 119)}…` : text
}
