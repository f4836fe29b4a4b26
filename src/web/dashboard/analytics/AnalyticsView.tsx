/**
 * Figures of the runs that a filter finds. Each mark leads to the list of the runs behind it.
 */
import type { RunAnalytics } from "../../../runs/runAnalytics.js"
import { number } from "../../kit/format.js"
import { get } from "../api.js"
import { Notice } from "../Notice.js"
import { Answer } from "../parts/Answer.js"
import { address, hrefOf, type Query } from "../router.js"
import { RunFilters } from "../runs/RunFilters.js"
import { filterOf } from "../runs/runQuery.js"
import { useLoaded } from "../useLoaded.js"
import { Activity, Agents, Items } from "./ActivityCharts.js"
import { Durations, JobTypes, Percentiles } from "./DurationCharts.js"
import { HistoryLists } from "./HistoryLists.js"
import { KeyFigures } from "./KeyFigures.js"
import { zoomOf } from "./periods.js"
import { Cost, Tokens } from "./SpendingCharts.js"

export const AnalyticsView = () => {
  const { query } = address.value
  const figures = useLoaded(`analytics ${query}`, (signal) =>
    get<RunAnalytics>("/api/v1/runs/analytics", filterOf(query), signal)
  )
  const { value } = figures
  return (
    <>
      <RunFilters found={value === undefined ? "" : number(value.count)} />
      <Answer of={figures} what="The figures could not be loaded">
        {(answer) => <Figures figures={answer} query={query} />}
      </Answer>
    </>
  )
}

const Figures = ({ figures, query }: { readonly figures: RunAnalytics; readonly query: URLSearchParams }) => {
  if (figures.count === 0) return <Notice title="No run matches" />
  const listOf = (changes: Query) => hrefOf(["runs"], { ...Object.fromEntries(query), ...changes })
  const given = { figures, listOf, query, zoom: zoomOf(figures, query) }
  const spends = figures.cost_usd > 0 || figures.prompt_tokens + figures.completion_tokens > 0
  return (
    <div class="analytics">
      {figures.limited && (
        <p class="analytics-note" role="status">
          {`More runs match than figures are made of: these are of the newest ${number(figures.count)}.`}
        </p>
      )}
      <KeyFigures {...given} />
      <Activity {...given} />
      <Agents {...given} />
      <Percentiles {...given} />
      <Durations {...given} />
      <Items {...given} />
      <JobTypes {...given} />
      {spends && <Cost {...given} />}
      {spends && <Tokens {...given} />}
      <HistoryLists {...given} />
    </div>
  )
}
