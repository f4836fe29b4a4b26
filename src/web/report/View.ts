/**
 * What the reader is looking at: the selected stage, the search, the part of time. Parts of the page listen to it.
 */
import type { Tree } from "./Tree.js"

export interface Range {
  /** In milliseconds since the root story began. */
  readonly from: number
  readonly to: number
}

export type Change = "selection" | "search" | "range" | "rows"

export class View {
  readonly collapsed = new Set<number>()
  #selected: number | undefined
  #query = ""
  #hits: ReadonlySet<number> | undefined
  #range: Range
  readonly #listeners: Array<(change: Change) => void> = []
  #texts: ReadonlyMap<number, string> | undefined

  constructor(readonly tree: Tree) {
    this.#range = this.whole
  }

  listen(listener: (change: Change) => void): void {
    this.#listeners.push(listener)
  }

  #changed(change: Change): void {
    for (const listener of this.#listeners) listener(change)
  }

  get selected(): number | undefined {
    return this.#selected
  }

  /** Also makes it visible: nothing around it stays collapsed. */
  select(id: number | undefined): void {
    this.#selected = id
    let opened = false
    const item = id === undefined ? undefined : this.tree.byId.get(id)
    for (let above = item?.parent; above !== undefined; above = above.parent) {
      opened = this.collapsed.delete(above.node.id) || opened
    }
    if (opened) this.#changed("rows")
    this.#changed("selection")
  }

  toggle(id: number, collapse = !this.collapsed.has(id)): void {
    if (collapse) this.collapsed.add(id)
    else this.collapsed.delete(id)
    this.#changed("rows")
  }

  /** Collapses everything that stands in something else than the root story, or opens everything. */
  collapseAll(collapse: boolean): void {
    this.collapsed.clear()
    if (collapse) {
      for (const { children, depth, node } of this.tree.nodes) {
        if (depth > 0 && children.length > 0) this.collapsed.add(node.id)
      }
    }
    this.#changed("rows")
  }

  get whole(): Range {
    return { from: 0, to: this.tree.span }
  }

  get range(): Range {
    return this.#range
  }

  get isZoomed(): boolean {
    return this.#range.from > 0 || this.#range.to < this.tree.span
  }

  zoom(range: Range): void {
    const least = Math.max(this.tree.span / 1_000_000, 0.001)
    const from = Math.max(0, Math.min(range.from, range.to, this.tree.span - least))
    this.#range = { from, to: Math.min(this.tree.span, Math.max(range.from, range.to, from + least)) }
    this.#changed("range")
  }

  get query(): string {
    return this.#query
  }

  /** The nodes that the search finds, or `undefined` without one. */
  get hits(): ReadonlySet<number> | undefined {
    return this.#hits
  }

  search(query: string): void {
    this.#query = query.trim().toLowerCase()
    this.#hits = this.#query === "" ? undefined : this.#find(this.#query)
    this.#changed("search")
  }

  finds(text: string): boolean {
    return text.toLowerCase().includes(this.#query)
  }

  #find(query: string): ReadonlySet<number> {
    this.#texts ??= new Map(
      this.tree.nodes.map(({ node }) => [
        node.id,
        [node.name, node.kind, node.error?.type, node.error?.message, attributesText(node.attributes), node.spanId]
          .join("\n")
          .toLowerCase()
      ])
    )
    const hits = new Set<number>()
    for (const [id, text] of this.#texts) if (text.includes(query)) hits.add(id)
    return hits
  }
}

const attributesText = (attributes: object | undefined): string =>
  attributes === undefined ? "" : JSON.stringify(attributes)
