/**
 * The records that are being filled: a story's and its stages', from the events between start and end.
 */
import type { Failure } from "../../event/FailureReport.js"
import type * as Event from "../../event/NarrativeEvent.js"
import * as openStories from "../../event/openStories.js"
import { keptFirst, keptLast, percent } from "../../event/progress.js"
import type { PlainRecord } from "../../plain/PlainValue.js"
import type { LogCounts, StageResult, StageWide, StoryWide, WideEvent, WideNote } from "./WideEvent.js"

/** Most running stages of one story that are followed. */
const maxStages = 10_000
const maxNotes = 20

/** What is counted for a stage, and for a story with all its stages. */
interface Tally {
  readonly logs: { -readonly [Level in keyof LogCounts]: number }
  readonly notes: Array<WideNote>
  notesOmitted: number
  retries: number
}

const tally = (): Tally => ({
  logs: { trace: 0, debug: 0, info: 0, warn: 0, error: 0, fatal: 0 },
  notes: [],
  notesOmitted: 0,
  retries: 0
})

interface StageState {
  readonly tally: Tally
  retryReason: string | null
  retryWaitSeconds: number
  done: number | null
  total: number | null
}

interface StoryState {
  readonly tally: Tally
  readonly first: Array<StageResult>
  readonly last: Array<StageResult>
  readonly ended: { completed: number; failed: number; cancelled: number }
  failure: Failure | undefined
  failures: number
  handledFailures: number
}

type OpenStory = openStories.OpenStory<StoryState, StageState>
type OpenStage = openStories.OpenStage<StageState>

const beginStory = (): StoryState => ({
  tally: tally(),
  first: [],
  last: [],
  ended: { completed: 0, failed: 0, cancelled: 0 },
  failure: undefined,
  failures: 0,
  handledFailures: 0
})

const beginStage = (): StageState => ({
  tally: tally(),
  retryReason: null,
  retryWaitSeconds: 0,
  done: null,
  total: null
})

export class OpenRecords {
  #evicted: OpenStory | undefined
  readonly #open = new openStories.OpenStories<StoryState, StageState>({
    maxStages,
    beginStory,
    beginStage,
    endStory: (story, isEvicted) => {
      if (isEvicted) this.#evicted = story
    }
  })

  /** The records that an event completes. */
  take(event: Event.NarrativeEvent): ReadonlyArray<WideEvent> {
    if (event._tag === "AnalysisReady") return []
    const { stage, story } = this.#open.take(event)
    const { state } = story
    switch (event._tag) {
      case "StoryStarted":
        return this.#takeEvicted()
      case "StageStarted":
        return []
      case "StageProgressed":
        if (stage === undefined) return []
        stage.state.done = event.done
        stage.state.total = event.total
        return []
      case "StageRetried":
        state.tally.retries += 1
        if (stage === undefined) return []
        stage.state.tally.retries += 1
        stage.state.retryReason = event.reason
        stage.state.retryWaitSeconds += event.delaySeconds
        return []
      case "LogRecorded":
      case "EventRecorded":
        count(state.tally, event)
        if (stage !== undefined) count(stage.state.tally, event)
        return []
      case "FailureOccurred":
        if (event.handled) state.handledFailures += 1
        else {
          state.failure = event.failures[0]
          state.failures += event.failures.length
        }
        return []
      case "StageCompleted":
      case "StageFailed":
      case "StageCancelled": {
        const record = stageWide(event, story, stage)
        end(state, record)
        return [record]
      }
      case "StoryCompleted":
        return [storyWide(event, story)]
    }
  }

  /** The stories that have not ended, each with the event that began it. Nothing of them is kept. */
  close(): ReadonlyArray<readonly [Event.StoryStarted, StoryWide]> {
    const open = Array.from(this.#open.values())
    this.#open.clear()
    return open.flatMap((story) =>
      story.started === undefined ? [] : [[story.started, unfinished(story, story.started)]]
    )
  }

  #takeEvicted(): ReadonlyArray<WideEvent> {
    const evicted = this.#evicted
    this.#evicted = undefined
    return evicted?.started === undefined ? [] : [unfinished(evicted, evicted.started)]
  }
}

const levels = {
  TRACE: "trace",
  DEBUG: "debug",
  INFO: "info",
  WARN: "warn",
  ERROR: "error",
  FATAL: "fatal"
} as const satisfies Record<Event.LogRecorded["level"], keyof LogCounts>

const count = (tally: Tally, event: Event.LogRecorded | Event.EventRecorded): void => {
  if (event._tag === "LogRecorded") tally.logs[levels[event.level]] += 1
  else if (tally.notes.length < maxNotes) tally.notes.push({ name: event.name, data: event.data })
  else tally.notesOmitted += 1
}

const end = (story: StoryState, record: StageWide): void => {
  story.ended[record.status] += 1
  const result: StageResult = {
    name: record.stageName,
    index: record.stageIndex,
    depth: record.depth,
    status: record.status,
    durationSeconds: record.durationSeconds,
    retries: record.retries,
    errorType: record.errorType
  }
  if (story.first.length < keptFirst) story.first.push(result)
  else story.last.push(result)
  if (story.last.length > keptLast) story.last.shift()
}

const noError = { errorType: null, errorMessage: null, errorCode: null, retryable: null }

const statuses = { StageCompleted: "completed", StageFailed: "failed", StageCancelled: "cancelled" } as const

const stageWide = (event: Event.StageEnded, { started }: OpenStory, stage: OpenStage | undefined): StageWide => {
  const startedAt = stage?.started.timestamp ?? event.timestamp - event.durationSeconds * 1_000
  const { logs, notes, notesOmitted, retries } = stage?.state.tally ?? tally()
  return {
    _tag: "StageWide",
    storyId: event.storyId,
    storyName: event.storyName,
    storyKind: started?.kind ?? "story",
    rootStoryId: event.rootStoryId,
    parentStoryId: event.parentStoryId,
    traceId: event.traceId,
    spanId: event.spanId,
    sequence: event.sequence,
    correlation: started?.correlation ?? null,
    labels: started?.labels ?? {},
    attributes: merged(started?.attributes, event.attributes),
    dryRun: started?.dryRun ?? false,
    startedAt,
    retries,
    logs,
    notes,
    notesOmitted,
    ...(event._tag === "StageFailed" ? errorOf(event) : noError),
    progress: event.progress,
    incomplete: stage === undefined || started === undefined,
    stageName: event.stageName,
    stageIndex: event.stageIndex,
    stagePath: event.stagePath,
    parentStageName: event.parentStageName,
    parentStageIndex: event.parentStageIndex,
    depth: event.depth,
    stageKind: event.kind,
    status: statuses[event._tag],
    endedAt: event.timestamp,
    durationSeconds: event.durationSeconds,
    // The system's time may have been set back meanwhile.
    offsetSeconds: started === undefined ? null : Math.max(0, startedAt - started.timestamp) / 1_000,
    attempts: retries + 1,
    retryReason: stage?.state.retryReason ?? null,
    retryWaitSeconds: stage?.state.retryWaitSeconds ?? 0,
    done: stage?.state.done ?? null,
    total: stage?.state.total ?? null,
    orphaned: event._tag === "StageCancelled" && event.orphaned,
    interruptors: event._tag === "StageCancelled" ? event.interruptors : []
  }
}

const merged = (outer: PlainRecord | undefined, inner: PlainRecord): PlainRecord =>
  outer === undefined ? inner : { ...outer, ...inner }

const errorOf = ({ errorCode, errorMessage, errorType, retryable }: Pick<Failure, keyof typeof noError>) => ({
  errorType,
  errorMessage,
  errorCode,
  retryable
})

const ofEvent = (event: Event.StoryStarted | Event.StoryCompleted) => ({
  _tag: "StoryWide" as const,
  storyId: event.storyId,
  storyName: event.storyName,
  storyKind: event.kind,
  rootStoryId: event.rootStoryId,
  parentStoryId: event.parentStoryId,
  traceId: event.traceId,
  spanId: event.spanId,
  sequence: event.sequence,
  correlation: event.correlation,
  labels: event.labels,
  attributes: event.attributes,
  dryRun: event.dryRun
})

const tallied = ({ ended, failure, failures, first, handledFailures, last, tally }: StoryState) => ({
  ...tally,
  ...(failure === undefined ? noError : errorOf(failure)),
  stages: [...first, ...last],
  stagesOmitted: ended.completed + ended.failed + ended.cancelled - first.length - last.length,
  failedStageName: failure?.stageName ?? null,
  exactCause: failure?.exactCause ?? null,
  fingerprint: failure?.fingerprint ?? null,
  failures,
  handledFailures
})

const storyWide = (event: Event.StoryCompleted, story: OpenStory): StoryWide => {
  const { causedBy } = event
  const counts = tallied(story.state)
  return {
    ...ofEvent(event),
    ...counts,
    errorType: counts.errorType ?? causedBy?.errorType ?? null,
    startedAt: story.started?.timestamp ?? event.timestamp - event.durationSeconds * 1_000,
    progress: event.progress,
    incomplete: story.started === undefined,
    status: event.status,
    success: event.success,
    outcome: event.outcome,
    endedAt: event.timestamp,
    durationSeconds: event.durationSeconds,
    stagesCompleted: event.progress.completedStages,
    stagesFailed: event.failedStages,
    stagesCancelled: event.cancelledStages,
    causedByStoryId: causedBy?.storyId ?? null
  }
}

const unfinished = (story: OpenStory, started: Event.StoryStarted): StoryWide => {
  const { cancelled, completed, failed } = story.state.ended
  const begun = completed + failed + cancelled + story.stages.size
  const total = started.totalStages ?? begun
  return {
    ...ofEvent(started),
    ...tallied(story.state),
    startedAt: started.timestamp,
    progress: { percent: percent(completed, total), completedStages: completed, totalStages: total },
    incomplete: false,
    status: "unfinished",
    success: false,
    outcome: null,
    endedAt: null,
    durationSeconds: null,
    stagesCompleted: completed,
    stagesFailed: failed,
    stagesCancelled: cancelled,
    causedByStoryId: null
  }
}
