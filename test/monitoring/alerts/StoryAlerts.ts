/** Alerts on stories and their stages: slow, failing, failing anew, stuck, tried again too often, stopped. */
import * as Instruments from "../../../src/metrics/Instruments.js"
import * as AlertRule from "../AlertRule.js"
import { limits } from "../Limits.js"
import * as PromQl from "../PromQl.js"
import { stageRetries } from "../recordings/StageRecordings.js"
import { failedStoriesForAlert, failures, storyP95ForAlert } from "../recordings/StoryRecordings.js"
import { series } from "../Series.js"

const durations = (story_name: string, le: string, values: string) =>
  series(PromQl.bucketsOf(Instruments.storyDuration, { story_name, success: "true" }, le), values)

const ended = (story_name: string, success: "true" | "false", values: string, target = {}) =>
  series(PromQl.counter(Instruments.stories, { story_name, success }), values, target)

const failed = (error_type: string, values: string) =>
  series(PromQl.counter(Instruments.storyFailures, { story_name: "Import", error_type }), values)

const active = (story_name: string, values: string) =>
  series(PromQl.gauge(Instruments.activeStories, { story_name }), values)

const stage = { story_name: "Import", stage_name: "Load" }

const retried = (values: string) => series(PromQl.counter(Instruments.stageRetries, stage), values)

const ran = (values: string) => series(PromQl.countOf(Instruments.stageDuration, stage), values)

const importer = { job: "importer", story_name: "Import" }

const slow = AlertRule.make({
  name: "NarrativeStorySlow",
  severity: "warning",
  query: PromQl.above(PromQl.recorded(storyP95ForAlert), limits.storySeconds),
  for: "5m",
  summary: ({ label }) => `${label("story_name")} takes longer than ${limits.storySeconds / 60} minutes`,
  description: ({ label, value }) =>
    `One story of ${label("story_name")} in 20 took ${value("humanizeDuration")} or longer within an hour (${label("job")}).`,
  because:
    "A threshold at the last bound of a histogram is never exceeded: this one lies below it. Buckets are summed over\nprocesses and outcomes before the quantile. The window holds several stories that take as long as the threshold.",
  fires: [
    {
      when: "one in ten takes between 20 and 30 minutes",
      series: [
        durations("Import", "600", "0+9x70"),
        durations("Import", "1200", "0+9x70"),
        durations("Import", "1800", "0+10x70"),
        durations("Import", "+Inf", "0+10x70")
      ],
      at: "70m",
      alerts: [{ labels: importer, value: "25m 0s" }]
    },
    {
      when: "all take longer than the last bound",
      series: [durations("Import", "1800", "0+0x70"), durations("Import", "+Inf", "0+1x70")],
      at: "70m",
      alerts: [{ labels: importer, value: "30m 0s" }]
    },
    {
      when: "the only story of the night took so long, and its series began with it",
      series: [
        durations("Nightly", "1200", "_x60 0+0x40"),
        durations("Nightly", "1800", "_x60 1+0x40"),
        durations("Nightly", "+Inf", "_x60 1+0x40")
      ],
      at: "70m",
      alerts: [{ labels: { job: "importer", story_name: "Nightly" }, value: "29m 30s" }]
    }
  ],
  silent: [
    {
      when: "one in a hundred takes that long",
      series: [
        durations("Import", "1200", "0+99x70"),
        durations("Import", "1800", "0+100x70"),
        durations("Import", "+Inf", "0+100x70")
      ],
      at: "70m"
    },
    {
      when: "nothing was observed",
      series: [durations("Import", "1200", "5+0x90"), durations("Import", "+Inf", "9+0x90")],
      at: "90m"
    }
  ]
})

const failing = AlertRule.make({
  name: "NarrativeStoryFailing",
  severity: "critical",
  query: PromQl.above(PromQl.recorded(failedStoriesForAlert), limits.storyFailures),
  for: "5m",
  summary: ({ label }) => `${label("story_name")} fails`,
  description: ({ label, value }) =>
    `${value("humanizePercentage")} of the stories ${label("story_name")} within 15 minutes did not succeed (${label("job")}).`,
  because:
    "By story: one that always fails is lost in the sum of all. The first failure counts, though its series begins with it.\nWhere no story ended there is no answer, instead of 0 / 0.",
  fires: [
    {
      when: "one in four fails",
      series: [ended("Import", "true", "0+3x60"), ended("Import", "false", "0+1x60")],
      at: "60m",
      alerts: [{ labels: importer, value: "25%" }]
    },
    {
      when: "the only one of the night failed, the first time ever",
      series: [ended("Nightly", "true", "30+0x90"), ended("Nightly", "false", "_x60 1+0x30")],
      at: "70m",
      alerts: [{ labels: { job: "importer", story_name: "Nightly" }, value: "100%" }]
    },
    {
      when: "a rare story fails beside a busy one that does not",
      series: [ended("Request", "true", "0+1000x60"), ended("Import", "false", "0+1x60")],
      at: "60m",
      alerts: [{ labels: importer, value: "100%" }]
    }
  ],
  silent: [
    {
      when: "one in twenty fails",
      series: [ended("Import", "true", "0+19x60"), ended("Import", "false", "0+1x60")],
      at: "60m"
    },
    {
      when: "failures ended an hour ago",
      series: [ended("Import", "true", "0+1x120"), ended("Import", "false", "0+1x60 60+0x60")],
      at: "120m"
    },
    {
      when: "no story ended",
      series: [ended("Import", "true", "7+0x60"), ended("Import", "false", "7+0x60")],
      at: "60m"
    }
  ]
})

const lastFailures = PromQl.recorded(failures)

const spike = AlertRule.make({
  name: "NarrativeFailuresSpike",
  step: "5m",
  severity: "warning",
  query: PromQl.unless(
    PromQl.above(lastFailures, 10),
    PromQl.atMost(
      lastFailures,
      // Three times the average quarter of an hour of the day before: 3 / 96.
      PromQl.times(
        PromQl.sum(PromQl.increaseBefore(PromQl.counter(Instruments.storyFailures), "1d", "15m"), [
          "job",
          "story_name"
        ]),
        0.03125
      )
    )
  ),
  for: "5m",
  summary: ({ label }) => `${label("story_name")} fails more often than usual`,
  description: ({ label, value }) =>
    `${value("humanize")} failures of ${label("story_name")} within 15 minutes, more than three times the average of the day before (${label("job")}).`,
  because:
    "A fixed number fits no two stories: this compares with the day before, and still fires where that had none.",
  fires: [
    {
      when: "there were none before",
      series: [failed("SqlError", "0+0x288 0+10x6")],
      at: "1465m",
      alerts: [{ labels: importer, value: "30" }]
    },
    {
      when: "one every ten minutes became one a minute",
      series: [failed("SqlError", `${Array.from({ length: 144 }, (_, ten) => `${ten}+0x1`).join(" ")} 144+5x8`)],
      at: "1475m",
      alerts: [{ labels: importer, value: "15" }]
    }
  ],
  silent: [
    { when: "as many as ever", series: [failed("SqlError", "0+10x300")], at: "1500m" },
    {
      when: "there were none before, and only a few now",
      series: [failed("SqlError", "0+0x288 1 2+0x4")],
      at: "1460m"
    }
  ]
})

const failureTypes = PromQl.counter(Instruments.storyFailures)

const newError = AlertRule.make({
  name: "NarrativeNewErrorType",
  severity: "info",
  query: PromQl.unless(
    PromQl.sum(PromQl.now(failureTypes), ["job", "story_name", "error_type"]),
    PromQl.sum(PromQl.lastBefore(failureTypes, "1d", "15m"), ["job", "story_name", "error_type"])
  ),
  for: "0m",
  summary: ({ label }) => `${label("story_name")} fails in a new way`,
  description: ({ label }) =>
    `${label("story_name")} failed with ${label("error_type")}, for the first time within a day (${label("job")}).`,
  because:
    "A rate of a series that has just begun is 0: what is new is what was not there before. A restart makes nothing new.",
  fires: [
    {
      when: "a type comes beside one that is known",
      series: [failed("SqlError", "0+1x100"), failed("ParseError", "_x90 1+0x10")],
      at: "95m",
      alerts: [{ labels: { ...importer, error_type: "ParseError" }, value: "1" }]
    }
  ],
  silent: [
    { when: "the type is half an hour old", series: [failed("SqlError", "_x10 1+0x90")], at: "60m" },
    {
      when: "the process started anew and failed as before",
      series: [failed("SqlError", "0+1x100 _x30 1+0x60")],
      at: "133m"
    }
  ]
})

const stuck = AlertRule.make({
  name: "NarrativeStoryStuck",
  severity: "warning",
  query: PromQl.unless(
    PromQl.above(PromQl.sum(PromQl.now(PromQl.gauge(Instruments.activeStories)), ["job", "instance", "story_name"]), 0),
    PromQl.above(
      PromQl.sum(PromQl.grown(PromQl.counter(Instruments.stories), "1h"), ["job", "instance", "story_name"]),
      0
    )
  ),
  for: "1h",
  summary: ({ label }) => `${label("story_name")} does not end`,
  description: ({ label, value }) =>
    `${value()} stories of ${label("story_name")} run on ${label("instance")}, and none has ended for an hour or longer (${label("job")}).`,
  because:
    "That stories are active says nothing: a busy server always has some. These are active, and none of them ends.",
  fires: [
    {
      when: "three began and none ends",
      series: [active("Import", "3+0x130"), ended("Import", "true", "8+0x130")],
      at: "125m",
      alerts: [{ labels: { ...importer, instance: "importer:9464" }, value: "3" }]
    },
    {
      when: "none ever ended",
      series: [active("Import", "1+0x130")],
      at: "65m",
      alerts: [{ labels: { ...importer, instance: "importer:9464" }, value: "1" }]
    }
  ],
  silent: [
    { when: "they come and go", series: [active("Import", "3+0x130"), ended("Import", "true", "0+1x130")], at: "125m" },
    { when: "it began half an hour ago", series: [active("Import", "0+0x100 1+0x30")], at: "130m" }
  ]
})

const retries = PromQl.recorded(stageRetries)

const retryStorm = AlertRule.make({
  name: "NarrativeRetryStorm",
  severity: "warning",
  query: PromQl.and(
    PromQl.above(retries, 20),
    PromQl.above(
      PromQl.ratio(
        retries,
        PromQl.sum(PromQl.grown(PromQl.countOf(Instruments.stageDuration), "15m"), ["job", "story_name", "stage_name"])
      ),
      1
    )
  ),
  for: "5m",
  summary: ({ label }) => `${label("stage_name")} is tried again and again`,
  description: ({ label, value }) =>
    `${value("humanize")} further attempts of ${label("stage_name")} in ${label("story_name")} within 15 minutes, more than one for each time it ran (${label("job")}).`,
  because: "A number of retries alone grows with the load: this one is more than one a run, and not just a few.",
  fires: [
    {
      when: "two retries for each run",
      series: [retried("0+4x30"), ran("0+2x30")],
      at: "30m",
      alerts: [{ labels: { ...importer, stage_name: "Load" }, value: "60" }]
    }
  ],
  silent: [
    { when: "one run in ten is tried again", series: [retried("0+10x30"), ran("0+100x30")], at: "30m" },
    { when: "a few retries of a rare stage", series: [retried("0+0x20 3+0x10"), ran("0+0x20 1+0x10")], at: "30m" }
  ]
})

const stopped = AlertRule.make({
  name: "NarrativeStoriesStopped",
  step: "5m",
  severity: "critical",
  query: PromQl.unless(
    PromQl.above(PromQl.sum(PromQl.increaseBefore(PromQl.counter(Instruments.stories), "1d", "1h"), ["job"]), 24),
    PromQl.above(PromQl.sum(PromQl.grown(PromQl.counter(Instruments.stories), "1h"), ["job"]), 0)
  ),
  for: "5m",
  summary: ({ label }) => `${label("job")} has ended no story for an hour`,
  description: ({ label, value }) =>
    `No story of ${label("job")} has ended for an hour; within the day before there were ${value('printf "%.0f"')}.`,
  because:
    "A rate that is 0, or a series that is gone, is below no threshold that a rule on failures has: what stopped has no failures.",
  fires: [
    {
      when: "the process hangs",
      series: [ended("Request", "true", "0+5x288 1440+0x16")],
      at: "1510m",
      alerts: [{ labels: { job: "importer" }, value: "1430" }]
    },
    {
      when: "the process is gone",
      series: [ended("Request", "true", "0+4x288")],
      at: "1515m",
      alerts: [{ labels: { job: "importer" }, value: "1142" }]
    }
  ],
  silent: [
    { when: "it goes on", series: [ended("Request", "true", "0+5x320")], at: "1510m" },
    { when: "it runs once a night", series: [ended("Nightly", "true", "0+0x120 1+0x200")], at: "1510m" }
  ]
})

export const storyAlerts = [slow, failing, spike, newError, stuck, retryStorm, stopped]
