/**
 * What the agents did over time: runs by status, items, and how often each agent succeeds.
 */
import type { RunGroup } from "../../../runs/runAnalytics.js"
import { count, number } from "../../kit/format.js"
import { BarChart } from "../charts/BarChart.js"
import { ShareBars } from "../charts/ShareBars.js"
import type { ChartProps } from "./chartProps.js"
import { compact, percentOf } from "./figureText.js"
import { filterIn, longName, shortName } from "./periods.js"

const statuses = ["success", "partial", "failed", "timeout", "cancelled", "running"] as const

const toneOf = (status: string): string => `c-${status}`

/** Those that there are. */
const statusesIn = ({ by_status }: ChartProps["figures"]) =>
  statuses.filter((status) => (by_status[status] ?? 0) > 0).map((name) => ({ name, tone: toneOf(name) }))

export const Activity = ({ figures, listOf, query, zoom }: ChartProps) => {
  const series = statusesIn(figures)
  const { periods, step } = figures
  return (
    <div class="span-8">
      <BarChart
        title={`Runs by ${step}`}
        description="How many runs started, by status. A bar leads to them."
        note={figures.earlier > 0 ? `${number(figures.earlier)} earlier runs are not shown` : undefined}
        of={step}
        zoom={zoom}
        series={series}
        height={250}
        bands={periods.map((period) => ({
          short: shortName(step, period),
          name: longName(step, period),
          values: series.map(({ name }) => period.by_status[name] ?? 0)
        }))}
        format={number}
        href={(band, at) => {
          const period = periods[band]
          return listOf({ ...(period === undefined ? {} : filterIn(period, query)), status: series[at]?.name })
        }}
        label={({ name }, status, value) => `${name}: ${number(value)} ${status.name}`}
      />
    </div>
  )
}

/** Agents that are shown. */
const shownAgents = 10

export const Agents = ({ figures, listOf }: ChartProps) => {
  const series = statusesIn(figures)
  const worst = [...figures.agents].sort((a, b) => rateOf(a) - rateOf(b) || b.count - a.count)
  return (
    <div class="span-4">
      <ShareBars
        title="Success rate by agent"
        note={worst.length > shownAgents ? `the lowest ${shownAgents}` : "lowest first"}
        series={series}
        shares
        empty="No agent has ended a run."
        rows={worst.slice(0, shownAgents).map((group) => ({
          key: group.name,
          name: group.name,
          values: series.map(({ name }) => group.by_status[name] ?? 0),
          figure: `${percentOf(group.by_status.success ?? 0, endedOf(group))} of ${count(endedOf(group), "run")}`,
          href: listOf({ agent_name: group.name })
        }))}
      />
    </div>
  )
}

const endedOf = ({ by_status, count }: RunGroup): number => count - (by_status.running ?? 0)

const rateOf = (group: RunGroup): number => (group.by_status.success ?? 0) / Math.max(1, endedOf(group))

const itemSeries = [
  { name: "succeeded", tone: "c-success" },
  { name: "failed", tone: "c-failed" },
  { name: "skipped", tone: "c-skipped" }
] as const

/** Bars of more periods are too thin to be beside each other. */
const mostGrouped = 16

export const Items = ({ figures, listOf, query, zoom }: ChartProps) => {
  const { periods, step } = figures
  const sums = itemSeries.map(({ name }) => figures.items[name])
  if (sums.every((sum) => sum === 0)) return null
  return (
    <div class="span-6">
      <BarChart
        title="Items"
        description="Items that the runs of each period succeeded with, failed with and skipped."
        of={step}
        zoom={zoom}
        grouped={periods.length <= mostGrouped}
        series={itemSeries}
        bands={periods.map((period) => ({
          short: shortName(step, period),
          name: longName(step, period),
          values: itemSeries.map(({ name }) => period.items[name])
        }))}
        format={compact}
        href={(band) => {
          const period = periods[band]
          return listOf({ ...(period === undefined ? {} : filterIn(period, query)), sort: "-items_succeeded" })
        }}
        label={({ name }, item, value) => `${name}: ${number(value)} items ${item.name}`}
      />
    </div>
  )
}
