/**
 * All rows at once, very small: where time went, where it failed, and which part is in sight.
 */
import { h } from "../kit/Dom.js"
import { rangeDrag } from "../kit/RangeDrag.js"
import { isFailed, type TreeNode } from "./Tree.js"
import type { View } from "./View.js"

const height = 56

export class Minimap {
  readonly element: HTMLElement
  readonly #view: View
  readonly #picture: HTMLCanvasElement
  readonly #window: HTMLElement
  #rows: ReadonlyArray<TreeNode> = []

  constructor(view: View) {
    this.#view = view
    this.#picture = h("canvas", { attributes: { "aria-hidden": "true" } })
    this.#window = h("div", { class: "minimap-window" })
    this.element = h(
      "div",
      { class: "minimap", title: "Drag to zoom, double-click to see all" },
      this.#picture,
      this.#window
    )
    rangeDrag(this.element, view, () => view.whole)
    new ResizeObserver(() => this.draw(this.#rows)).observe(this.element)
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw(this.#rows))
    document.addEventListener("themechange", () => this.draw(this.#rows))
  }

  draw(rows: ReadonlyArray<TreeNode>): void {
    this.#rows = rows
    const width = this.element.clientWidth
    const scale = devicePixelRatio || 1
    this.#picture.width = Math.round(width * scale)
    this.#picture.height = Math.round(height * scale)
    const context = this.#picture.getContext("2d")
    if (context === null || width === 0) return
    context.scale(scale, scale)
    const colours = {
      bar: this.#colour("--bar"),
      failed: this.#colour("--fail"),
      cancelled: this.#colour("--cancel"),
      story: this.#colour("--story")
    }
    const { span } = this.#view.tree
    const thickness = Math.max(0.6, Math.min(3, (height - 6) / Math.max(1, rows.length)))
    // Failures last: a picture of thousands of rows must still show the one that failed.
    for (const failed of [false, true]) {
      for (const [i, { end, node }] of rows.entries()) {
        if (isFailed(node) !== failed) continue
        context.globalAlpha = failed || rows.length < 400 ? 0.95 : 0.6
        context.fillStyle = failed
          ? colours.failed
          : node.status === "cancelled"
            ? colours.cancelled
            : node.story === undefined
              ? colours.bar
              : colours.story
        const x = (node.start / span) * width
        const y = 3 + (i / Math.max(1, rows.length)) * (height - 6)
        context.fillRect(
          x,
          y,
          Math.max(failed ? 2.5 : 0.8, ((end - node.start) / span) * width),
          failed ? Math.max(2.5, thickness) : thickness
        )
      }
    }
  }

  /** As the theme in force has it. */
  #colour(name: string): string {
    this.#window.style.setProperty("color", `var(${name})`)
    return getComputedStyle(this.#window).color
  }

  /** Shows which part of time and of the rows is in sight. */
  follow(scrollTop = 0, clientHeight = 0, scrollHeight = 0): void {
    const { from, to } = this.#view.range
    const { span } = this.#view.tree
    const style = this.#window.style
    style.setProperty("--left", `${(from / span) * 100}%`)
    style.setProperty("--width", `${((to - from) / span) * 100}%`)
    if (scrollHeight === 0) return
    style.setProperty("--top", `${(scrollTop / scrollHeight) * 100}%`)
    style.setProperty("--height", `${Math.min(1, clientHeight / scrollHeight) * 100}%`)
  }
}
