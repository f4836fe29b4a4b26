/**
 * One story, as its HTML report shows it, also while it runs.
 */
import { useSignal } from "@preact/signals"
import { useEffect, useLayoutEffect, useRef } from "preact/hooks"
import type { ReportData } from "../../../renderer/html/pageData.js"
import { SearchField } from "../../kit/SearchField.js"
import { Failures } from "../../report/Failures.js"
import { Log } from "../../report/Log.js"
import { StagesCard } from "../../report/StagesCard.js"
import { StoryHeader } from "../../report/StoryHeader.js"
import { StoryState } from "../../report/storyState.js"
import { get } from "../api.js"
import { ErrorNotice } from "../Notice.js"
import { useKeys } from "../pageKeys.js"
import { printing } from "../printing.js"
import { hrefOf } from "../router.js"
import { useLoaded } from "../useLoaded.js"
import { storiesHref } from "./storyQuery.js"

/** How often a story that runs is looked at again, in milliseconds. */
const refreshEvery = 1_500

export const StoryView = ({ id }: { readonly id: string }) => {
  const report = useLoaded(`story ${id}`, (signal) =>
    get<ReportData>(`/api/v1/stories/${encodeURIComponent(id)}/report`, {}, signal)
  )
  const state = useStoryState(report.value)
  const isRunning = state?.tree.root?.node.seconds === undefined && state?.tree.story.unfinished !== true
  useEffect(() => {
    if (!isRunning || report.value === undefined) return
    const timer = setTimeout(report.reload, refreshEvery)
    return () => clearTimeout(timer)
  }, [report.value, isRunning])
  if (report.error !== undefined) {
    return <ErrorNotice what="The story could not be loaded" error={report.error} onRetry={report.reload} />
  }
  return state === undefined ? (
    <div class="answer" aria-busy="true" />
  ) : (
    <Story id={id} state={state} isRunning={isRunning} />
  )
}

/** The state of the story as it is now; what the reader chose stays as it was. */
const useStoryState = (data: ReportData | undefined): StoryState | undefined => {
  const latest = useRef<{ readonly data: ReportData; readonly state: StoryState }>(undefined)
  const [story] = data?.stories ?? []
  if (data !== undefined && story !== undefined && latest.current?.data !== data) {
    const state = new StoryState(story, null, printing)
    const before = latest.current?.state
    if (before !== undefined) state.view.adopt(before.view)
    latest.current = { data, state }
  }
  return latest.current?.state
}

interface StoryProps {
  readonly id: string
  readonly state: StoryState
  readonly isRunning: boolean
}

const Story = ({ id, isRunning, state }: StoryProps) => {
  const input = useRef<HTMLInputElement>(null)
  const text = useSignal("")
  useStoryKeys(state, input)
  // What is on the page stays, but the state that its size was written to does not.
  useLayoutEffect(() => state.waterfall.measure(), [state])
  const root = state.tree.root?.node
  const search = (query: string) => {
    text.value = query
    state.search(query)
  }
  return (
    <div class="layout story-view">
      <div class="story-bar">
        <a class="link" href={storiesHref({})}>
          Stories
        </a>
        <span class="muted" aria-hidden="true">
          /
        </span>
        <a class="link" href={storiesHref({ name: root?.name })}>
          {root?.name}
        </a>
        {root?.kind === "run" && (
          <a class="link" href={hrefOf(["runs"], { run: id })}>
            Its run
          </a>
        )}
        {isRunning && <span class="live-mark">running; this page follows</span>}
        <span class="story-bar-space" />
        <SearchField
          text={text}
          label="Search stages, errors and log"
          found={state.found}
          onText={search}
          onEnter={() => state.showFirstHit()}
          input={input}
        />
      </div>
      <div class="report">
        <StoryHeader tree={state.tree} title={state.title} show={state.show} showFailed={state.showFailed} />
        <Failures state={state} />
        <StagesCard state={state} />
        {state.tree.story.entries.length > 0 && <Log state={state.log} show={state.show} />}
      </div>
    </div>
  )
}

const useStoryKeys = (state: StoryState, input: { readonly current: HTMLInputElement | null }): void =>
  useKeys([
    { keys: ["j"], does: "Next stage", run: () => void state.waterfall.move(1) },
    { keys: ["k"], does: "Stage before", run: () => void state.waterfall.move(-1) },
    { keys: ["f"], does: "Next failure", run: () => state.nextFailure() },
    { keys: ["0"], does: "Show all of the time", run: () => state.view.resetZoom() },
    {
      keys: ["/"],
      does: "Search the story",
      run: () => {
        input.current?.focus()
        input.current?.select()
      }
    },
    {
      keys: ["Esc"],
      does: "Clear the search; close the details",
      run: () => {
        if (document.activeElement === input.current) input.current?.blur()
        else state.view.select(undefined)
      }
    }
  ])
