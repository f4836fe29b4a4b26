/**
 * The events that a story was told by, made again from what a history keeps of it. What happened in one millisecond may
 * stand in another order than it was told in, but no stage outside the one around it.
 */

import type { NarrativeEvent, StoryStatus } from "../../event/NarrativeEvent.js"
import { percent } from "../../narration/Story.js"
import type { FailureRecord, StageRecord, StoryRecord } from "../StoryRecord.js"

/** `subStories` gives what is kept of a sub-story; one it does not know is left out. Each is told once. */
export const storyEvents = (
  story: StoryRecord,
  subStories: (id: string) => StoryRecord | undefined
): readonly [NarrativeEvent, ...ReadonlyArray<NarrativeEvent>] => {
  const told = new Teller(story)
  const start = told.start()
  // Ids that a program gave, or somebody else wrote, may make a story stand in itself.
  const ids = new Set([story.id])
  const once = (id: string) => {
    if (ids.has(id)) return undefined
    ids.add(id)
    return subStories(id)
  }
  const rest = Array.from(afterStart(story, told, once))
  // Stable: of one moment, what stands in a stage stays between its start and its end.
  return [start, ...rest.sort((a, b) => a.timestamp - b.timestamp)]
}

function* afterStart(
  story: StoryRecord,
  told: Teller,
  subStories: (id: string) => StoryRecord | undefined
): Generator<NarrativeEvent> {
  const subStoriesOf = new Map<number | null, Array<StoryRecord>>()
  for (const { id, parentStageIndex } of story.stories) {
    const record = subStories(id)
    if (record === undefined) continue
    subStoriesOf.set(parentStageIndex, [...(subStoriesOf.get(parentStageIndex) ?? []), record])
  }
  const said = new Map<number | null, Array<NarrativeEvent>>()
  for (const event of [...story.logs, ...story.notes, ...story.retries]) {
    const events = said.get(event.stageIndex)
    if (events === undefined) said.set(event.stageIndex, [event])
    else events.push(event)
  }
  function* inside(stages: ReadonlyArray<StageRecord>, parent: StageRecord | undefined): Generator<NarrativeEvent> {
    for (const stage of stages) {
      yield told.stageStarted(stage, parent)
      yield* inside(stage.stages, stage)
      if (stage.lastProgress !== null) yield told.stageProgressed(stage, parent, stage.lastProgress)
      if (stage.endedAt !== null) yield told.stageEnded(stage, parent)
    }
    const index = parent?.index ?? null
    for (const sub of subStoriesOf.get(index) ?? []) {
      const inSub = new Teller(sub)
      yield inSub.start()
      yield* afterStart(sub, inSub, subStories)
    }
    yield* said.get(index) ?? []
  }

  yield* inside(story.stages, undefined)
  for (const failure of story.failures) yield* told.failure(failure)
  if (story.endedAt !== null) yield told.end(story.endedAt)
}

/** Tells one story, and counts what it tells. */
class Teller {
  #sequence = 0
  #started = 0
  #completed = 0

  constructor(readonly story: StoryRecord) {}

  start(): NarrativeEvent {
    const { attributes, declaredStages, dryRun, labels, parentStageIndex } = this.story
    return {
      _tag: "StoryStarted",
      ...this.#inStory(this.story.startedAt),
      ...this.#inSpan(),
      parentStageIndex,
      totalStages: declaredStages,
      labels,
      attributes,
      dryRun
    }
  }

  stageStarted(stage: StageRecord, parent: StageRecord | undefined): NarrativeEvent {
    this.#started += 1
    return {
      _tag: "StageStarted",
      ...this.#inStory(stage.startedAt),
      ...ofStage(stage, parent),
      attributes: stage.attributes
    }
  }

  stageEnded(stage: StageRecord, parent: StageRecord | undefined): NarrativeEvent {
    if (stage.status === "completed") this.#completed += 1
    const end = {
      ...this.#inStory(stage.endedAt ?? stage.startedAt),
      ...ofStage(stage, parent),
      durationSeconds: stage.durationSeconds ?? 0,
      attributes: stage.attributes,
      progress: this.#progress()
    }
    switch (stage.status) {
      case "completed":
        return { _tag: "StageCompleted", ...end }
      case "failed":
        return {
          _tag: "StageFailed",
          ...end,
          errorType: stage.errorType ?? "",
          errorMessage: stage.errorMessage ?? "",
          errorCode: stage.errorCode ?? "UNKNOWN",
          retryable: stage.retryable ?? false
        }
      default:
        return { _tag: "StageCancelled", ...end, orphaned: stage.orphaned, interruptors: stage.interruptors }
    }
  }

  /** The last progress that the stage told; when it did is not kept. */
  stageProgressed(
    stage: StageRecord,
    parent: StageRecord | undefined,
    progress: NonNullable<StageRecord["lastProgress"]>
  ): NarrativeEvent {
    return { _tag: "StageProgressed", ...this.#inStory(stage.startedAt), ...ofStage(stage, parent), ...progress }
  }

  /** An analysis that was made in the background came later than the report. */
  *failure({ analysis, analysisSeconds, occurredAt, report }: FailureRecord): Generator<NarrativeEvent> {
    if (analysis === null || analysisSeconds === null) {
      yield report
      return
    }
    yield { ...report, analysis: null, llmAnalysis: null }
    yield {
      _tag: "AnalysisReady",
      ...this.#inStory(occurredAt + analysisSeconds * 1_000),
      stageName: report.failures[0].stageName,
      traceId: report.traceId,
      spanId: report.spanId,
      llmAnalysis: report.llmAnalysis ?? "",
      analysis,
      latencySeconds: analysisSeconds
    }
  }

  end(endedAt: number): NarrativeEvent {
    const {
      attributes,
      cancelledStages,
      causedBy,
      dryRun,
      durationSeconds,
      failedStages,
      labels,
      outcome,
      progress,
      work
    } = this.story
    const status = ended(this.story.status)
    return {
      _tag: "StoryCompleted",
      ...this.#inStory(endedAt),
      ...this.#inSpan(),
      status,
      success: status === "success",
      outcome,
      durationSeconds: durationSeconds ?? 0,
      progress: progress ?? this.#progress(),
      failedStages,
      cancelledStages,
      labels,
      attributes,
      dryRun,
      causedBy,
      work
    }
  }

  #progress() {
    const totalStages = this.story.declaredStages ?? this.#started
    return { percent: percent(this.#completed, totalStages), completedStages: this.#completed, totalStages }
  }

  #inStory(timestamp: number) {
    const { id, name, parentStoryId, rootStoryId } = this.story
    return { storyId: id, storyName: name, rootStoryId, parentStoryId, timestamp, sequence: this.#sequence++ }
  }

  #inSpan() {
    const { kind, spanId, traceId } = this.story
    return { kind, traceId, spanId }
  }
}

const ofStage = (stage: StageRecord, parent: StageRecord | undefined) => ({
  stageName: stage.name,
  stageIndex: stage.index,
  stagePath: stage.path,
  parentStageName: parent?.name ?? null,
  parentStageIndex: parent?.index ?? null,
  depth: stage.depth,
  kind: stage.kind,
  traceId: stage.traceId,
  spanId: stage.spanId
})

/** A story that has an end is neither running nor cut off. */
const ended = (status: StoryRecord["status"]): StoryStatus =>
  status === "running" || status === "interrupted" ? "cancelled" : status
