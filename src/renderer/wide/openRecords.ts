/**
 * The records that are being filled: a story's and its stages', from the events between start and end.
 */
import type { Failure } from "../../event/FailureReport.js"
import type * as Event from "../../event/NarrativeEvent.js"
import { percent } from "../../narration/Story.js"
import type { PlainRecord } from "../../plain/PlainValue.js"
import type { LogCounts, StageResult, StageWide, StoryWide, WideEvent, WideNote } from "./WideEvent.js"

/** Most stories filled at a time, and most stages of one; beyond it the oldest is let go of. */
const maxOpen = 10_000
const maxNotes = 20
const keptFirst = 50
const keptLast = 200

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

interface OpenStage {
  readonly startedAt: number
  readonly tally: Tally
  retryReason: string | null
  retryWaitSeconds: number
  done: number | null
  total: number | null
}

interface OpenStory {
  readonly tally: Tally
  readonly stages: Map<number, OpenStage>
  readonly first: Array<StageResult>
  readonly last: Array<StageResult>
  readonly ended: { completed: number; failed: number; cancelled: number }
  started: Event.StoryStarted | undefined
  failure: Failure | undefined
  failures: number
  handledFailures: number
}

const openStory = (started?: Event.StoryStarted): OpenStory => ({
  tally: tally(),
  stages: new Map(),
  first: [],
  last: [],
  ended: { completed: 0, failed: 0, cancelled: 0 },
  started,
  failure: undefined,
  failures: 0,
  handledFailures: 0
})

const noRecords: ReadonlyArray<WideEvent> = []

export class OpenRecords {
  readonly #stories = new Map<string, OpenStory>()

  /** The records that an event makes whole. */
  take(event: Event.NarrativeEvent): ReadonlyArray<WideEvent> {
    switch (event._tag) {
      case "StoryStarted": {
        const letGo = this.#letGo()
        this.#stories.set(event.storyId, openStory(event))
        return letGo
      }
      case "StageStarted":
        this.#begin(this.#storyOf(event), event)
        return noRecords
      case "StageProgressed": {
        const stage = this.#storyOf(event).stages.get(event.stageIndex)
        if (stage === undefined) return noRecords
        stage.done = event.done
        stage.total = event.total
        return noRecords
      }
      case "StageRetried": {
        const story = this.#storyOf(event)
        story.tally.retries += 1
        const stage = story.stages.get(event.stageIndex)
        if (stage === undefined) return noRecords
        stage.tally.retries += 1
        stage.retryReason = event.reason
        stage.retryWaitSeconds += event.delaySeconds
        return noRecords
      }
      case "LogRecorded":
      case "EventRecorded":
        for (const one of talliesOf(this.#storyOf(event), event.stageIndex)) count(one, event)
        return noRecords
      case "FailureOccurred": {
        const story = this.#storyOf(event)
        if (event.handled) story.handledFailures += 1
        else {
          story.failure = event.failures[0]
          story.failures += event.failures.length
        }
        return noRecords
      }
      case "StageCompleted":
      case "StageFailed":
      case "StageCancelled": {
        const story = this.#storyOf(event)
        const record = stageWide(event, story)
        end(story, record)
        return [record]
      }
      case "StoryCompleted": {
        const story = this.#stories.get(event.storyId) ?? openStory()
        this.#stories.delete(event.storyId)
        return [storyWide(event, story)]
      }
      case "AnalysisReady":
        return noRecords
    }
  }

  /** The stories that have not ended, each with the event that began it. Nothing of them is kept. */
  close(): ReadonlyArray<readonly [Event.StoryStarted, StoryWide]> {
    const open = Array.from(this.#stories.values())
    this.#stories.clear()
    return open.flatMap((story) =>
      story.started === undefined ? [] : [[story.started, unfinished(story, story.started)]]
    )
  }

  #storyOf(event: Event.NarrativeEvent): OpenStory {
    const known = this.#stories.get(event.storyId)
    if (known !== undefined) return known
    // Its start was not seen, and its end may not be: it takes no room that others would be let go of for.
    const story = openStory()
    if (this.#stories.size < maxOpen) this.#stories.set(event.storyId, story)
    return story
  }

  #begin(story: OpenStory, event: Event.StageStarted): void {
    if (story.stages.size >= maxOpen) return
    story.stages.set(event.stageIndex, {
      startedAt: event.timestamp,
      tally: tally(),
      retryReason: null,
      retryWaitSeconds: 0,
      done: null,
      total: null
    })
  }

  /** Makes room for one story more. */
  #letGo(): ReadonlyArray<WideEvent> {
    if (this.#stories.size < maxOpen) return noRecords
    for (const [id, { started, ...rest }] of this.#stories) {
      this.#stories.delete(id)
      return started === undefined ? noRecords : [unfinished({ started, ...rest }, started)]
    }
    return noRecords
  }
}

const talliesOf = (story: OpenStory, stageIndex: number | null): ReadonlyArray<Tally> => {
  const stage = stageIndex === null ? undefined : story.stages.get(stageIndex)
  return stage === undefined ? [story.tally] : [story.tally, stage.tally]
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

const end = (story: OpenStory, record: StageWide): void => {
  story.stages.delete(record.stageIndex)
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

const stageWide = (event: Event.StageEnded, { stages, started }: OpenStory): StageWide => {
  const stage = stages.get(event.stageIndex)
  const startedAt = stage?.startedAt ?? event.timestamp - event.durationSeconds * 1_000
  const { logs, notes, notesOmitted, retries } = stage?.tally ?? tally()
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
    retryReason: stage?.retryReason ?? null,
    retryWaitSeconds: stage?.retryWaitSeconds ?? 0,
    done: stage?.done ?? null,
    total: stage?.total ?? null,
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
  labels: event.labels,
  attributes: event.attributes,
  dryRun: event.dryRun
})

const ofTallies = ({ ended, failure, failures, first, handledFailures, last, tally }: OpenStory) => ({
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
  const told = ofTallies(story)
  return {
    ...ofEvent(event),
    ...told,
    errorType: told.errorType ?? causedBy?.errorType ?? null,
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
  const { cancelled, completed, failed } = story.ended
  const begun = completed + failed + cancelled + story.stages.size
  const total = started.totalStages ?? begun
  return {
    ...ofEvent(started),
    ...ofTallies(story),
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
