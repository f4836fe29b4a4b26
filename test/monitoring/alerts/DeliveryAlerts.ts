/** Alerts on narration itself: renderers that fail or drop, labels with too many values, metrics that are not there. */
import * as Instruments from "../../../src/metrics/Instruments.js"
import * as AlertRule from "../AlertRule.js"
import * as PromQl from "../PromQl.js"
import { events } from "../recordings/DeliveryRecordings.js"
import { series } from "../Series.js"

const counted = (renderer: string, result: string, values: string) =>
  series(PromQl.counter(Instruments.rendererEvents, { renderer, result }), values)

const recent = (result: string) => PromQl.sum(PromQl.recorded(events, { result }), ["job", "renderer"])

const slack = { job: "importer", renderer: "slack" }

const failing = AlertRule.make({
  name: "NarrativeRendererFailing",
  severity: "warning",
  query: PromQl.above(recent("failed"), 0),
  for: "1m",
  summary: ({ label }) => `The renderer ${label("renderer")} fails`,
  description: ({ label, value }) =>
    `${label("renderer")} failed with ${value("humanize")} events within 15 minutes: what it should show is not whole (${label("job")}).`,
  because: "No share of all events: one that is lost may be the one that reports a failure. The first one counts.",
  fires: [
    {
      when: "Slack refused one event, the first time ever",
      series: [counted("slack", "delivered", "0+9x60"), counted("slack", "failed", "_x50 1+0x10")],
      at: "55m",
      alerts: [{ labels: slack, value: "1" }]
    }
  ],
  silent: [
    { when: "it failed an hour ago", series: [counted("slack", "failed", "_x10 1+0x90")], at: "80m" },
    { when: "all is delivered", series: [counted("slack", "delivered", "0+9x60")], at: "55m" }
  ]
})

const dropping = AlertRule.make({
  name: "NarrativeEventsDropped",
  severity: "warning",
  query: PromQl.above(recent("dropped"), 0),
  for: "1m",
  summary: ({ label }) => `The renderer ${label("renderer")} drops events`,
  description: ({ label, value }) =>
    `${label("renderer")} dropped ${value("humanize")} events within 15 minutes: its queue is full, or closed before all was delivered (${label("job")}).`,
  because: "What a queue drops is shown by nothing else, least of all by that queue.",
  fires: [
    {
      when: "a full queue drops ten a minute",
      series: [counted("slack", "delivered", "0+9x60"), counted("slack", "dropped", "0+10x60")],
      at: "55m",
      alerts: [{ labels: slack, value: "150" }]
    }
  ],
  silent: [
    { when: "what was dropped is an hour old", series: [counted("slack", "dropped", "0+1x10 10+0x90")], at: "90m" }
  ]
})

const overflowed = (values: string) =>
  series(PromQl.counter(Instruments.labelOverflow, { label: "stage_name" }), values)

const overflow = AlertRule.make({
  name: "NarrativeLabelOverflow",
  severity: "info",
  query: PromQl.above(PromQl.sum(PromQl.grown(PromQl.counter(Instruments.labelOverflow), "1h"), ["job", "label"]), 0),
  for: "5m",
  summary: ({ label }) => `Too many values of ${label("label")}`,
  description: ({ label, value }) =>
    `${value("humanize")} measurements within an hour count under "other", as ${label("label")} has too many values (${label("job")}).`,
  because: "Values that are bounded are silently one: this shows that figures by that label are not whole.",
  fires: [
    {
      when: "names of stages hold ids",
      series: [overflowed("_x30 60+0x60")],
      at: "60m",
      alerts: [{ labels: { job: "importer", label: "stage_name" }, value: "60" }]
    }
  ],
  silent: [{ when: "it was two hours ago", series: [overflowed("_x10 60+0x150")], at: "140m" }]
})

const story = (values: string) =>
  series(PromQl.counter(Instruments.stories, { story_name: "Import", success: "true" }), values)

const absent = AlertRule.make({
  name: "NarrativeMetricsAbsent",
  severity: "warning",
  query: PromQl.absent(PromQl.counter(Instruments.stories), "15m"),
  for: "5m",
  summary: () => "No program shows metrics of its stories",
  description: () =>
    "Prometheus has had no metrics of stories for 15 minutes, from any program. Every other alert is silent meanwhile.",
  because: "A rule on series that are not there has no answer, and no answer is silence.",
  fires: [
    { when: "nothing was ever there", series: [], at: "10m", alerts: [{ labels: {}, value: "" }] },
    { when: "the last program is gone", series: [story("0+1x30")], at: "60m", alerts: [{ labels: {}, value: "" }] }
  ],
  silent: [
    { when: "a program is there, though nothing happens", series: [story("5+0x60")], at: "60m" },
    { when: "it restarts", series: [story("0+1x30 _x10 0+1x20")], at: "42m" }
  ]
})

export const deliveryAlerts = [failing, dropping, overflow, absent]
