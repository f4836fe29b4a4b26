/**
 * What runs now, and the events as they happen.
 */
import { useSignal } from "@preact/signals"
import { useEffect } from "preact/hooks"
import type { LiveJson } from "../../../server/readModels.js"
import { count } from "../../kit/format.js"
import { get } from "../api.js"
import { ErrorNotice } from "../Notice.js"
import { useLoaded } from "../useLoaded.js"
import { EventList } from "./EventList.js"
import { RunningRun, RunningStory } from "./Running.js"

/** How often what runs is asked for, in milliseconds. */
const refreshEvery = 2_000
/** How often the time that something takes is written anew, in milliseconds. */
const tickEvery = 1_000

/** Events that happened before the view was opened, and are shown all the same. The server counts them: cursors have gaps. */
const recent = 50

export const LiveView = () => {
  const live = useLoaded("live", (signal) => get<LiveJson>("/api/v1/live", { limit: 60, recent }, signal))
  const now = useNow()
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") live.reload()
    }, refreshEvery)
    return () => clearInterval(timer)
  }, [])
  const { error, value } = live
  if (value === undefined) {
    return error === undefined ? (
      <div class="answer" aria-busy="true" />
    ) : (
      <ErrorNotice what="What runs now could not be loaded" error={error} onRetry={live.reload} />
    )
  }
  // A run is its story, where it has one.
  const narrated = new Set(value.stories.map(({ story }) => story.story_id))
  const runs = value.runs.filter(({ event_id, story_id }) => !narrated.has(story_id ?? event_id))
  return (
    <div class="live">
      <section class="live-now" aria-labelledby="live-now">
        <div class="section-head">
          <h2 id="live-now">Running now</h2>
          <span class="muted">{runningText(value.stories.length, runs.length)}</span>
          {error !== undefined && <span class="lost">{error.message}</span>}
        </div>
        {value.stories.length + runs.length === 0 && (
          <p class="live-idle muted">Nothing runs at the moment. What begins is shown here at once.</p>
        )}
        <ul class="running">
          {value.stories.map((story) => (
            <RunningStory key={story.story.story_id} live={story} now={now} />
          ))}
          {runs.map((run) => (
            <RunningRun key={run.event_id} run={run} now={now} />
          ))}
        </ul>
      </section>
      <EventList after={value.cursor} />
    </div>
  )
}

const runningText = (stories: number, runs: number): string =>
  [stories > 0 ? count(stories, "story", "stories") : "", runs > 0 ? count(runs, "run") : ""]
    .filter((text) => text !== "")
    .join(", ")

const useNow = (): number => {
  const now = useSignal(Date.now())
  useEffect(() => {
    const timer = setInterval(() => {
      now.value = Date.now()
    }, tickEvery)
    return () => clearInterval(timer)
  }, [])
  return now.value
}
