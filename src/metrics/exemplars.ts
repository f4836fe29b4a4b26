/**
 * For each bucket of a histogram, the last value that came with a trace: the way from a slow bucket to one slow trace.
 */

export interface Exemplar {
  readonly value: number
  readonly traceId: string
  readonly spanId: string
  /** Milliseconds since the epoch. */
  readonly timestamp: number
}

export class Exemplars {
  readonly #bounds: ReadonlyArray<number>
  readonly #last: Array<Exemplar | undefined>

  /** `bounds` ascend, without +Inf. */
  constructor(bounds: ReadonlyArray<number>) {
    this.#bounds = bounds
    this.#last = bounds.map(() => undefined)
    this.#last.push(undefined)
  }

  add(exemplar: Exemplar): void {
    let bucket = 0
    while (bucket < this.#bounds.length && exemplar.value > (this.#bounds[bucket] ?? 0)) bucket += 1
    this.#last[bucket] = exemplar
  }

  /** Of the bucket at this place in ascending order, +Inf the last. */
  at(bucket: number): Exemplar | undefined {
    return this.#last[bucket]
  }
}
