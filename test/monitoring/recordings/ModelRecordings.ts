/** What is asked of agents and models: how fast, how often they fail, what they use, cost and are worth. */
import * as Instruments from "../../../src/metrics/Instruments.js"
import * as PromQl from "../PromQl.js"
import * as RecordingRule from "../RecordingRule.js"
import { series } from "../Series.js"

const { bucketsOf, counter, countOf, grown, known, quantile, rate, ratio, recorded, share, spread, sum, sumOf } = PromQl

const byModel = ["job", "provider", "model"] as const

const writer = { job: "importer", agent_id: "writer" }
const gpt = { job: "importer", provider: "openai", model: "gpt-4o" }

const ran = (le: string, values: string, model = "gpt-4o") =>
  series(bucketsOf(Instruments.agentDuration, { agent_id: "writer", model }, le), values)

export const agentP95 = RecordingRule.make({
  instrument: Instruments.agentDuration,
  operation: "p95_increase",
  window: "5m",
  query: (window) =>
    known(
      quantile(0.95, spread(Instruments.agentDuration, window, { by: ["job", "agent_id", "model"], growth: grown }))
    ),
  meaning: "19 of 20 runs of an agent within five minutes took at most so long",
  because: "the slowest agents, by model: another model is the first thing to try",
  idle: "nothing",
  shows: [
    {
      when: "one model takes up to 10 seconds, another up to a minute",
      series: [
        ...["10", "30", "60", "+Inf"].map((le) => ran(le, "0+10x30")),
        ...["10", "30"].map((le) => ran(le, "0+0x30", "o3-pro")),
        ...["60", "+Inf"].map((le) => ran(le, "0+10x30", "o3-pro"))
      ],
      at: "30m",
      values: [
        { labels: { ...writer, model: "gpt-4o" }, value: 9.5 },
        { labels: { ...writer, model: "o3-pro" }, value: 58.5 }
      ]
    }
  ]
})

export const failedAgents = RecordingRule.make({
  instrument: Instruments.agentErrors,
  part: "per_run",
  operation: "ratio_increase",
  window: "5m",
  query: (window) =>
    share(
      sum(grown(counter(Instruments.agentErrors), window), ["job", "agent_id"]),
      sum(grown(countOf(Instruments.agentDuration), window), ["job", "agent_id"])
    ),
  meaning: "runs of an agent that failed, of all",
  because: "on the dashboard by agent, over all models and types of errors; 0 where none failed",
  idle: "nothing",
  shows: [
    {
      when: "one run in four fails, in one of two ways",
      series: [
        series(countOf(Instruments.agentDuration, { agent_id: "writer", model: "gpt-4o" }), "0+8x30"),
        series(counter(Instruments.agentErrors, { agent_id: "writer", error_type: "Timeout" }), "0+1x30"),
        series(counter(Instruments.agentErrors, { agent_id: "writer", error_type: "RateLimited" }), "0+1x30")
      ],
      at: "30m",
      values: [{ labels: writer, value: 0.25 }]
    }
  ]
})

const call = { model: "gpt-4o", provider: "openai", operation: "chat" }

const called = (values: string, agent_id = "writer") =>
  series(counter(Instruments.apiCalls, { ...call, agent_id }), values)

const callFailed = (values: string) =>
  series(counter(Instruments.apiErrors, { ...call, error_type: "RateLimited" }), values)

export const callRate = RecordingRule.make({
  instrument: Instruments.apiCalls,
  operation: "rate",
  window: "5m",
  query: (window) => sum(rate(counter(Instruments.apiCalls), window), byModel),
  meaning: "calls of a model a second",
  because: "how near a limit of the provider is, over all agents and operations",
  idle: "zero",
  shows: [
    {
      when: "two agents call",
      series: [called("0+60x30"), called("0+30x30", "critic")],
      at: "30m",
      values: [{ labels: gpt, value: 1.5 }]
    }
  ]
})

export const callErrors = RecordingRule.make({
  instrument: Instruments.apiErrors,
  operation: "increase",
  window: "15m",
  query: (window) => sum(grown(counter(Instruments.apiErrors), window), byModel),
  meaning: "calls of a model that failed within 15 minutes",
  because: "`NarrativeCallsFailing` wants more than two, and the share below is made of it",
  idle: "zero",
  shows: [
    {
      when: "it fails for the first time ever, three times at once",
      series: [callFailed("_x25 3+0x5")],
      at: "30m",
      values: [{ labels: gpt, value: 3 }]
    }
  ]
})

export const failedCalls = RecordingRule.make({
  instrument: Instruments.apiErrors,
  part: "per_call",
  operation: "ratio_increase",
  window: "15m",
  query: (window) => share(recorded(callErrors), sum(grown(counter(Instruments.apiCalls), window), byModel)),
  meaning: "calls of a model that failed, of all, over 15 minutes",
  because: "`NarrativeCallsFailing` compares it, and the dashboard draws the same; 0 where none failed",
  idle: "nothing",
  shows: [
    {
      when: "one in eight fails, two agents calling",
      series: [called("0+6x30"), called("0+2x30", "critic"), callFailed("0+1x30")],
      at: "30m",
      values: [{ labels: gpt, value: 0.125 }]
    },
    { when: "none ever failed", series: [called("0+6x30")], at: "30m", values: [{ labels: gpt, value: 0 }] }
  ]
})

export const callP95 = RecordingRule.make({
  instrument: Instruments.apiCallDuration,
  operation: "p95_increase",
  window: "15m",
  query: (window) => known(quantile(0.95, spread(Instruments.apiCallDuration, window, { by: byModel, growth: grown }))),
  meaning: "19 of 20 calls of a model within 15 minutes took at most so long",
  because: "`NarrativeCallsSlow` compares it, and the dashboard draws the same",
  idle: "nothing",
  shows: [
    {
      when: "one in ten takes between 20 and 30 seconds",
      series: [
        series(bucketsOf(Instruments.apiCallDuration, call, "20"), "0+9x30"),
        series(bucketsOf(Instruments.apiCallDuration, call, "30"), "0+10x30"),
        series(bucketsOf(Instruments.apiCallDuration, call, "+Inf"), "0+10x30")
      ],
      at: "30m",
      values: [{ labels: gpt, value: 25 }]
    }
  ]
})

export const tokenRate = RecordingRule.make({
  instrument: Instruments.tokensUsed,
  operation: "rate",
  window: "5m",
  query: (window) => sum(rate(counter(Instruments.tokensUsed), window), ["job", "model", "token_type"]),
  meaning: "tokens a second, by model and type",
  because: "limits of providers are in tokens, and prompts that grow are slow and dear",
  idle: "zero",
  shows: [
    {
      when: "100 of the prompt and 25 of the answer a second",
      series: [
        series(counter(Instruments.tokensUsed, { model: "gpt-4o", token_type: "prompt" }), "0+6000x30"),
        series(counter(Instruments.tokensUsed, { model: "gpt-4o", token_type: "completion" }), "0+1500x30")
      ],
      at: "30m",
      values: [
        { labels: { job: "importer", model: "gpt-4o", token_type: "prompt" }, value: 100 },
        { labels: { job: "importer", model: "gpt-4o", token_type: "completion" }, value: 25 }
      ]
    }
  ]
})

const cost = (model: string, agent_id: string, values: string) =>
  series(counter(Instruments.costUsd, { model, agent_id }), values)

export const costRate = RecordingRule.make({
  instrument: Instruments.costUsd,
  operation: "rate",
  window: "5m",
  query: (window) => sum(rate(counter(Instruments.costUsd), window), ["job", "model"]),
  meaning: "dollars a second, by model",
  because: "what is spent at the moment, times 3600 an hour",
  idle: "zero",
  shows: [
    {
      when: "two agents cost 1.5 dollars a second",
      series: [cost("gpt-4o", "writer", "0+60x30"), cost("gpt-4o", "critic", "0+30x30")],
      at: "30m",
      values: [{ labels: { job: "importer", model: "gpt-4o" }, value: 1.5 }]
    }
  ]
})

export const costOfHour = RecordingRule.make({
  instrument: Instruments.costUsd,
  operation: "increase",
  window: "1h",
  query: (window) => sum(grown(counter(Instruments.costUsd), window), ["job", "model"]),
  meaning: "dollars within an hour, by model",
  because: "`NarrativeCostBudget` compares its sum by job, and the dashboard shows that of all",
  idle: "zero",
  shows: [
    {
      when: "one model costs a quarter of a dollar a minute, and another 11 with its first call",
      series: [cost("gpt-4o", "writer", "0+0.25x90"), cost("o3-pro", "writer", "_x60 11+0x30")],
      at: "90m",
      values: [
        { labels: { job: "importer", model: "gpt-4o" }, value: 15 },
        { labels: { job: "importer", model: "o3-pro" }, value: 11 }
      ]
    }
  ]
})

const scores = ["job", "story_name", "metric_type"] as const
const coherence = { story_name: "Import", metric_type: "coherence" }

export const qualityOfHour = RecordingRule.make({
  instrument: Instruments.qualityScore,
  operation: "mean",
  window: "1h",
  query: (window) =>
    ratio(
      sum(grown(sumOf(Instruments.qualityScore), window), scores),
      sum(grown(countOf(Instruments.qualityScore), window), scores)
    ),
  meaning: "the average score of an hour, by story and metric",
  because: "`NarrativeQualityLow` compares it, and the dashboard draws its trend",
  idle: "nothing",
  shows: [
    {
      when: "of two results a minute one scores 0.5, one 1",
      series: [
        series(sumOf(Instruments.qualityScore, coherence), "0+1.5x90"),
        series(countOf(Instruments.qualityScore, coherence), "0+2x90")
      ],
      at: "90m",
      values: [{ labels: { job: "importer", ...coherence }, value: 0.75 }]
    }
  ]
})

export const modelRecordings = [
  agentP95,
  failedAgents,
  callRate,
  callErrors,
  failedCalls,
  callP95,
  tokenRate,
  costRate,
  costOfHour,
  qualityOfHour
]
