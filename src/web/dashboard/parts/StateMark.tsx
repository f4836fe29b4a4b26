/**
 * The state of a story or a stage, as a mark.
 */
import type { NodeStatus } from "../../../renderer/html/pageData.js"
import { StatusMark } from "../../kit/StatusMark.js"

const marks: { readonly [state: string]: NodeStatus } = {
  success: "completed",
  completed: "completed",
  failed: "failed",
  timeout: "timeout",
  partial: "partial",
  running: "running",
  cancelled: "cancelled",
  interrupted: "cancelled"
}

export const nodeStatusOf = (state: string): NodeStatus => marks[state] ?? "partial"

export const StateMark = ({ state }: { readonly state: string }) => (
  <StatusMark status={nodeStatusOf(state)} title={state} />
)

export const storyStates = ["running", "success", "failed", "timeout", "partial", "cancelled", "interrupted"] as const
