/**
 * What a batch of events makes of the tables: a stage that started and ended within it is one row.
 */
import * as Schema from "effect/Schema"
import { FailureAnalysis } from "../../FailureAnalysis.js"
import { Interruptor } from "../../FailureReport.js"
import {
  type AnalysisReady,
  CausedBy,
  type FailureOccurred,
  type NarrativeEvent,
  type StageEnded,
  type StageEvent,
  type StoryCompleted,
  type StoryStarted,
  toWire
} from "../../NarrativeEvent.js"
import type { PlainRecord } from "../../PlainValue.js"
import type { Cell, Row } from "./rows.js"

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

type StoryCells = Array<Cell>
type StageCells = Array<Cell>

/** The columns, in the order of the cells; `key` or `story_key` stands before them. */
export const storyColumns = [
  "id",
  "name",
  "kind",
  "root_story_id",
  "parent_story_id",
  "parent_stage_index",
  "status",
  "outcome",
  "started_at",
  "ended_at",
  "duration_seconds",
  "declared_stages",
  "percent",
  "completed_stages",
  "total_stages",
  "failed_stages",
  "cancelled_stages",
  "dry_run",
  "trace_id",
  "span_id",
  "labels",
  "attributes",
  "caused_by",
  "writer_id"
] as const

export const stageColumns = [
  "stage_index",
  "parent_index",
  "story_name",
  "name",
  "path",
  "kind",
  "status",
  "started_at",
  "ended_at",
  "duration_seconds",
  "retries",
  "progress_done",
  "progress_total",
  "error_type",
  "error_message",
  "orphaned",
  "interruptors",
  "trace_id",
  "span_id",
  "attributes"
] as const

export const failureColumns = [
  "story_id",
  "sequence",
  "occurred_at",
  "story_name",
  "stage_name",
  "error_type",
  "error_code",
  "error_message",
  "retryable",
  "handled",
  "location",
  "fingerprint",
  "exact_cause",
  "llm_analysis",
  "analysis",
  "report"
] as const

export const eventColumns = ["sequence", "recorded_at", "event", "stage_index", "data"] as const

const at = <Column extends string>(columns: ReadonlyArray<Column>) =>
  Object.fromEntries(columns.map((column, i) => [column, i])) as { readonly [C in Column]: number }

const stageAt = at(stageColumns)
const storyAt = at(storyColumns)

const encodeAnalysis = Schema.encodeSync(Schema.parseJson(FailureAnalysis))
const encodeInterruptors = Schema.encodeSync(Schema.parseJson(Schema.Array(Interruptor)))
const encodeCausedBy = Schema.encodeSync(Schema.parseJson(CausedBy))

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

const storyCells = (event: NarrativeEvent, kind: string, startedAt: number, writer: number): StoryCells => [
  event.storyId,
  event.storyName,
  kind,
  event.rootStoryId,
  event.parentStoryId,
  null,
  "running",
  null,
  timestamp(startedAt),
  null,
  null,
  null,
  null,
  null,
  null,
  0,
  0,
  0,
  null,
  null,
  null,
  null,
  null,
  writer
]

const stageCells = (event: StageEvent): StageCells => {
  const started = event._tag === "StageStarted"
  // Unless the database knows better: the start was in an earlier batch, or was lost.
  const startedAt = "durationSeconds" in event ? startOf(event) : event.timestamp
  return [
    event.stageIndex,
    event.parentStageIndex,
    event.storyName,
    event.stageName,
    event.stagePath.length === 1 ? null : JSON.stringify(event.stagePath),
    event.kind,
    "running",
    timestamp(startedAt),
    null,
    null,
    0,
    null,
    null,
    null,
    null,
    0,
    null,
    event.traceId,
    event.spanId,
    started ? recordCell(event.attributes) : null
  ]
}

const startOf = (event: StageEnded | StoryCompleted): number =>
  Math.min(Math.max(0, event.timestamp - event.durationSeconds * 1_000), event.timestamp)

const failureCells = (event: FailureOccurred): ReadonlyArray<Cell> => {
  const [primary] = event.failures
  const { location } = primary
  return [
    event.storyId,
    event.sequence,
    timestamp(event.timestamp),
    event.storyName,
    primary.stageName,
    primary.errorType,
    primary.errorCode,
    primary.errorMessage,
    primary.retryable ? 1 : 0,
    event.handled ? 1 : 0,
    location === null ? null : `${location.file}:${location.line}`,
    primary.fingerprint,
    primary.exactCause,
    event.llmAnalysis,
    event.analysis === null ? null : encodeAnalysis(event.analysis),
    toWire(event)
  ]
}

/** How an analysis that came later is written. */
export const analysisCell = (event: AnalysisReady): string => encodeAnalysis(event.analysis)

const eventCells = (event: NarrativeEvent): ReadonlyArray<Cell> => [
  event.sequence,
  timestamp(event.timestamp),
  event._tag === "AnalysisReady" ? "LLMAnalysisReady" : event._tag,
  "stageIndex" in event ? event.stageIndex : null,
  dataCell(event)
]

/** What no other row holds. */
const dataCell = (event: NarrativeEvent): string | null => {
  switch (event._tag) {
    case "LogRecorded":
    case "EventRecorded":
      return toWire(event)
    case "StageRetried":
      return JSON.stringify({ attempt: event.attempt, delay_seconds: event.delaySeconds, reason: event.reason })
    case "StageProgressed":
      return JSON.stringify({ done: event.done, total: event.total })
    default:
      return null
  }
}

const recordCell = (record: PlainRecord): string | null => {
  for (const _ in record) return JSON.stringify(record)
  return null
}

// Many events of one millisecond follow each other.
let lastMillis = Number.NaN
let lastText = ""

/** @internal */
export const timestamp = (millis: number): string => {
  const whole = Math.trunc(millis)
  if (whole !== lastMillis) {
    lastMillis = whole
    lastText = new Date(whole).toISOString()
  }
  return lastText
}
