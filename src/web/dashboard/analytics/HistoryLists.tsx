/**
 * The stages that take longest and the failures that are most frequent, of the stories of the same time.
 */
import type { StatsJson } from "../../../server/readModels.js"
import { count, duration, number } from "../../kit/format.js"
import { get } from "../api.js"
import { ShareBars } from "../charts/ShareBars.js"
import { kindHref } from "../failures/failureQuery.js"
import { ErrorNotice } from "../Notice.js"
import { filterOf } from "../runs/runQuery.js"
import { storiesHref } from "../stories/storyQuery.js"
import { type Loaded, useLoaded } from "../useLoaded.js"
import type { ChartProps } from "./chartProps.js"

/** Rows that are shown. */
const most = 8

/** Figures of the stories that started in the time of the runs; of one agent, where the filter names one. */
const useStats = ({ figures, query }: ChartProps): Loaded<StatsJson> => {
  const since = query.get("start_time_from") || figures.periods[0]?.start
  const until = query.get("start_time_to") || figures.periods.at(-1)?.end
  const request = { since, until, story: query.get("agent_name") ?? "" }
  return useLoaded(`stats ${JSON.stringify(request)}`, (signal) => get<StatsJson>("/api/v1/stats", request, signal))
}

/** Filters of runs that stages and failures have as well: their time, and the agent, whose name their story has. */
const common = ["agent_name", "within", "start_time_from", "start_time_to"]

/** What these lists are of, where that is more than the filter finds. */
const scopeOf = (query: URLSearchParams): string =>
  Object.entries(filterOf(query)).some(([name, value]) => value !== "" && !common.includes(name))
    ? ", of all runs of this time and agent"
    : ""

/** Both are of one answer. */
export const HistoryLists = (props: ChartProps) => {
  const stats = useStats(props)
  const scope = scopeOf(props.query)
  if (stats.error !== undefined) {
    return (
      <ErrorNotice what="The figures of the stages could not be loaded" error={stats.error} onRetry={stats.reload} />
    )
  }
  return (
    <>
      <SlowestStages stats={stats.value} scope={scope} isBusy={stats.isLoading} />
      <FrequentFailures stats={stats.value} scope={scope} isBusy={stats.isLoading} />
    </>
  )
}

interface ListProps {
  readonly stats: StatsJson | undefined
  readonly scope: string
  readonly isBusy: boolean
}

const SlowestStages = ({ isBusy, scope, stats }: ListProps) => {
  const stages = (stats?.stages ?? []).filter(({ durations }) => durations !== null)
  const total = ({ completed, durations, failed }: StatsJson["stages"][number]) =>
    (durations?.mean ?? 0) * (completed + failed)
  return (
    <div class="span-6" aria-busy={isBusy}>
      <ShareBars
        title="Slowest stages"
        note={`by the time they took in all${scope}`}
        series={[{ name: "time", tone: "c-first" }]}
        empty={stats === undefined ? "" : "No stage has ended in this time."}
        rows={stages.slice(0, most).map((stage) => ({
          key: `${stage.story_name} ${stage.stage_name}`,
          name: stage.stage_name,
          detail: stage.story_name,
          values: [total(stage)],
          figure: `${duration(total(stage))} · p50 ${duration(stage.durations?.p50 ?? 0)} · p95 ${duration(stage.durations?.p95 ?? 0)}`,
          href: storiesHref({ name: stage.story_name, since: stats?.since, until: stats?.until })
        }))}
      />
    </div>
  )
}

const FrequentFailures = ({ isBusy, scope, stats }: ListProps) => (
  <div class="span-6" aria-busy={isBusy}>
    <ShareBars
      title="Most frequent failures"
      note={stats === undefined ? "" : `${count(stats.failure_count, "failure")}${scope}`}
      series={[{ name: "failures", tone: "c-failed" }]}
      empty={stats === undefined ? "" : "Nothing failed in this time."}
      rows={(stats?.failures ?? []).slice(0, most).map((group) => ({
        key: group.fingerprint,
        name: `${group.error_type}: ${group.error_message}`,
        values: [group.count],
        figure: number(group.count),
        href: kindHref(group.fingerprint)
      }))}
    />
  </div>
)
