/**
 * A part of time, and where things are in it.
 */

/** In milliseconds since whatever the page counts from. */
export interface TimeRange {
  readonly from: number
  readonly to: number
}

/** The range within `0 … span`, and no shorter than a millionth of it. */
export const within = (range: TimeRange, span: number): TimeRange => {
  const least = Math.max(span / 1_000_000, 0.001)
  const from = Math.max(0, Math.min(range.from, range.to, span - least))
  return { from, to: Math.min(span, Math.max(range.from, range.to, from + least)) }
}

/** Where a time is: 0 at the beginning, 1 at the end. */
export const shareOf = ({ from, to }: TimeRange, at: number): number => (at - from) / (to - from)

export const timeAt = ({ from, to }: TimeRange, share: number): number => from + share * (to - from)

/** Steps of 1, 2 or 5 times a power of ten that cut a range into parts of at least 110 pixels. */
export const tickStep = ({ from, to }: TimeRange, width: number): number => {
  const raw = (to - from) / Math.max(2, Math.floor(width / 110))
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = [1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10
  return step * power
}

/** Most ticks on a scale. */
const maxTicks = 60

export const ticksOf = (range: TimeRange, step: number): ReadonlyArray<number> => {
  const ticks: Array<number> = []
  const end = range.to + step * 1e-6
  for (let at = Math.ceil(range.from / step) * step; at <= end && ticks.length < maxTicks; at += step) ticks.push(at)
  return ticks
}
