/**
 * What Effect's registry says of our instruments.
 */
import { Effect, Metric, MetricState } from "effect"
import { Instruments } from "../../src/index.js"

export interface Reading {
  readonly labels: { readonly [name: string]: string }
  /** A counter's or gauge's value; of a histogram, how many values it took. */
  readonly value: number
  readonly sum?: number
  readonly buckets?: ReadonlyArray<readonly [number, number]>
}

/** A prefix of its own keeps a test's series from those of others in the one registry of the process. */
let prefixes = 0
export const freshPrefix = (): string => {
  prefixes += 1
  return `test_${prefixes}`
}

export const readings = (instrument: Instruments.Instrument, prefix: string): Effect.Effect<ReadonlyArray<Reading>> =>
  Effect.sync(() =>
    Metric.unsafeSnapshot()
      .filter(({ metricKey }) => metricKey.name === Instruments.nameOf(instrument, prefix))
      .map(({ metricKey, metricState }) => {
        const labels = Object.fromEntries(Array.from(metricKey.tags, ({ key, value }) => [key, value]))
        if (MetricState.isHistogramState(metricState)) {
          const { buckets, count, sum } = metricState
          return { labels, value: count, sum, buckets }
        }
        if (MetricState.isCounterState(metricState)) return { labels, value: Number(metricState.count) }
        if (MetricState.isGaugeState(metricState)) return { labels, value: Number(metricState.value) }
        throw new Error(`${metricKey.name} is no instrument of ours`)
      })
  )

/** The sum over every series that has these labels. */
export const total = (
  instrument: Instruments.Instrument,
  prefix: string,
  labels: { readonly [name: string]: string } = {}
): Effect.Effect<number> =>
  Effect.map(readings(instrument, prefix), (all) =>
    all
      .filter((reading) => Object.entries(labels).every(([name, value]) => reading.labels[name] === value))
      .reduce((sum, { value }) => sum + value, 0)
  )
