/** What is asked of stages: how many, how many of them fail, how long they take, how often they are tried again. */
import * as Instruments from "../../../src/metrics/Instruments.js"
import * as PromQl from "../PromQl.js"
import * as RecordingRule from "../RecordingRule.js"
import { series } from "../Series.js"
import { quantilesOf } from "./Quantiles.js"

const { counter, grown, rate, share, spread, sum } = PromQl

const byStage = ["job", "story_name", "stage_name"] as const

const stage = { story_name: "Import", stage_name: "Load" }
const load = { job: "importer", ...stage }

const stageEnded = (status: "completed" | "failed", values: string) =>
  series(counter(Instruments.stages, { ...stage, status }), values)

export const stageRate = RecordingRule.make({
  instrument: Instruments.stages,
  operation: "rate",
  window: "5m",
  query: (window) => sum(rate(counter(Instruments.stages), window), byStage),
  meaning: "stages that end a second",
  because: "which stages the work goes through",
  idle: "zero",
  shows: [
    {
      when: "one a second completes, one in two seconds fails",
      series: [stageEnded("completed", "0+60x30"), stageEnded("failed", "0+30x30")],
      at: "30m",
      values: [{ labels: load, value: 1.5 }]
    }
  ]
})

export const failedStages = RecordingRule.make({
  instrument: Instruments.stages,
  part: "failed_per_stage",
  operation: "ratio_increase",
  window: "5m",
  query: (window) =>
    share(
      sum(grown(counter(Instruments.stages, { status: "failed" }), window), byStage),
      sum(grown(counter(Instruments.stages), window), byStage)
    ),
  meaning: "stages that failed, of those that ended",
  because: "where a story fails, and a stage that fails though its story goes on; 0 where none failed",
  idle: "nothing",
  shows: [
    {
      when: "one in four fails",
      series: [stageEnded("completed", "0+3x30"), stageEnded("failed", "0+1x30")],
      at: "30m",
      values: [{ labels: load, value: 0.25 }]
    },
    {
      when: "none ever failed",
      series: [stageEnded("completed", "0+3x30")],
      at: "30m",
      values: [{ labels: load, value: 0 }]
    }
  ]
})

const stageTook = (le: string, values: string, target = {}) =>
  series(PromQl.bucketsOf(Instruments.stageDuration, stage, le), values, target)

export const stageSpread = RecordingRule.make({
  instrument: Instruments.stageDuration,
  part: "bucket",
  operation: "increase",
  window: "5m",
  query: (window) => spread(Instruments.stageDuration, window, { by: byStage, growth: grown }),
  meaning: "stages that took at most `le` within five minutes",
  because: "all quantiles are read from it: the most series of all are summed once, not once a quantile",
  idle: "zero",
  shows: [
    {
      when: "two of three take up to a second, one of them in another process",
      series: [
        stageTook("1", "0+1x30"),
        stageTook("+Inf", "0+2x30"),
        stageTook("1", "0+1x30", { instance: "importer:9465" }),
        stageTook("+Inf", "0+1x30", { instance: "importer:9465" })
      ],
      at: "30m",
      values: [
        { labels: { ...load, le: "1" }, value: 10 },
        { labels: { ...load, le: "+Inf" }, value: 15 }
      ]
    }
  ]
})

export const stageQuantiles = quantilesOf({
  instrument: Instruments.stageDuration,
  spread: stageSpread,
  what: "runs of a stage",
  took: stageTook,
  labels: load
})

export const stageRetries = RecordingRule.make({
  instrument: Instruments.stageRetries,
  operation: "increase",
  window: "15m",
  query: (window) => sum(grown(counter(Instruments.stageRetries), window), byStage),
  meaning: "further attempts of a stage within 15 minutes",
  because: "`NarrativeRetryStorm` compares it twice",
  idle: "zero",
  shows: [
    {
      when: "four a minute",
      series: [series(counter(Instruments.stageRetries, stage), "0+4x30")],
      at: "30m",
      values: [{ labels: load, value: 60 }]
    }
  ]
})

export const stageRecordings = [stageRate, failedStages, stageSpread, ...stageQuantiles.all, stageRetries]
