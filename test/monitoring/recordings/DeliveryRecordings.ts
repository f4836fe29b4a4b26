/** What is asked of narration itself: events that renderers take, and those they lose. */
import * as Instruments from "../../../src/metrics/Instruments.js"
import * as PromQl from "../PromQl.js"
import * as RecordingRule from "../RecordingRule.js"
import { series } from "../Series.js"

const { counter, grown, rate, share, sum } = PromQl

const byResult = ["job", "renderer", "result"] as const

const slack = { job: "importer", renderer: "slack" }

const counted = (result: "delivered" | "dropped" | "failed", values: string) =>
  series(counter(Instruments.rendererEvents, { renderer: "slack", result }), values)

export const eventRate = RecordingRule.make({
  instrument: Instruments.rendererEvents,
  operation: "rate",
  window: "5m",
  query: (window) => sum(rate(counter(Instruments.rendererEvents), window), byResult),
  meaning: "events a second, by renderer and result",
  because: "the load of each renderer, over all processes",
  idle: "zero",
  shows: [
    {
      when: "three a second are delivered and one is dropped",
      series: [counted("delivered", "0+180x30"), counted("dropped", "0+60x30")],
      at: "30m",
      values: [
        { labels: { ...slack, result: "delivered" }, value: 3 },
        { labels: { ...slack, result: "dropped" }, value: 1 }
      ]
    }
  ]
})

export const events = RecordingRule.make({
  instrument: Instruments.rendererEvents,
  operation: "increase",
  window: "15m",
  query: (window) => sum(grown(counter(Instruments.rendererEvents), window), byResult),
  meaning: "events within 15 minutes, by renderer and result",
  because: "`NarrativeRendererFailing` and `NarrativeEventsDropped` compare it",
  idle: "zero",
  shows: [
    {
      when: "one failed, the first time ever",
      series: [counted("delivered", "0+10x30"), counted("failed", "_x25 1+0x5")],
      at: "30m",
      values: [
        { labels: { ...slack, result: "delivered" }, value: 150 },
        { labels: { ...slack, result: "failed" }, value: 1 }
      ]
    }
  ]
})

export const lostEvents = RecordingRule.make({
  instrument: Instruments.rendererEvents,
  part: "lost_per_event",
  operation: "ratio_increase",
  window: "5m",
  query: (window) =>
    share(
      sum(grown(counter(Instruments.rendererEvents, { result: { not: "delivered" } }), window), ["job", "renderer"]),
      sum(grown(counter(Instruments.rendererEvents), window), ["job", "renderer"])
    ),
  meaning: "events that a renderer dropped or failed with, of all",
  because: "how much of what a renderer shows is missing; 0 where none was lost",
  idle: "nothing",
  shows: [
    {
      when: "one in eight is dropped, and one fails",
      series: [counted("delivered", "0+6x30"), counted("dropped", "0+1x30"), counted("failed", "0+1x30")],
      at: "30m",
      values: [{ labels: slack, value: 0.25 }]
    },
    {
      when: "all are delivered",
      series: [counted("delivered", "0+6x30")],
      at: "30m",
      values: [{ labels: slack, value: 0 }]
    }
  ]
})

export const deliveryRecordings = [eventRate, events, lostEvents]
