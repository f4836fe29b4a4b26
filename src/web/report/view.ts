/**
 * What the reader is looking at: the selected stage, what is collapsed, the search, the part of time.
 */
import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals"
import { type TimeRange, within } from "../kit/timeRange.js"
import { searchIndex } from "./searchIndex.js"
import { isFailed, rowsOf, type Tree, type TreeNode } from "./tree.js"

export class View {
  readonly #selected = signal<number | undefined>(undefined)
  readonly #collapsed = signal<ReadonlySet<number>>(new Set())
  readonly #query = signal("")
  readonly #failedOnly = signal(false)
  readonly #range: Signal<TimeRange>
  /** The nodes that the search finds, or `undefined` without one. */
  readonly hits: ReadonlySignal<ReadonlySet<number> | undefined>
  /** The rows to be seen. */
  readonly rows: ReadonlySignal<ReadonlyArray<TreeNode>>
  /** Where each node is among them. */
  readonly positions: ReadonlySignal<ReadonlyMap<number, number>>

  constructor(readonly tree: Tree) {
    const find = searchIndex(tree)
    this.#range = signal(this.whole)
    this.hits = computed(() => (this.query === "" ? undefined : find(this.query)))
    this.rows = computed(() => rowsOf(tree, this.collapsed, this.#wanted))
    this.positions = computed(() => new Map(this.rows.value.map(({ node }, i) => [node.id, i])))
  }

  /** Takes over what the reader chose in an earlier view of the same story. */
  adopt(before: View): void {
    batch(() => {
      this.#selected.value = before.selected
      this.#collapsed.value = before.collapsed
      this.#query.value = before.query
      this.#failedOnly.value = before.failedOnly
      if (before.isZoomed) this.zoom(before.range)
    })
  }

  get selected(): number | undefined {
    return this.#selected.value
  }

  /** The node that is selected. */
  get selectedNode(): TreeNode | undefined {
    return this.selected === undefined ? undefined : this.tree.byId.get(this.selected)
  }

  /** Also makes it visible: it is not left out, and nothing around it stays collapsed. */
  select(id: number | undefined): void {
    batch(() => {
      this.#selected.value = id
      if (this.failedOnly && id !== undefined && !this.positions.value.has(id)) this.#failedOnly.value = false
      const around = parentsOf(this.selectedNode).filter((item) => this.collapsed.has(item.node.id))
      if (around.length === 0) return
      const collapsed = new Set(this.collapsed)
      for (const { node } of around) collapsed.delete(node.id)
      this.#collapsed.value = collapsed
    })
  }

  get collapsed(): ReadonlySet<number> {
    return this.#collapsed.value
  }

  toggle(id: number, collapse = !this.collapsed.has(id)): void {
    const collapsed = new Set(this.collapsed)
    if (collapse) collapsed.add(id)
    else collapsed.delete(id)
    this.#collapsed.value = collapsed
  }

  /** Collapses everything but the root story that has something inside. */
  collapseAll(): void {
    const inner = this.tree.nodes.filter(({ children, depth }) => depth > 0 && children.length > 0)
    this.#collapsed.value = new Set(inner.map(({ node }) => node.id))
  }

  expandAll(): void {
    this.#collapsed.value = new Set()
  }

  /** Whether only what failed is shown, and what is around it. */
  get failedOnly(): boolean {
    return this.#failedOnly.value
  }

  showFailedOnly(failedOnly: boolean): void {
    this.#failedOnly.value = failedOnly
  }

  /** The nodes to be seen with what is around them; `undefined` for all. */
  get #wanted(): ReadonlySet<number> | undefined {
    const hits = this.hits.value
    if (!this.failedOnly) return hits
    const failed = this.tree.nodes.filter(({ node }) => isFailed(node) && (hits === undefined || hits.has(node.id)))
    return new Set(failed.map(({ node }) => node.id))
  }

  get whole(): TimeRange {
    return { from: 0, to: this.tree.span }
  }

  get range(): TimeRange {
    return this.#range.value
  }

  get isZoomed(): boolean {
    return this.range.from > 0 || this.range.to < this.tree.span
  }

  zoom(range: TimeRange): void {
    this.#range.value = within(range, this.tree.span)
  }

  resetZoom(): void {
    this.#range.value = this.whole
  }

  /** What is searched, in lower case. Empty without a search. */
  get query(): string {
    return this.#query.value
  }

  search(query: string): void {
    this.#query.value = query.trim().toLowerCase()
  }
}

/** From the outermost. */
export const parentsOf = (item: TreeNode | undefined): ReadonlyArray<TreeNode> => {
  const parents: Array<TreeNode> = []
  for (let above = item?.parent; above !== undefined; above = above.parent) parents.unshift(above)
  return parents
}
