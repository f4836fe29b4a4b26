/**
 * The events of a tool: those of its stage, and the attributes that `Work.tool` gave it.
 */
import type { SinkEvent } from "../../delivery/sinkQueue.js"
import type * as Event from "../../event/NarrativeEvent.js"
import * as names from "../../event/toolNames.js"
import type { PlainRecord, PlainValue } from "../../plain/PlainValue.js"

/** `begun`: the attributes it began with. */
export const toolEvents = (
  event: Event.StageEvent,
  run: PlainRecord,
  begun: PlainRecord | undefined
): ReadonlyArray<SinkEvent> => {
  const base = ofTool(event, { ...begun, ...("attributes" in event ? event.attributes : {}) }, run)
  switch (event._tag) {
    case "StageStarted": {
      const said = {
        payload_summary: event.attributes[names.payloadSummary] ?? null,
        behavior: event.attributes[names.behavior] ?? null
      }
      return [
        { type: "tool.invoked", data: { ...base, ...said } },
        { type: "tool.started", data: base }
      ]
    }
    case "StageCompleted":
      return [
        ended(event, base, "completed", {
          output_summary: event.attributes[names.outputSummary] ?? null,
          artifacts_count: event.attributes[names.artifactsCount] ?? 0
        })
      ]
    case "StageFailed":
      return [
        ended(event, base, "failed", {
          error_code: event.errorCode === "UNKNOWN" ? "execution_error" : event.errorCode,
          error_type: event.errorType,
          error_message: event.errorMessage
        })
      ]
    case "StageCancelled":
      return [ended(event, base, "cancelled", { reason: event.orphaned ? "orphaned" : "interrupted" })]
    case "StageRetried":
      return [{ type: "tool.retried", data: { ...base, attempt: event.attempt, reason: event.reason } }]
    case "StageProgressed":
      return [{ type: "tool.progressed", data: { ...base, done: event.done, total: event.total } }]
  }
}

const ended = (
  event: Event.StageEnded,
  base: PlainRecord,
  end: string,
  said: Record<string, PlainValue>
): SinkEvent => ({
  type: `tool.${end}`,
  data: { ...base, duration_ms: Math.round(event.durationSeconds * 1_000), ...said }
})

const ofTool = (event: Event.StageEvent, attributes: PlainRecord, run: PlainRecord): PlainRecord => ({
  ...run,
  stage: event.parentStageName,
  tool_name: attributes[names.toolName] ?? event.stageName,
  action_id: attributes[names.callId] ?? `${event.storyId}:${event.stageIndex}`
})
