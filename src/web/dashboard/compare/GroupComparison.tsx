/**
 * Two groups of stories as distributions, the difference, and how sure it is.
 */
import type { DistributionJson, GroupComparisonJson, GroupDifferenceJson } from "../../../server/readModels.js"
import { count, duration, number } from "../../kit/format.js"
import { get } from "../api.js"
import { BarChart } from "../charts/BarChart.js"
import { Notice } from "../Notice.js"
import { Answer } from "../parts/Answer.js"
import { storiesHref } from "../stories/storyQuery.js"
import { useLoaded } from "../useLoaded.js"
import { changeText } from "./ComparedSubjects.js"
import { groupName } from "./compareQuery.js"

type Filter = { readonly [name: string]: string }

export const GroupComparison = ({ filter }: { readonly filter: Filter }) => {
  const comparison = useLoaded(`groups ${JSON.stringify(filter)}`, (signal) =>
    get<GroupComparisonJson>("/api/v1/compare/groups", filter, signal)
  )
  return (
    <Answer of={comparison} what="The groups could not be compared">
      {(value) => <Groups comparison={value} filter={filter} />}
    </Answer>
  )
}

interface GroupsProps {
  readonly comparison: GroupComparisonJson
  readonly filter: Filter
}

const Groups = ({ comparison, filter }: GroupsProps) => {
  const names = { a: groupName(filter, "a"), b: groupName(filter, "b") }
  if (comparison.a.count === 0 || comparison.b.count === 0) {
    return <Notice title={`No story is in ${comparison.a.count === 0 ? names.a : names.b}`} />
  }
  return (
    <>
      <Verdict comparison={comparison} names={names} filter={filter} />
      <Histogram comparison={comparison} names={names} filter={filter} />
      <StageTable comparison={comparison} names={names} />
    </>
  )
}

interface PartProps {
  readonly comparison: GroupComparisonJson
  readonly names: { readonly a: string; readonly b: string }
}

const certainties: { readonly [certainty: string]: string } = {
  clear: "a clear difference",
  likely: "likely a difference",
  none: "no difference to be seen",
  unknown: "too few to say"
}

const Certainty = ({ certainty }: Pick<GroupDifferenceJson, "certainty">) => (
  <span class={`certainty ${certainty}`}>{certainties[certainty]}</span>
)

const percentOf = (share: number): string => `${(share * 100).toFixed(1)} %`

const hrefIn = (filter: Filter, group: "a" | "b", more: { readonly [name: string]: string } = {}): string => {
  const own = Object.entries(filter).filter(([name]) => name.startsWith(`${group}.`) && name !== `${group}.roots`)
  return storiesHref({ ...Object.fromEntries(own.map(([name, value]) => [name.slice(2), value])), ...more })
}

const Verdict = ({ comparison, filter, names }: PartProps & { readonly filter: Filter }) => {
  const { a, b, difference, sampled } = comparison
  return (
    <section class="card" aria-labelledby="groups-title">
      <header class="card-head">
        <h2 id="groups-title">{`${names.a} and ${names.b}`}</h2>
        <Certainty certainty={difference.certainty} />
      </header>
      <table class="list compared">
        <thead>
          <tr>
            <th scope="col">Stories</th>
            <th scope="col">{names.a}</th>
            <th scope="col">{names.b}</th>
            <th scope="col">Difference, at 95 % confidence</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">Count</th>
            <td>
              <a class="link" href={hrefIn(filter, "a")}>
                {number(a.count)}
                {sampled.a && " newest"}
              </a>
            </td>
            <td>
              <a class="link" href={hrefIn(filter, "b")}>
                {number(b.count)}
                {sampled.b && " newest"}
              </a>
            </td>
            <td />
          </tr>
          <DurationRow name="Median" of={({ durations }) => durations?.p50} comparison={comparison} isMain />
          <DurationRow name="95th percentile" of={({ durations }) => durations?.p95} comparison={comparison} />
          <tr>
            <th scope="row">Failed</th>
            <td>
              <a class="link" href={hrefIn(filter, "a", { status: "failed,timeout" })}>
                {`${percentOf(a.failure_rate)} (${number(a.failed)})`}
              </a>
            </td>
            <td>
              <a class="link" href={hrefIn(filter, "b", { status: "failed,timeout" })}>
                {`${percentOf(b.failure_rate)} (${number(b.failed)})`}
              </a>
            </td>
            <td>{difference.failure_rate === null ? "–" : rateText(difference)}</td>
          </tr>
        </tbody>
      </table>
      <p class="muted list-foot">
        {difference.probability_longer === null
          ? ""
          : `One of ${names.b} takes longer than one of ${names.a} in ${percentOf(difference.probability_longer)} of cases. `}
        {difference.duration_p_value !== null && `Durations: p ${pText(difference.duration_p_value)} (Mann–Whitney). `}
        {difference.failure_p_value !== null && `Failures: p ${pText(difference.failure_p_value)} (Fisher).`}
      </p>
    </section>
  )
}

const pText = (p: number): string => (p < 0.001 ? "< 0.001" : `= ${p.toFixed(3)}`)

const rateText = ({ failure_rate }: GroupDifferenceJson): string => {
  if (failure_rate === null) return ""
  const points = (share: number) => `${share < 0 ? "−" : "+"}${Math.abs(share * 100).toFixed(1)}`
  return `${points(failure_rate.estimate)} points (${points(failure_rate.low)} to ${points(failure_rate.high)})`
}

interface DurationRowProps {
  readonly name: string
  readonly of: (distribution: DistributionJson) => number | undefined
  readonly comparison: GroupComparisonJson
  /** Whether the difference is of this one. */
  readonly isMain?: boolean
}

const DurationRow = ({ comparison: { a, b, difference }, isMain = false, name, of }: DurationRowProps) => {
  const [inA, inB] = [of(a), of(b)]
  const ratio = difference.median_ratio
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{inA === undefined ? "–" : duration(inA)}</td>
      <td>{inB === undefined ? "–" : duration(inB)}</td>
      <td>
        {isMain && ratio !== null
          ? `${changeText(ratio.estimate - 1)} (${changeText(ratio.low - 1)} to ${changeText(ratio.high - 1)})`
          : inA !== undefined && inB !== undefined && inA > 0
            ? changeText(inB / inA - 1)
            : "–"}
      </td>
    </tr>
  )
}

const Histogram = ({ comparison, filter, names }: PartProps & { readonly filter: Filter }) => {
  const { a, b, edges } = comparison.histogram
  if (a.length === 0) return null
  const share = (n: number, all: ReadonlyArray<number>) =>
    n /
    Math.max(
      1,
      all.reduce((sum, one) => sum + one, 0)
    )
  const nameOf = (at: number) => `${duration(edges[at] ?? 0)} to ${duration(edges[at + 1] ?? 0)}`
  return (
    <BarChart
      title="Durations"
      description="The share of each group in each part of the durations."
      note="the share of each group"
      of="Duration"
      grouped
      whole={false}
      series={[
        { name: names.a, tone: "c-first" },
        { name: names.b, tone: "c-third" }
      ]}
      bands={a.map((n, at) => ({
        short: duration(edges[at] ?? 0),
        name: nameOf(at),
        values: [share(n, a), share(b[at] ?? 0, b)]
      }))}
      room={72}
      format={(value) => `${Math.round(value * 1_000) / 10} %`}
      href={(_, series) => hrefIn(filter, series === 0 ? "a" : "b")}
      label={(band, { name }, value) => `${name}, ${band.name}: ${percentOf(value)}`}
    />
  )
}

const StageTable = ({ comparison: { stages }, names }: PartProps) => {
  if (stages.length === 0) return null
  return (
    <section class="card list-card" aria-labelledby="group-stages">
      <header class="card-head">
        <h2 id="group-stages">Stages</h2>
        <span class="muted">{`${count(stages.length, "stage")}, the surest difference first`}</span>
      </header>
      <table class="list compared">
        <thead>
          <tr>
            <th scope="col">Stage</th>
            <th scope="col" class="figure">{`Median, ${names.a}`}</th>
            <th scope="col" class="figure">{`Median, ${names.b}`}</th>
            <th scope="col" class="figure">
              Change
            </th>
            <th scope="col" class="wide-only">
              How sure
            </th>
          </tr>
        </thead>
        <tbody>
          {stages.map(({ a, b, difference, stage_name, story_name }) => (
            <tr key={`${story_name} ${stage_name}`}>
              <th scope="row">
                <span class="muted">{story_name} ›</span> {stage_name}
              </th>
              <td class="figure">{a.durations === null ? "–" : duration(a.durations.p50)}</td>
              <td class="figure">{b.durations === null ? "–" : duration(b.durations.p50)}</td>
              <td class="figure">
                {difference.median_ratio === null ? "–" : changeText(difference.median_ratio.estimate - 1)}
              </td>
              <td class="wide-only">
                <Certainty certainty={difference.certainty} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
