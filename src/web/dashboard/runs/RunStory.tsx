/**
 * The story that a run is: what failed, its stages and its log, as a report shows them.
 */
import { signal } from "@preact/signals"
import type { VNode } from "preact"
import { useMemo } from "preact/hooks"
import type { ReportData } from "../../../renderer/html/pageData.js"
import { Failures } from "../../report/Failures.js"
import { Log } from "../../report/Log.js"
import { StagesCard } from "../../report/StagesCard.js"
import { StoryState } from "../../report/storyState.js"
import { get } from "../api.js"
import { ErrorNotice } from "../Notice.js"
import { useLoaded } from "../useLoaded.js"

/** What is open beside a list is not printed as a whole. */
const printing = signal(false)

interface RunStoryProps {
  readonly id: string
  /** Where the story has no report of what failed. */
  readonly otherwise: VNode
}

export const RunStory = ({ id, otherwise }: RunStoryProps) => {
  const loaded = useLoaded(id, (signal) =>
    get<ReportData>(`/api/v1/stories/${encodeURIComponent(id)}/report`, {}, signal)
  )
  const story = loaded.value?.stories[0]
  const state = useMemo(() => story && new StoryState(story, null, printing), [story])
  // A run may be known whose story is not: it was recorded elsewhere, or is too old.
  if (loaded.error?.status === 404) return otherwise
  if (loaded.error !== undefined) {
    return <ErrorNotice what="The story could not be loaded" error={loaded.error} onRetry={loaded.reload} />
  }
  if (state === undefined) return loaded.isLoading ? null : otherwise
  return (
    <>
      {state.tree.story.failures.length > 0 ? <Failures state={state} /> : otherwise}
      <StagesCard state={state} />
      {state.tree.story.entries.length > 0 && <Log state={state.log} show={state.show} />}
    </>
  )
}
