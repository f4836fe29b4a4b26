/**
 * From events and measurements to the series of every instrument.
 */
import * as Fiber from "effect/Fiber"
import type { Delivery } from "../delivery/deliveryCounts.js"
import { openQueues } from "../delivery/deliveryStats.js"
import { countsBelow } from "../delivery/dispatch.js"
import { make, type Renderer } from "../delivery/rendererModel.js"
import { renderersOf } from "../delivery/rendererSet.js"
import type {
  FailureOccurred,
  NarrativeEvent,
  StageEnded,
  StageRetried,
  StoryCompleted,
  StoryStarted
} from "../event/NarrativeEvent.js"
import { OpenStories } from "../event/openStories.js"
import * as Instruments from "./Instruments.js"
import { LabelValues, unknown } from "./labelValues.js"
import { attachMeter } from "./meter.js"
import type { MetricsSettings } from "./metricsSettings.js"
import type { Series } from "./series.js"
import { SeriesTable } from "./seriesTable.js"

/** What instruments that know the story by name know of it. */
interface StoryState {
  /** `undefined` in a dry run, and for a story whose start was not seen. */
  readonly active: Series | undefined
  readonly labels: ReadonlyArray<string>
  readonly dryRun: boolean
}

interface Counts {
  readonly delivered: number
  readonly dropped: number
  readonly failed: number
}

/** Most stories counted as open at a time. */
const maxStories = 100_000

const noCounts: Counts = { delivered: 0, dropped: 0, failed: 0 }
const noLabels: ReadonlyArray<string> = []

interface SpanIds {
  readonly traceId: string | null
  readonly spanId: string | null
  readonly timestamp: number
}

export class MetricRecorder {
  readonly renderer: Renderer
  readonly #settings: MetricsSettings
  readonly #values = new Map<string, LabelValues>()
  readonly #tables = new Map<Instruments.Instrument, SeriesTable>()
  readonly #open = new OpenStories<StoryState>({
    maxStories,
    beginStory: (event) => (event._tag === "StoryStarted" ? this.#begin(event) : this.#unseen),
    beginStage: () => undefined,
    endStory: ({ state }) => {
      state.active?.add(-1)
      if (state.dryRun) this.#dryRuns -= 1
    }
  })
  readonly #unseen: StoryState
  #dryRuns = 0
  readonly #counted = new WeakMap<Delivery, Counts>()
  /** The counts of renderers that may still change without an event that says so. */
  readonly #watched = new Set<Delivery>()

  constructor(settings: MetricsSettings) {
    this.#settings = settings
    this.#unseen = { active: undefined, labels: this.#labelsOf(undefined), dryRun: false }
    this.renderer = make("metrics", (event) => this.#handle(event))
    attachMeter(this.renderer, {
      record: (instrument, labels, value, { span, storyLabels, timestamp }) => {
        const table = this.#table(instrument)
        const ofStory = instrument.labels[0] === "story_name" ? this.#labelsOf(storyLabels) : noLabels
        const series = table.at(ofStory.length === 0 ? labels : [...labels, ...ofStory])
        const ids = { traceId: span?.traceId ?? null, spanId: span?.spanId ?? null, timestamp }
        if (instrument.kind === "histogram") observe(series, value, ids)
        else series.add(value)
      }
    })
  }

  #handle(event: NarrativeEvent): void {
    switch (event._tag) {
      case "StoryStarted":
        this.#watch()
        this.#open.take(event)
        break
      case "StoryCompleted":
        this.#watch()
        this.#storyCompleted(event)
        this.poll()
        break
      case "StageCompleted":
        this.#stageEnded(event, "completed")
        break
      case "StageFailed":
        this.#stageEnded(event, "failed")
        break
      case "StageCancelled":
        this.#stageEnded(event, "cancelled")
        break
      case "StageRetried":
        this.#stageRetried(event)
        break
      case "FailureOccurred":
        this.#failure(event)
        break
      case "AnalysisReady":
        observe(this.#table(Instruments.analysisLatency).at([event.storyName]), event.latencySeconds, event)
        break
    }
  }

  #begin(event: StoryStarted): StoryState {
    const labels = this.#labelsOf(event.labels)
    if (event.dryRun) {
      this.#dryRuns += 1
      return { active: undefined, labels, dryRun: true }
    }
    const active = this.#table(Instruments.activeStories).at([event.storyName, ...labels])
    active.add(1)
    return { active, labels, dryRun: false }
  }

  #storyCompleted(event: StoryCompleted): void {
    this.#open.take(event)
    if (event.dryRun) return
    const labels = [event.storyName, event.success ? "true" : "false", ...this.#labelsOf(event.labels)]
    observe(this.#table(Instruments.storyDuration).at(labels), event.durationSeconds, event)
    this.#table(Instruments.stories).at(labels).add(1)
  }

  #stageEnded(event: StageEnded, status: "completed" | "failed" | "cancelled"): void {
    if (this.#isDry(event)) return
    const { stageName, storyName } = event
    const ofStory = this.#labelsIn(event)
    const duration = [storyName, stageName, ...ofStory]
    const count = [storyName, stageName, status, ...ofStory]
    observe(this.#table(Instruments.stageDuration).at(duration), event.durationSeconds, event)
    this.#table(Instruments.stages).at(count).add(1)
  }

  #stageRetried(event: StageRetried): void {
    if (this.#isDry(event)) return
    this.#table(Instruments.stageRetries)
      .at([event.storyName, event.stageName, ...this.#labelsIn(event)])
      .add(1)
  }

  #failure(event: FailureOccurred): void {
    if (this.#isDry(event)) return
    this.#table(event.handled ? Instruments.handledFailures : Instruments.storyFailures)
      .at([event.storyName, event.failures[0].errorType, ...this.#labelsIn(event)])
      .add(1)
  }

  #isDry(event: NarrativeEvent): boolean {
    return this.#dryRuns > 0 && this.#open.get(event.storyId)?.state.dryRun === true
  }

  /** The story's own labels that were asked for. */
  #labelsOf(labels: { readonly [key: string]: string } | undefined): ReadonlyArray<string> {
    const { storyLabels } = this.#settings
    return storyLabels.length === 0
      ? noLabels
      : storyLabels.map((name) => (labels !== undefined && Object.hasOwn(labels, name) ? labels[name] : unknown) ?? "")
  }

  #labelsIn(event: NarrativeEvent): ReadonlyArray<string> {
    if (this.#settings.storyLabels.length === 0) return noLabels
    // A story that began before this renderer was there is not known.
    return (this.#open.get(event.storyId)?.state ?? this.#unseen).labels
  }

  #table(instrument: Instruments.Instrument): SeriesTable {
    const known = this.#tables.get(instrument)
    if (known !== undefined) return known
    const { maxSeries, prefix } = this.#settings
    const names = Instruments.labelsOf(instrument, this.#settings.storyLabels)
    const table = new SeriesTable({
      instrument,
      prefix,
      buckets: this.#settings.buckets.get(instrument.name),
      labels: names.map((name) => [name, this.#valuesOf(name)]),
      mostSeries: maxSeries,
      onOverflow: (label) => this.#table(Instruments.labelOverflow).at([label]).add(1)
    })
    this.#tables.set(instrument, table)
    return table
  }

  /** A label has the same values in every instrument. */
  #valuesOf(label: string): LabelValues {
    const known = this.#values.get(label)
    if (known !== undefined) return known
    const values = new LabelValues(this.#settings.maxLabelValues)
    this.#values.set(label, values)
    return values
  }

  /** Watches the renderers that get the events this one gets. */
  #watch(): void {
    const fiber = Fiber.getCurrentFiber()
    if (fiber._tag === "None") return
    for (const delivery of countsBelow(renderersOf(fiber.value))) this.#watched.add(delivery)
  }

  /** Counts what became of events since the last time. */
  poll(): void {
    for (const delivery of openQueues) this.#watched.add(delivery)
    for (const delivery of this.#watched) {
      const before = this.#counted.get(delivery) ?? noCounts
      const now = { delivered: delivery.delivered, dropped: delivery.droppedTotal, failed: delivery.failed }
      this.#counted.set(delivery, now)
      this.#count(delivery.renderer, "delivered", now.delivered - before.delivered)
      this.#count(delivery.renderer, "dropped", now.dropped - before.dropped)
      this.#count(delivery.renderer, "failed", now.failed - before.failed)
      // The next event of a story brings it back.
      if (delivery.pending === 0) this.#watched.delete(delivery)
    }
  }

  #count(renderer: string, result: string, count: number): void {
    if (count > 0) this.#table(Instruments.rendererEvents).at([renderer, result]).add(count)
  }

  /** No event comes any more: stories whose end it would not see are no longer counted as open. */
  close(): void {
    this.poll()
    for (const { state } of this.#open.values()) state.active?.add(-1)
    this.#open.clear()
    this.#dryRuns = 0
  }
}

const observe = (series: Series, value: number, { spanId, timestamp, traceId }: SpanIds): void => {
  series.add(value)
  if (traceId !== null && spanId !== null) series.exemplars?.add({ value, traceId, spanId, timestamp })
}
