/**
 * Events as lines of JSON, written by hand: this runs once an event and a renderer, and `JSON.stringify` of a renamed
 * copy costs about twice as much.
 */

import type { PlainValue } from "../plain/PlainValue.js"
import { plainJson } from "../plain/plainJson.js"
import type * as Event from "./anyEvent.js"
import { type Correlation, wireNames } from "./correlationFields.js"
import type { Evidence, FailureAnalysis } from "./FailureAnalysis.js"
import {
  type CausingError,
  type ErrorDetails,
  type Failure,
  formatSnippet,
  formatTimeline,
  type Interruptor,
  type PassedSpan,
  type Progress,
  type SnippetLine,
  type StackFrame
} from "./FailureReport.js"
import type * as Story from "./storyEvents.js"
import type { ModelUse, Work } from "./WorkSummary.js"

// What JSON must escape, and what it may leave but terminals obey.
const needsEscape = /["\\\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]/

const text = (value: string): string => (needsEscape.test(value) ? plainJson(value) : `"${value}"`)

const optionalText = (value: string | null): string => (value === null ? "null" : text(value))

// JSON has no -0, NaN or infinity; the events' makers keep them out of every number.
const number = (value: number): string => `${value}`

const list = <A>(values: ReadonlyArray<A>, encodeOne: (value: A) => string): string => {
  if (values.length === 0) return "[]"
  let out = `[${encodeOne(values[0] as A)}`
  for (let i = 1; i < values.length; i++) out += `,${encodeOne(values[i] as A)}`
  return `${out}]`
}

const record = <A extends PlainValue>(values: { readonly [key: string]: A }): string => {
  let out = ""
  for (const name in values) out += `${out === "" ? "{" : ","}${text(name)}:${plain(values[name] as A)}`
  return out === "" ? "{}" : `${out}}`
}

const plain = (value: PlainValue): string => {
  switch (typeof value) {
    case "string":
      return text(value)
    case "number":
      return number(value)
    case "boolean":
      return value ? "true" : "false"
    default:
      return value === null ? "null" : isList(value) ? list(value, plain) : record(value)
  }
}

const isList = (value: ReadonlyArray<PlainValue> | object): value is ReadonlyArray<PlainValue> => Array.isArray(value)

// Many events of one millisecond, and of one second, follow each other.
let lastMillis = Number.NaN
let lastText = ""
const timestamp = (millis: number): string => {
  if (millis !== lastMillis) {
    lastMillis = millis
    lastText = new Date(millis).toISOString()
  }
  return lastText
}

interface InStory {
  readonly storyId: string
  readonly storyName: string
  readonly rootStoryId: string
  readonly parentStoryId: string | null
  readonly timestamp: number
  readonly sequence: number
}

const head = (tag: string, event: InStory): string =>
  `{"event":"${tag}","story_id":${text(event.storyId)},"story_name":${text(event.storyName)},"root_story_id":${text(event.rootStoryId)},"parent_story_id":${optionalText(event.parentStoryId)},"timestamp":"${timestamp(event.timestamp)}","sequence":${event.sequence}`

interface InSpan {
  readonly kind: string
  readonly traceId: string | null
  readonly spanId: string | null
}

const span = (event: Omit<InSpan, "kind">): string =>
  `,"trace_id":${optionalText(event.traceId)},"span_id":${optionalText(event.spanId)}`

const stage = (event: Event.StageEvent): string =>
  `,"stage_name":${text(event.stageName)},"stage_index":${event.stageIndex},"stage_path":${list(event.stagePath, text)},"parent_stage_name":${optionalText(event.parentStageName)},"parent_stage_index":${event.parentStageIndex},"depth":${event.depth},"kind":${text(event.kind)}${span(event)}`

const within = (event: Story.LogRecorded | Story.EventRecorded): string =>
  `,"stage_name":${optionalText(event.stageName)},"stage_index":${event.stageIndex},"depth":${event.depth}${span(event)}`

const progress = (value: Progress): string =>
  `,"progress":{"percent":${value.percent},"completed_stages":${value.completedStages},"total_stages":${value.totalStages}}`

const ended = (event: Event.StageEnded): string =>
  `,"duration_seconds":${number(event.durationSeconds)},"attributes":${record(event.attributes)}${progress(event.progress)}`

const interruptor = (value: Interruptor): string =>
  `{"fiber_id":${text(value.fiberId)},"story_name":${optionalText(value.storyName)},"stage_name":${optionalText(value.stageName)}}`

const frame = (value: StackFrame): string =>
  `{"filename":${text(value.file)},"lineno":${value.line},"column":${value.column},"function":${text(value.function)},"origin":"${value.origin}","suspended":${value.suspended},"locals":${value.locals === null ? "null" : record(value.locals)}}`

export const location = (value: Failure["location"]): string =>
  value === null
    ? "null"
    : `{"filename":${text(value.file)},"lineno":${value.line},"column":${value.column},"function":${text(value.function)},"source_line":${optionalText(value.sourceLine)}}`

const snippetLine = (line: SnippetLine): string =>
  `{"lineno":${line.line},"text":${text(line.text)},"failing":${line.failing}}`

const passedSpan = (value: PassedSpan): string =>
  `{"name":${text(value.name)},"kind":"${value.kind}","location":${location(value.location)},"attributes":${record(value.attributes)}}`

const causingError = (value: CausingError): string =>
  `{"depth":${value.depth},"relation":"${value.relation}","error_type":${text(value.errorType)},"error_message":${text(value.errorMessage)},"location":${location(value.location)},"source_snippet_lines":${list(value.snippet, snippetLine)},"stack_frames":${list(value.stackFrames, frame)}}`

const details = (value: ErrorDetails | null): string =>
  value === null
    ? "null"
    : `{"code":${optionalText(value.code)},"help":${optionalText(value.help)},"url":${optionalText(value.url)},"labels":${record(value.labels)}}`

/** The fields of a failure: once for each of `failures`, and once more at the top level for the primary one. */
const failureFields = (value: Failure): string =>
  `"error_type":${text(value.errorType)},"error_message":${text(value.errorMessage)},"stage_name":${optionalText(value.stageName)},"stage_path":${list(value.stagePath, text)},"failed_at":${value.failedAt === null ? null : `"${timestamp(value.failedAt)}"`},"location":${location(value.location)},"primary_frame_reason":"${value.locationReason}","own_location":${location(value.ownLocation)},"spans":${list(value.spans, passedSpan)},"stack_frames":${list(value.stackFrames, frame)},"compressed_stack_summary":${text(value.stackSummary)},"hidden_frame_count":${value.hiddenFrameCount},"traceback_text":${text(value.stackText)},"traceback_truncated":${value.stackTruncated},"exception_chain":${text(value.exceptionChain)},"causes":${list(value.causes, causingError)},"exact_cause":${text(value.exactCause)},"error_code":"${value.errorCode}","retryable":${value.retryable},"facts":${record(value.facts)},"details":${details(value.details)},"hint":${optionalText(value.hint)},"rule":${optionalText(value.rule)},"fingerprint":${text(value.fingerprint)},"stage_attributes":${record(value.stageAttributes)}`

/** The primary failure's locals as log pipelines know them: `{"frame_0":{"filename":…,"locals":{…}}}`. */
const localsByFrame = (value: Failure): string => {
  let out = ""
  value.stackFrames.forEach(({ file, function: name, line, locals }, i) => {
    if (locals === null) return
    out += `${out === "" ? "{" : ","}"frame_${i}":{"filename":${text(file)},"lineno":${line},"function":${text(name)},"locals":${record(locals)}}`
  })
  return out === "" ? "null" : `${out}}`
}

const failure = (value: Failure): string =>
  `{"path":${text(value.path)},"kind":"${value.kind}",${failureFields(value)},"source_snippet_lines":${list(value.snippet, snippetLine)}}`

const analysis = (value: FailureAnalysis): string =>
  `{"analyzer":${text(value.analyzer)},"model":${optionalText(value.model)},"exact_why":${text(value.exactWhy)},"evidence":${list(value.evidence, evidence)},"targeted_fix":${text(value.targetedFix)},"code_changes":${text(value.codeChanges)},"raw_text":${optionalText(value.rawText)},"dropped_citations":${value.droppedCitations}}`

const evidence = (value: Evidence): string =>
  `{"text":${text(value.text)},"cites":${list(value.cites, (cited) => `{"id":${text(cited.id)},"text":${text(cited.text)}}`)}}`

const timelineEntry = (value: Story.FailureOccurred["timeline"][number]): string =>
  `{"name":${text(value.name)},"index":${value.index},"depth":${value.depth},"status":"${value.status}","duration_seconds":${value.durationSeconds}}`

/** @internal */
export const encode = (event: Event.NarrativeEvent): string => {
  switch (event._tag) {
    case "StageStarted":
      return `${head("StageStarted", event)}${stage(event)},"attributes":${record(event.attributes)}}`
    case "StageCompleted":
      return `${head("StageCompleted", event)}${stage(event)}${ended(event)}}`
    case "StageFailed":
      return `${head("StageFailed", event)}${stage(event)}${ended(event)},"error_type":${text(event.errorType)},"error_message":${text(event.errorMessage)},"error_code":"${event.errorCode}","retryable":${event.retryable},"location":${location(event.location)}}`
    case "StageCancelled":
      return `${head("StageCancelled", event)}${stage(event)}${ended(event)},"orphaned":${event.orphaned},"interruptors":${list(event.interruptors, interruptor)}}`
    case "StageProgressed":
      return `${head("StageProgressed", event)}${stage(event)},"done":${number(event.done)},"total":${event.total}}`
    case "StageRetried":
      return `${head("StageRetried", event)}${stage(event)},"attempt":${event.attempt},"delay_seconds":${number(event.delaySeconds)},"reason":${text(event.reason)}}`
    case "LogRecorded":
      return `${head("LogRecorded", event)}${within(event)},"level":"${event.level}","logger_name":${text(event.loggerName)},"message":${text(event.message)},"annotations":${record(event.annotations)},"exc_text":${optionalText(event.cause)},"fiber_id":${text(event.fiberId)}}`
    case "EventRecorded":
      return `${head("EventRecorded", event)}${within(event)},"name":${text(event.name)},"data":${plain(event.data)}}`
    case "StoryStarted":
      return `${head("StoryStarted", event)},"kind":${text(event.kind)}${span(event)},"parent_stage_index":${event.parentStageIndex},"total_stages":${event.totalStages},"correlation":${correlation(event.correlation)},"labels":${record(event.labels)},"attributes":${record(event.attributes)},"dry_run":${event.dryRun}}`
    case "StoryCompleted":
      return `${head("StoryCompleted", event)},"kind":${text(event.kind)}${span(event)},"status":"${event.status}","success":${event.success},"outcome":${optionalText(event.outcome)},"duration_seconds":${number(event.durationSeconds)}${progress(event.progress)},"failed_stages":${event.failedStages},"cancelled_stages":${event.cancelledStages},"correlation":${correlation(event.correlation)},"labels":${record(event.labels)},"attributes":${record(event.attributes)},"dry_run":${event.dryRun},"caused_by":${causedBy(event.causedBy)},"interruptors":${list(event.interruptors, interruptor)},"work":${work(event.work)}}`
    case "FailureOccurred":
      return encodeFailure(event)
    case "AnalysisReady":
      return `${head("LLMAnalysisReady", event)},"stage_name":${optionalText(event.stageName)}${span(event)},"llm_analysis":${text(event.llmAnalysis)},"analysis":${analysis(event.analysis)},"latency_seconds":${number(event.latencySeconds)}}`
  }
}

/** What is known of it, and nothing else: most of it is not. */
const correlation = (value: Correlation | null): string => {
  if (value === null) return "null"
  let out = ""
  for (const field of Object.keys(value) as Array<keyof Correlation>) {
    const said = value[field]
    if (said !== undefined) out += `${out === "" ? "{" : ","}"${wireNames[field]}":${plain(said)}`
  }
  return out === "" ? "{}" : `${out}}`
}

const causedBy = (value: Story.CausedBy | null): string =>
  value === null
    ? "null"
    : `{"story_id":${text(value.storyId)},"story_name":${text(value.storyName)},"stage_name":${optionalText(value.stageName)},"error_type":${text(value.errorType)}}`

const work = (value: Work | null): string =>
  value === null
    ? "null"
    : `{"models":${list(value.models, modelUse)},"quality":${list(value.quality, ({ average, count, metric }) => `{"metric":${text(metric)},"count":${count},"average":${number(average)}}`)},"items":{"discovered":${value.items.discovered},"succeeded":${value.items.succeeded},"failed":${value.items.failed},"skipped":${value.items.skipped}},"calls":${value.calls},"failed_calls":${value.failedCalls}}`

const modelUse = (use: ModelUse): string =>
  `{"model":${text(use.model)},"prompt_tokens":${use.promptTokens},"completion_tokens":${use.completionTokens},"cached_tokens":${use.cachedTokens},"reasoning_tokens":${use.reasoningTokens},"cost_usd":${number(use.costUsd)}}`

const encodeFailure = (event: Story.FailureOccurred): string => {
  const primary = event.failures[0]
  const snippet = primary.snippet.length === 0 ? "null" : text(formatSnippet(primary.snippet))
  return `${head("FailureOccurred", event)}${span(event)},"handled":${event.handled},"correlation":${correlation(event.correlation)},${failureFields(primary)},"source_snippet":${snippet},"llm_analysis":${optionalText(event.llmAnalysis)},"analysis":${event.analysis === null ? "null" : analysis(event.analysis)},"diagnostics_mode":"${event.diagnosticsMode}","diagnostics_truncated":${event.diagnosticsTruncated},"redaction_removed_keys":${event.redactedValues},"locals_by_frame":${localsByFrame(primary)},"stage_timeline":${text(formatTimeline(event))},"timeline":${list(event.timeline, timelineEntry)},"timeline_omitted":${event.timelineOmitted}${progress(event.progress)},"interruptors":${list(event.interruptors, interruptor)},"failures":${list(event.failures, failure)}}`
}
