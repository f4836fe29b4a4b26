/**
 * The events of a story, made of what a history keeps of it: the one inverse of what is written into the tables.
 */
import type { Location } from "../../event/FailureReport.js"
import type {
  StageEnded,
  StageProgressed,
  StageRetried,
  StageStarted,
  StoryCompleted,
  StoryStarted,
  StoryStatus
} from "../../event/NarrativeEvent.js"
import type { StageFields, StoryDetail, StoryFields } from "./records.js"

export type StoryOf = StoryFields & StoryDetail

/** When an event was emitted. */
export interface Moment {
  readonly timestamp: number
  readonly sequence: number
}

type Progress = StageEnded["progress"]

export const storyStarted = (
  story: StoryOf,
  at: Moment,
  { attributes, labels }: Pick<StoryStarted, "attributes" | "labels">
): StoryStarted => ({
  _tag: "StoryStarted",
  ...inStory(story, at),
  kind: story.kind,
  traceId: story.traceId,
  spanId: story.spanId,
  parentStageIndex: story.parentStageIndex,
  totalStages: story.declaredStages,
  correlation: story.correlation,
  labels,
  attributes,
  dryRun: story.dryRun
})

export const storyCompleted = (
  story: StoryOf,
  at: Moment,
  status: StoryStatus,
  progress: Progress,
  interruptors: StoryCompleted["interruptors"]
): StoryCompleted => ({
  _tag: "StoryCompleted",
  ...inStory(story, at),
  kind: story.kind,
  traceId: story.traceId,
  spanId: story.spanId,
  status,
  success: status === "success",
  outcome: story.outcome,
  durationSeconds: story.durationSeconds ?? 0,
  progress,
  failedStages: story.failedStages,
  cancelledStages: story.cancelledStages,
  correlation: story.correlation,
  labels: story.labels,
  attributes: story.attributes,
  dryRun: story.dryRun,
  causedBy: story.causedBy,
  interruptors,
  work: story.work
})

export const stageStarted = (
  story: StoryOf,
  stage: StageFields,
  at: Moment,
  attributes: StageStarted["attributes"]
): StageStarted => ({ ...ofStage(story, stage, at), _tag: "StageStarted", attributes })

export const stageProgressed = (
  story: StoryOf,
  stage: StageFields,
  at: Moment,
  { done, total }: Pick<StageProgressed, "done" | "total">
): StageProgressed => ({ ...ofStage(story, stage, at), _tag: "StageProgressed", done, total })

export const stageRetried = (
  story: StoryOf,
  stage: StageFields,
  at: Moment,
  { attempt, delaySeconds, reason }: Pick<StageRetried, "attempt" | "delaySeconds" | "reason">
): StageRetried => ({ ...ofStage(story, stage, at), _tag: "StageRetried", attempt, delaySeconds, reason })

export const stageEnded = (
  story: StoryOf,
  stage: StageFields,
  at: Moment,
  tag: StageEnded["_tag"],
  progress: Progress,
  location: Location | null
): StageEnded => {
  const end = {
    ...ofStage(story, stage, at),
    durationSeconds: stage.durationSeconds ?? 0,
    attributes: stage.attributes,
    progress
  }
  switch (tag) {
    case "StageCompleted":
      return { ...end, _tag: tag }
    case "StageCancelled":
      return { ...end, _tag: tag, orphaned: stage.orphaned, interruptors: stage.interruptors }
    case "StageFailed":
      return {
        ...end,
        _tag: tag,
        errorType: stage.errorType ?? "",
        errorMessage: stage.errorMessage ?? "",
        errorCode: stage.errorCode ?? "UNKNOWN",
        retryable: stage.retryable ?? false,
        location
      }
  }
}

export const inStory = ({ id, name, parentStoryId, rootStoryId }: StoryOf, { sequence, timestamp }: Moment) => ({
  storyId: id,
  storyName: name,
  rootStoryId,
  parentStoryId,
  timestamp,
  sequence
})

// Written out, and spread first: an object put together of several costs many times as much.
const ofStage = (story: StoryOf, stage: StageFields, at: Moment) => ({
  storyId: story.id,
  storyName: story.name,
  rootStoryId: story.rootStoryId,
  parentStoryId: story.parentStoryId,
  timestamp: at.timestamp,
  sequence: at.sequence,
  stageName: stage.name,
  stageIndex: stage.index,
  stagePath: stage.path,
  parentStageName: stage.path.at(-2) ?? null,
  parentStageIndex: stage.parentStageIndex,
  depth: stage.depth,
  kind: stage.kind,
  traceId: stage.traceId,
  spanId: stage.spanId
})
