/**
 * The failures of one kind: when they occurred, in which versions, and the story of each.
 */
import type { FailureGroupJson, FailureGroupsJson, FailureListJson } from "../../../server/readModels.js"
import { count, number } from "../../kit/format.js"
import { get } from "../api.js"
import { BarChart } from "../charts/BarChart.js"
import { ErrorNotice, Notice } from "../Notice.js"
import { Answer } from "../parts/Answer.js"
import { Pages } from "../parts/Pages.js"
import { Moment } from "../parts/Span.js"
import { address } from "../router.js"
import { storiesHref, storyHref } from "../stories/storyQuery.js"
import { dayOf, when } from "../times.js"
import { useLoaded } from "../useLoaded.js"
import { FailurePlace } from "./FailurePlace.js"
import { failureRequest, labelsOf } from "./failureQuery.js"

/** Where nothing else is asked for: everything that is kept. */
const longAgo = "1970-01-01T00:00:00Z"

export const FailureKind = ({ fingerprint }: { readonly fingerprint: string }) => {
  const { cursor, ...request } = failureRequest(address.value.query)
  const filter = { ...request, fingerprint }
  const groups = useLoaded(`kind ${JSON.stringify(filter)}`, async (signal) => {
    const found = await get<FailureGroupsJson>("/api/v1/failures/groups", filter, signal)
    // An old link must lead to what it was about.
    return found.groups.length > 0
      ? found
      : get<FailureGroupsJson>("/api/v1/failures/groups", { ...filter, since: longAgo }, signal)
  })
  const list = useLoaded(`failures of ${JSON.stringify({ fingerprint, cursor })}`, (signal) =>
    get<FailureListJson>("/api/v1/failures", { fingerprint, cursor, limit: 50 }, signal)
  )
  const error = groups.error ?? list.error
  const reload = () => {
    groups.reload()
    list.reload()
  }
  if (error !== undefined) return <ErrorNotice what="The failures could not be loaded" error={error} onRetry={reload} />
  const group = groups.value?.groups[0]
  if (groups.value === undefined) return <div class="answer" aria-busy="true" />
  if (group === undefined) return <Notice title="No failure of this kind is kept any more" />
  return (
    <div class="kind" aria-busy={groups.isLoading}>
      <Head group={group} />
      <div class="kind-body">
        <Timeline answer={groups.value} group={group} />
        <Versions group={group} />
      </div>
      <Answer of={list} what="The failures could not be loaded">
        {(answer) => <Occurrences list={answer} isFirst={cursor === undefined} />}
      </Answer>
    </div>
  )
}

const Head = ({ group }: { readonly group: FailureGroupJson }) => (
  <header class="kind-head">
    <p>
      <a class="link" href="/failures">
        Failures
      </a>
    </p>
    <h2>
      <span class="error-name">{group.error_type}</span> {group.error_message}
    </h2>
    <p class="place-line muted">
      <FailurePlace group={group} />
      <span class="chip">{group.error_code}</span>
    </p>
    <dl class="figures">
      <div>
        <dt>Failures</dt>
        <dd>{number(group.count)}</dd>
      </div>
      <div>
        <dt>Stories</dt>
        <dd>{number(group.stories)}</dd>
      </div>
      <div>
        <dt>First</dt>
        <dd>
          <a class="link" href={storyHref(group.first_story_id)}>
            <Moment at={group.first_at} relative />
          </a>
        </dd>
      </div>
      <div>
        <dt>Last</dt>
        <dd>
          <a class="link" href={storyHref(group.last_story_id)}>
            <Moment at={group.last_at} relative />
          </a>
        </dd>
      </div>
    </dl>
  </header>
)

const day = 86_400_000

const Timeline = ({ answer, group }: { readonly answer: FailureGroupsJson; readonly group: FailureGroupJson }) => {
  const since = Date.parse(answer.since)
  const step = answer.bucket_seconds * 1_000
  const startOf = (at: number) => since + at * step
  const isoOf = (at: number) => new Date(startOf(at)).toISOString()
  return (
    <BarChart
      title="Over time"
      description="Failures of this kind in each part of the time; a bar leads to the stories that failed then."
      of="From"
      series={[{ name: "failures", tone: "c-failed" }]}
      height={180}
      bands={group.buckets.map((value, at) => ({
        short: step < day / 2 ? when(startOf(at)) : dayOf(startOf(at)),
        name: isoOf(at).slice(0, 16).replace("T", " "),
        values: [value]
      }))}
      room={step < day / 2 ? 110 : 56}
      format={number}
      href={(at) =>
        storiesHref({ name: group.story_name, status: "failed,timeout", since: isoOf(at), until: isoOf(at + 1) })
      }
      label={({ name }, _, value) => `${name}: ${count(value, "failure")}`}
    />
  )
}

const Versions = ({ group }: { readonly group: FailureGroupJson }) => (
  <section class="chart" aria-label="Labels of the stories">
    <div class="chart-head">
      <h3>In which versions</h3>
      <span class="muted">labels of the stories that failed</span>
    </div>
    {group.labels.length === 0 ? (
      <p class="muted chart-empty">These stories have no labels. Give them one, such as `version`.</p>
    ) : (
      <table class="list plain-list">
        <thead>
          <tr>
            <th scope="col">Label</th>
            <th scope="col" class="figure">
              Failures
            </th>
            <th scope="col" class="figure">
              First
            </th>
            <th scope="col" class="figure">
              Last
            </th>
          </tr>
        </thead>
        <tbody>
          {labelsOf(group).map(({ count, first_at, last_at, name, value }) => (
            <tr key={`${name} ${value}`}>
              <td>
                <a class="row-link" href={storiesHref({ name: group.story_name, [`label.${name}`]: value })}>
                  <span class="muted">{name}</span> {value}
                </a>
              </td>
              <td class="figure">{number(count)}</td>
              <td class="figure">
                <Moment at={first_at} relative />
              </td>
              <td class="figure">
                <Moment at={last_at} relative />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    )}
  </section>
)

const Occurrences = ({ isFirst, list }: { readonly list: FailureListJson; readonly isFirst: boolean }) => (
  <section class="card list-card" aria-label="Each of them">
    <table class="list folding">
      <thead>
        <tr>
          <th scope="col">Story</th>
          <th scope="col" class="wide-only">
            Message
          </th>
          <th scope="col" class="figure">
            Occurred
          </th>
        </tr>
      </thead>
      <tbody>
        {list.failures.map((failure, at) => (
          // A story may fail twice in one moment.
          <tr key={`${failure.story_id} ${at}`}>
            <td>
              <a class="row-link" href={storyHref(failure.story_id)}>
                {failure.story_name}
              </a>
              {failure.handled && <span class="chip">handled</span>}
              {failure.analyzed && <span class="chip">analysed</span>}
            </td>
            <td class="wide-only">
              <span class="clipped" title={failure.exact_cause}>
                {failure.error_message}
              </span>
            </td>
            <td class="figure">
              <Moment at={failure.occurred_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
    <Pages next={list.next} isFirst={isFirst} />
  </section>
)
