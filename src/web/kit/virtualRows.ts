/**
 * Which rows of a long list are in sight, so that only those are in the document.
 */
import { computed, type ReadonlySignal, signal } from "@preact/signals"

/** As much of an element as is read of it. */
interface Scroller {
  scrollTop: number
  readonly clientHeight: number
}

export class VirtualRows {
  readonly scrollTop = signal(0)
  /** Of the part in sight. */
  readonly height = signal(0)
  /** Rows kept above and below those in sight. */
  #overscan = 10
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
      printing.value ? 0 : Math.max(0, Math.floor(this.scrollTop.value / rowHeight) - this.#overscan)
    )
    this.end = computed(() =>
      Math.min(
        count.value,
        printing.value ? maxPrinted : Math.ceil((this.scrollTop.value + this.height.value) / rowHeight) + this.#overscan
      )
    )
  }

  /** Of all rows. */
  get totalHeight(): number {
    return this.count.value * this.rowHeight
  }

  /** Takes over what the element that scrolls them is at. */
  measure(scroller: Scroller): void {
    const { clientHeight, scrollTop } = scroller
    // After a jump to other rows altogether, those that are seen come in one frame; the rest comes when it is scrolled on.
    this.#overscan = Math.abs(scrollTop - this.scrollTop.value) > this.height.value ? 2 : 10
    this.scrollTop.value = scrollTop
    this.height.value = clientHeight
  }

  /** Scrolls as little as brings a row, and one beside it, into sight. */
  reveal(scroller: Scroller, row: number): void {
    const { clientHeight, scrollTop } = scroller
    const top = row * this.rowHeight
    scroller.scrollTop = Math.min(top - this.rowHeight, Math.max(scrollTop, top - clientHeight + 2 * this.rowHeight))
    this.measure(scroller)
  }
}
