/**
 * The stages over time: a row for each, of which only those in sight are in the document.
 */
import { useLayoutEffect } from "preact/hooks"
import { TimeRuler } from "../kit/TimeRuler.js"
import { useResize } from "../kit/useResize.js"
import { Minimap } from "./Minimap.js"
import { WaterfallRow } from "./WaterfallRow.js"
import { clicked, pressed } from "./waterfallInput.js"
import { rowId, type WaterfallState } from "./waterfallState.js"

/** From here on a small picture of the whole helps to find one's way. */
const minimapFrom = 40

interface WaterfallProps {
  readonly state: WaterfallState
}

export const Waterfall = ({ state }: WaterfallProps) => {
  const { view } = state
  return (
    <div class="waterfall" ref={state.element}>
      {view.tree.nodes.length >= minimapFrom && <Minimap state={state} />}
      <div class="waterfall-head" aria-hidden="true">
        <div class="head-name">Stage</div>
        <div class="head-duration">Duration</div>
        <TimeRuler
          range={view.range}
          step={state.tickStep.value}
          onRange={(range) => view.zoom(range)}
          onReset={() => view.resetZoom()}
          element={state.ruler}
        />
      </div>
      <Scroller state={state} />
    </div>
  )
}

const Scroller = ({ state }: WaterfallProps) => {
  const { inSight, scroller, view } = state
  const { from, to } = view.range
  const pixels = state.laneWidth.value / (to - from)
  useResize(scroller, () => state.measure())
  return (
    <div
      ref={scroller}
      class={inSight.count.value === 0 ? "scroller empty" : "scroller"}
      id="waterfall"
      role="treegrid"
      tabIndex={0}
      aria-label="Stages"
      aria-readonly="true"
      aria-rowcount={inSight.count.value}
      aria-activedescendant={state.isSelectedInSight ? rowId(view.selected) : undefined}
      style={{
        "--tick-size": `${pixels * state.tickStep.value}px`,
        "--tick-from": `${-pixels * (from % state.tickStep.value)}px`
      }}
      onClick={({ target }) => clicked(target, view)}
      onScroll={({ currentTarget }) => inSight.measure(currentTarget)}
      onKeyDown={(event) => {
        if (event.altKey || event.ctrlKey || event.metaKey) return
        if (pressed(event.key, state)) event.preventDefault()
      }}
    >
      <Rows state={state} />
    </div>
  )
}

const Rows = ({ state }: WaterfallProps) => {
  const { inSight, scroller, view } = state
  const rows = view.rows.value
  const first = inSight.first.value
  useLayoutEffect(() => {
    // Where there are fewer rows than before, the browser has scrolled up.
    if (scroller.current !== null) inSight.measure(scroller.current)
  }, [rows])
  return (
    <div class="rows" role="presentation" style={{ "--height": `${inSight.totalHeight}px` }}>
      {rows.slice(first, inSight.end.value).map((item, i) => (
        <WaterfallRow key={item.node.id} item={item} at={first + i} top={(first + i) * inSight.rowHeight} view={view} />
      ))}
    </div>
  )
}
