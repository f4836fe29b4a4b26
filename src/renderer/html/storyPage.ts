/**
 * A root story as its page will show it, put together event by event, with bounded memory.
 */
import { failureTime } from "../../event/failureTime.js"
import type {
  EventRecorded,
  FailureOccurred,
  LogRecorded,
  NarrativeEvent,
  StageEnded,
  StageEvent,
  StageRetried,
  StageStarted,
  StoryCompleted,
  StoryStatus
} from "../../event/NarrativeEvent.js"
import * as openStories from "../../event/openStories.js"
import * as Work from "../../event/WorkSummary.js"
import { clip, type PlainRecord } from "../../plain/PlainValue.js"
import { BoundedList } from "./boundedList.js"
import type { NodeStatus, PageEntry, PageNode, PageStory, StoryCard } from "./pageData.js"
import { PageFailures } from "./pageFailures.js"
import { TextBudget } from "./textBudget.js"

const nodeBounds = { first: 15_000, last: 5_000, between: 1_000 }
const entryBounds = { first: 2_000, last: 2_500, between: 500 }
/** Most failed stages of one story remembered for the report that names them. */
const maxBlamed = 1_000
/** Most retries of one stage shown one by one. */
const maxRetries = 50
/** Texts up to this length stay even when the page has no room for longer ones. */
const alwaysKept = 200
/** Longest text on a card: many of them are together. */
const maxCardText = 240
/** How much text the values on one page may hold: attributes, annotations, data. */
const maxValueText = 16 * 1024 * 1024

/** Most running stages of one story. */
const maxStages = 20_000

interface StoryState {
  readonly node: PageNode & { story: NonNullable<PageNode["story"]> }
  /** The last stage that failed at each path. */
  readonly blamed: Map<string, PageNode>
}

type OpenStory = openStories.OpenStory<StoryState, PageNode>
type OpenStage = openStories.OpenStage<PageNode> | undefined

const isOfNote = (node: PageNode): boolean =>
  node.status === "running" || node.status === "failed" || node.status === "timeout"

export class StoryPage {
  readonly #startedAt: number
  readonly #root: PageNode
  readonly #open: openStories.OpenStories<StoryState, PageNode>
  readonly #nodes = new BoundedList<PageNode>(nodeBounds, isOfNote)
  readonly #entries = new BoundedList<PageEntry>(
    entryBounds,
    ({ level }) => level === "WARN" || level === "ERROR" || level === "FATAL"
  )
  readonly #failures = new PageFailures()
  readonly #values = new TextBudget(maxValueText)
  #nodeCount = 0

  constructor(first: NarrativeEvent) {
    this.#startedAt = first.timestamp
    this.#open = new openStories.OpenStories<StoryState, PageNode>({
      maxStages,
      beginStory: (event, around) => this.#beginStory(event, around),
      beginStage: (event, { stage, story }) => this.#beginStage(event, stage?.state ?? story?.state.node)
    })
    this.#root = this.#open.begin(first).state.node
  }

  /** Of the story that everything else on the page is in. */
  get id(): string {
    return this.#root.story?.id ?? ""
  }

  /** Whether the root story has ended. Sub-stories may outlive it. */
  get isEnded(): boolean {
    return this.#root.seconds !== undefined
  }

  /** Whether every story on the page has ended. */
  get isComplete(): boolean {
    return this.#open.size === 0
  }

  /** Whether a failure on the page may still be analysed. */
  get isAwaitingAnalysis(): boolean {
    return this.#failures.isAwaitingAnalysis
  }

  get size(): number {
    return this.#nodeCount
  }

  take(event: NarrativeEvent): void {
    if (event._tag === "AnalysisReady") this.#failures.explain(event)
    else this.#take(event)
  }

  #take(event: openStories.LiveEvent): void {
    const { stage, story } = this.#open.take(event)
    switch (event._tag) {
      case "StoryStarted":
        break
      case "StageStarted":
        story.state.node.story.startedStages += 1
        break
      case "StageProgressed":
        if (stage !== undefined) stage.state.progress = { done: event.done, total: event.total }
        break
      case "StageRetried":
        if (stage !== undefined) this.#retry(stage.state, event)
        break
      case "StageCompleted":
      case "StageFailed":
      case "StageCancelled":
        this.#endStage(story.state, stage, event)
        break
      case "LogRecorded":
        this.#log(nodeOf(story, stage), event)
        break
      case "EventRecorded":
        this.#note(nodeOf(story, stage), event)
        break
      case "FailureOccurred":
        this.#failure(story.state, event)
        break
      case "StoryCompleted":
        this.#endStory(story.state.node, event)
    }
  }

  /** `unfinished`: nothing more will come. */
  data(unfinished: boolean): PageStory {
    return {
      startedAt: this.#startedAt,
      ...(unfinished && !this.isComplete ? { unfinished } : {}),
      nodes: this.#nodes.entries,
      entries: this.#entries.entries,
      failures: this.#failures.entries,
      omitted: {
        nodes: this.#nodes.omitted,
        entries: this.#entries.omitted,
        failures: this.#failures.omitted,
        values: this.#values.refused
      }
    }
  }

  card(unfinished: boolean): StoryCard {
    const { name, seconds, story } = this.#root
    const failed = this.#failures.entries.findLast((failure) => failure.handled !== true)?.report.failures[0]
    return {
      id: (story?.id ?? "").slice(0, maxCardText),
      name,
      status: story?.status ?? "running",
      ...(unfinished && !this.isComplete ? { unfinished } : {}),
      ...(story?.dryRun === true ? { dryRun: true } : {}),
      startedAt: this.#startedAt,
      seconds: seconds ?? null,
      outcome: story?.outcome?.slice(0, maxCardText) ?? null,
      stages: story?.startedStages ?? 0,
      error: failed === undefined ? null : `${failed.errorType}: ${failed.errorMessage}`.slice(0, maxCardText)
    }
  }

  #offset(event: NarrativeEvent): number {
    return Math.max(0, event.timestamp - this.#startedAt)
  }

  #beginStory(event: NarrativeEvent, around: openStories.Around<StoryState, PageNode>): StoryState {
    const start = event._tag === "StoryStarted" ? event : undefined
    const id = this.#nodeCount++
    const parent = around.stage?.state.id ?? around.story?.state.node.id ?? (id === 0 ? undefined : 0)
    const node: StoryState["node"] = {
      id,
      ...(parent === undefined ? {} : { parent }),
      name: event.storyName,
      ...(start === undefined || start.kind === "story" ? {} : { kind: start.kind }),
      status: "running",
      start: this.#offset(event),
      ...this.#attributes(start?.attributes),
      ...spanOf(start),
      story: {
        id: event.storyId,
        status: "running",
        labels: start?.labels ?? {},
        ...(start?.dryRun === true ? { dryRun: true } : {}),
        ...(start === undefined || start.totalStages === null ? {} : { declaredStages: start.totalStages }),
        completedStages: 0,
        failedStages: 0,
        cancelledStages: 0,
        startedStages: 0
      }
    }
    this.#nodes.add(node)
    return { node, blamed: new Map() }
  }

  #beginStage(event: StageStarted, parent: PageNode | undefined): PageNode {
    const node: PageNode = {
      id: this.#nodeCount++,
      parent: parent?.id ?? 0,
      name: event.stageName,
      ...(event.kind === "stage" ? {} : { kind: event.kind }),
      status: "running",
      start: this.#offset(event),
      ...this.#attributes(event.attributes),
      ...spanOf(event),
      index: event.stageIndex
    }
    this.#nodes.add(node)
    return node
  }

  #retry(node: PageNode, event: StageRetried): void {
    const { attempt, delaySeconds, reason } = event
    node.retries ??= []
    if (node.retries.length >= maxRetries) node.retries.pop()
    node.retries.push({ at: this.#offset(event), attempt, delaySeconds, reason })
  }

  #endStage(story: StoryState, stage: OpenStage, event: StageEnded): void {
    const facts = story.node.story
    if (event._tag === "StageCompleted") facts.completedStages += 1
    else if (event._tag === "StageFailed") facts.failedStages += 1
    else facts.cancelledStages += 1
    facts.percent = event.progress.percent
    if (stage === undefined) return
    const node = stage.state
    node.seconds = event.durationSeconds
    Object.assign(node, this.#attributes(event.attributes))
    switch (event._tag) {
      case "StageCompleted":
        node.status = "completed"
        return
      case "StageFailed":
        node.status = "failed"
        node.error = { type: event.errorType, message: this.#text(event.errorMessage) }
        if (story.blamed.size < maxBlamed) story.blamed.set(keyOf(event), node)
        return
      case "StageCancelled":
        node.status = "cancelled"
        if (event.orphaned) node.orphaned = true
        if (event.interruptors.length > 0) node.interruptors = event.interruptors
    }
  }

  #log(node: number, event: LogRecorded): void {
    const annotations = isEmpty(event.annotations) ? undefined : this.#values.take(event.annotations)
    this.#entries.add({
      at: this.#offset(event),
      node,
      level: event.level,
      text: this.#text(event.message),
      ...(annotations === undefined ? {} : { data: annotations }),
      ...(event.cause === null ? {} : { cause: this.#text(event.cause) }),
      fiberId: event.fiberId
    })
  }

  #note(node: number, event: EventRecorded): void {
    const data = event.data === null ? undefined : this.#values.take(event.data)
    this.#entries.add({
      at: this.#offset(event),
      node,
      note: true,
      text: event.name,
      ...(data === undefined ? {} : { data })
    })
  }

  #failure({ blamed, node }: StoryState, event: FailureOccurred): void {
    if (event.interruptors.length > 0) node.interruptors = event.interruptors
    const stages = event.failures.map(({ stagePath }) => blamed.get(stagePath.join("\u0000")))
    this.#failures.add(event, node, stages, Math.max(0, failureTime(event) - this.#startedAt))
  }

  #endStory(node: StoryState["node"], event: StoryCompleted): void {
    node.status = statusOf(event.status)
    node.seconds = event.durationSeconds
    Object.assign(node, this.#attributes(event.attributes))
    Object.assign(node.story, {
      status: event.status,
      labels: event.labels,
      completedStages: event.progress.completedStages,
      declaredStages: event.progress.totalStages,
      percent: event.progress.percent,
      failedStages: event.failedStages,
      cancelledStages: event.cancelledStages,
      ...(event.outcome === null ? {} : { outcome: event.outcome }),
      ...(event.work === null ? {} : { work: Work.summary(event.work) }),
      ...(event.causedBy === null ? {} : { causedBy: event.causedBy })
    })
  }

  #text(text: string): string {
    return text.length <= alwaysKept ? text : (this.#values.take(text) ?? clip(text, alwaysKept))
  }

  #attributes(attributes: PlainRecord | undefined): { readonly attributes?: PlainRecord } {
    if (attributes === undefined || isEmpty(attributes)) return {}
    const kept = this.#values.take(attributes)
    return kept === undefined ? {} : { attributes: kept }
  }
}

const isEmpty = (record: PlainRecord): boolean => {
  for (const _ in record) return false
  return true
}

const spanOf = (event: Pick<StageEvent, "spanId" | "traceId"> | undefined) => ({
  ...(event === undefined || event.traceId === null ? {} : { traceId: event.traceId }),
  ...(event === undefined || event.spanId === null ? {} : { spanId: event.spanId })
})

const nodeOf = (story: OpenStory, stage: OpenStage): number => (stage?.state ?? story.state.node).id

const keyOf = (event: StageEvent): string => event.stagePath.join("\u0000")

const statusOf = (status: StoryStatus): NodeStatus => (status === "success" ? "completed" : status)
