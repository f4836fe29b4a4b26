/**
 * Where values are on an axis, and which values are written beside it.
 */

export interface Scale {
  /** Where a value is, in pixels. */
  readonly at: (value: number) => number
  readonly ticks: ReadonlyArray<number>
}

/** Steps of 1, 2 or 5 times a power of ten from 0 to at least `most`, about `wanted` of them. */
export const niceTicks = (most: number, wanted = 4): ReadonlyArray<number> => {
  if (!(most > 0) || !Number.isFinite(most)) return [0, 1]
  const raw = most / wanted
  const power = 10 ** Math.floor(Math.log10(raw))
  const factor = [1, 2, 5, 10].find((factor) => factor * power >= raw * (1 - 1e-9)) ?? 10
  const step = factor * power
  const count = Math.ceil(most / step - 1e-9)
  // By division where the step is a fraction: 3 * 0.1 is not 0.3.
  return Array.from({ length: count + 1 }, (_, i) => (step < 1 ? i / Math.round(1 / step) : i * step))
}

/** Only whole numbers, for counts. */
export const wholeTicks = (most: number, wanted = 4): ReadonlyArray<number> =>
  niceTicks(most, Math.max(1, Math.min(wanted, Math.ceil(most)))).filter(Number.isInteger)

/** From the bottom up, 0 at `bottom` and the last tick at `top`. */
export const linear = (ticks: ReadonlyArray<number>, bottom: number, top: number): Scale => {
  const most = ticks.at(-1) ?? 1
  return { ticks, at: (value) => bottom - (value / most) * (bottom - top) }
}

/** Durations as people say them, in milliseconds. */
const saidDurations: ReadonlyArray<number> = [
  ...[1, 10, 100],
  ...[1_000, 10_000],
  ...[60_000, 600_000],
  ...[3_600_000, 36_000_000, 360_000_000]
]

/** Logarithmic: durations of runs are milliseconds and hours. */
export const durationScale = (least: number, most: number, bottom: number, top: number): Scale => {
  const from = saidDurations.findLast((one) => one <= least) ?? 1
  const to = saidDurations.find((one) => one >= most && one > from) ?? Math.max(most, from * 10)
  const [low, high] = [Math.log(from), Math.log(to)]
  return {
    ticks: saidDurations.filter((one) => one >= from && one <= to),
    at: (value) => bottom - ((Math.log(Math.max(value, from)) - low) / (high - low)) * (bottom - top)
  }
}

/** Equal parts of a width, with a gap between them. */
export const bands = (count: number, from: number, to: number, gap: number) => {
  const step = (to - from) / Math.max(1, count)
  const inner = step > 3 * gap ? gap : step * 0.2
  return {
    step,
    width: Math.max(0.5, step - inner),
    left: (at: number) => from + at * step + inner / 2,
    middle: (at: number) => from + (at + 0.5) * step
  }
}

/** Which of so many labels are written, so that each has room. */
export const labelled = (count: number, width: number, room: number): ReadonlyArray<number> => {
  const every = Math.max(1, Math.ceil((count * room) / Math.max(1, width)))
  return Array.from({ length: Math.ceil(count / every) }, (_, i) => i * every)
}
