/**
 * Events made from the state of a story.
 */
import * as requests from "../analysis/requests.js"
import type { FailureAnalysis } from "../event/FailureAnalysis.js"
import type { FailureReport, Interruptor } from "../event/FailureReport.js"
import type * as Event from "../event/NarrativeEvent.js"
import type { PlainRecord, PlainValue } from "../plain/PlainValue.js"
import type { Stage, Story } from "./Story.js"

interface SpanIds {
  readonly traceId: string
  readonly spanId: string
}

/** What every event starts with. Takes the story's next sequence number: call it once an event. */
const inStory = (story: Story, timestamp: number) => ({
  storyId: story.id,
  storyName: story.name,
  rootStoryId: story.rootStoryId,
  parentStoryId: story.parentStoryId,
  timestamp,
  sequence: story.sequence++
})

const noSpan = { traceId: null, spanId: null }

const inSpan = (span: SpanIds | undefined) =>
  span === undefined ? noSpan : { traceId: span.traceId, spanId: span.spanId }

const ofStage = (stage: Stage, span: SpanIds | undefined) => ({
  stageName: stage.name,
  stageIndex: stage.index,
  stagePath: stage.path,
  parentStageName: stage.parent === undefined ? null : stage.parent.name,
  parentStageIndex: stage.parent === undefined ? null : stage.parent.index,
  depth: stage.depth,
  kind: stage.kind,
  traceId: span === undefined ? null : span.traceId,
  spanId: span === undefined ? null : span.spanId
})

const within = (stage: Stage | undefined, span: SpanIds | undefined) => ({
  stageName: stage === undefined ? null : stage.name,
  stageIndex: stage === undefined ? null : stage.index,
  depth: stage === undefined ? 0 : stage.depth,
  ...inSpan(span)
})

const endOfStage = (story: Story, stage: Stage) => ({
  durationSeconds: stage.durationSeconds ?? 0,
  attributes: stage.attributes,
  progress: story.progress
})

// The two events of every story and stage are written out: spreading their parts takes a tenth of a stage's whole cost.
export const storyStarted = (
  story: Story,
  around: Stage | undefined,
  timestamp: number,
  span: SpanIds | undefined
): Event.StoryStarted => ({
  _tag: "StoryStarted",
  storyId: story.id,
  storyName: story.name,
  rootStoryId: story.rootStoryId,
  parentStoryId: story.parentStoryId,
  timestamp,
  sequence: story.sequence++,
  kind: story.kind,
  traceId: span === undefined ? null : span.traceId,
  spanId: span === undefined ? null : span.spanId,
  parentStageIndex: around === undefined ? null : around.index,
  totalStages: story.declaredTotal ?? null,
  correlation: story.correlation,
  labels: story.labels,
  attributes: story.attributes,
  dryRun: story.dryRun
})

export const stageStarted = (
  story: Story,
  stage: Stage,
  timestamp: number,
  span: SpanIds | undefined
): Event.StageStarted => ({
  _tag: "StageStarted",
  storyId: story.id,
  storyName: story.name,
  rootStoryId: story.rootStoryId,
  parentStoryId: story.parentStoryId,
  timestamp,
  sequence: story.sequence++,
  stageName: stage.name,
  stageIndex: stage.index,
  stagePath: stage.path,
  parentStageName: stage.parent === undefined ? null : stage.parent.name,
  parentStageIndex: stage.parent === undefined ? null : stage.parent.index,
  depth: stage.depth,
  kind: stage.kind,
  traceId: span === undefined ? null : span.traceId,
  spanId: span === undefined ? null : span.spanId,
  attributes: stage.attributes
})

export const stageCompleted = (
  story: Story,
  stage: Stage,
  timestamp: number,
  span: SpanIds | undefined
): Event.StageCompleted => ({
  _tag: "StageCompleted",
  storyId: story.id,
  storyName: story.name,
  rootStoryId: story.rootStoryId,
  parentStoryId: story.parentStoryId,
  timestamp,
  sequence: story.sequence++,
  stageName: stage.name,
  stageIndex: stage.index,
  stagePath: stage.path,
  parentStageName: stage.parent === undefined ? null : stage.parent.name,
  parentStageIndex: stage.parent === undefined ? null : stage.parent.index,
  depth: stage.depth,
  kind: stage.kind,
  traceId: span === undefined ? null : span.traceId,
  spanId: span === undefined ? null : span.spanId,
  durationSeconds: stage.durationSeconds ?? 0,
  attributes: stage.attributes,
  progress: story.progress
})

export const stageFailed = (
  story: Story,
  stage: Stage,
  timestamp: number,
  span: SpanIds | undefined,
  error: Pick<Event.StageFailed, "errorType" | "errorMessage" | "errorCode" | "retryable" | "location">
): Event.StageFailed => ({
  _tag: "StageFailed",
  ...inStory(story, timestamp),
  ...ofStage(stage, span),
  ...endOfStage(story, stage),
  ...error
})

export const stageCancelled = (
  story: Story,
  stage: Stage,
  timestamp: number,
  span: SpanIds | undefined,
  orphaned: boolean,
  interruptors: ReadonlyArray<Interruptor>
): Event.StageCancelled => ({
  _tag: "StageCancelled",
  ...inStory(story, timestamp),
  ...ofStage(stage, span),
  ...endOfStage(story, stage),
  orphaned,
  interruptors
})

export const stageProgressed = (
  story: Story,
  stage: Stage,
  timestamp: number,
  span: SpanIds | undefined,
  done: number,
  total: number | null
): Event.StageProgressed => ({
  _tag: "StageProgressed",
  ...inStory(story, timestamp),
  ...ofStage(stage, span),
  done,
  total
})

export const stageRetried = (
  story: Story,
  stage: Stage,
  timestamp: number,
  span: SpanIds | undefined,
  attempt: number,
  delaySeconds: number,
  reason: string
): Event.StageRetried => ({
  _tag: "StageRetried",
  ...inStory(story, timestamp),
  ...ofStage(stage, span),
  attempt,
  delaySeconds,
  reason
})

export const logRecorded = (
  story: Story,
  stage: Stage | undefined,
  timestamp: number,
  span: SpanIds | undefined,
  log: {
    readonly level: Event.LogRecorded["level"]
    readonly message: string
    readonly annotations: PlainRecord
    readonly cause: string | null
    readonly fiberId: string
  }
): Event.LogRecorded => ({
  _tag: "LogRecorded",
  ...inStory(story, timestamp),
  ...within(stage, span),
  loggerName: "effect",
  ...log
})

export const eventRecorded = (
  story: Story,
  stage: Stage | undefined,
  timestamp: number,
  span: SpanIds | undefined,
  name: string,
  data: PlainValue
): Event.EventRecorded => ({
  _tag: "EventRecorded",
  ...inStory(story, timestamp),
  ...within(stage, span),
  name,
  data
})

export const failureOccurred = (
  story: Story,
  timestamp: number,
  span: SpanIds | undefined,
  report: FailureReport,
  handled: boolean,
  analysis: FailureAnalysis | null
): Event.FailureOccurred => ({
  _tag: "FailureOccurred",
  ...report,
  ...inStory(story, timestamp),
  ...inSpan(span),
  handled,
  correlation: story.correlation,
  llmAnalysis: analysis === null ? null : textOf(analysis),
  analysis
})

export const analysisReady = (
  story: Story,
  timestamp: number,
  span: SpanIds | undefined,
  stageName: string | null,
  analysis: FailureAnalysis,
  latencySeconds: number
): Event.AnalysisReady => ({
  _tag: "AnalysisReady",
  ...inStory(story, timestamp),
  stageName,
  ...inSpan(span),
  llmAnalysis: textOf(analysis),
  analysis,
  latencySeconds
})

export const storyCompleted = (
  story: Story,
  timestamp: number,
  span: SpanIds | undefined,
  status: Event.StoryStatus,
  durationSeconds: number,
  why: Pick<Event.StoryCompleted, "causedBy" | "interruptors">
): Event.StoryCompleted => ({
  _tag: "StoryCompleted",
  storyId: story.id,
  storyName: story.name,
  rootStoryId: story.rootStoryId,
  parentStoryId: story.parentStoryId,
  timestamp,
  sequence: story.sequence++,
  kind: story.kind,
  traceId: span === undefined ? null : span.traceId,
  spanId: span === undefined ? null : span.spanId,
  status,
  success: status === "success",
  outcome: story.outcome,
  durationSeconds,
  progress: story.progress,
  failedStages: story.failedStages,
  cancelledStages: story.cancelledStages,
  correlation: story.correlation,
  labels: story.labels,
  attributes: story.attributes,
  dryRun: story.dryRun,
  causedBy: why.causedBy,
  interruptors: why.interruptors,
  work: story.tally?.work ?? null
})

/** Where there is an analysis, what made it is loaded, and knows its text. */
const textOf = (analysis: FailureAnalysis): string => requests.get()?.textOf(analysis) ?? ""
