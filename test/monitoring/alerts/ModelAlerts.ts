/** Alerts on what models are asked for: calls that fail or are slow, cost, the quality of results, late analyses. */
import * as Instruments from "../../../src/metrics/Instruments.js"
import * as AlertRule from "../AlertRule.js"
import { limits } from "../Limits.js"
import * as PromQl from "../PromQl.js"
import { callErrors, callP95, costOfHour, failedCalls, qualityOfHour } from "../recordings/ModelRecordings.js"
import { series } from "../Series.js"

const call = (model: string) => ({ model, provider: "openai", operation: "chat" })

const called = (model: string, values: string, agent_id = "writer") =>
  series(PromQl.counter(Instruments.apiCalls, { ...call(model), agent_id }), values)

const callFailed = (model: string, values: string) =>
  series(PromQl.counter(Instruments.apiErrors, { ...call(model), error_type: "RateLimited" }), values)

const gpt = { job: "importer", provider: "openai", model: "gpt-4o" }

const callsFailing = AlertRule.make({
  name: "NarrativeCallsFailing",
  severity: "critical",
  query: PromQl.and(
    PromQl.above(PromQl.recorded(failedCalls), limits.callErrors),
    PromQl.above(PromQl.recorded(callErrors), 2)
  ),
  for: "5m",
  summary: ({ label }) => `Calls of ${label("model")} fail`,
  description: ({ label, value }) =>
    `${value("humanizePercentage")} of the calls of ${label("model")} at ${label("provider")} within 15 minutes failed (${label("job")}).`,
  because:
    "By model: one that is down is lost in the sum of all. A single error among a few calls is no spike. Without a call there\nis no answer, instead of 0 / 0.",
  fires: [
    {
      when: "one in ten fails, two agents calling",
      series: [called("gpt-4o", "0+6x30"), called("gpt-4o", "0+4x30", "critic"), callFailed("gpt-4o", "0+1x30")],
      at: "30m",
      alerts: [{ labels: gpt, value: "10%" }]
    },
    {
      when: "a model is down beside a busy one",
      series: [called("gpt-4o-mini", "0+1000x30"), called("gpt-4o", "0+1x30"), callFailed("gpt-4o", "0+1x30")],
      at: "30m",
      alerts: [{ labels: gpt, value: "100%" }]
    },
    {
      when: "it fails for the first time ever",
      series: [called("gpt-4o", "0+1x60"), callFailed("gpt-4o", "_x50 3+0x20")],
      at: "56m",
      alerts: [{ labels: gpt, value: "20%" }]
    }
  ],
  silent: [
    { when: "one in fifty fails", series: [called("gpt-4o", "0+50x30"), callFailed("gpt-4o", "0+1x30")], at: "30m" },
    {
      when: "one of ten failed",
      series: [called("gpt-4o", "0+0x20 10+0x10"), callFailed("gpt-4o", "_x21 1+0x10")],
      at: "30m"
    },
    { when: "there are no calls", series: [called("gpt-4o", "9+0x30"), callFailed("gpt-4o", "9+0x30")], at: "30m" }
  ]
})

const callTook = (le: string, values: string) =>
  series(PromQl.bucketsOf(Instruments.apiCallDuration, call("gpt-4o"), le), values)

const callsSlow = AlertRule.make({
  name: "NarrativeCallsSlow",
  severity: "warning",
  query: PromQl.above(PromQl.recorded(callP95), limits.callSeconds),
  for: "10m",
  summary: ({ label }) => `Calls of ${label("model")} are slow`,
  description: ({ label, value }) =>
    `One call of ${label("model")} at ${label("provider")} in 20 took ${value("humanizeDuration")} or longer within 15 minutes (${label("job")}).`,
  because: "The threshold lies below the last bound, and buckets are summed over processes and operations.",
  fires: [
    {
      when: "one in ten takes between 20 and 30 seconds",
      series: [
        callTook("10", "0+9x30"),
        callTook("20", "0+9x30"),
        callTook("30", "0+10x30"),
        callTook("+Inf", "0+10x30")
      ],
      at: "30m",
      alerts: [{ labels: gpt, value: "25s" }]
    }
  ],
  silent: [
    {
      when: "one in a hundred does",
      series: [
        callTook("10", "0+99x30"),
        callTook("20", "0+99x30"),
        callTook("30", "0+100x30"),
        callTook("+Inf", "0+100x30")
      ],
      at: "30m"
    }
  ]
})

const cost = (model: string, values: string) =>
  series(PromQl.counter(Instruments.costUsd, { model, agent_id: "writer" }), values)

const costBudget = AlertRule.make({
  name: "NarrativeCostBudget",
  severity: "warning",
  query: PromQl.above(PromQl.sum(PromQl.recorded(costOfHour), ["job"]), limits.dollarsAnHour),
  for: "5m",
  summary: ({ label }) => `${label("job")} spends more than ${limits.dollarsAnHour} dollars an hour`,
  description: ({ label, value }) => `${label("job")} spent $${value('printf "%.2f"')} on models within an hour.`,
  because:
    "What the first call of a model costs is the value its series is born with: it counts. The sum is shown with cents, and by\njob, so that one sees who spends.",
  fires: [
    {
      when: "two models cost 12 dollars an hour together",
      series: [cost("gpt-4o", "0+0.15x70"), cost("gpt-4o-mini", "0+0.05x70")],
      at: "70m",
      alerts: [{ labels: { job: "importer" }, value: "12.00" }]
    },
    {
      when: "one call of a new model costs 11 dollars",
      series: [cost("gpt-4o", "0+0x80"), cost("o3-pro", "_x60 11+0x20")],
      at: "70m",
      alerts: [{ labels: { job: "importer" }, value: "11.00" }]
    }
  ],
  silent: [
    { when: "it costs 6 dollars an hour", series: [cost("gpt-4o", "0+0.1x70")], at: "70m" },
    { when: "it has cost a lot in a year", series: [cost("gpt-4o", "9000+0.01x70")], at: "70m" }
  ]
})

const scored = (metric_type: string, sum: string, count: string) => {
  const which = { story_name: "Import", metric_type }
  return [
    series(PromQl.sumOf(Instruments.qualityScore, which), sum),
    series(PromQl.countOf(Instruments.qualityScore, which), count)
  ]
}

const qualityLow = AlertRule.make({
  name: "NarrativeQualityLow",
  severity: "warning",
  query: PromQl.below(PromQl.recorded(qualityOfHour), limits.score),
  for: "10m",
  summary: ({ label }) => `${label("metric_type")} of ${label("story_name")} is low`,
  description: ({ label, value }) =>
    `The average score for ${label("metric_type")} of ${label("story_name")} within an hour is ${value('printf "%.2f"')} (${label("job")}).`,
  because:
    "For every metric of quality, not for one, and by story: a bad one hides behind good ones in a sum of all. Where nothing\nwas scored there is no answer.",
  fires: [
    {
      when: "coherence is 0.5 on average, beside a logic of 0.9",
      series: [...scored("coherence", "0+0.5x90", "0+1x90"), ...scored("logic", "0+9x90", "0+10x90")],
      at: "80m",
      alerts: [{ labels: { job: "importer", story_name: "Import", metric_type: "coherence" }, value: "0.50" }]
    },
    {
      when: "the only result of the day is bad",
      series: scored("coherence", "_x60 0.25+0x40", "_x60 1+0x40"),
      at: "75m",
      alerts: [{ labels: { job: "importer", story_name: "Import", metric_type: "coherence" }, value: "0.25" }]
    }
  ],
  silent: [
    { when: "coherence is 0.9 on average", series: scored("coherence", "0+9x90", "0+10x90"), at: "80m" },
    { when: "nothing was scored", series: scored("coherence", "1+0x90", "9+0x90"), at: "80m" }
  ]
})

const analysed = (le: string, values: string) =>
  series(PromQl.bucketsOf(Instruments.analysisLatency, { story_name: "Import" }, le), values)

const analysisSlow = AlertRule.make({
  name: "NarrativeAnalysisSlow",
  severity: "info",
  query: PromQl.above(
    PromQl.quantile(0.95, PromQl.spread(Instruments.analysisLatency, "1h", { by: ["job"], growth: PromQl.grown })),
    limits.analysisSeconds
  ),
  for: "10m",
  summary: ({ label }) => `Analyses of ${label("job")} come late`,
  description: ({ label, value }) =>
    `One failure in 20 waited ${value("humanizeDuration")} or longer for its analysis within an hour (${label("job")}).`,
  because:
    "The threshold lies below the last bound. The first failure has an analysis too, and its series begins with it.",
  fires: [
    {
      when: "the only analysis took between one and two minutes",
      series: [analysed("60", "_x10 0+0x30"), analysed("120", "_x10 1+0x30"), analysed("+Inf", "_x10 1+0x30")],
      at: "30m",
      alerts: [{ labels: { job: "importer" }, value: "1m 57s" }]
    }
  ],
  silent: [
    {
      when: "it took five seconds",
      series: [analysed("5", "_x10 1+0x30"), analysed("60", "_x10 1+0x30"), analysed("+Inf", "_x10 1+0x30")],
      at: "30m"
    }
  ]
})

export const modelAlerts = [callsFailing, callsSlow, costBudget, qualityLow, analysisSlow]
