/**
 * Which rows of a long list are in sight, so that only those are in the document.
 */
import { batch, computed, type ReadonlySignal, signal } from "@preact/signals"

/** Rows kept above and below those in sight. */
const overscan = 10

export class VirtualRows {
  readonly scrollTop = signal(0)
  /** Of the part in sight. */
  readonly height = signal(0)
  readonly first: ReadonlySignal<number>
  /** The row after the last one that is wanted. */
  readonly end: ReadonlySignal<number>

  constructor(
    /** In pixels. */
    readonly rowHeight: number,
    /** How many rows there are. */
    readonly count: ReadonlySignal<number>,
    printing: ReadonlySignal<boolean>,
    /** Most rows on paper, where nothing scrolls. */
    maxPrinted = 400
  ) {
    this.first = computed(() =>
      printing.value ? 0 : Math.max(0, Math.floor(this.scrollTop.value / rowHeight) - overscan)
    )
    this.end = computed(() => {
      const wanted = printing.value
        ? maxPrinted
        : Math.ceil((this.scrollTop.value + this.height.value) / rowHeight) + overscan
      return Math.min(count.value, wanted)
    })
  }

  /** Of all rows. */
  get totalHeight(): number {
    return this.count.value * this.rowHeight
  }

  /** Takes over what the element that scrolls them is at. */
  measure(scroller: Element): void {
    batch(() => {
      this.scrollTop.value = scroller.scrollTop
      this.height.value = scroller.clientHeight
    })
  }

  /** Scrolls as little as brings a row, and one beside it, into sight. */
  reveal(scroller: Element, row: number): void {
    const { clientHeight, scrollTop } = scroller
    const top = row * this.rowHeight
    if (top < scrollTop + this.rowHeight) scroller.scrollTop = top - this.rowHeight
    else if (top > scrollTop + clientHeight - 2 * this.rowHeight) {
      scroller.scrollTop = top - clientHeight + 2 * this.rowHeight
    }
    this.measure(scroller)
  }
}
