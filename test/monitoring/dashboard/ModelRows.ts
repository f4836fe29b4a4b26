/** Rows on agents and models: how long they run, what they are asked, what that costs and how good it is. */
import * as units from "@grafana/grafana-foundation-sdk/units"
import * as Instruments from "../../../src/metrics/Instruments.js"
import { limits } from "../Limits.js"
import * as PromQl from "../PromQl.js"
import {
  agentP95,
  callP95,
  callRate,
  costOfHour,
  costRate,
  failedAgents,
  failedCalls,
  qualityOfHour,
  tokenRate
} from "../recordings/ModelRecordings.js"
import { bars, graph, heatmap, line, type Row, ranking, stat } from "./Panels.js"

const { average, counter, countOf, greatest, grown, increase, max, min, ratio, recorded, sum, sumOf, times, top } =
  PromQl

const job = { job: { variable: "job" } } as const
const model = { ...job, model: { variable: "model" } } as const
const story = { ...job, story_name: { variable: "story" } } as const

const recently = "$__rate_interval"
const inRange = "$__range"

const cost = counter(Instruments.costUsd, model)
const callErrors = counter(Instruments.apiErrors, model)

const agents: Row = {
  title: "Agents",
  panels: [
    heatmap(
      {
        title: "Execution time of agents",
        description: "How many runs took how long.",
        unit: units.Seconds,
        width: 12
      },
      Instruments.agentDuration,
      model
    ),
    graph(
      {
        title: "Slowest agents, p95",
        description: "19 of 20 runs of the agent within five minutes took at most so long.",
        unit: units.Seconds,
        width: 12
      },
      line(top(10, max(greatest(agentP95, recently, model), ["agent_id"])), (label) => label("agent_id"))
    ),
    graph(
      {
        title: "Errors of agents",
        description: "Runs that failed, of all, by agent: the worst five minutes of each point.",
        unit: units.PercentUnit,
        width: 8,
        max: 1
      },
      line(max(greatest(failedAgents, recently, job), ["agent_id"]), (label) => label("agent_id"))
    ),
    bars(
      {
        title: "Retries of agents",
        description: "Further attempts, by agent and reason.",
        unit: units.Short,
        width: 8
      },
      line(
        sum(grown(counter(Instruments.retryAttempts, job), recently), ["agent_id", "reason"]),
        (label) => `${label("agent_id")} · ${label("reason")}`
      )
    ),
    ranking(
      {
        title: "Most expensive agents",
        description: "What their calls cost in the time range.",
        unit: units.Dollars,
        width: 8
      },
      line(top(10, sum(grown(cost, inRange), ["agent_id"])), (label) => label("agent_id"))
    )
  ]
}

const api: Row = {
  title: "Calls of models",
  panels: [
    graph(
      {
        title: "Calls a second",
        description: "Calls, however they ended, by model.",
        unit: units.CountsPerSecond,
        width: 12
      },
      line(sum(average(callRate, recently, model), ["model"]), (label) => label("model"))
    ),
    graph(
      {
        title: "Error rate",
        description: `Calls that failed, of all within 15 minutes, by model. The alert fires above ${limits.callErrors * 100} %.`,
        unit: units.PercentUnit,
        width: 12,
        max: 1,
        colours: [
          [null, "green"],
          [limits.callErrors, "red"]
        ]
      },
      line(max(greatest(failedCalls, recently, model), ["model"]), (label) => label("model"))
    ),
    graph(
      {
        title: "Latency, p95",
        description: `19 of 20 calls within 15 minutes took at most so long, by model. The alert fires above ${limits.callSeconds} seconds.`,
        unit: units.Seconds,
        width: 8
      },
      line(max(greatest(callP95, recently, model), ["model"]), (label) => label("model"))
    ),
    graph(
      { title: "Tokens a second", description: "By model and type.", unit: units.CountsPerSecond, width: 8 },
      line(
        sum(average(tokenRate, recently, model), ["model", "token_type"]),
        (label) => `${label("model")} · ${label("token_type")}`
      )
    ),
    bars(
      { title: "Errors by type", description: "Calls that failed.", unit: units.Short, width: 8 },
      line(
        sum(grown(callErrors, recently), ["provider", "error_type"]),
        (label) => `${label("provider")} · ${label("error_type")}`
      )
    ),
    bars(
      {
        title: "Circuits",
        description: "Circuits that opened, closed or refused a call, by provider, operation and what became of them.",
        unit: units.Short,
        width: 24
      },
      line(
        sum(grown(counter(Instruments.circuitTransitions, job), recently), ["provider", "operation", "result"]),
        (label) => `${label("provider")} · ${label("operation")} · ${label("result")}`
      )
    )
  ]
}

const spending: Row = {
  title: "Cost",
  panels: [
    stat(
      {
        title: "Cost an hour",
        description: `What the last hour cost. The alert fires above ${limits.dollarsAnHour} dollars.`,
        unit: units.Dollars,
        width: 6,
        colours: [
          [null, "green"],
          [limits.dollarsAnHour, "red"]
        ]
      },
      line(sum(recorded(costOfHour, model)), "last hour")
    ),
    stat(
      {
        title: "Cost of a story",
        description: "Cost in the time range, divided by the stories that ended in success in it.",
        unit: units.Dollars,
        width: 6
      },
      line(
        ratio(
          sum(grown(cost, inRange)),
          sum(grown(counter(Instruments.stories, { ...story, success: "true" }), inRange))
        ),
        "a story"
      )
    ),
    stat(
      { title: "Cost of the last day", description: "The last 24 hours.", unit: units.Dollars, width: 6 },
      line(sum(grown(cost, "1d")), "last day")
    ),
    stat(
      { title: "Tokens", description: "Tokens used in the time range.", unit: units.Short, width: 6 },
      line(sum(grown(counter(Instruments.tokensUsed, model), inRange)), "tokens")
    ),
    graph(
      {
        title: "Cost an hour by model",
        description: "At the rate of five minutes.",
        unit: units.Dollars,
        width: 8
      },
      line(times(sum(average(costRate, recently, model), ["model"]), 3600), (label) => label("model"))
    ),
    ranking(
      { title: "Cost by model", description: "In the time range.", unit: units.Dollars, width: 8 },
      line(sum(grown(cost, inRange), ["model"]), (label) => label("model"))
    ),
    bars(
      { title: "Daily spend", description: "By model, of the last 30 days.", unit: units.Dollars, width: 8 },
      line(sum(increase(cost, "1d"), ["model"]), (label) => label("model"))
    )
      .interval("1d")
      .timeFrom("30d")
  ]
}

const scoreOf = (label: (name: "story_name" | "metric_type") => string) =>
  `${label("story_name")} · ${label("metric_type")}`

const fair = [
  [null, "red"],
  [limits.score, "green"]
] as const

const quality: Row = {
  title: "Quality",
  panels: [
    ranking(
      {
        title: "Average score",
        description: `In the time range, by story and metric. The alert fires below ${limits.score}.`,
        unit: units.PercentUnit,
        width: 8,
        colours: fair
      },
      line(
        ratio(
          sum(grown(sumOf(Instruments.qualityScore, story), inRange), ["story_name", "metric_type"]),
          sum(grown(countOf(Instruments.qualityScore, story), inRange), ["story_name", "metric_type"])
        ),
        scoreOf
      )
    ),
    heatmap(
      {
        title: "Distribution of scores",
        description: "How many results had which score.",
        unit: units.PercentUnit,
        width: 8
      },
      Instruments.qualityScore,
      story
    ),
    graph(
      {
        title: "Trend of scores",
        description: "The average of the hour before, by story and metric.",
        unit: units.PercentUnit,
        width: 8,
        max: 1,
        colours: fair
      },
      line(min(recorded(qualityOfHour, story), ["story_name", "metric_type"]), scoreOf)
    )
  ]
}

export const modelRows = [agents, api, spending, quality]
