/**
 * The events by the names that they have on the wire, and in rows.
 */
import type { NarrativeEvent } from "../../event/NarrativeEvent.js"

export const eventNames = [
  "StoryStarted",
  "StageStarted",
  "StageProgressed",
  "StageRetried",
  "StageCompleted",
  "StageFailed",
  "StageCancelled",
  "LogRecorded",
  "EventRecorded",
  "FailureOccurred",
  "LLMAnalysisReady",
  "StoryCompleted"
] as const

type EventName = (typeof eventNames)[number]
type Tag = NarrativeEvent["_tag"]

/** Only an analysis goes by another name. */
export const nameOf = (tag: Tag): EventName => (tag === "AnalysisReady" ? "LLMAnalysisReady" : tag)

export const tags: ReadonlyArray<Tag> = eventNames.map((name) => (name === "LLMAnalysisReady" ? "AnalysisReady" : name))
