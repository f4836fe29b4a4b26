/**
 * A root story as its page will tell it, put together event by event, with bounded memory.
 */
import type {
  AnalysisReady,
  EventRecorded,
  FailureOccurred,
  LogRecorded,
  NarrativeEvent,
  StageEnded,
  StageEvent,
  StageStarted,
  StoryCompleted,
  StoryStarted,
  StoryStatus
} from "../../event/NarrativeEvent.js"
import * as Work from "../../event/WorkSummary.js"
import { clip, type PlainRecord, type PlainValue } from "../../plain/PlainValue.js"
import { Kept } from "./boundedList.js"
import type { NodeStatus, PageEntry, PageFailure, PageNode, PageStory, StoryCard } from "./pageData.js"

const nodeBounds = { first: 15_000, last: 5_000, between: 1_000 }
const entryBounds = { first: 2_000, last: 2_500, between: 500 }
const failureBounds = { first: 20, last: 20, between: 0 }
/** Most failed stages of one story remembered for the report that names them. */
const maxBlamed = 1_000
/** Most retries of one stage told one by one. */
const maxRetries = 50
/** Texts up to this length stay even when the page has no room for longer ones. */
const alwaysKept = 200
/** Longest text on a card: many of them stand together. */
const maxCardText = 240
/** How much text the values on one page may hold: attributes, annotations, data. */
const maxValueText = 16 * 1024 * 1024
/** Most text of the reports of failures on one page. */
const maxReportText = 16 * 1024 * 1024

interface OpenStory {
  readonly node: PageNode & { story: NonNullable<PageNode["story"]> }
  /** The stages that are running, by index. */
  readonly stages: Map<number, PageNode>
  /** The last stage that failed at each path. */
  readonly blamed: Map<string, number>
}

const isOfNote = (node: PageNode): boolean =>
  node.status === "running" || node.status === "failed" || node.status === "timeout"

export class StoryPage {
  readonly #startedAt: number
  readonly #root: PageNode
  readonly #open = new Map<string, OpenStory>()
  readonly #nodes = new Kept<PageNode>(nodeBounds, isOfNote)
  readonly #entries = new Kept<PageEntry>(
    entryBounds,
    ({ level }) => level === "WARN" || level === "ERROR" || level === "FATAL"
  )
  readonly #failures = new Kept<PageFailure & { readonly storyId: string }>(failureBounds, () => false)
  readonly #values = new Budget(maxValueText)
  readonly #reports = new Budget(maxReportText)
  #unshownReports = 0
  #nodeCount = 0

  constructor(first: NarrativeEvent) {
    this.#startedAt = first.timestamp
    this.#root = this.#begin(first).node
  }

  /** Of the story that everything else on the page stands in. */
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
    return this.#failures.entries.some((failure) => failure.handled !== true && failure.analysis === undefined)
  }

  get size(): number {
    return this.#nodeCount
  }

  take(event: NarrativeEvent): void {
    if (event._tag === "AnalysisReady") {
      this.#analysis(event)
      return
    }
    const story = this.#open.get(event.storyId) ?? this.#begin(event)
    switch (event._tag) {
      case "StoryStarted":
        return
      case "StageStarted":
        this.#stage(story, event)
        return
      case "StageProgressed": {
        const stage = story.stages.get(event.stageIndex)
        if (stage !== undefined) stage.progress = { done: event.done, total: event.total }
        return
      }
      case "StageRetried": {
        const stage = story.stages.get(event.stageIndex)
        if (stage === undefined) return
        const { attempt, delaySeconds, reason } = event
        stage.retries ??= []
        if (stage.retries.length >= maxRetries) stage.retries.pop()
        stage.retries.push({ at: this.#offset(event), attempt, delaySeconds, reason })
        return
      }
      case "StageCompleted":
      case "StageFailed":
      case "StageCancelled":
        this.#endStage(story, event)
        return
      case "LogRecorded":
        this.#log(story, event)
        return
      case "EventRecorded":
        this.#note(story, event)
        return
      case "FailureOccurred":
        this.#failure(story, event)
        return
      case "StoryCompleted":
        this.#endStory(story, event)
        return
    }
  }

  /** `unfinished`: nothing more will come. */
  data(unfinished: boolean): PageStory {
    return {
      startedAt: this.#startedAt,
      ...(unfinished && !this.isComplete ? { unfinished } : {}),
      nodes: this.#nodes.entries,
      entries: this.#entries.entries,
      failures: this.#failures.entries.map(({ storyId: _, ...failure }) => failure),
      omitted: {
        nodes: this.#nodes.omitted,
        entries: this.#entries.omitted,
        failures: this.#failures.omitted + this.#unshownReports,
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

  /** A story whose start was never seen begins with its first event. */
  #begin(event: NarrativeEvent): OpenStory {
    const start: StoryStarted | undefined = event._tag === "StoryStarted" ? event : undefined
    const parent = event.parentStoryId === null ? undefined : this.#open.get(event.parentStoryId)
    const around = parent?.stages.get(start?.parentStageIndex ?? -1) ?? parent?.node
    const node: OpenStory["node"] = {
      id: this.#nodeCount++,
      ...(around === undefined ? (this.#nodeCount === 1 ? {} : { parent: 0 }) : { parent: around.id }),
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
    const story: OpenStory = { node, stages: new Map(), blamed: new Map() }
    this.#open.set(event.storyId, story)
    this.#nodes.add(node)
    return story
  }

  #stage(story: OpenStory, event: StageStarted): void {
    const parent = story.stages.get(event.parentStageIndex ?? -1) ?? story.node
    const node: PageNode = {
      id: this.#nodeCount++,
      parent: parent.id,
      name: event.stageName,
      ...(event.kind === "stage" ? {} : { kind: event.kind }),
      status: "running",
      start: this.#offset(event),
      ...this.#attributes(event.attributes),
      ...spanOf(event),
      index: event.stageIndex
    }
    story.stages.set(event.stageIndex, node)
    story.node.story.startedStages += 1
    this.#nodes.add(node)
  }

  #endStage(story: OpenStory, event: StageEnded): void {
    const facts = story.node.story
    if (event._tag === "StageCompleted") facts.completedStages += 1
    else if (event._tag === "StageFailed") facts.failedStages += 1
    else facts.cancelledStages += 1
    facts.percent = event.progress.percent
    const node = story.stages.get(event.stageIndex)
    if (node === undefined) return
    story.stages.delete(event.stageIndex)
    node.seconds = event.durationSeconds
    Object.assign(node, this.#attributes(event.attributes))
    switch (event._tag) {
      case "StageCompleted":
        node.status = "completed"
        return
      case "StageFailed":
        node.status = "failed"
        node.error = { type: event.errorType, message: this.#text(event.errorMessage) }
        if (story.blamed.size < maxBlamed) story.blamed.set(keyOf(event), node.id)
        return
      case "StageCancelled":
        node.status = "cancelled"
        if (event.orphaned) node.orphaned = true
        if (event.interruptors.length > 0) node.interruptors = event.interruptors
    }
  }

  #log(story: OpenStory, event: LogRecorded): void {
    const annotations = isEmpty(event.annotations) ? undefined : this.#values.take(event.annotations)
    this.#entries.add({
      at: this.#offset(event),
      node: nodeOf(story, event),
      level: event.level,
      text: this.#text(event.message),
      ...(annotations === undefined ? {} : { data: annotations }),
      ...(event.cause === null ? {} : { cause: this.#text(event.cause) }),
      fiberId: event.fiberId
    })
  }

  #note(story: OpenStory, event: EventRecorded): void {
    const data = event.data === null ? undefined : this.#values.take(event.data)
    this.#entries.add({
      at: this.#offset(event),
      node: nodeOf(story, event),
      note: true,
      text: event.name,
      ...(data === undefined ? {} : { data })
    })
  }

  #failure(story: OpenStory, event: FailureOccurred): void {
    const report = this.#reports.take(reportOf(event))
    if (report === undefined) {
      this.#unshownReports += 1
      return
    }
    this.#failures.add({
      storyId: event.storyId,
      at: this.#offset(event),
      node: story.node.id,
      ...(event.handled ? { handled: true } : {}),
      stages: event.failures.map(({ stagePath }) => story.blamed.get(stagePath.join("\u0000")) ?? null),
      report,
      ...(event.analysis === null ? {} : { analysis: event.analysis })
    })
  }

  #analysis(event: AnalysisReady): void {
    const candidates = this.#failures.entries.filter(
      (failure) => failure.storyId === event.storyId && failure.analysis === undefined
    )
    const failure =
      candidates.find(({ report }) => report.failures[0].stageName === event.stageName) ?? candidates.at(-1)
    if (failure === undefined) return
    failure.analysis = event.analysis
    failure.latencySeconds = event.latencySeconds
  }

  #endStory(story: OpenStory, event: StoryCompleted): void {
    const { node } = story
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
    this.#open.delete(event.storyId)
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

/** So much text and no more. */
class Budget {
  #left: number
  refused = 0

  constructor(max: number) {
    this.#left = max
  }

  take<A extends PlainValue | object>(value: A): A | undefined {
    const size = JSON.stringify(value).length
    if (size > this.#left) {
      this.refused += 1
      return undefined
    }
    this.#left -= size
    return value
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

const nodeOf = (story: OpenStory, event: LogRecorded | EventRecorded): number =>
  (story.stages.get(event.stageIndex ?? -1) ?? story.node).id

const keyOf = (event: StageEvent): string => event.stagePath.join("\u0000")

const statusOf = (status: StoryStatus): NodeStatus => (status === "success" ? "completed" : status)

const reportOf = (event: FailureOccurred): PageFailure["report"] => ({
  storyName: event.storyName,
  diagnosticsMode: event.diagnosticsMode,
  diagnosticsTruncated: event.diagnosticsTruncated,
  redactedValues: event.redactedValues,
  failures: event.failures,
  interruptors: event.interruptors,
  timeline: event.timeline,
  timelineOmitted: event.timelineOmitted,
  progress: event.progress
})
