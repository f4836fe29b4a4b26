/**
 * Figures of a history, as tables below each other.
 */
import type { Durations, FailureGroup, HistoryStats, StageStats, StoryStats } from "../history/HistoryStats.js"
import * as terminalText from "../plain/terminalText.js"
import type { Theme } from "../renderer/console/theme.js"
import { ago, took } from "./relativeTime.js"
import { type Column, table } from "./table.js"

export interface StatsReportOptions {
  readonly theme: Theme
  /** The columns of the terminal, `undefined` where there is none. */
  readonly columns: number | undefined
  /** How an id is shown. */
  readonly ids: (id: string) => string
  /** UTC in milliseconds since the epoch. */
  readonly now: number
}

const maxStories = 20
const maxStages = 20
const maxFailures = 10

export const statsReport = (stats: HistoryStats, options: StatsReportOptions): string => {
  const { theme } = options
  const parts = [heading(stats, options)]
  const add = <Row>(title: string, rows: ReadonlyArray<Row>, columns: ReadonlyArray<Column<Row>>, most: number) => {
    if (rows.length === 0) return
    const more = rows.length > most ? theme.colours.dim(`${theme.glyphs.ellipsis} ${rows.length - most} more\n`) : ""
    // Tables of different columns are no tab-separated values: where there is no terminal they are as wide as they like.
    const text = table(rows.slice(0, most), columns, { theme, columns: options.columns ?? Number.POSITIVE_INFINITY })
    parts.push(`${theme.colours.bold(title)}\n${text}${more}`)
  }
  add("Stories", stats.stories, storyColumns(theme), maxStories)
  add("Stages, those that took longest in all first", stats.stages, stageColumns(theme), maxStages)
  add("Slowest stories", stats.slowest, slowestColumns(options), maxFailures)
  add("Most frequent failures", stats.failures, failureColumns(options), maxFailures)
  return parts.join("\n")
}

const heading = (stats: HistoryStats, { theme }: StatsReportOptions): string => {
  const { bad, bold, dim, good } = theme.colours
  const times = dim(`${moment(stats.since)} – ${moment(stats.until)}`)
  const failing = stats.failureRate === 0 ? good : bad
  const of = stats.storyName === null ? "" : ` of ${terminalText.line(stats.storyName)}`
  const count = bold(`${counted(stats.count)} ${stats.count === 1 ? "story" : "stories"}${of}`)
  const perHour = dim(`${counted(stats.storiesPerHour)} an hour`)
  const running = stats.byStatus.running > 0 ? `, ${counted(stats.byStatus.running)} running` : ""
  return `${count}, ${failing(`${share(stats.failureRate)} failed`)}${running}, ${perHour}\n${times}\n`
}

const moment = (millis: number): string => `${new Date(millis).toISOString().slice(0, 16).replace("T", " ")} UTC`

const counted = (value: number): string => value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 1 : 0 })

/** A share as a percentage; what is not zero is not shown as zero. */
const share = (value: number): string => {
  const percent = value * 100
  if (percent === 0 || percent === 100) return `${percent}%`
  return percent < 0.1 ? "<0.1%" : percent > 99.9 ? ">99.9%" : `${percent.toFixed(1)}%`
}

const number = <Row>(title: string, of: (row: Row) => number): Column<Row> => ({
  title,
  align: "right",
  cell: (row) => ({ text: counted(of(row)) })
})

const failed = <Row extends { readonly failureRate: number }>(theme: Theme): Column<Row> => ({
  title: "Failed",
  align: "right",
  cell: ({ failureRate }) => ({
    text: share(failureRate),
    paint: failureRate === 0 ? theme.colours.dim : theme.colours.bad
  })
})

const durations = <Row extends { readonly durations: Durations | null }>(theme: Theme): ReadonlyArray<Column<Row>> =>
  (["p50", "p95", "p99", "max"] as const).map((name, i) => ({
    title: name,
    align: "right",
    // The median says most.
    dispensable: i,
    cell: ({ durations }) => ({
      text: durations === null ? "" : took(durations[name]),
      paint: name === "p50" ? undefined : theme.colours.dim
    })
  }))

const storyColumns = (theme: Theme): ReadonlyArray<Column<StoryStats>> => [
  { title: "Story", cell: ({ storyName }) => ({ text: storyName, paint: theme.colours.bold }), least: 12 },
  number("Count", ({ count }) => count),
  failed(theme),
  ...durations<StoryStats>(theme)
]

const stageColumns = (theme: Theme): ReadonlyArray<Column<StageStats>> => [
  { title: "Stage", cell: ({ stageName }) => ({ text: stageName, paint: theme.colours.bold }), least: 12 },
  {
    title: "Story",
    cell: ({ storyName }) => ({ text: storyName, paint: theme.colours.dim }),
    least: 10,
    dispensable: 4
  },
  number("Count", ({ count }) => count),
  failed(theme),
  ...durations<StageStats>(theme)
]

const slowestColumns = ({
  ids,
  now,
  theme
}: StatsReportOptions): ReadonlyArray<Column<HistoryStats["slowest"][number]>> => [
  { title: "Took", align: "right", cell: ({ durationSeconds }) => ({ text: took(durationSeconds) }) },
  { title: "Story id", cell: ({ storyId }) => ({ text: ids(storyId) }) },
  { title: "Story", cell: ({ storyName }) => ({ text: storyName, paint: theme.colours.bold }), least: 12 },
  { title: "Started", cell: ({ startedAt }) => ({ text: ago(startedAt, now), paint: theme.colours.dim }) }
]

const failureColumns = ({ ids, now, theme }: StatsReportOptions): ReadonlyArray<Column<FailureGroup>> => [
  number("Count", ({ count }) => count),
  { title: "Last", cell: ({ lastAt }) => ({ text: ago(lastAt, now), paint: theme.colours.dim }) },
  { title: "In story", cell: ({ lastStoryId }) => ({ text: ids(lastStoryId) }) },
  { title: "Stage", cell: ({ stageName }) => ({ text: stageName ?? "" }), least: 8, dispensable: 1 },
  {
    title: "Where",
    cell: ({ location }) => ({ text: location ?? "", paint: theme.colours.place }),
    cut: "start",
    least: 16
  },
  {
    title: "Error",
    cell: ({ errorMessage, errorType }) => ({
      text: errorMessage === "" ? errorType : `${errorType} – ${errorMessage}`,
      paint: theme.colours.bad
    }),
    least: 16
  }
]
