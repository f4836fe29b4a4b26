/**
 * What models cost, and the tokens they read and wrote.
 */
import { number } from "../../kit/format.js"
import { BarChart } from "../charts/BarChart.js"
import type { ChartProps } from "./chartProps.js"
import { compact, dollars } from "./figureText.js"
import { filterIn, longName, shortName } from "./periods.js"

export const Cost = ({ figures, listOf, query, zoom }: ChartProps) => {
  const { periods, step } = figures
  return (
    <div class="span-6">
      <BarChart
        title="Cost"
        description="What the models of each period cost, in US dollars."
        note={`${dollars(figures.cost_usd)} in all`}
        of={step}
        zoom={zoom}
        whole={false}
        series={[{ name: "cost", tone: "c-third" }]}
        bands={periods.map((period) => ({
          short: shortName(step, period),
          name: longName(step, period),
          values: [period.cost_usd]
        }))}
        format={dollars}
        href={(band) => {
          const period = periods[band]
          return listOf(period === undefined ? {} : filterIn(period, query))
        }}
        label={({ name }, _, value) => `${name}: ${dollars(value)}`}
      />
    </div>
  )
}

const series = [
  { name: "prompt", tone: "c-first" },
  { name: "completion", tone: "c-second" }
]

export const Tokens = ({ figures, listOf, query, zoom }: ChartProps) => {
  const { periods, step } = figures
  return (
    <div class="span-6">
      <BarChart
        title="Tokens"
        description="Tokens that the models of each period read and wrote."
        note={`${compact(figures.prompt_tokens + figures.completion_tokens)} in all`}
        of={step}
        zoom={zoom}
        series={series}
        bands={periods.map((period) => ({
          short: shortName(step, period),
          name: longName(step, period),
          values: [period.prompt_tokens, period.completion_tokens]
        }))}
        format={compact}
        href={(band) => {
          const period = periods[band]
          return listOf(period === undefined ? {} : filterIn(period, query))
        }}
        label={({ name }, { name: kind }, value) => `${name}: ${number(value)} ${kind} tokens`}
      />
    </div>
  )
}
