/**
 * Stories as trees, put together from their events.
 *
 * @since 0.1.0
 */
import type {
  CausedBy,
  EventRecorded,
  FailureOccurred,
  LogRecorded,
  NarrativeEvent,
  StageEnded,
  StageStarted,
  StoryStatus
} from "../event/NarrativeEvent.js"
import * as openStories from "../event/openStories.js"
import type { PlainRecord } from "../plain/PlainValue.js"

/**
 * When something was going on: the positions of its first and last event among all recorded ones. `ended` is
 * `Infinity` while it is running.
 *
 * @since 0.1.0
 * @category models
 */
export interface Lifetime {
  readonly began: number
  readonly ended: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface RecordedStage extends Lifetime {
  readonly _tag: "Stage"
  readonly name: string
  readonly kind: string
  readonly index: number
  readonly status: "running" | "completed" | "failed" | "cancelled"
  readonly errorType: string | undefined
  readonly errorMessage: string | undefined
  readonly orphaned: boolean
  readonly attributes: PlainRecord
  readonly durationSeconds: number | undefined
  readonly retries: number
  readonly stages: ReadonlyArray<RecordedStage>
  /** The sub-stories that began in this very stage. */
  readonly stories: ReadonlyArray<RecordedStory>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface RecordedStory extends Lifetime {
  readonly _tag: "Story"
  readonly id: string
  readonly parentStoryId: string | undefined
  readonly name: string
  readonly kind: string
  readonly status: StoryStatus | "running"
  readonly outcome: string | undefined
  readonly labels: { readonly [name: string]: string }
  readonly attributes: PlainRecord
  readonly dryRun: boolean
  readonly durationSeconds: number | undefined
  /** The failure the story ended with. */
  readonly failure: FailureOccurred | undefined
  /** Failures reported with `Narrative.recordFailure`. */
  readonly handledFailures: ReadonlyArray<FailureOccurred>
  readonly causedBy: CausedBy | undefined
  /** The outermost stages, in order of starting. */
  readonly stages: ReadonlyArray<RecordedStage>
  /** Every direct sub-story, also those that began in a stage. */
  readonly stories: ReadonlyArray<RecordedStory>
  /** The index of the parent story's stage this story began in. `undefined` outside any. */
  readonly beganInStage: number | undefined
  readonly notes: ReadonlyArray<EventRecorded>
  readonly logs: ReadonlyArray<LogRecorded>
}

/**
 * The stories that the events began, in order of starting, sub-stories included.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromEvents = (events: Iterable<NarrativeEvent>): ReadonlyArray<RecordedStory> => {
  let position = 0
  const stories = new openStories.OpenStories<StoryDraft, StageDraft>({
    keepsEnded: true,
    beginStory: (event, around) => beginStory(event, around, position),
    beginStage: (event, around) => beginStage(event, around, position)
  })
  for (const event of events) {
    position += 1
    // What belongs to no recorded story came before the recording, or after its end.
    if (event._tag === "AnalysisReady") continue
    if (event._tag !== "StoryStarted" && stories.get(event.storyId) === undefined) continue
    const { stage, story } = stories.take(event)
    record(story.state, stage?.state, event, position)
  }
  return Array.from(stories.values(), ({ state }) => state)
}

type Draft<A> = { -readonly [K in keyof A]: A[K] extends ReadonlyArray<infer E> ? Array<E> : A[K] }

interface StageDraft extends Omit<Draft<RecordedStage>, "stages"> {
  readonly stages: Array<StageDraft>
}

interface StoryDraft extends Omit<Draft<RecordedStory>, "stages"> {
  readonly stages: Array<StageDraft>
}

type Around = openStories.Around<StoryDraft, StageDraft>

const beginStory = (event: NarrativeEvent, { stage, story: parent }: Around, began: number): StoryDraft => {
  const started = event._tag === "StoryStarted" ? event : undefined
  const story: StoryDraft = {
    _tag: "Story",
    id: event.storyId,
    parentStoryId: event.parentStoryId ?? undefined,
    name: event.storyName,
    kind: started?.kind ?? "story",
    status: "running",
    outcome: undefined,
    labels: started?.labels ?? {},
    attributes: started?.attributes ?? {},
    dryRun: started?.dryRun ?? false,
    durationSeconds: undefined,
    failure: undefined,
    handledFailures: [],
    causedBy: undefined,
    stages: [],
    stories: [],
    beganInStage: stage?.state.index,
    notes: [],
    logs: [],
    began,
    ended: Number.POSITIVE_INFINITY
  }
  parent?.state.stories.push(story)
  stage?.state.stories.push(story)
  return story
}

const beginStage = (event: StageStarted, { stage: parent, story }: Around, began: number): StageDraft => {
  const stage: StageDraft = {
    _tag: "Stage",
    name: event.stageName,
    kind: event.kind,
    index: event.stageIndex,
    status: "running",
    errorType: undefined,
    errorMessage: undefined,
    orphaned: false,
    attributes: event.attributes,
    durationSeconds: undefined,
    retries: 0,
    stages: [],
    stories: [],
    began,
    ended: Number.POSITIVE_INFINITY
  }
  const siblings = parent?.state.stages ?? story?.state.stages
  siblings?.push(stage)
  return stage
}

const record = (
  story: StoryDraft,
  stage: StageDraft | undefined,
  event: openStories.LiveEvent,
  position: number
): void => {
  switch (event._tag) {
    case "StageRetried":
      if (stage !== undefined) stage.retries += 1
      return
    case "StageCompleted":
    case "StageFailed":
    case "StageCancelled":
      if (stage !== undefined) endStage(stage, event, position)
      return
    case "LogRecorded":
      story.logs.push(event)
      return
    case "EventRecorded":
      story.notes.push(event)
      return
    case "FailureOccurred":
      if (event.handled) story.handledFailures.push(event)
      else story.failure = event
      return
    case "StoryCompleted":
      story.status = event.status
      story.outcome = event.outcome ?? undefined
      story.labels = event.labels
      story.attributes = event.attributes
      story.durationSeconds = event.durationSeconds
      story.causedBy = event.causedBy ?? undefined
      story.ended = position
      return
    case "StoryStarted":
    case "StageStarted":
    case "StageProgressed":
      return
  }
}

const endStage = (stage: StageDraft, event: StageEnded, position: number): void => {
  stage.attributes = event.attributes
  stage.durationSeconds = event.durationSeconds
  stage.ended = position
  if (event._tag === "StageCompleted") {
    stage.status = "completed"
  } else if (event._tag === "StageFailed") {
    stage.status = "failed"
    stage.errorType = event.errorType
    stage.errorMessage = event.errorMessage
  } else {
    stage.status = "cancelled"
    stage.orphaned = event.orphaned
  }
}
