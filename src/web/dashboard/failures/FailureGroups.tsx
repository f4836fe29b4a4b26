/**
 * The kinds of failures: how often, since when, in which versions. The most frequent first.
 */
import type { FailureGroupJson, FailureGroupsJson } from "../../../server/readModels.js"
import { count, number } from "../../kit/format.js"
import { get } from "../api.js"
import { Notice } from "../Notice.js"
import { Answer } from "../parts/Answer.js"
import { ChoiceParameter, ClearFilters, TextParameter } from "../parts/QueryFields.js"
import { Moment } from "../parts/Span.js"
import { Sparkline } from "../parts/Sparkline.js"
import { address } from "../router.js"
import { spanChoices } from "../stories/storyQuery.js"
import { dayOf } from "../times.js"
import { useLoaded } from "../useLoaded.js"
import { FailurePlace } from "./FailurePlace.js"
import { failureFilters, failureRequest, kindHref, versionsOf } from "./failureQuery.js"

export const FailureGroups = () => {
  const { cursor, ...request } = failureRequest(address.value.query)
  const groups = useLoaded(`failures ${JSON.stringify(request)}`, (signal) =>
    get<FailureGroupsJson>("/api/v1/failures/groups", { ...request, limit: 100 }, signal)
  )
  const { value } = groups
  return (
    <>
      <div class="filter-bar" role="search" aria-label="Failures">
        <TextParameter name="error_type" title="Type of the error" placeholder="Error type" />
        <TextParameter name="story" title="Name of the story" placeholder="Story" />
        <TextParameter name="stage" title="Name of the stage" placeholder="Stage" />
        <ChoiceParameter name="within" title="Occurred" any="Last 30 days" choices={spanChoices.slice(0, 3)} />
        <ChoiceParameter
          name="handled"
          title="Handled"
          any="Handled or not"
          choices={[
            { value: "false", title: "Not handled" },
            { value: "true", title: "Handled" }
          ]}
        />
        <ClearFilters names={failureFilters} />
        {value !== undefined && (
          <span class="muted filter-found" role="status">
            {`${count(value.count, "failure")} of ${count(value.total, "kind")}`}
          </span>
        )}
      </div>
      <Answer of={groups} what="The failures could not be loaded">
        {(answer) => <Groups answer={answer} />}
      </Answer>
    </>
  )
}

const Groups = ({ answer }: { readonly answer: FailureGroupsJson }) => {
  if (answer.groups.length === 0) return <Notice title="Nothing failed in this time" />
  return (
    <section class="card list-card" aria-label="Kinds of failures">
      <table class="list folding">
        <thead>
          <tr>
            <th scope="col">Failure</th>
            <th scope="col" class="wide-only">
              {`Since ${dayOf(Date.parse(answer.since))}`}
            </th>
            <th scope="col" class="figure">
              Count
            </th>
            <th scope="col" class="figure wide-only">
              First
            </th>
            <th scope="col" class="figure">
              Last
            </th>
          </tr>
        </thead>
        <tbody>
          {answer.groups.map((group) => (
            <Row key={group.fingerprint} group={group} />
          ))}
        </tbody>
      </table>
      {answer.total > answer.groups.length && (
        <p class="muted list-foot">{`${number(answer.total - answer.groups.length)} rarer kinds are not shown.`}</p>
      )}
    </section>
  )
}

/** Versions named in a row. */
const shownVersions = 3

const Row = ({ group }: { readonly group: FailureGroupJson }) => {
  const versions = versionsOf(group)
  return (
    <tr>
      <td>
        <div class="failure-cell">
          <a class="row-link" href={kindHref(group.fingerprint)}>
            <span class="error-name">{group.error_type}</span> {group.error_message}
          </a>
          <span class="place-line muted">
            <FailurePlace group={group} />
          </span>
          <span class="row-name">
            {versions.slice(0, shownVersions).map(({ count, name, value }) => (
              <span key={`${name} ${value}`} class="chip label" title={`${number(count)} with ${name} ${value}`}>
                <span class="muted">{name}</span>
                {value}
              </span>
            ))}
            {versions.length > shownVersions && <span class="muted">{`+${versions.length - shownVersions}`}</span>}
          </span>
        </div>
      </td>
      <td class="wide-only">
        <Sparkline counts={group.buckets} tone="c-failed" />
      </td>
      <td class="figure">
        <strong>{number(group.count)}</strong>
        <div class="muted small">{count(group.stories, "story", "stories")}</div>
        {group.handled > 0 && <div class="muted small">{`${number(group.handled)} handled`}</div>}
      </td>
      <td class="figure wide-only">
        <Moment at={group.first_at} relative />
      </td>
      <td class="figure">
        <Moment at={group.last_at} relative />
      </td>
    </tr>
  )
}
