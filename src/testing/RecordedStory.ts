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
  StoryStarted,
  StoryStatus
} from "../event/NarrativeEvent.js"
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
  /** Failures told with `Narrative.recordFailure`. */
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
 * The stories that the events tell of, in order of starting, sub-stories included.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromEvents = (events: Iterable<NarrativeEvent>): ReadonlyArray<RecordedStory> => {
  const stories = new Map<string, StoryDraft>()
  let position = 0
  for (const event of events) {
    position += 1
    if (event._tag === "StoryStarted") {
      const parent = event.parentStoryId === null ? undefined : stories.get(event.parentStoryId)
      const story = startStory(event, position)
      stories.set(story.id, story)
      if (parent !== undefined) {
        const stage = stageAt(parent, event.parentStageIndex)
        parent.stories.push(story)
        stage?.stories.push(story)
        story.beganInStage = stage?.index
      }
      continue
    }
    const story = stories.get(event.storyId)
    if (story !== undefined) record(story, event, position)
  }
  return Array.from(stories.values())
}

type Draft<A> = { -readonly [K in keyof A]: A[K] extends ReadonlyArray<infer E> ? Array<E> : A[K] }

interface StageDraft extends Omit<Draft<RecordedStage>, "stages"> {
  readonly stages: Array<StageDraft>
}

interface StoryDraft extends Omit<Draft<RecordedStory>, "stages"> {
  readonly stages: Array<StageDraft>
  readonly stageOf: Map<number, StageDraft>
}

const startStory = (event: StoryStarted, began: number): StoryDraft =>
  hidden<Omit<StoryDraft, "stageOf">, Pick<StoryDraft, "stageOf">>(
    {
      _tag: "Story",
      id: event.storyId,
      parentStoryId: event.parentStoryId ?? undefined,
      name: event.storyName,
      kind: event.kind,
      status: "running",
      outcome: undefined,
      labels: event.labels,
      attributes: event.attributes,
      dryRun: event.dryRun,
      durationSeconds: undefined,
      failure: undefined,
      handledFailures: [],
      causedBy: undefined,
      stages: [],
      stories: [],
      beganInStage: undefined,
      notes: [],
      logs: [],
      began,
      ended: Number.POSITIVE_INFINITY
    },
    { stageOf: new Map() }
  )

/** What only the building needs does not show in a test's output. */
const hidden = <A extends object, B extends object>(shown: A, notShown: B): A & B => {
  for (const [name, value] of Object.entries(notShown)) Object.defineProperty(shown, name, { value })
  return shown as A & B
}

const record = (story: StoryDraft, event: Exclude<NarrativeEvent, StoryStarted>, position: number): void => {
  switch (event._tag) {
    case "StageStarted":
      startStage(story, event, position)
      return
    case "StageRetried": {
      const stage = story.stageOf.get(event.stageIndex)
      if (stage !== undefined) stage.retries += 1
      return
    }
    case "StageCompleted":
    case "StageFailed":
    case "StageCancelled":
      endStage(story, event, position)
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
    case "StageProgressed":
    case "AnalysisReady":
      return
  }
}

const startStage = (story: StoryDraft, event: StageStarted, began: number): void => {
  const parent = stageAt(story, event.parentStageIndex)
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
  story.stageOf.set(stage.index, stage)
  const siblings = parent === undefined ? story.stages : parent.stages
  siblings.push(stage)
}

const endStage = (story: StoryDraft, event: StageEnded, position: number): void => {
  const stage = story.stageOf.get(event.stageIndex)
  if (stage === undefined) return
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

const stageAt = (story: StoryDraft, index: number | null): StageDraft | undefined =>
  index === null ? undefined : story.stageOf.get(index)
