/** Rows on stories: how they fare, how they fail, their stages and items of work. */
import * as units from "@grafana/grafana-foundation-sdk/units"
import * as Instruments from "../../../src/metrics/Instruments.js"
import { limits } from "../Limits.js"
import * as PromQl from "../PromQl.js"
import { failedStages, stageQuantiles, stageRate } from "../recordings/StageRecordings.js"
import { failedItems, failedStories, itemRate, storyQuantiles, storyRate } from "../recordings/StoryRecordings.js"
import { bars, graph, heatmap, line, type Row, ranking, stat } from "./Panels.js"

const { average, complement, counter, greatest, grown, max, quantile, share, spread, sum, times, top } = PromQl

const job = { job: { variable: "job" } } as const
const story = { ...job, story_name: { variable: "story" } } as const

const ended = counter(Instruments.stories, story)
const succeeded = counter(Instruments.stories, { ...story, success: "true" })
const failures = counter(Instruments.storyFailures, story)
const recently = "$__rate_interval"
const inRange = "$__range"

const good = [
  [null, "red"],
  [0.9, "orange"],
  [0.99, "green"]
] as const

const overview: Row = {
  title: "Overview",
  panels: [
    stat(
      { title: "Stories", description: "Stories that ended in the time range.", unit: units.Short, width: 4 },
      line(sum(grown(ended, inRange)), "stories")
    ),
    stat(
      {
        title: "Success rate",
        description: "Stories that ended in success, of all that ended in the time range.",
        unit: units.PercentUnit,
        width: 4,
        colours: good
      },
      line(share(sum(grown(succeeded, inRange)), sum(grown(ended, inRange))), "success")
    ),
    stat(
      {
        title: "Duration, p95",
        description: "19 of 20 stories in the time range took at most so long.",
        unit: units.Seconds,
        width: 4
      },
      line(quantile(0.95, spread(Instruments.storyDuration, inRange, { where: story, growth: grown })), "p95")
    ),
    stat(
      { title: "Active", description: "Stories that run now.", unit: units.Short, width: 4 },
      line(sum(PromQl.now(PromQl.gauge(Instruments.activeStories, story))), "active")
    ),
    stat(
      {
        title: "Failures",
        description: "Failures that ended a story in the time range.",
        unit: units.Short,
        width: 4,
        colours: [
          [null, "green"],
          [1, "red"]
        ]
      },
      line(sum(grown(failures, inRange)), "failures")
    ),
    stat(
      { title: "Cost", description: "What models cost in the time range.", unit: units.Dollars, width: 4 },
      line(sum(grown(counter(Instruments.costUsd, job), inRange)), "cost")
    )
  ]
}

/** Lines by name, each the slowest of its jobs. */
const storyDuration = (quantile: "p50" | "p95" | "p99", description: string) =>
  graph(
    { title: `Duration, ${quantile}`, description, unit: units.Seconds, width: 8 },
    line(max(greatest(storyQuantiles[quantile], recently, story), ["story_name"]), (label) => label("story_name"))
  )

const stories: Row = {
  title: "Stories",
  panels: [
    graph(
      {
        title: "Stories a minute",
        description: "Stories that ended, by name.",
        unit: units.CountsPerMinute,
        width: 8
      },
      line(times(sum(average(storyRate, recently, story), ["story_name"]), 60), (label) => label("story_name"))
    ),
    graph(
      {
        title: "Success rate",
        description: "Stories that ended in success, of all that ended, by name: the worst five minutes of each point.",
        unit: units.PercentUnit,
        width: 8,
        max: 1,
        colours: good
      },
      line(complement(max(greatest(failedStories, recently, story), ["story_name"])), (label) => label("story_name"))
    ),
    graph(
      { title: "Active stories", description: "Stories that run, by name.", unit: units.Short, width: 8 },
      line(sum(PromQl.now(PromQl.gauge(Instruments.activeStories, story)), ["story_name"]), (label) =>
        label("story_name")
      )
    ),
    storyDuration("p50", "Half of the stories within five minutes took at most so long, by name."),
    storyDuration(
      "p95",
      `19 of 20 stories within five minutes took at most so long, by name. The alert fires where it is above ${limits.storySeconds / 60} minutes over an hour.`
    ),
    storyDuration("p99", "99 of 100 stories within five minutes took at most so long, by name.")
  ]
}

const handled = counter(Instruments.handledFailures, story)

const failing: Row = {
  title: "Failures",
  panels: [
    bars(
      {
        title: "Failures by type",
        description: "Failures that ended a story, by the type of the first error.",
        unit: units.Short,
        width: 12
      },
      line(sum(grown(failures, recently), ["error_type"]), (label) => label("error_type"))
    ),
    ranking(
      {
        title: "Stories that fail most",
        description: "Failures in the time range, by story and type.",
        unit: units.Short,
        width: 12,
        colours: [[null, "red"]]
      },
      line(
        top(10, sum(grown(failures, inRange), ["story_name", "error_type"])),
        (label) => `${label("story_name")} · ${label("error_type")}`
      )
    ),
    bars(
      {
        title: "Handled failures",
        description: "Failures that the program handled and recorded: the story went on.",
        unit: units.Short,
        width: 12
      },
      line(
        sum(grown(handled, recently), ["story_name", "error_type"]),
        (label) => `${label("story_name")} · ${label("error_type")}`
      )
    ),
    graph(
      {
        title: "Time to analysis, p95",
        description: "From a failure's report to its analysis made in the background.",
        unit: units.Seconds,
        width: 12
      },
      line(
        quantile(
          0.95,
          spread(Instruments.analysisLatency, recently, { by: ["story_name"], growth: grown, where: story })
        ),
        (label) => label("story_name")
      )
    )
  ]
}

const stageOf = (label: (name: "story_name" | "stage_name") => string) =>
  `${label("story_name")} · ${label("stage_name")}`

const stageDuration = (quantile: "p50" | "p95" | "p99", description: string) =>
  graph(
    { title: `Duration of stages, ${quantile}`, description, unit: units.Seconds, width: 8 },
    line(top(10, max(greatest(stageQuantiles[quantile], recently, story), ["story_name", "stage_name"])), stageOf)
  )

const stages: Row = {
  title: "Stages",
  panels: [
    ranking(
      {
        title: "Slowest stages, p95",
        description: "19 of 20 runs of the stage in the time range took at most so long.",
        unit: units.Seconds,
        width: 8
      },
      line(
        top(
          10,
          quantile(
            0.95,
            spread(Instruments.stageDuration, inRange, {
              by: ["story_name", "stage_name"],
              growth: grown,
              where: story
            })
          )
        ),
        stageOf
      )
    ),
    heatmap(
      { title: "Duration of stages", description: "How many runs took how long.", unit: units.Seconds, width: 8 },
      Instruments.stageDuration,
      story
    ),
    graph(
      {
        title: "Stages a minute",
        description: "Stages that ended, the ten most frequent.",
        unit: units.CountsPerMinute,
        width: 8
      },
      line(times(top(10, sum(average(stageRate, recently, story), ["story_name", "stage_name"])), 60), stageOf)
    ),
    stageDuration("p50", "Half of the runs within five minutes took at most so long, the ten slowest stages."),
    stageDuration("p95", "19 of 20 runs within five minutes took at most so long, the ten slowest stages."),
    stageDuration("p99", "99 of 100 runs within five minutes took at most so long, the ten slowest stages."),
    bars(
      {
        title: "Failed stages",
        description: "Stages that failed, whether or not the story went on.",
        unit: units.Short,
        width: 8
      },
      line(
        sum(grown(counter(Instruments.stages, { ...story, status: "failed" }), recently), ["story_name", "stage_name"]),
        stageOf
      )
    ),
    graph(
      {
        title: "Failure rate of stages",
        description: "Runs that failed, of all, the ten worst stages: the worst five minutes of each point.",
        unit: units.PercentUnit,
        width: 8,
        max: 1
      },
      line(top(10, max(greatest(failedStages, recently, story), ["story_name", "stage_name"])), stageOf)
    ),
    bars(
      { title: "Retries", description: "Further attempts of stages.", unit: units.Short, width: 8 },
      line(sum(grown(counter(Instruments.stageRetries, story), recently), ["story_name", "stage_name"]), stageOf)
    )
  ]
}

const work: Row = {
  title: "Items of work",
  panels: [
    graph(
      {
        title: "Items a minute",
        description: "Items discovered, succeeded, failed and skipped.",
        unit: units.CountsPerMinute,
        width: 12
      },
      line(times(sum(average(itemRate, recently, story), ["result"]), 60), (label) => label("result"))
    ),
    graph(
      {
        title: "Items that fail",
        description:
          "Items that failed, of those that failed or succeeded, by story: the worst five minutes of each point.",
        unit: units.PercentUnit,
        width: 12,
        max: 1
      },
      line(max(greatest(failedItems, recently, story), ["story_name"]), (label) => label("story_name"))
    )
  ]
}

export const storyRows = [overview, stories, failing, stages, work]
