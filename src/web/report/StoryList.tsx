/**
 * Many stories as a list: newest first, filtered by status and by text.
 */
import { useSignal } from "@preact/signals"
import type { StoryCard } from "../../renderer/html/pageData.js"
import { count, duration, time } from "../kit/format.js"
import { nodeStatus, StatusMark } from "../kit/StatusMark.js"

export interface ListedStory extends StoryCard {
  /** Where it leads: a file, or a fragment of this page. */
  readonly href: string
}

interface StoryListProps {
  readonly stories: ReadonlyArray<ListedStory>
  readonly title: string
  /** How many earlier ones were left out. */
  readonly omitted: number
  /** The one that is open. */
  readonly current?: string
}

export const StoryList = ({ current, omitted, stories, title }: StoryListProps) => {
  const status = useSignal<string | undefined>(undefined)
  const query = useSignal("")
  const statuses = Array.from(new Set(stories.map(statusOf)))
  const matching = stories.filter(
    (story) =>
      (status.value === undefined || statusOf(story) === status.value) && searchedText(story).includes(query.value)
  )
  return (
    <nav class="stories" aria-label={title}>
      <h2 class="stories-title">
        {title}
        <span class="muted">{stories.length}</span>
      </h2>
      <input
        class="stories-search"
        type="search"
        placeholder="Filter stories"
        aria-label="Filter stories"
        onInput={({ currentTarget }) => {
          query.value = currentTarget.value.trim().toLowerCase()
        }}
      />
      <div class="filters" role="group" aria-label="Status">
        {(statuses.length < 2 ? [] : [undefined, ...statuses]).map((one) => (
          <button
            key={one}
            type="button"
            class="filter"
            aria-pressed={status.value === one}
            data-status={one}
            onClick={() => {
              status.value = one
            }}
          >
            {one ?? "all"}
            <span class="muted">{stories.filter((story) => one === undefined || statusOf(story) === one).length}</span>
          </button>
        ))}
      </div>
      <ul class="stories-list">
        {matching.map((story) => (
          <StoryLine key={story.href} story={story} isCurrent={story.href === current} />
        ))}
        {matching.length === 0 && <li class="muted no-match">No story matches.</li>}
      </ul>
      {omitted > 0 && <p class="muted">{`${count(omitted, "earlier story", "earlier stories")} left out.`}</p>}
    </nav>
  )
}

const statusOf = (story: StoryCard): string => (story.unfinished === true ? "unfinished" : story.status)

const searchedText = ({ error, id, name, outcome }: StoryCard): string =>
  `${name}\n${id}\n${error}\n${outcome}`.toLowerCase()

const StoryLine = ({ isCurrent, story }: { readonly story: ListedStory; readonly isCurrent: boolean }) => (
  <li>
    <a class="story-link" href={story.href} aria-current={isCurrent ? "page" : undefined}>
      <StatusMark status={nodeStatus(story.status)} />
      <span class="story-text">
        <span class="story-name">{story.name}</span>
        <span class="story-detail">{story.error ?? story.outcome ?? (story.unfinished ? "unfinished" : "")}</span>
      </span>
      <span class="story-figures">
        <span>{story.seconds === null ? "running" : duration(story.seconds)}</span>
        <span class="muted">{time(story.startedAt)}</span>
      </span>
    </a>
  </li>
)
