/**
 * A list with bounded memory: the first entries, the last ones, and those between them that matter.
 */
export interface Bounds {
  readonly first: number
  readonly last: number
  /** Most entries kept between the first and the last ones because they matter. */
  readonly between: number
}

export class BoundedList<A> {
  readonly #bounds: Bounds
  readonly #matters: (entry: A) => boolean
  readonly #first: Array<A> = []
  readonly #between: Array<A> = []
  /** A ring: the oldest entry is at `#oldest` once it is full. */
  readonly #last: Array<A> = []
  #oldest = 0
  #omitted = 0

  constructor(bounds: Bounds, matters: (entry: A) => boolean) {
    this.#bounds = bounds
    this.#matters = matters
  }

  add(entry: A): void {
    const { between, first, last } = this.#bounds
    if (this.#first.length < first) {
      this.#first.push(entry)
      return
    }
    if (this.#last.length < last) {
      this.#last.push(entry)
      return
    }
    const evicted = this.#last[this.#oldest]
    this.#last[this.#oldest] = entry
    this.#oldest = (this.#oldest + 1) % last
    if (evicted !== undefined && this.#between.length < between && this.#matters(evicted)) this.#between.push(evicted)
    else this.#omitted += 1
  }

  get omitted(): number {
    return this.#omitted
  }

  /** In the order in which they were added. */
  get entries(): ReadonlyArray<A> {
    return [...this.#first, ...this.#between, ...this.#last.slice(this.#oldest), ...this.#last.slice(0, this.#oldest)]
  }
}
