/**
 * The stages: the waterfall, and the details of the selected one.
 */
import { Inspector } from "./Inspector.js"
import type { StoryState } from "./storyState.js"
import { isFailed } from "./tree.js"
import type { View } from "./view.js"
import { Waterfall } from "./Waterfall.js"

export const StagesCard = ({ state }: { readonly state: StoryState }) => {
  const { view } = state
  const isInspecting = view.selected !== undefined
  return (
    <section class="card stages" aria-labelledby="stages-title">
      <header class="card-head">
        <h2 id="stages-title">Stages</h2>
        <Tools view={view} />
      </header>
      <div class={isInspecting ? "waterfall-body inspecting" : "waterfall-body"}>
        <Waterfall state={state.waterfall} />
        <Inspector view={view} failures={state.failures} />
      </div>
    </section>
  )
}

const Tools = ({ view }: { readonly view: View }) => {
  const { nodes } = view.tree
  const isNested = nodes.some(({ children, depth }) => depth > 0 && children.length > 0)
  const failed = nodes.filter(({ node }) => isFailed(node)).length
  return (
    <div class="card-tools">
      <button
        type="button"
        class="button small"
        title="Reset zoom (0)"
        hidden={!view.isZoomed}
        onClick={() => view.resetZoom()}
      >
        Reset zoom
      </button>
      {failed > 0 && failed < nodes.length && (
        <button
          type="button"
          class="button small"
          aria-pressed={view.failedOnly}
          onClick={() => view.showFailedOnly(!view.failedOnly)}
        >
          Failed only
        </button>
      )}
      {isNested && (
        <>
          <button type="button" class="button small" onClick={() => view.collapseAll()}>
            Collapse
          </button>
          <button type="button" class="button small" onClick={() => view.expandAll()}>
            Expand
          </button>
        </>
      )}
    </div>
  )
}
