/**
 * From the events of stories to those of a sink: dotted names, and data in which each event has the ids of its run beside it.
 */
import type { SinkEvent } from "../../delivery/sinkQueue.js"
import { idsOf } from "../../event/correlationFields.js"
import type * as Event from "../../event/NarrativeEvent.js"
import { type LiveEvent, OpenStories, type OpenStory } from "../../event/openStories.js"
import type { PlainRecord, PlainValue } from "../../plain/PlainValue.js"
import { OpenRecords } from "../wide/openRecords.js"
import type { WideEvent } from "../wide/WideEvent.js"
import { toRecord } from "../wide/wideEventJson.js"
import { toolEvents } from "./toolEvents.js"

/** Which wide events a sink gets. */
export interface WideEvents {
  readonly stages: boolean
  readonly stories: boolean
}

/** What is known of a story until it ends. */
interface State {
  failure: Event.FailureOccurred | undefined
}

type Open = OpenStory<State, undefined>

/** The events of a sink that follow from events of stories, one by one. */
export class SinkEvents {
  readonly #open = new OpenStories<State, undefined>({
    beginStory: () => ({ failure: undefined }),
    beginStage: () => undefined
  })
  readonly #records: OpenRecords | undefined
  readonly #wide: WideEvents

  constructor(wide: WideEvents) {
    this.#wide = wide
    this.#records = wide.stages || wide.stories ? new OpenRecords() : undefined
  }

  take(event: Event.NarrativeEvent): ReadonlyArray<SinkEvent> {
    const wide = this.#records === undefined ? [] : this.#wideOf(this.#records.take(event))
    if (event._tag === "AnalysisReady") return [analyzed(event, this.#open.get(event.storyId))]
    const { stage, story } = this.#open.take(event)
    if (event._tag === "FailureOccurred" && !event.handled) story.state.failure = event
    return [...eventsOf(event, story, stage?.started.attributes), ...wide]
  }

  /** The records of what has not ended. */
  close(): ReadonlyArray<SinkEvent> {
    this.#open.clear()
    return this.#records === undefined ? [] : this.#wideOf(this.#records.close().map(([, record]) => record))
  }

  #wideOf(records: ReadonlyArray<WideEvent>): ReadonlyArray<SinkEvent> {
    return records.flatMap((record): ReadonlyArray<SinkEvent> => {
      const isStage = record._tag === "StageWide"
      if (!(isStage ? this.#wide.stages : this.#wide.stories)) return []
      const { event: _, ...data } = toRecord(record)
      // A record of a wide event is plain, for it is what its line of JSON holds.
      return [{ type: isStage ? "stage.wide" : "pipeline.wide", data: data as unknown as PlainRecord }]
    })
  }
}

const time = (millis: number): string => new Date(millis).toISOString()

/** Whole milliseconds, as the seconds of an event are. */
export const millis = (seconds: number): number => Math.round(seconds * 1_000)

/** What every event of a run has beside it. */
const ofRun = (event: Event.NarrativeEvent, story: Open | undefined): Record<string, PlainValue> => {
  const started = story?.started
  return {
    timestamp: time(event.timestamp),
    pipeline_run_id: event.storyId,
    parent_run_id: event.parentStoryId,
    pipeline_name: event.storyName,
    topology: started?.labels["topology"] ?? event.storyName,
    execution_mode: started?.labels["execution_mode"] ?? null,
    ...(started?.correlation ? Object.fromEntries(idsOf(started.correlation)) : {}),
    ...("traceId" in event && event.traceId !== null ? { trace_id: event.traceId } : {})
  }
}

const eventsOf = (event: LiveEvent, story: Open, begun: PlainRecord | undefined): ReadonlyArray<SinkEvent> => {
  const run = ofRun(event, story)
  switch (event._tag) {
    case "StoryStarted":
      return [{ type: "pipeline.started", data: { ...run, status: "started", attributes: event.attributes } }]
    case "StoryCompleted":
      return [storyEnded(event, story, run)]
    case "FailureOccurred":
      return [{ type: "failure.reported", data: { ...run, handled: event.handled, ...failureOf(event) } }]
    case "LogRecorded": {
      const { annotations, level, message, stageName } = event
      return [{ type: "log", data: { ...run, stage: stageName, level, message, annotations, cause: event.cause } }]
    }
    case "EventRecorded": {
      const { data, name, stageName } = event
      const said = typeof data === "object" && data !== null && !Array.isArray(data) ? data : { data }
      return [{ type: name, data: { ...run, stage: stageName, ...(said as PlainRecord) } }]
    }
    default:
      return event.kind === "tool" ? toolEvents(event, run, begun) : [stageEvent(event, run)]
  }
}

const analyzed = (event: Event.AnalysisReady, story: Open | undefined): SinkEvent => ({
  type: "failure.analyzed",
  data: { ...ofRun(event, story), stage: event.stageName, analysis: event.llmAnalysis }
})

const failureOf = (event: Event.FailureOccurred): Record<string, PlainValue> => {
  const [first] = event.failures
  return {
    stage: first.stageName,
    error: {
      code: first.errorCode,
      type: first.errorType,
      message: first.errorMessage,
      retryable: first.retryable
    }
  }
}

const ends = {
  success: "completed",
  partial: "completed",
  failed: "failed",
  timeout: "failed",
  cancelled: "cancelled"
} as const

const storyEnded = (event: Event.StoryCompleted, story: Open, run: PlainRecord): SinkEvent => {
  const end = ends[event.status]
  const { failure } = story.state
  const { causedBy } = event
  return {
    type: `pipeline.${end}`,
    data: {
      ...run,
      status: event.status,
      outcome: event.outcome,
      duration_ms: millis(event.durationSeconds),
      stages_completed: event.progress.completedStages,
      stages_failed: event.failedStages,
      stages_cancelled: event.cancelledStages,
      attributes: event.attributes,
      ...(failure === undefined ? {} : failureOf(failure)),
      ...(causedBy === null ? {} : { caused_by_run_id: causedBy.storyId, error: { type: causedBy.errorType } })
    }
  }
}

const stageEnds = {
  StageStarted: "started",
  StageProgressed: "progressed",
  StageRetried: "retried",
  StageCompleted: "completed",
  StageFailed: "failed",
  StageCancelled: "cancelled"
} as const

const stageEvent = (event: Event.StageEvent, run: PlainRecord): SinkEvent => {
  const status = stageEnds[event._tag]
  return {
    type: `stage.${event.stageName}.${status}`,
    data: {
      ...run,
      stage: event.stageName,
      stage_kind: event.kind,
      stage_path: event.stagePath,
      status,
      ...detailsOf(event)
    }
  }
}

const detailsOf = (event: Event.StageEvent): Record<string, PlainValue> => {
  switch (event._tag) {
    case "StageStarted":
      return { attributes: event.attributes }
    case "StageProgressed":
      return { done: event.done, total: event.total }
    case "StageRetried":
      return { attempt: event.attempt, delay_ms: millis(event.delaySeconds), reason: event.reason }
    case "StageCompleted":
      return { duration_ms: millis(event.durationSeconds), attributes: event.attributes }
    case "StageFailed":
      return { duration_ms: millis(event.durationSeconds), attributes: event.attributes, error: errorOf(event) }
    case "StageCancelled":
      return {
        duration_ms: millis(event.durationSeconds),
        attributes: event.attributes,
        reason: event.orphaned ? "orphaned" : "interrupted"
      }
  }
}

const errorOf = ({ errorCode, errorMessage, errorType, retryable }: Event.StageFailed): PlainRecord => ({
  code: errorCode,
  type: errorType,
  message: errorMessage,
  retryable
})
