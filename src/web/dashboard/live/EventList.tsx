/**
 * The tail of events: with filters, a pause, and what came meanwhile.
 */
import { useEffect, useRef } from "preact/hooks"
import type { EventJson } from "../../../server/readModels.js"
import { duration, number } from "../../kit/format.js"
import { useKeys } from "../pageKeys.js"
import { SearchParameter, SeveralParameter, TextParameter } from "../parts/QueryFields.js"
import { address, type Query } from "../router.js"
import { storyHref } from "../stories/storyQuery.js"
import { token } from "../token.js"
import { follow } from "./eventStream.js"
import { EventTail } from "./eventTail.js"
import { kindOf, kinds, textOf, toneOf } from "./eventText.js"

const words = { connecting: "connecting …", open: "connected", lost: "not connected; trying again" }

export const EventList = ({ after }: { readonly after: number }) => {
  const tail = useTail(after)
  const { query } = address.value
  const text = (query.get("text") ?? "").toLowerCase()
  const wanted = (query.get("kind") ?? "").split(",").filter((kind) => kind !== "")
  const shown = tail.events.value.filter(
    (event) =>
      (wanted.length === 0 || wanted.includes(kindOf(event))) &&
      (text === "" || `${event.story_name} ${event.stage_name ?? ""} ${textOf(event)}`.toLowerCase().includes(text))
  )
  const toggle = () => (tail.isPaused.value ? tail.resume() : tail.pause())
  useKeys([{ keys: ["p"], does: "Pause or resume the events", run: toggle }])
  return (
    <section class="card tail" aria-labelledby="tail-title">
      <header class="card-head">
        <h2 id="tail-title">Events</h2>
        <span class={`connection ${tail.connection.value}`} role="status">
          {words[tail.connection.value]}
        </span>
        <div class="filter-bar tail-filters" role="search" aria-label="Events">
          <SearchParameter name="text" title="Search events" found={text === "" ? "" : number(shown.length)} />
          <TextParameter name="story" title="Name of the story" placeholder="Story" />
          <SeveralParameter name="kind" title="Kind" choices={kinds.map((kind) => ({ value: kind, title: kind }))} />
          <button
            type="button"
            class="button"
            aria-pressed={tail.isPaused.value}
            title="Pause or resume (p)"
            onClick={toggle}
          >
            {tail.isPaused.value
              ? `Resume${tail.waiting.value > 0 ? ` (${number(tail.waiting.value)} new)` : ""}`
              : "Pause"}
          </button>
        </div>
      </header>
      {shown.length === 0 ? (
        <p class="tail-empty muted">
          {tail.events.value.length === 0 ? "Events are shown here as they happen." : "No event matches."}
        </p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must be able to
        <ol class="tail-list" tabIndex={0} aria-label="Events, newest first">
          {shown.map((event) => (
            <Line key={event.cursor} event={event} />
          ))}
        </ol>
      )}
    </section>
  )
}

/** Follows the events from those that are already part of what is shown. */
const useTail = (after: number): EventTail => {
  const tail = useRef<EventTail>(undefined)
  tail.current ??= new EventTail()
  const { current } = tail
  const story = address.value.query.get("story") ?? ""
  const given = token.value
  useEffect(() => {
    const query: Query = { story }
    return follow({
      path: "/api/v1/events",
      query,
      after: String(Math.max(after, current.last)),
      onEvent: current.take,
      onState: (state) => {
        current.connection.value = state
      }
    })
  }, [story, given])
  return current
}

const Line = ({ event }: { readonly event: EventJson }) => (
  <li class={`event ${toneOf(event)}`}>
    <time class="event-time" dateTime={event.timestamp}>
      {event.timestamp.slice(11, 23)}
    </time>
    <span class="event-kind">{kindOf(event)}</span>
    <a class="event-story" href={storyHref(event.root_story_id)}>
      {event.story_name}
    </a>
    <span class="event-text" title={event.stage_path.join(" › ")}>
      {event.stage_name !== null && <strong>{event.stage_name} </strong>}
      {textOf(event)}
    </span>
    <span class="event-duration muted">{event.duration_seconds === null ? "" : duration(event.duration_seconds)}</span>
  </li>
)
