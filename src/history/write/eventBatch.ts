/**
 * What a batch of events makes of the tables: a stage that started and ended within it is one row.
 */
import { idsOf } from "../../event/correlationFields.js"
import type { AnalysisReady, NarrativeEvent, StageEvent, StoryCompleted } from "../../event/NarrativeEvent.js"
import {
  changeStage,
  type EventRow,
  endStory,
  eventRow,
  type FailureRow,
  failureRow,
  type StageRow,
  type StoryRow,
  stageRow,
  startOf,
  startStory,
  storyRow
} from "./eventRows.js"

/** A story as far as its rows are known. `key` is `undefined` until it has one in the database. */
export interface OpenStory {
  readonly id: string
  key: number | undefined
}

/** Which events get a row of their own, besides those of their story, stage or failure. */
export type Kept = ReadonlySet<NarrativeEvent["_tag"]>

/** The stories that have begun and not ended, by id, across batches. */
export type OpenStories = Map<string, OpenStory>

interface StoryDraft {
  readonly story: OpenStory
  readonly row: StoryRow
  readonly labels: StoryCompleted["labels"]
  readonly correlation: StoryCompleted["correlation"]
}

/** A row of one story, which has the story's key from when that is known. */
interface OfStory<R> {
  readonly story: OpenStory
  readonly row: R
}

interface StageDraft {
  readonly row: StageRow
  /** Whether it started in this batch: there is no row of an earlier one. */
  readonly isNew: boolean
}

export class Batch {
  /** Stories without a row yet, in their order of starting. */
  readonly begun: Array<StoryDraft> = []
  /** New states of stories that have their row. */
  readonly #ended: Array<OfStory<StoryRow>> = []
  readonly #failures: Array<OfStory<FailureRow>> = []
  readonly #events: Array<OfStory<EventRow>> = []
  readonly analyses: Array<{ readonly story: OpenStory; readonly event: AnalysisReady }> = []
  readonly #stages = new Map<OpenStory, Map<number, StageDraft>>()
  readonly #drafts = new Map<OpenStory, StoryDraft>()
  readonly #open: OpenStories = new Map()
  readonly #closed = new Set<string>()
  readonly #known: OpenStories

  /** `known` is not changed: what was written is not known before it is committed. See {@link settle}. */
  constructor(
    known: OpenStories,
    readonly writer: number,
    readonly kept: Kept
  ) {
    this.#known = known
  }

  add(event: NarrativeEvent): void {
    const story = event._tag === "StoryStarted" ? this.#draft(event, event.kind, event.timestamp) : this.#storyOf(event)
    if (this.kept.has(event._tag)) this.#events.push({ story, row: eventRow(event) })
    switch (event._tag) {
      case "StageStarted":
      case "StageProgressed":
      case "StageRetried":
      case "StageCompleted":
      case "StageFailed":
      case "StageCancelled":
        this.#stage(story, event)
        return
      case "FailureOccurred":
        this.#failures.push({ story, row: failureRow(event) })
        return
      case "AnalysisReady":
        this.analyses.push({ story, event })
        return
      case "StoryCompleted":
        this.#end(story, event)
        return
      case "StoryStarted":
      case "LogRecorded":
      case "EventRecorded":
        return
    }
  }

  get storyRows(): ReadonlyArray<StoryRow> {
    return this.begun.map(({ row }) => row)
  }

  get labelRows() {
    return this.begun.flatMap(({ labels, row, story }) =>
      Object.entries(labels).map(([name, value]) => ({
        name,
        value,
        started_at: row.started_at,
        story_key: keyOf(story)
      }))
    )
  }

  get correlationRows() {
    return this.begun.flatMap(({ correlation, story }) =>
      correlation === null ? [] : idsOf(correlation).map(([name, value]) => ({ value, name, story_key: keyOf(story) }))
    )
  }

  /** The stages that started in this batch, and those that did earlier. */
  get stageRows(): { readonly started: ReadonlyArray<StageRow>; readonly changed: ReadonlyArray<StageRow> } {
    const [started, changed]: [Array<StageRow>, Array<StageRow>] = [[], []]
    for (const [story, stages] of this.#stages) {
      for (const { isNew, row } of stages.values()) {
        row.story_key = keyOf(story)
        if (isNew) started.push(row)
        else changed.push(row)
      }
    }
    return { started, changed }
  }

  /** Of a story that ended more than once, the last end: a statement may change a row once. */
  get endRows() {
    const rows = new Map(this.#ended.map(({ row, story }) => [keyOf(story), row]))
    return Array.from(rows, ([key, row]) => ({ ...row, key }))
  }

  get failureRows(): ReadonlyArray<FailureRow> {
    return withKeys(this.#failures)
  }

  get eventRows(): ReadonlyArray<EventRow> {
    return withKeys(this.#events)
  }

  /** Remembers which stories are open now that the batch is in the database. */
  settle(): void {
    for (const [id, story] of this.#open) this.#known.set(id, story)
    for (const id of this.#closed) this.#known.delete(id)
  }

  /** Forgets the keys that a transaction gave which came to nothing. */
  forgetKeys(): void {
    for (const { story } of this.begun) story.key = undefined
  }

  #draft(event: NarrativeEvent, kind: string, startedAt: number): OpenStory {
    const story: OpenStory = { id: event.storyId, key: undefined }
    const row = storyRow(event, kind, startedAt, this.writer)
    if (event._tag === "StoryStarted") startStory(row, event)
    const draft = {
      story,
      row,
      labels: "labels" in event ? event.labels : {},
      correlation: "correlation" in event ? event.correlation : null
    }
    this.begun.push(draft)
    this.#drafts.set(story, draft)
    this.#open.set(story.id, story)
    this.#closed.delete(story.id)
    return story
  }

  /** A story whose start did not come to us, or was lost, gets what its other events know of it. */
  #storyOf(event: NarrativeEvent): OpenStory {
    const story = this.#open.get(event.storyId) ?? this.#known.get(event.storyId)
    if (story !== undefined) return story
    // It may follow the story's end; then it is no new story.
    if (event._tag === "AnalysisReady") return { id: event.storyId, key: undefined }
    return event._tag === "StoryCompleted"
      ? this.#draft(event, event.kind, startOf(event))
      : this.#draft(event, "story", event.timestamp)
  }

  #end(story: OpenStory, event: StoryCompleted): void {
    const draft = this.#drafts.get(story)
    const row = draft?.row ?? storyRow(event, event.kind, startOf(event), this.writer)
    endStory(row, event)
    if (draft === undefined) this.#ended.push({ story, row })
    this.#open.delete(story.id)
    this.#closed.add(story.id)
  }

  #stage(story: OpenStory, event: StageEvent): void {
    let stages = this.#stages.get(story)
    if (stages === undefined) {
      stages = new Map()
      this.#stages.set(story, stages)
    }
    let draft = stages.get(event.stageIndex)
    if (draft === undefined) {
      draft = { row: stageRow(event), isNew: event._tag === "StageStarted" }
      stages.set(event.stageIndex, draft)
    }
    changeStage(draft.row, event)
  }
}

const keyOf = (story: OpenStory): number => {
  if (story.key === undefined) throw new Error(`the story ${story.id} has no row`)
  return story.key
}

/** Only an analysis can be of a story without a row: it was pruned, or never written. */
const withKeys = <R extends { story_key: number }>(rows: ReadonlyArray<OfStory<R>>): ReadonlyArray<R> =>
  rows.flatMap(({ row, story }) => {
    if (story.key === undefined) return []
    row.story_key = story.key
    return [row]
  })
