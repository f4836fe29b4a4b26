/**
 * The rows of the waterfall in sight, and moving among them.
 */
import { batch, computed, type ReadonlySignal, signal } from "@preact/signals"
import { createRef } from "preact"
import { flash } from "../kit/flash.js"
import { rendered } from "../kit/rendered.js"
import { tickStep } from "../kit/timeRange.js"
import { VirtualRows } from "../kit/virtualRows.js"
import type { View } from "./view.js"

const rowHeight = 30

export class WaterfallState {
  readonly element = createRef<HTMLDivElement>()
  readonly scroller = createRef<HTMLDivElement>()
  readonly ruler = createRef<HTMLDivElement>()
  readonly inSight: VirtualRows
  /** Of the part in which bars are, in pixels. */
  readonly laneWidth = signal(0)
  /** Milliseconds between two ticks. */
  readonly tickStep: ReadonlySignal<number>

  constructor(
    readonly view: View,
    printing: ReadonlySignal<boolean>
  ) {
    const count = computed(() => view.rows.value.length)
    this.inSight = new VirtualRows(rowHeight, count, printing)
    this.tickStep = computed(() => tickStep(view.range, this.laneWidth.value))
  }

  /** Takes over the sizes of the elements. */
  measure(): void {
    batch(() => {
      if (this.scroller.current !== null) this.inSight.measure(this.scroller.current)
      this.laneWidth.value = this.ruler.current?.clientWidth ?? 0
    })
  }

  get selectedPosition(): number | undefined {
    const { selected } = this.view
    return selected === undefined ? undefined : this.view.positions.value.get(selected)
  }

  /** Whether the row of the selected node is in the document. */
  get isSelectedInSight(): boolean {
    const at = this.selectedPosition
    return at !== undefined && at >= this.inSight.first.value && at < this.inSight.end.value
  }

  /** Moves the selection by so many rows. */
  async move(step: number): Promise<void> {
    const rows = this.view.rows.value
    const at = this.selectedPosition
    const next = at === undefined ? (step > 0 ? 0 : rows.length - 1) : at + step
    const row = rows[Math.max(0, Math.min(rows.length - 1, next))]
    if (row !== undefined) this.view.select(row.node.id)
    const element = await this.reveal()
    element?.scrollIntoView({ block: "nearest" })
  }

  /** Selects a node, and brings it into sight from wherever the reader is. */
  async show(id: number): Promise<void> {
    this.view.select(id)
    await rendered()
    this.element.current?.scrollIntoView({ block: "nearest" })
    const element = await this.reveal()
    element?.scrollIntoView({ block: "nearest" })
    if (element !== undefined) flash(element)
  }

  /** Scrolls the rows until the selected one is in sight, and gives its element. */
  async reveal(): Promise<Element | undefined> {
    await rendered()
    const at = this.selectedPosition
    if (at === undefined || this.scroller.current === null) return undefined
    this.inSight.reveal(this.scroller.current, at)
    await rendered()
    return document.getElementById(rowId(this.view.selected)) ?? undefined
  }
}

/** The id of a node's row in the document. */
export const rowId = (node: number | undefined): string => `row-${node}`
