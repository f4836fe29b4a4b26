/**
 * The figures that are looked at first, each with how it went over time.
 */
import type { RunPeriod } from "../../../runs/runAnalytics.js"
import { number } from "../../kit/format.js"
import { Sparkline } from "../parts/Sparkline.js"
import type { ChartProps } from "./chartProps.js"
import { compact, dollars, percentOf, took } from "./figureText.js"

interface Figure {
  readonly name: string
  readonly value: string
  readonly detail?: string
  readonly href: string
  readonly tone: string
  readonly of: (period: RunPeriod) => number
}

export const KeyFigures = ({ figures, listOf }: ChartProps) => {
  const { by_status, durations, items } = figures
  const success = by_status.success ?? 0
  const ended = figures.count - (by_status.running ?? 0)
  const failed = (by_status.failed ?? 0) + (by_status.timeout ?? 0)
  const tokens = figures.prompt_tokens + figures.completion_tokens
  const shown: ReadonlyArray<Figure | undefined> = [
    { name: "Runs", value: number(figures.count), href: listOf({}), tone: "c-first", of: ({ count }) => count },
    {
      name: "Success rate",
      value: percentOf(success, ended),
      detail: `${number(ended)} ended`,
      href: listOf({ status: "success" }),
      tone: "c-success",
      of: ({ by_status }) => by_status.success ?? 0
    },
    {
      name: "Failed",
      value: number(failed),
      href: listOf({ status: "failed,timeout" }),
      tone: "c-failed",
      of: ({ by_status }) => (by_status.failed ?? 0) + (by_status.timeout ?? 0)
    },
    durations === null
      ? undefined
      : {
          name: "Median duration",
          value: took(durations.p50),
          detail: `p99 ${took(durations.p99)}`,
          href: listOf({ sort: "-duration_ms" }),
          tone: "c-second",
          of: ({ durations }) => durations?.p50 ?? 0
        },
    items.discovered + items.succeeded === 0
      ? undefined
      : {
          name: "Items",
          value: compact(items.succeeded),
          detail: `${compact(items.failed)} failed`,
          href: listOf({ sort: "-items_succeeded" }),
          tone: "c-success",
          of: ({ items }) => items.succeeded
        },
    tokens === 0
      ? undefined
      : {
          name: "Cost",
          value: dollars(figures.cost_usd),
          detail: `${compact(tokens)} tokens`,
          href: listOf({}),
          tone: "c-third",
          of: ({ cost_usd }) => cost_usd
        }
  ]
  return (
    <ul class="key-figures" aria-label="Figures">
      {shown.map((figure) =>
        figure === undefined ? null : (
          <li key={figure.name}>
            <a class="key-figure" href={figure.href}>
              <span class="key-name">{figure.name}</span>
              <strong class="key-value">{figure.value}</strong>
              <span class="muted key-detail">{figure.detail ?? ""}</span>
              <Sparkline counts={figures.periods.map(figure.of)} tone={figure.tone} width={72} height={30} />
            </a>
          </li>
        )
      )}
    </ul>
  )
}
