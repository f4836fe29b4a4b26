/**
 * Measures cases against each other: every round runs each case once, in another order, and a ratio is the median of the
 * rounds' own ratios.
 *
 * Not tinybench: it runs one task to its end before the next, so what a busy machine does meanwhile lands on one side of
 * a ratio. Here both sides of a ratio ran within the same second. Nor is the heap collected between runs: V8 then drops
 * code it takes for unused, and every number is three times what it is in a running program.
 */
import { performance } from "node:perf_hooks"

export interface Case {
  readonly name: string
  /** Does `per` operations. */
  readonly run: () => Promise<unknown> | unknown
}

/** One line of a table; against what its ratio is, and the most it or the microseconds may be. */
export interface Row {
  readonly name: string
  readonly against?: string
  readonly bar?: number
  readonly atMostMicros?: number
}

export interface Group {
  readonly title: string
  readonly text: string
  readonly command: string
  /** Operations of one run of a case. */
  readonly per: number
  readonly rounds: number
  /** Whether what its cases allocate is counted, too. */
  readonly bytes?: boolean
  readonly cases: ReadonlyArray<Case>
  readonly rows: ReadonlyArray<Row>
}

export interface Measured extends Row {
  /** Median microseconds of one operation. */
  readonly micros: number
  /** Half the distance between the quartiles, as a share of the median. */
  readonly spread: number
  readonly ratio: number | undefined
}

export const measure = async (group: Group): Promise<ReadonlyArray<Measured>> => {
  const samples = new Map(group.cases.map(({ name }) => [name, [] as Array<number>]))
  for (let warmUp = 0; warmUp < 3; warmUp++) for (const one of group.cases) await one.run()
  for (let round = 0; round < group.rounds; round++) {
    for (const one of rotated(group.cases, round)) {
      const start = performance.now()
      await one.run()
      samples.get(one.name)?.push(((performance.now() - start) * 1_000) / group.per)
    }
  }
  const of = (name: string): ReadonlyArray<number> => {
    const found = samples.get(name)
    if (found === undefined) throw new Error(`${group.title} has no case "${name}"`)
    return found
  }
  return group.rows.map((row) => {
    const own = of(row.name)
    const base = row.against === undefined ? undefined : of(row.against)
    return {
      ...row,
      micros: quantile(own, 0.5),
      spread: (quantile(own, 0.75) - quantile(own, 0.25)) / 2 / quantile(own, 0.5),
      ratio:
        base &&
        quantile(
          own.map((micros, i) => micros / (base[i] ?? Number.NaN)),
          0.5
        )
    }
  })
}

const rotated = <A>(values: ReadonlyArray<A>, by: number): ReadonlyArray<A> => {
  const at = by % values.length
  const turned = [...values.slice(at), ...values.slice(0, at)]
  // Else each case would always follow the same one.
  return by % 2 === 0 ? turned : turned.toReversed()
}

const quantile = (values: ReadonlyArray<number>, at: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) * at)] ?? Number.NaN
}
