/**
 * The page of a report: the open story, beside a list where there are several.
 */
import { KeyList } from "../kit/KeyList.js"
import { SearchField } from "../kit/SearchField.js"
import { TopBar } from "../kit/TopBar.js"
import { PageFoot } from "./PageFoot.js"
import type { ReportState } from "./reportState.js"
import { StoryList } from "./StoryList.js"
import { StoryPage } from "./StoryPage.js"

interface ReportPageProps {
  readonly state: ReportState
}

export const ReportPage = ({ state }: ReportPageProps) => {
  const { data, isList } = state
  return (
    <>
      <a class="skip" href="#main">
        Skip to the story
      </a>
      <ReportBar state={state} />
      <div class={isList ? "layout with-list" : "layout"}>
        {isList && (
          <StoryList
            stories={state.stories}
            title={data.title ?? "Stories"}
            omitted={data.omittedStories}
            current={state.openHref}
          />
        )}
        <div class="body">
          {state.open.value !== undefined && <StoryPage key={state.openHref} state={state.open.value} />}
        </div>
      </div>
      <PageFoot writtenAt={data.writtenAt} />
      <KeyList
        isOpen={state.areKeysShown}
        keys={[
          ...state.keys,
          { keys: ["↑", "↓", "←", "→"], does: "In the waterfall: move, close and open" },
          { keys: ["drag"], does: "On the time scale: zoom" }
        ]}
      />
    </>
  )
}

const ReportBar = ({ state }: ReportPageProps) => (
  <TopBar
    role="search"
    tools={
      <button
        type="button"
        class="plain"
        title="Keys (?)"
        aria-label="Keys"
        onClick={() => {
          state.areKeysShown.value = true
        }}
      >
        ?
      </button>
    }
  >
    <SearchField
      text={state.searchText}
      label="Search stages, errors and log"
      found={state.found}
      onText={state.type}
      onEnter={state.enter}
      input={state.searchInput}
    />
  </TopBar>
)
