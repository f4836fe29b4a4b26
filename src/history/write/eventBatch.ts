/**
 * What a batch of events makes of the tables: a stage that started and ended within it is one row.
 */
import type {
  AnalysisReady,
  NarrativeEvent,
  StageEvent,
  StoryCompleted,
  StoryStarted
} from "../../event/NarrativeEvent.js"
import type { Cell, Row } from "../database/bulkInsert.js"
import {
  encodeCausedBy,
  encodeInterruptors,
  encodeWork,
  eventCells,
  failureCells,
  recordCell,
  type StageCells,
  type StoryCells,
  stageAt,
  stageCells,
  startOf,
  storyAt,
  storyCells,
  timestamp
} from "./columns.js"

/** A story as far as its rows are known. `key` is `undefined` until it has one in the database. */
export interface OpenStory {
  readonly id: string
  key: number | undefined
}

/** Which events get a row of their own, besides those of what they tell about. */
export type Kept = ReadonlySet<NarrativeEvent["_tag"]>

/** The stories that have begun and not ended, by id, across batches. */
export type OpenStories = Map<string, OpenStory>

interface StoryDraft {
  readonly story: OpenStory
  readonly cells: StoryCells
  readonly labels: ReadonlyArray<readonly [name: string, value: string]>
}

/** Rows of one story, still without the story's key. */
interface OfStory {
  readonly story: OpenStory
  readonly cells: ReadonlyArray<Cell>
}

export class Batch {
  /** Stories without a row yet, in their order of starting. */
  readonly begun: Array<StoryDraft> = []
  /** New states of stories that have their row. */
  readonly ended: Array<OfStory> = []
  readonly failures: Array<OfStory> = []
  readonly events: Array<OfStory> = []
  readonly analyses: Array<{ readonly story: OpenStory; readonly event: AnalysisReady }> = []
  readonly #stages = new Map<OpenStory, Map<number, StageCells>>()
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
    if (event._tag === "StoryStarted") this.#begin(event)
    const story = this.#storyOf(event)
    if (this.kept.has(event._tag)) this.events.push({ story, cells: eventCells(event) })
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
        this.failures.push({ story, cells: failureCells(event) })
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

  /** The rows of stages, each after its story's key. */
  stageRows(): ReadonlyArray<Row> {
    const rows: Array<Row> = []
    for (const [story, stages] of this.#stages) {
      for (const cells of stages.values()) rows.push([keyOf(story), ...cells])
    }
    return rows
  }

  labelRows(): ReadonlyArray<Row> {
    return this.begun.flatMap(({ cells, labels, story }) =>
      labels.map(([name, value]) => [name, value, cells[storyAt.started_at] ?? null, keyOf(story)])
    )
  }

  rowsOf(rows: ReadonlyArray<OfStory>): ReadonlyArray<Row> {
    // Only an analysis can be of a story that is not there: it was pruned, or never written.
    return rows.flatMap(({ cells, story }) => (story.key === undefined ? [] : [[story.key, ...cells]]))
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

  #begin(event: StoryStarted): void {
    this.#draft(event, event.kind, event.timestamp, (cells) => {
      cells[storyAt.parent_stage_index] = event.parentStageIndex
      cells[storyAt.declared_stages] = event.totalStages
      cells[storyAt.dry_run] = event.dryRun ? 1 : 0
      cells[storyAt.trace_id] = event.traceId
      cells[storyAt.span_id] = event.spanId
      cells[storyAt.labels] = recordCell(event.labels)
      cells[storyAt.attributes] = recordCell(event.attributes)
      return Object.entries(event.labels)
    })
  }

  #draft(
    event: NarrativeEvent,
    kind: string,
    startedAt: number,
    fill: (cells: StoryCells) => ReadonlyArray<readonly [string, string]>
  ): OpenStory {
    const story: OpenStory = { id: event.storyId, key: undefined }
    const cells = storyCells(event, kind, startedAt, this.writer)
    const draft = { story, cells, labels: fill(cells) }
    this.begun.push(draft)
    this.#drafts.set(story, draft)
    this.#open.set(story.id, story)
    this.#closed.delete(story.id)
    return story
  }

  /** A story whose start was never told to us, or was lost, gets what its other events know of it. */
  #storyOf(event: NarrativeEvent): OpenStory {
    const story = this.#open.get(event.storyId) ?? this.#known.get(event.storyId)
    if (story !== undefined) return story
    // It may follow the story's end; then it is no new story.
    if (event._tag === "AnalysisReady") return { id: event.storyId, key: undefined }
    return event._tag === "StoryCompleted"
      ? this.#draft(event, event.kind, startOf(event), () => Object.entries(event.labels))
      : this.#draft(event, "story", event.timestamp, () => [])
  }

  #end(story: OpenStory, event: StoryCompleted): void {
    const draft = this.#drafts.get(story)
    const cells = draft?.cells ?? storyCells(event, event.kind, startOf(event), this.writer)
    cells[storyAt.status] = event.status
    cells[storyAt.outcome] = event.outcome
    cells[storyAt.ended_at] = timestamp(event.timestamp)
    cells[storyAt.duration_seconds] = event.durationSeconds
    cells[storyAt.percent] = event.progress.percent
    cells[storyAt.completed_stages] = event.progress.completedStages
    cells[storyAt.total_stages] = event.progress.totalStages
    cells[storyAt.failed_stages] = event.failedStages
    cells[storyAt.cancelled_stages] = event.cancelledStages
    cells[storyAt.dry_run] = event.dryRun ? 1 : 0
    cells[storyAt.labels] = recordCell(event.labels)
    cells[storyAt.attributes] = recordCell(event.attributes)
    cells[storyAt.caused_by] = event.causedBy === null ? null : encodeCausedBy(event.causedBy)
    cells[storyAt.work] = event.work === null ? null : encodeWork(event.work)
    if (draft === undefined) this.ended.push({ story, cells })
    this.#open.delete(story.id)
    this.#closed.add(story.id)
  }

  #stage(story: OpenStory, event: StageEvent): void {
    let stages = this.#stages.get(story)
    if (stages === undefined) {
      stages = new Map()
      this.#stages.set(story, stages)
    }
    let cells = stages.get(event.stageIndex)
    if (cells === undefined) {
      cells = stageCells(event)
      stages.set(event.stageIndex, cells)
    }
    switch (event._tag) {
      case "StageStarted":
        return
      case "StageProgressed":
        cells[stageAt.progress_done] = event.done
        cells[stageAt.progress_total] = event.total
        return
      case "StageRetried":
        cells[stageAt.retries] = (cells[stageAt.retries] as number) + 1
        return
    }
    cells[stageAt.ended_at] = timestamp(event.timestamp)
    cells[stageAt.duration_seconds] = event.durationSeconds
    cells[stageAt.attributes] = recordCell(event.attributes)
    if (event._tag === "StageCompleted") {
      cells[stageAt.status] = "completed"
    } else if (event._tag === "StageFailed") {
      cells[stageAt.status] = "failed"
      cells[stageAt.error_type] = event.errorType
      cells[stageAt.error_message] = event.errorMessage
      cells[stageAt.error_code] = event.errorCode
      cells[stageAt.retryable] = event.retryable ? 1 : 0
    } else {
      cells[stageAt.status] = "cancelled"
      cells[stageAt.orphaned] = event.orphaned ? 1 : 0
      cells[stageAt.interruptors] = event.interruptors.length === 0 ? null : encodeInterruptors(event.interruptors)
    }
  }
}

const keyOf = (story: OpenStory): number => {
  if (story.key === undefined) throw new Error(`the story ${story.id} has no row`)
  return story.key
}
