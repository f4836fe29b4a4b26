/**
 * The list of stories, newest first, and the choice of those that are compared.
 */
import { useSignal } from "@preact/signals"
import type { StoryListJson, StorySummaryJson } from "../../../server/readModels.js"
import { number } from "../../kit/format.js"
import { get } from "../api.js"
import { Notice } from "../Notice.js"
import { Answer } from "../parts/Answer.js"
import { Pages } from "../parts/Pages.js"
import {
  ChoiceParameter,
  ClearFilters,
  SearchParameter,
  SeveralParameter,
  TextParameter
} from "../parts/QueryFields.js"
import { LabelLine, Moment, Took } from "../parts/Span.js"
import { StateMark, storyStates } from "../parts/StateMark.js"
import { address, changeQuery, hrefOf } from "../router.js"
import { useLoaded } from "../useLoaded.js"
import { spanChoices, storyFilters, storyHref, storyRequest } from "./storyQuery.js"

/** Most stories that are compared at a time. */
const mostCompared = 6

export const StoryList = () => {
  const request = storyRequest(address.value.query)
  const stories = useLoaded(`stories ${JSON.stringify(request)}`, (signal) =>
    get<StoryListJson>("/api/v1/stories", request, signal)
  )
  const chosen = useSignal<ReadonlyArray<string>>([])
  const choose = (id: string, isOn: boolean) => {
    chosen.value = isOn ? [...chosen.value, id].slice(0, mostCompared) : chosen.value.filter((one) => one !== id)
  }
  return (
    <>
      <Filters found={foundText(stories.value)} />
      {chosen.value.length > 0 && (
        <ChosenBar
          ids={chosen.value}
          onClear={() => {
            chosen.value = []
          }}
        />
      )}
      <Answer of={stories} what="The stories could not be loaded">
        {(list) => <Rows list={list} chosen={chosen.value} onChoose={choose} />}
      </Answer>
    </>
  )
}

const foundText = (list: StoryListJson | undefined): string =>
  list === undefined ? "" : `${number(list.stories.length)}${list.next === null ? "" : "+"}`

const Filters = ({ found }: { readonly found: string }) => (
  <div class="filter-bar" role="search" aria-label="Stories">
    <SearchParameter name="text" title="Search stories" found={found} />
    <TextParameter name="name" title="Name of the story" placeholder="Name" />
    <TextParameter
      name="correlation"
      title="Correlation: an id of a request, a run, a trace"
      placeholder="Correlation id"
    />
    <ChoiceParameter name="within" title="Started" any="Any time" choices={spanChoices} />
    <SeveralParameter
      name="status"
      title="Status"
      choices={storyStates.map((state) => ({ value: state, title: state }))}
    />
    <SeveralParameter name="sub" title="Sub-stories" choices={[{ value: "true", title: "with sub-stories" }]} />
    <LabelFilters />
    <ClearFilters names={storyFilters} />
  </div>
)

/** Labels that a link brought, or that were chosen in the list. */
const LabelFilters = () => (
  <>
    {Array.from(address.value.query)
      .filter(([name, value]) => name.startsWith("label.") && value !== "")
      .map(([name, value]) => (
        <button
          key={name}
          type="button"
          class="filter"
          aria-label={`Remove the filter ${name} ${value}`}
          onClick={() => changeQuery({ [name]: "", cursor: "" })}
        >
          <span class="muted">{name.slice(6)}</span>
          {value}
          <span aria-hidden="true">×</span>
        </button>
      ))}
  </>
)

const ChosenBar = ({ ids, onClear }: { readonly ids: ReadonlyArray<string>; readonly onClear: () => void }) => (
  <div class="chosen-bar" role="status">
    <span>
      {ids.length === 1 ? "1 story chosen; choose another to compare" : `${ids.length} stories chosen`}
      {ids.length === mostCompared ? ", which is the most" : ""}
    </span>
    {ids.length > 1 && (
      <a class="button primary" href={hrefOf(["compare"], { ids })}>
        Compare
      </a>
    )}
    <button type="button" class="link quiet" onClick={onClear}>
      Clear
    </button>
  </div>
)

interface RowsProps {
  readonly list: StoryListJson
  readonly chosen: ReadonlyArray<string>
  readonly onChoose: (id: string, isOn: boolean) => void
}

const Rows = ({ chosen, list: { next, stories }, onChoose }: RowsProps) => {
  const isFirst = (address.value.query.get("cursor") ?? "") === ""
  if (stories.length === 0) return <Notice title={isFirst ? "No story matches" : "There are no more stories"} />
  const longest = Math.max(...stories.map(({ duration_seconds }) => duration_seconds ?? 0))
  return (
    <section class="card list-card" aria-label="Stories">
      <table class="list folding">
        <thead>
          <tr>
            <th scope="col" class="narrow">
              <span class="sr-only">Compare</span>
            </th>
            <th scope="col">Story</th>
            <th scope="col" class="wide-only">
              Result
            </th>
            <th scope="col" class="figure">
              Duration
            </th>
            <th scope="col" class="figure">
              Started
            </th>
          </tr>
        </thead>
        <tbody>
          {stories.map((story) => (
            <Row
              key={story.story_id}
              story={story}
              longest={longest}
              isChosen={chosen.includes(story.story_id)}
              onChoose={onChoose}
            />
          ))}
        </tbody>
      </table>
      <Pages next={next} isFirst={isFirst} />
    </section>
  )
}

interface RowProps {
  readonly story: StorySummaryJson
  readonly longest: number
  readonly isChosen: boolean
  readonly onChoose: RowsProps["onChoose"]
}

const Row = ({ isChosen, longest, onChoose, story }: RowProps) => (
  <tr class={isChosen ? "chosen" : ""}>
    <td class="narrow">
      <input
        type="checkbox"
        aria-label={`Compare ${story.story_name} of ${story.started_at}`}
        checked={isChosen}
        onChange={({ currentTarget }) => onChoose(story.story_id, currentTarget.checked)}
      />
    </td>
    <td>
      <span class="row-name">
        <StateMark state={story.status} />
        <a class="row-link" href={storyHref(story.story_id)}>
          {story.story_name}
        </a>
        {story.kind !== "story" && <span class="chip">{story.kind}</span>}
      </span>
      <LabelLine labels={story.labels} />
    </td>
    <td class="wide-only">
      <Result story={story} />
    </td>
    <td class="figure">
      <Took seconds={story.duration_seconds} />
      <span class="length" aria-hidden="true" style={{ "--width": `${lengthOf(story, longest)}%` }} />
    </td>
    <td class="figure">
      <Moment at={story.started_at} />
    </td>
  </tr>
)

const lengthOf = ({ duration_seconds }: StorySummaryJson, longest: number): number =>
  longest === 0 ? 0 : Math.round(((duration_seconds ?? 0) / longest) * 100)

const Result = ({ story: { failure, outcome, status } }: { readonly story: StorySummaryJson }) => {
  if (failure !== null) {
    return (
      <span class="clipped" title={`${failure.error_type}: ${failure.error_message}`}>
        <span class="error-name">{failure.error_type}</span> {failure.error_message}
      </span>
    )
  }
  return <span class="clipped muted">{outcome ?? (status === "success" ? "" : status)}</span>
}
