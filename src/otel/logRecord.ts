/**
 * An event as a log record of OpenTelemetry: https://opentelemetry.io/docs/specs/otel/logs/data-model/
 */
import type { Failure } from "../event/FailureReport.js"
import { timeOf } from "../event/failureTime.js"
import type * as Event from "../event/NarrativeEvent.js"
import type { PlainRecord, PlainValue } from "../plain/PlainValue.js"
import { correlationAttributes } from "../tracing/correlationAttributes.js"
import { analysisAttributes, failureAttributes, present } from "../tracing/spanAttributes.js"
import { isKnown, type SpanIds } from "./spanIds.js"

/** A record, whoever sends it. */
export interface LogRecord {
  readonly eventName: string
  /** UTC, in milliseconds since the epoch. */
  readonly timestamp: number
  readonly severity: Severity
  /** What a reader of logs sees: the event in one line. */
  readonly body: string
  readonly attributes: { readonly [name: string]: PlainValue }
  /** Where in a trace it belongs. */
  readonly span: SpanIds | undefined
}

export interface Severity {
  /** https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber */
  readonly number: number
  readonly text: string
}

const severities = {
  TRACE: { number: 1, text: "TRACE" },
  DEBUG: { number: 5, text: "DEBUG" },
  INFO: { number: 9, text: "INFO" },
  WARN: { number: 13, text: "WARN" },
  ERROR: { number: 17, text: "ERROR" },
  FATAL: { number: 21, text: "FATAL" }
} as const satisfies Record<Event.LogRecorded["level"], Severity>

export const of = (event: Event.NarrativeEvent): LogRecord => ({
  eventName: eventNames[event._tag],
  timestamp: timeOf(event),
  severity: severityOf(event),
  body: bodyOf(event),
  attributes: Object.assign(storyOf(event), attributesOf(event)),
  span: spanOf(event)
})

const spanOf = ({ spanId, traceId }: Event.NarrativeEvent): LogRecord["span"] =>
  traceId !== null && spanId !== null && isKnown({ traceId, spanId }) ? { traceId, spanId } : undefined

const eventNames: { readonly [tag in Event.NarrativeEvent["_tag"]]: string } = {
  StoryStarted: "narrative.story.started",
  StoryCompleted: "narrative.story.completed",
  StageStarted: "narrative.stage.started",
  StageProgressed: "narrative.stage.progressed",
  StageRetried: "narrative.stage.retried",
  StageCompleted: "narrative.stage.completed",
  StageFailed: "narrative.stage.failed",
  StageCancelled: "narrative.stage.cancelled",
  LogRecorded: "narrative.log",
  EventRecorded: "narrative.note",
  FailureOccurred: "narrative.failure",
  AnalysisReady: "narrative.analysis"
}

const severityOf = (event: Event.NarrativeEvent): Severity => {
  switch (event._tag) {
    case "StageStarted":
    case "StageProgressed":
    case "StageCompleted":
      return severities.DEBUG
    // Whether it is an error is for the story to say: it may have been caught.
    case "StageFailed":
    case "StageRetried":
      return severities.WARN
    case "FailureOccurred":
      return severities.ERROR
    case "LogRecorded":
      return severities[event.level]
    default:
      return severities.INFO
  }
}

const seconds = (value: number): string => `(${value.toFixed(3)}s)`

const bodyOf = (event: Event.NarrativeEvent): string => {
  switch (event._tag) {
    case "StoryStarted":
      return `Story started: ${event.storyName}`
    case "StoryCompleted":
      return `Story ended: ${event.storyName}: ${event.status}${event.outcome === null ? "" : ` (${event.outcome})`} ${seconds(event.durationSeconds)}`
    case "StageStarted":
      return `Stage started: ${event.stageName}`
    case "StageProgressed":
      return `Stage at ${event.done}${event.total === null ? "" : ` of ${event.total}`}: ${event.stageName}`
    case "StageRetried":
      return `Stage tried again (attempt ${event.attempt}): ${event.stageName}: ${event.reason}`
    case "StageCompleted":
      return `Stage completed: ${event.stageName} ${seconds(event.durationSeconds)}`
    case "StageFailed":
      return `Stage failed: ${event.stageName}: ${event.errorType}: ${event.errorMessage} ${seconds(event.durationSeconds)}`
    case "StageCancelled":
      return `Stage cancelled: ${event.stageName} ${seconds(event.durationSeconds)}`
    case "LogRecorded":
      return event.message
    case "EventRecorded":
      return event.name
    case "FailureOccurred":
      return `${event.failures[0].errorType}: ${event.failures[0].errorMessage}`
    case "AnalysisReady":
      return event.llmAnalysis
  }
}

const storyOf = (event: Event.NarrativeEvent): Record<string, PlainValue> => {
  const found: Record<string, PlainValue> = {
    "narrative.story.id": event.storyId,
    "narrative.story.name": event.storyName,
    "narrative.story.root_id": event.rootStoryId
  }
  if (event.parentStoryId !== null) found["narrative.story.parent_id"] = event.parentStoryId
  found["narrative.sequence"] = event.sequence
  return found
}

// No literal of an event that comes often begins with a spread: `extended` says why.
const attributesOf = (event: Event.NarrativeEvent): PlainRecord => {
  switch (event._tag) {
    case "StoryStarted":
      return {
        "narrative.story.kind": event.kind,
        ...correlationAttributes(event.correlation),
        ...event.labels,
        ...event.attributes
      }
    case "StoryCompleted":
      return {
        "narrative.story.kind": event.kind,
        "narrative.story.status": event.status,
        "narrative.story.duration_seconds": event.durationSeconds,
        "narrative.story.progress_percent": event.progress.percent,
        ...present({ "narrative.story.outcome": event.outcome, "narrative.story.caused_by": event.causedBy?.storyId }),
        ...correlationAttributes(event.correlation),
        ...event.labels,
        ...event.attributes
      }
    case "StageStarted":
      return Object.assign(stageOf(event), event.attributes)
    case "StageProgressed":
      return Object.assign(stageOf(event), {
        "narrative.done": event.done,
        ...present({ "narrative.total": event.total })
      })
    case "StageRetried":
      return Object.assign(stageOf(event), {
        "narrative.retry.attempt": event.attempt,
        "narrative.retry.delay_seconds": event.delaySeconds,
        "narrative.retry.reason": event.reason
      })
    case "StageCompleted":
      return endOf(event)
    case "StageFailed":
      return Object.assign(endOf(event), { "error.type": event.errorType, "exception.message": event.errorMessage })
    case "StageCancelled":
      return Object.assign(endOf(event), { "narrative.stage.orphaned": event.orphaned })
    case "LogRecorded":
      return Object.assign(
        present({ "narrative.stage.name": event.stageName, "exception.stacktrace": event.cause }),
        { "narrative.fiber.id": event.fiberId },
        event.annotations
      )
    case "EventRecorded":
      return Object.assign(present({ "narrative.stage.name": event.stageName }), { "narrative.note.data": event.data })
    case "FailureOccurred":
      return { ...correlationAttributes(event.correlation), ...failureOf(event.failures[0], event.failures.length) }
    case "AnalysisReady":
      return {
        ...present({ "narrative.stage.name": event.stageName }),
        ...analysisAttributes(event.analysis, event.latencySeconds)
      }
  }
}

const stageOf = (event: Event.StageEvent): Record<string, PlainValue> => ({
  "narrative.stage.name": event.stageName,
  "narrative.stage.index": event.stageIndex,
  "narrative.stage.path": event.stagePath,
  "narrative.stage.kind": event.kind
})

const endOf = (event: Event.StageEnded): Record<string, PlainValue> => {
  const found = stageOf(event)
  found["narrative.stage.duration_seconds"] = event.durationSeconds
  return Object.assign(found, event.attributes)
}

const failureOf = (failure: Failure, count: number): PlainRecord => ({
  ...failureAttributes(failure, count),
  "exception.type": failure.errorType,
  "exception.message": failure.errorMessage,
  "exception.stacktrace": failure.stackText
})
