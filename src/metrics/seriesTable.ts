/**
 * The series of one instrument, found by the values of its labels; never more than so many.
 */
import type { Instrument } from "./Instruments.js"
import { type LabelValues, other } from "./labelValues.js"
import * as Series from "./series.js"

export interface SeriesTableInit {
  readonly instrument: Instrument
  readonly prefix: string
  readonly buckets: ReadonlyArray<number> | undefined
  /** The names of the labels, in order; each with the values it may take. */
  readonly labels: ReadonlyArray<readonly [name: string, values: LabelValues]>
  /** Most combinations; all that come after are one more. */
  readonly mostSeries: number
  /** Called with the name of a label that a value was too many of, or `combination`. */
  readonly onOverflow: (label: string) => void
}

/** By the first label's value, by the second's, …; at the end the series. */
interface Branch extends Map<string, Branch | Series.Series> {}

export class SeriesTable {
  readonly #init: SeriesTableInit
  readonly #root: Branch = new Map()
  #size = 0

  constructor(init: SeriesTableInit) {
    this.#init = init
  }

  /** The series of these values, as many as there are labels. */
  at(values: ReadonlyArray<string>): Series.Series {
    return this.#find(values) ?? this.#admit(values)
  }

  #find(values: ReadonlyArray<string>): Series.Series | undefined {
    let node: Branch | Series.Series | undefined = this.#root
    for (let i = 0; i < values.length && node !== undefined; i++) {
      // As deep as there are labels it is branches.
      node = (node as Branch).get(values[i] as string)
    }
    return node instanceof Series.Series ? node : undefined
  }

  /** Only values as they are exported lead to a series, so the table grows with the series and nothing else. */
  #admit(values: ReadonlyArray<string>): Series.Series {
    const { labels, mostSeries, onOverflow } = this.#init
    const shown = labels.map(([name, known], i) => {
      const value = known.admit(values[i] ?? "")
      if (value === undefined) onOverflow(name)
      return value ?? other
    })
    const found = this.#find(shown)
    if (found !== undefined) return found
    if (this.#size < mostSeries) {
      this.#size += 1
      return this.#add(shown)
    }
    onOverflow("combination")
    const others = labels.map(() => other)
    return this.#find(others) ?? this.#add(others)
  }

  #add(values: ReadonlyArray<string>): Series.Series {
    const { buckets, instrument, labels, prefix } = this.#init
    const series = Series.make({
      instrument,
      prefix,
      buckets,
      labels: labels.map(([name], i) => [name, values[i] ?? other])
    })
    let branch = this.#root
    for (const value of values.slice(0, -1)) {
      const next = branch.get(value)
      if (next instanceof Map) branch = next
      else {
        const made: Branch = new Map()
        branch.set(value, made)
        branch = made
      }
    }
    branch.set(values.at(-1) ?? "", series)
    return series
  }
}
