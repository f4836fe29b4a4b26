/**
 * Anything that can happen in a story, as one type and one schema.
 */
import * as Schema from "effect/Schema"
import {
  StageCancelled,
  StageCompleted,
  StageFailed,
  StageProgressed,
  StageRetried,
  StageStarted
} from "./stageEvents.js"
import {
  AnalysisReady,
  EventRecorded,
  FailureOccurred,
  LogRecorded,
  StoryCompleted,
  StoryStarted
} from "./storyEvents.js"

/**
 * The Schema of every event. Its encoded side is the wire form as a JSON object, less the convenience copies that
 * {@link toWire} adds to `FailureOccurred`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const NarrativeEvent = Schema.Union(
  StoryStarted,
  StageStarted,
  StageProgressed,
  StageRetried,
  StageCompleted,
  StageFailed,
  StageCancelled,
  LogRecorded,
  EventRecorded,
  FailureOccurred,
  AnalysisReady,
  StoryCompleted
)

/**
 * Anything that can happen in a story.
 *
 * @since 0.1.0
 * @category models
 */
export type NarrativeEvent =
  | StoryStarted
  | StageStarted
  | StageProgressed
  | StageRetried
  | StageCompleted
  | StageFailed
  | StageCancelled
  | LogRecorded
  | EventRecorded
  | FailureOccurred
  | AnalysisReady
  | StoryCompleted

/**
 * An event that belongs to one stage.
 *
 * @since 0.1.0
 * @category models
 */
export type StageEvent = StageStarted | StageProgressed | StageRetried | StageEnded

/**
 * The three ways a stage ends.
 *
 * @since 0.1.0
 * @category models
 */
export type StageEnded = StageCompleted | StageFailed | StageCancelled

/**
 * @since 0.1.0
 * @category guards
 */
export const isStageEnded = (event: NarrativeEvent): event is StageEnded =>
  event._tag === "StageCompleted" || event._tag === "StageFailed" || event._tag === "StageCancelled"
