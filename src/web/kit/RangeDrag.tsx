/**
 * Choosing a part of time by dragging over something that shows time from left to right.
 */
import { useSignal } from "@preact/signals"
import type { ComponentChildren, Ref } from "preact"
import { type TimeRange, timeAt } from "./timeRange.js"

/** Shorter drags are clicks, in pixels. */
const leastDrag = 4

interface RangeDragProps {
  readonly class: string
  readonly title: string
  /** The time it shows. */
  readonly range: TimeRange
  readonly onRange: (range: TimeRange) => void
  /** At a double click. */
  readonly onReset: () => void
  readonly element: Ref<HTMLDivElement>
  readonly children?: ComponentChildren
}

export const RangeDrag = ({ children, element, onRange, onReset, range, ...rest }: RangeDragProps) => {
  const drag = useSignal<{ readonly start: number; readonly end: number } | undefined>(undefined)
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a shortcut for the mouse
    <div
      {...rest}
      ref={element}
      onPointerDown={(event) => {
        if (event.button !== 0) return
        const start = shareAt(event)
        drag.value = { start, end: start }
        event.currentTarget.setPointerCapture(event.pointerId)
        event.preventDefault()
      }}
      onPointerMove={(event) => {
        if (drag.value !== undefined) drag.value = { start: drag.value.start, end: shareAt(event) }
      }}
      onPointerUp={(event) => {
        if (drag.value === undefined) return
        const [a, b] = [drag.value.start, shareAt(event)]
        drag.value = undefined
        if (Math.abs(a - b) * event.currentTarget.clientWidth < leastDrag) return
        onRange({ from: timeAt(range, a), to: timeAt(range, b) })
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

const Shade = ({ end, start }: { readonly start: number; readonly end: number }) => (
  <div
    class="drag"
    style={{ "--left": `${Math.min(start, end) * 100}%`, "--width": `${Math.abs(end - start) * 100}%` }}
  />
)

const shareAt = ({ clientX, currentTarget }: { readonly clientX: number; readonly currentTarget: Element }): number => {
  const { left, width } = currentTarget.getBoundingClientRect()
  return Math.max(0, Math.min(1, (clientX - left) / Math.max(1, width)))
}
