/**
 * One story: how it ended, what failed, its stages and its log.
 */
import { Failures } from "./Failures.js"
import { Log } from "./Log.js"
import { StagesCard } from "./StagesCard.js"
import { StoryHeader } from "./StoryHeader.js"
import type { StoryState } from "./storyState.js"

export const StoryPage = ({ state }: { readonly state: StoryState }) => (
  <main class="report" id="main">
    <StoryHeader tree={state.tree} title={state.title} show={state.show} showFailed={state.showFailed} />
    <Failures state={state} />
    <StagesCard state={state} />
    {state.tree.story.entries.length > 0 && <Log state={state.log} show={state.show} />}
  </main>
)
