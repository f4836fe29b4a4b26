/**
 * The stages over time: a row for each, of which only those in sight are in the document.
 */
import type { StoryFacts } from "../../renderer/html/pageData.js"
import { flash, h, icon } from "../kit/Dom.js"
import { duration, tickStep } from "../kit/Format.js"
import { rangeDrag } from "../kit/RangeDrag.js"
import { labelOf, mark } from "../kit/Status.js"
import { Minimap } from "./Minimap.js"
import { isFailed, rowsOf, type TreeNode } from "./Tree.js"
import type { View } from "./View.js"

const rowHeight = 30
/** Rows kept above and below those in sight. */
const overscan = 10
/** Most rows on paper. */
const maxPrinted = 400
/** From here on a small picture of the whole helps to find one's way. */
const minimapFrom = 40

export class Waterfall {
  readonly element: HTMLElement
  readonly #view: View
  readonly #scroller: HTMLElement
  readonly #canvas: HTMLElement
  readonly #ruler: HTMLElement
  readonly #minimap: Minimap | undefined
  #rows: ReadonlyArray<TreeNode> = []
  #position = new Map<number, number>()
  #shown = new Map<number, HTMLElement>()
  #frame: number | undefined
  #printing = false

  constructor(view: View) {
    this.#view = view
    this.#canvas = h("div", { class: "rows", attributes: { role: "presentation" } })
    this.#ruler = h("div", { class: "ruler", title: "Drag to zoom" })
    this.#scroller = h(
      "div",
      {
        class: "scroller",
        id: "waterfall",
        attributes: { role: "treegrid", tabindex: 0, "aria-label": "Stages", "aria-readonly": "true" },
        on: {
          scroll: () => this.#soon(),
          keydown: (event: KeyboardEvent) => this.#key(event),
          click: (event: MouseEvent) => this.#click(event)
        }
      },
      this.#canvas
    )
    this.#minimap = view.tree.nodes.length >= minimapFrom ? new Minimap(view) : undefined
    this.element = h(
      "div",
      { class: "waterfall" },
      this.#minimap?.element,
      h(
        "div",
        { class: "waterfall-head", attributes: { "aria-hidden": "true" } },
        h("div", { class: "head-name" }, "Stage"),
        h("div", { class: "head-duration" }, "Duration"),
        this.#ruler
      ),
      this.#scroller
    )
    rangeDrag(this.#ruler, view, () => view.range)
    this.#layout()
    view.listen((change) => {
      if (change === "search" || change === "rows") {
        this.#layout()
        // What was chosen among the hits must not be lost among all rows.
        if (change === "search" && view.hits === undefined) this.reveal()
      } else if (change === "selection") this.#refresh()
      else this.#rescale()
    })
    new ResizeObserver(() => this.#rescale()).observe(this.#scroller)
  }

  get rows(): ReadonlyArray<TreeNode> {
    return this.#rows
  }

  /** Moves the selection by so many rows. */
  move(step: number): void {
    const { selected } = this.#view
    const at = selected === undefined ? undefined : this.#position.get(selected)
    const next = at === undefined ? (step > 0 ? 0 : this.#rows.length - 1) : at + step
    const row = this.#rows[Math.max(0, Math.min(this.#rows.length - 1, next))]
    if (row !== undefined) this.#view.select(row.node.id)
    this.reveal()
    this.#selectedRow?.scrollIntoView({ block: "nearest" })
  }

  get #selectedRow(): HTMLElement | undefined {
    return this.#view.selected === undefined ? undefined : this.#shown.get(this.#view.selected)
  }

  /** Brings the selected row into sight. */
  reveal(): void {
    const at = this.#view.selected === undefined ? undefined : this.#position.get(this.#view.selected)
    if (at === undefined) return
    const { clientHeight, scrollTop } = this.#scroller
    const top = at * rowHeight
    if (top < scrollTop + rowHeight) this.#scroller.scrollTop = top - rowHeight
    else if (top > scrollTop + clientHeight - 2 * rowHeight) {
      this.#scroller.scrollTop = top - clientHeight + 2 * rowHeight
    }
    this.#render()
  }

  flash(id: number): void {
    this.reveal()
    const row = this.#shown.get(id)
    if (row === undefined) return
    row.scrollIntoView({ block: "nearest" })
    flash(row)
  }

  print(printing: boolean): void {
    this.#printing = printing
    this.#refresh()
  }

  #layout(): void {
    this.#rows = rowsOf(this.#view.tree, this.#view.collapsed, this.#view.hits)
    this.#position = new Map(this.#rows.map(({ node }, i) => [node.id, i]))
    this.#scroller.setAttribute("aria-rowcount", String(this.#rows.length))
    this.#canvas.style.setProperty("--height", `${this.#rows.length * rowHeight}px`)
    this.#scroller.classList.toggle("empty", this.#rows.length === 0)
    this.#rescale()
    this.#minimap?.draw(this.#rows)
  }

  #rescale(): void {
    const { from, to } = this.#view.range
    const width = this.#ruler.clientWidth
    const step = tickStep(to - from, Math.max(2, Math.floor(width / 110)))
    const ticks: Array<HTMLElement> = []
    for (let at = Math.ceil(from / step) * step; at <= to + step * 1e-6 && ticks.length < 60; at += step) {
      const left = (at - from) / (to - from)
      const isLast = left > 0.94
      ticks.push(
        h("span", { class: isLast ? "tick last" : "tick", vars: { "--left": percent(left) } }, duration(at / 1_000))
      )
    }
    this.#ruler.replaceChildren(...ticks)
    this.#scroller.style.setProperty("--tick", percent(step / (to - from)))
    this.#scroller.style.setProperty("--tick-size", `${(width * step) / (to - from)}px`)
    this.#scroller.style.setProperty("--tick-from", `${(-width * (from % step)) / (to - from)}px`)
    this.#refresh()
    this.#minimap?.follow()
  }

  #soon(): void {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined
      this.#render()
    })
  }

  /** Draws every row in sight afresh. */
  #refresh(): void {
    this.#shown.clear()
    this.#canvas.replaceChildren()
    this.#render()
  }

  #render(): void {
    const { clientHeight, scrollTop } = this.#scroller
    const first = this.#printing ? 0 : Math.max(0, Math.floor(scrollTop / rowHeight) - overscan)
    const last = this.#printing ? maxPrinted : Math.ceil((scrollTop + clientHeight) / rowHeight) + overscan
    const wanted = new Map<number, HTMLElement>()
    for (let i = first; i < Math.min(this.#rows.length, last); i++) {
      const row = this.#rows[i]
      if (row === undefined) continue
      const element = this.#shown.get(row.node.id) ?? this.#canvas.appendChild(this.#row(row, i))
      wanted.set(row.node.id, element)
    }
    for (const [id, element] of this.#shown) if (!wanted.has(id)) element.remove()
    this.#shown = wanted
    const { selected } = this.#view
    const isInSight = selected !== undefined && wanted.has(selected)
    if (isInSight) this.#scroller.setAttribute("aria-activedescendant", `row-${selected}`)
    else this.#scroller.removeAttribute("aria-activedescendant")
    this.#minimap?.follow(scrollTop, clientHeight, this.#rows.length * rowHeight)
  }

  #row(item: TreeNode, at: number): HTMLElement {
    const { node } = item
    const isOpen = !this.#view.collapsed.has(node.id)
    const hasChildren = item.children.length > 0
    const retries = node.retries?.length ?? 0
    const isHit = this.#view.hits?.has(node.id) === true
    return h(
      "div",
      {
        id: `row-${node.id}`,
        class: [
          "row",
          node.id === this.#view.selected && "selected",
          node.story !== undefined && "is-story",
          isFailed(node) && "is-failed",
          isHit && "hit"
        ]
          .filter(Boolean)
          .join(" "),
        vars: { "--top": `${at * rowHeight}px`, "--depth": String(Math.min(item.depth, 24)) },
        attributes: {
          role: "row",
          "data-id": node.id,
          "aria-rowindex": at + 1,
          "aria-level": item.depth + 1,
          "aria-selected": node.id === this.#view.selected ? "true" : "false",
          "aria-expanded": hasChildren ? String(isOpen) : undefined
        }
      },
      h(
        "div",
        { class: "cell-name", attributes: { role: "gridcell" } },
        h("span", { class: "guides" }),
        h(
          "span",
          {
            class: `twist${hasChildren ? (isOpen ? " open" : "") : " none"}`,
            attributes: { "data-twist": hasChildren }
          },
          hasChildren ? icon("caret") : null
        ),
        mark(node.status),
        h("span", { class: "name", title: node.name }, node.name),
        node.story !== undefined && item.depth > 0 && [detail(node.story), h("span", { class: "tag" }, "story")],
        node.kind !== undefined && h("span", { class: "tag" }, node.kind),
        retries > 0 && h("span", { class: "tag retry", title: `${retries} retries` }, icon("retry"), String(retries)),
        node.orphaned === true && h("span", { class: "tag" }, "orphaned"),
        !isOpen && item.hasFailure && h("span", { class: "tag failed" }, "failure inside")
      ),
      h(
        "div",
        { class: "cell-duration", attributes: { role: "gridcell" } },
        node.seconds === undefined ? "running" : duration(node.seconds)
      ),
      h("div", { class: "lane", attributes: { role: "gridcell" } }, this.#bar(item))
    )
  }

  #bar(item: TreeNode): ReadonlyArray<HTMLElement> {
    const { from, to } = this.#view.range
    const { node } = item
    const at = (millis: number) => (millis - from) / (to - from)
    const left = Math.max(0, at(node.start))
    const right = Math.min(1, at(item.end))
    if (right < 0 || left > 1) {
      return [h("span", { class: left > 1 ? "beyond right" : "beyond" }, left > 1 ? "›" : "‹")]
    }
    const parts: Array<HTMLElement> = []
    const bar = h("span", {
      class: `bar s-${node.status}${node.story === undefined ? "" : " of-story"}${node.orphaned === true ? " orphaned" : ""}`,
      title: `${node.name}\n${labelOf(node)}, ${node.seconds === undefined ? "running" : duration(node.seconds)}, from +${duration(node.start / 1_000)}`,
      vars: { "--left": percent(left), "--width": percent(Math.max(0, right - left)) }
    })
    parts.push(bar)
    const { progress, retries = [] } = node
    if (progress !== undefined && progress.total !== null && progress.total > 0 && node.status !== "completed") {
      const done = Math.min(1, progress.done / progress.total)
      bar.append(h("span", { class: "done", vars: { "--done": percent(done) } }))
    }
    for (const retry of retries) {
      // It is told when the wait is over: as the next attempt begins.
      const begin = Math.max(left, at(retry.at - retry.delaySeconds * 1_000))
      const end = at(retry.at)
      if (end < 0 || begin > 1) continue
      parts.push(
        h("span", {
          class: "retry-mark",
          title: `attempt ${retry.attempt} after ${duration(retry.delaySeconds)}: ${retry.reason}`,
          vars: { "--left": percent(begin), "--width": percent(Math.max(0, Math.min(1, end) - begin)) }
        })
      )
    }
    for (const entry of item.entries.slice(0, maxDots)) {
      const place = at(entry.at)
      if (place < 0 || place > 1) continue
      parts.push(
        h("span", {
          class: `dot l-${entry.note === true ? "note" : (entry.level ?? "INFO").toLowerCase()}`,
          title: entry.text.slice(0, 200),
          vars: { "--left": percent(place) }
        })
      )
    }
    if (right > 0.86 && left > 0.14) parts.push(label(item, "before", 1 - left))
    else if (right > 0.86) parts.push(label(item, "inside", left))
    else parts.push(label(item, "after", right))
    return parts
  }

  #click(event: MouseEvent): void {
    const target = event.target instanceof Element ? event.target : undefined
    const id = Number(target?.closest("[data-id]")?.getAttribute("data-id") ?? Number.NaN)
    if (Number.isNaN(id)) return
    const isTwist = target?.closest("[data-twist]") !== null
    if (isTwist) this.#view.toggle(id)
    else this.#view.select(this.#view.selected === id ? undefined : id)
  }

  #key(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    const { selected } = this.#view
    const item = selected === undefined ? undefined : this.#view.tree.byId.get(selected)
    const page = Math.max(1, Math.floor(this.#scroller.clientHeight / rowHeight) - 2)
    switch (event.key) {
      case "ArrowDown":
        this.move(1)
        break
      case "ArrowUp":
        this.move(-1)
        break
      case "PageDown":
        this.move(page)
        break
      case "PageUp":
        this.move(-page)
        break
      case "Home":
        this.move(-this.#rows.length)
        break
      case "End":
        this.move(this.#rows.length)
        break
      case "ArrowRight":
        if (item === undefined) return
        if (this.#view.collapsed.has(item.node.id)) this.#view.toggle(item.node.id, false)
        else if (item.children.length > 0) this.move(1)
        break
      case "ArrowLeft":
        if (item === undefined) return
        if (item.children.length > 0 && !this.#view.collapsed.has(item.node.id)) this.#view.toggle(item.node.id, true)
        else if (item.parent !== undefined) {
          this.#view.select(item.parent.node.id)
          this.reveal()
        }
        break
      default:
        return
    }
    event.preventDefault()
  }
}

/** What tells sub-stories of one name apart. */
const detail = ({ labels }: StoryFacts): HTMLElement | null => {
  const text = Object.values(labels).join(" · ")
  return text === "" ? null : h("span", { class: "detail", title: text }, text)
}

/** Most log lines and notes marked on one bar. */
const maxDots = 40

const label = ({ node }: TreeNode, place: "after" | "before" | "inside", at: number): HTMLElement =>
  h(
    "span",
    { class: `bar-label ${place}`, vars: { "--at": percent(at) } },
    node.error === undefined ? (node.seconds === undefined ? "" : duration(node.seconds)) : node.error.type
  )

const percent = (share: number): string => `${(share * 100).toFixed(4)}%`
