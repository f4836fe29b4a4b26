/** What is asked of stories and items of work: how many, how many of them fail, how long they take. */
import * as Instruments from "../../../src/metrics/Instruments.js"
import * as PromQl from "../PromQl.js"
import * as RecordingRule from "../RecordingRule.js"
import { series } from "../Series.js"
import { quantilesOf } from "./Quantiles.js"

const { counter, grown, known, quantile, rate, share, spread, sum } = PromQl

const byStory = ["job", "story_name"] as const

const importer = { job: "importer", story_name: "Import" }

const ended = (story_name: string, success: "true" | "false", values: string, target = {}) =>
  series(counter(Instruments.stories, { story_name, success }), values, target)

export const storyRate = RecordingRule.make({
  instrument: Instruments.stories,
  operation: "rate",
  window: "5m",
  query: (window) => sum(rate(counter(Instruments.stories), window), byStory),
  meaning: "stories that end a second",
  because: "throughput is on every screen; processes and outcomes are summed once, not once a screen",
  idle: "zero",
  shows: [
    {
      when: "two processes end one and two a second, some of them failing",
      series: [
        ended("Import", "true", "0+60x30"),
        ended("Import", "true", "0+90x30", { instance: "importer:9465" }),
        ended("Import", "false", "0+30x30")
      ],
      at: "30m",
      values: [{ labels: importer, value: 3 }]
    }
  ]
})

const notSucceeded =
  <const By extends "job" | "story_name">(by: ReadonlyArray<By>) =>
  (window: PromQl.Window) =>
    share(
      sum(grown(counter(Instruments.stories, { success: { not: "true" } }), window), by),
      sum(grown(counter(Instruments.stories), window), by)
    )

export const failedStories = RecordingRule.make({
  instrument: Instruments.stories,
  part: "unsuccessful_per_story",
  operation: "ratio_increase",
  window: "5m",
  query: notSucceeded(byStory),
  meaning: "stories that did not succeed, of those that ended",
  because: "the first question of an incident, and the success rate of the dashboard; 0 where none failed",
  idle: "nothing",
  shows: [
    {
      when: "one in four fails, and of another story none",
      series: [
        ended("Import", "true", "0+3x30"),
        ended("Import", "false", "0+1x30"),
        ended("Request", "true", "0+1000x30")
      ],
      at: "30m",
      values: [
        { labels: importer, value: 0.25 },
        { labels: { job: "importer", story_name: "Request" }, value: 0 }
      ]
    },
    {
      when: "the only one of the night failed, the first time ever",
      series: [ended("Import", "true", "30+0x90"), ended("Import", "false", "_x59 1+0x30")],
      at: "60m",
      values: [{ labels: importer, value: 1 }]
    }
  ]
})

export const failedStoriesOfJob = RecordingRule.make({
  instrument: Instruments.stories,
  part: "unsuccessful_per_story",
  operation: "ratio_increase",
  window: "5m",
  query: notSucceeded(["job"]),
  meaning: "stories of a job that did not succeed, of those that ended",
  because: "an objective is promised for a job, and shares of its stories cannot be averaged to it",
  idle: "nothing",
  shows: [
    {
      when: "a rare story always fails beside a busy one that does not",
      series: [ended("Request", "true", "0+9x30"), ended("Import", "false", "0+1x30")],
      at: "30m",
      values: [{ labels: { job: "importer" }, value: 0.1 }]
    }
  ]
})

export const failedStoriesForAlert = RecordingRule.make({
  instrument: Instruments.stories,
  part: "unsuccessful_per_story",
  operation: "ratio_increase",
  window: "15m",
  query: notSucceeded(byStory),
  meaning: "stories that did not succeed, of those that ended within 15 minutes",
  because: "`NarrativeStoryFailing` compares it, and a graph of it shows how near that is",
  idle: "nothing",
  shows: [
    {
      when: "the only one within 15 minutes failed ten minutes ago",
      series: [ended("Import", "true", "30+0x30"), ended("Import", "false", "_x20 1+0x10")],
      at: "30m",
      values: [{ labels: importer, value: 1 }]
    }
  ]
})

export const failures = RecordingRule.make({
  instrument: Instruments.storyFailures,
  operation: "increase",
  window: "15m",
  query: (window) => sum(grown(counter(Instruments.storyFailures), window), byStory),
  meaning: "failures that ended a story within 15 minutes",
  because: "`NarrativeFailuresSpike` compares it twice",
  idle: "zero",
  shows: [
    {
      when: "one type comes once a minute, and a new one came once",
      series: [
        series(counter(Instruments.storyFailures, { story_name: "Import", error_type: "SqlError" }), "0+1x30"),
        series(counter(Instruments.storyFailures, { story_name: "Import", error_type: "ParseError" }), "_x25 1+0x5")
      ],
      at: "30m",
      values: [{ labels: importer, value: 16 }]
    }
  ]
})

const storyTook = (le: string, values: string, success: "true" | "false" = "true") =>
  series(PromQl.bucketsOf(Instruments.storyDuration, { story_name: "Import", success }, le), values)

export const storySpread = RecordingRule.make({
  instrument: Instruments.storyDuration,
  part: "bucket",
  operation: "increase",
  window: "5m",
  query: (window) => spread(Instruments.storyDuration, window, { by: byStory, growth: grown }),
  meaning: "stories that took at most `le` within five minutes",
  because:
    "all quantiles are read from it, those over several stories or jobs too: quantiles cannot be added, this can",
  idle: "zero",
  shows: [
    {
      when: "failed ones take longer",
      series: [storyTook("1", "0+9x30"), storyTook("+Inf", "0+9x30"), storyTook("+Inf", "0+1x30", "false")],
      at: "30m",
      values: [
        { labels: { ...importer, le: "1" }, value: 45 },
        { labels: { ...importer, le: "+Inf" }, value: 50 }
      ]
    }
  ]
})

export const storyQuantiles = quantilesOf({
  instrument: Instruments.storyDuration,
  spread: storySpread,
  what: "stories",
  took: storyTook,
  labels: importer
})

export const storyP95ForAlert = RecordingRule.make({
  instrument: Instruments.storyDuration,
  operation: "p95_increase",
  window: "1h",
  query: (window) => known(quantile(0.95, spread(Instruments.storyDuration, window, { by: byStory, growth: grown }))),
  meaning: "19 of 20 stories within an hour took at most so long",
  because: "`NarrativeStorySlow` compares it; stories that take long need a window that holds several",
  idle: "nothing",
  shows: [
    {
      when: "one in ten takes between 20 and 30 minutes",
      series: [
        storyTook("1200", "0+9x90"),
        storyTook("1800", "0+10x90"),
        storyTook("+Inf", "0+9x90"),
        storyTook("+Inf", "0+1x90", "false")
      ],
      at: "90m",
      values: [{ labels: importer, value: 1500 }]
    }
  ]
})

const item = (result: string, values: string) =>
  series(counter(Instruments.items, { story_name: "Import", result }), values)

export const itemRate = RecordingRule.make({
  instrument: Instruments.items,
  operation: "rate",
  window: "5m",
  query: (window) => sum(rate(counter(Instruments.items), window), ["job", "story_name", "result"]),
  meaning: "items of work a second, by result",
  because: "throughput of work: discovered beside succeeded shows a queue that grows",
  idle: "zero",
  shows: [
    {
      when: "three a second are found, one is done",
      series: [item("discovered", "0+180x30"), item("succeeded", "0+60x30")],
      at: "30m",
      values: [
        { labels: { ...importer, result: "discovered" }, value: 3 },
        { labels: { ...importer, result: "succeeded" }, value: 1 }
      ]
    }
  ]
})

export const failedItems = RecordingRule.make({
  instrument: Instruments.items,
  part: "failed_per_item",
  operation: "ratio_increase",
  window: "5m",
  query: (window) =>
    share(
      sum(grown(counter(Instruments.items, { result: "failed" }), window), byStory),
      sum(grown(counter(Instruments.items, { result: { oneOf: ["succeeded", "failed"] } }), window), byStory)
    ),
  meaning: "items that failed, of those that failed or succeeded",
  because: "a story succeeds while its items fail; 0 where none failed",
  idle: "nothing",
  shows: [
    {
      when: "one in eight fails, and others are skipped",
      series: [item("succeeded", "0+7x30"), item("failed", "0+1x30"), item("skipped", "0+50x30")],
      at: "30m",
      values: [{ labels: importer, value: 0.125 }]
    }
  ]
})

export const storyRecordings = [
  storyRate,
  failedStories,
  failedStoriesOfJob,
  failedStoriesForAlert,
  failures,
  storySpread,
  ...storyQuantiles.all,
  storyP95ForAlert,
  itemRate,
  failedItems
]
