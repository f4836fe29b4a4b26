/**
 * Choosing a part of time by dragging over something that shows time from left to right.
 */

import type { Range, View } from "../report/View.js"
import { h } from "./Dom.js"

/** Shorter drags are clicks, in pixels. */
const leastDrag = 4

export const rangeDrag = (element: HTMLElement, view: View, shown: () => Range): void => {
  const shade = h("div", { class: "drag" })
  let start: number | undefined
  const share = (event: PointerEvent) => {
    const { left, width } = element.getBoundingClientRect()
    return Math.max(0, Math.min(1, (event.clientX - left) / Math.max(1, width)))
  }
  const timeAt = (at: number) => shown().from + at * (shown().to - shown().from)
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return
    start = share(event)
    element.setPointerCapture(event.pointerId)
    event.preventDefault()
  })
  element.addEventListener("pointermove", (event) => {
    if (start === undefined) return
    const at = share(event)
    shade.style.setProperty("--left", `${Math.min(start, at) * 100}%`)
    shade.style.setProperty("--width", `${Math.abs(at - start) * 100}%`)
    if (!shade.isConnected) element.append(shade)
  })
  const end = (event: PointerEvent) => {
    if (start === undefined) return
    const [a, b] = [start, share(event)]
    start = undefined
    shade.remove()
    if (Math.abs(a - b) * element.clientWidth >= leastDrag) view.zoom({ from: timeAt(a), to: timeAt(b) })
  }
  element.addEventListener("pointerup", end)
  element.addEventListener("pointercancel", () => {
    start = undefined
    shade.remove()
  })
  element.addEventListener("dblclick", () => view.zoom(view.whole))
}
