/**
 * Choosing a part of time by dragging over something that shows time from left to right.
 */
import { useSignal } from "@preact/signals"
import type { ComponentChildren, Ref } from "preact"
import { type TimeRange, timeAt } from "./timeRange.js"

/** Shorter drags are clicks: a share of the width. */
const leastDrag = 0.005

/** Shares of the width: 0 to 1. */
interface Drag {
  readonly start: number
  readonly end: number
}

interface RangeDragProps {
  readonly class: string
  readonly title: string
  /** The time it shows. */
  readonly range: TimeRange
  readonly onRange: (range: TimeRange) => void
  /** At a double click. */
  readonly onReset?: () => void
  readonly element: Ref<HTMLDivElement>
  readonly style?: { readonly [name: string]: string }
  readonly children?: ComponentChildren
}

export const RangeDrag = ({ children, element, onRange, onReset, range, ...rest }: RangeDragProps) => {
  const drag = useSignal<Drag | undefined>(undefined)
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a shortcut for the mouse
    <div
      {...rest}
      ref={element}
      onPointerDown={(event) => {
        if (event.button !== 0) return
        const start = shareAt(event)
        drag.value = { start, end: start }
        event.preventDefault()
      }}
      onPointerMove={(event) => {
        // Without a button it was let go of outside.
        if (drag.value === undefined || event.buttons === 0) return
        drag.value = { ...drag.value, end: shareAt(event) }
        // Not before it is a drag: what is captured does not reach what was clicked.
        if (isDrag(drag.value)) event.currentTarget.setPointerCapture(event.pointerId)
      }}
      onPointerUp={() => {
        const done = drag.value
        drag.value = undefined
        if (done !== undefined && isDrag(done)) {
          onRange({ from: timeAt(range, done.start), to: timeAt(range, done.end) })
        }
      }}
      onPointerCancel={() => {
        drag.value = undefined
      }}
      onDblClick={onReset}
    >
      {children}
      {drag.value !== undefined && <Shade {...drag.value} />}
    </div>
  )
}

const isDrag = ({ end, start }: Drag): boolean => Math.abs(start - end) >= leastDrag

const Shade = ({ end, start }: Drag) => (
  <div
    class="drag"
    style={{ "--left": `${Math.min(start, end) * 100}%`, "--width": `${Math.abs(end - start) * 100}%` }}
  />
)

const shareAt = ({ clientX, currentTarget }: { readonly clientX: number; readonly currentTarget: Element }): number => {
  const { left, width } = currentTarget.getBoundingClientRect()
  return Math.max(0, Math.min(1, (clientX - left) / Math.max(1, width)))
}
