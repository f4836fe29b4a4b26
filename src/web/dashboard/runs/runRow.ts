/**
 * A run as the API shows it.
 */
import type { PlainValue } from "../../../plain/PlainValue.js"

export type RunStatus = "running" | "success" | "failed" | "partial" | "timeout" | "cancelled"

export type RunRow = { readonly event_id: string; readonly status: RunStatus } & {
  readonly [column: string]: PlainValue
}
