/**
 * Values put upon each other.
 */

export interface Segment {
  /** Which of the values it is. */
  readonly series: number
  readonly value: number
  readonly from: number
  readonly to: number
}

/** One segment for each value above 0, from the bottom up. */
export const stacked = (values: ReadonlyArray<number>): ReadonlyArray<Segment> => {
  const segments: Array<Segment> = []
  let from = 0
  for (const [series, value] of values.entries()) {
    if (!(value > 0)) continue
    segments.push({ series, value, from, to: from + value })
    from += value
  }
  return segments
}

export const sum = (values: ReadonlyArray<number>): number => values.reduce((total, value) => total + value, 0)
