/**
 * How long runs took, and what they were.
 */
import { count, number } from "../../kit/format.js"
import { BarChart } from "../charts/BarChart.js"
import { LineChart } from "../charts/LineChart.js"
import { TreemapChart } from "../charts/TreemapChart.js"
import type { ChartProps } from "./chartProps.js"
import { shortDuration, took } from "./figureText.js"
import { filterIn, longName, shortName } from "./periods.js"

const lines = [
  { name: "median", tone: "c-first" },
  { name: "p90", tone: "c-third" },
  { name: "p99", tone: "c-timeout" }
]

export const Percentiles = ({ figures, listOf, query, zoom }: ChartProps) => {
  const { durations, periods, step } = figures
  if (durations === null) return null
  return (
    <div class="span-6">
      <LineChart
        title="Durations over time"
        description="Median, 90th and 99th percentile of the durations of each period, on a logarithmic scale."
        lines={lines}
        of={step}
        zoom={zoom}
        points={periods.map((period) => ({
          short: shortName(step, period),
          name: longName(step, period),
          values: period.durations === null ? null : [period.durations.p50, period.durations.p90, period.durations.p99]
        }))}
        format={took}
        axis={shortDuration}
        href={(at) => {
          const period = periods[at]
          return listOf({ ...(period === undefined ? {} : filterIn(period, query)), sort: "-duration_ms" })
        }}
      />
    </div>
  )
}

export const Durations = ({ figures, listOf }: ChartProps) => {
  const { histogram } = figures
  if (histogram.length === 0) return null
  const nameOf = (from: number, to: number | null) =>
    to === null ? `${shortDuration(from)} or more` : `${shortDuration(from)} to ${shortDuration(to)}`
  return (
    <div class="span-6">
      <BarChart
        title="Durations"
        description="How many runs took how long."
        of="Duration"
        series={[{ name: "runs", tone: "c-first" }]}
        bands={histogram.map(({ count, from, to }) => ({
          short: shortDuration(from),
          name: nameOf(from, to),
          values: [count]
        }))}
        room={54}
        format={number}
        href={(band) => {
          const bin = histogram[band]
          return listOf({
            duration_ms_from: bin?.from,
            // Both ends of the filter are among what it finds.
            duration_ms_to: bin?.to === null || bin === undefined ? "" : bin.to - 1,
            sort: "-duration_ms"
          })
        }}
        label={({ name }, _, value) => `${name}: ${count(value, "run")}`}
      />
    </div>
  )
}

export const JobTypes = ({ figures, listOf }: ChartProps) => (
  <div class="span-6">
    <TreemapChart
      title="Job types"
      description="The area of each job type is the number of its runs."
      of="Job type"
      parts={figures.job_types.map(({ by_status, count, name }) => ({
        name,
        count,
        failed: (by_status.failed ?? 0) + (by_status.timeout ?? 0),
        href: listOf({ job_type: name })
      }))}
      height={220}
    />
  </div>
)
