/**
 * All rows at once, very small: where time went, where it failed, and which part is in sight.
 */
import { useSignal } from "@preact/signals"
import { useLayoutEffect, useRef } from "preact/hooks"
import { percent } from "../kit/format.js"
import { RangeDrag } from "../kit/RangeDrag.js"
import { theme } from "../kit/theme.js"
import { useResize } from "../kit/useResize.js"
import { drawRows } from "./drawRows.js"
import type { WaterfallState } from "./waterfallState.js"

interface MinimapProps {
  readonly state: WaterfallState
}

export const Minimap = ({ state }: MinimapProps) => {
  const { view } = state
  const element = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const width = useSignal(0)
  useResize(element, ({ clientWidth }) => {
    width.value = clientWidth
  })
  useLayoutEffect(() => {
    if (canvas.current !== null) drawRows(canvas.current, view.rows.value, view.tree.span, width.value)
  }, [view.rows.value, width.value, theme.value])
  return (
    <RangeDrag
      class="minimap"
      title="Drag to zoom, double-click to see all"
      range={view.whole}
      onRange={(range) => view.zoom(range)}
      onReset={() => view.resetZoom()}
      element={element}
    >
      <canvas ref={canvas} aria-hidden="true" />
      <InSight state={state} />
    </RangeDrag>
  )
}

/** The part of time and of the rows that the waterfall shows. */
const InSight = ({ state: { inSight, view } }: MinimapProps) => {
  const { from, to } = view.range
  const { span } = view.tree
  const height = inSight.totalHeight
  return (
    <div
      class="minimap-window"
      style={{
        "--left": percent(from / span),
        "--width": percent((to - from) / span),
        ...(height > 0 && {
          "--top": percent(inSight.scrollTop.value / height),
          "--height": percent(Math.min(1, inSight.height.value / height))
        })
      }}
    />
  )
}
