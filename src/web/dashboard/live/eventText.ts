/**
 * Events in words.
 */
import type { EventJson } from "../../../server/readModels.js"

export const kinds = ["stories", "stages", "failures", "log", "other"] as const

export type EventKind = (typeof kinds)[number]

const kindByEvent: { readonly [event: string]: EventKind } = {
  StoryStarted: "stories",
  StoryCompleted: "stories",
  StageStarted: "stages",
  StageCompleted: "stages",
  StageFailed: "failures",
  StageCancelled: "stages",
  FailureOccurred: "failures",
  LogRecorded: "log",
  EventRecorded: "log"
}

export const kindOf = ({ event }: EventJson): EventKind => kindByEvent[event] ?? "other"

/** The class of an event's colour. */
export const toneOf = (event: EventJson): string => {
  if (event.error_type !== null || event.status === "failed" || event.status === "timeout") return "s-failed"
  if (event.level === "warn") return "s-partial"
  if (event.level === "error" || event.level === "fatal") return "s-failed"
  if (event.status === "success" || event.event === "StageCompleted") return "s-completed"
  return "s-running"
}

/** What happened, after the name of the stage. */
export const textOf = (event: EventJson): string => {
  if (event.error_type !== null) return `${event.error_type}: ${event.error_message ?? ""}`
  switch (event.event) {
    case "StoryStarted":
      return "begins"
    case "StoryCompleted":
      return `${event.status ?? "ends"}${event.outcome === null ? "" : `: ${event.outcome}`}`
    case "StageStarted":
      return "begins"
    case "StageCompleted":
      return "done"
    case "StageCancelled":
      return "cancelled"
    default:
      return [event.message ?? event.event, dataOf(event)].filter((text) => text !== "").join(" ")
  }
}

const dataOf = ({ data }: EventJson): string => {
  if (data === null || data === undefined) return ""
  const text = typeof data === "string" ? data : JSON.stringify(data)
  return text === "{}" ? "" : text.slice(0, 200)
}
