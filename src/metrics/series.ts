/**
 * One series: an instrument with one value of each of its labels, as a metric of Effect.
 */
import { globalValue } from "effect/GlobalValue"
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"
import type * as MetricHook from "effect/MetricHook"
import * as MetricKey from "effect/MetricKey"
import * as MetricLabel from "effect/MetricLabel"
import * as MutableHashMap from "effect/MutableHashMap"
import { Exemplars } from "./exemplars.js"
import { type Instrument, nameOf } from "./Instruments.js"

export class Series {
  readonly #hook: MetricHook.MetricHook<number, unknown>

  constructor(
    key: MetricKey.MetricKey.Untyped,
    /** Of a histogram. */
    readonly exemplars: Exemplars | undefined
  ) {
    // What an instrument is fed with is a number; the registry's type has it as `any`.
    this.#hook = Metric.globalMetricRegistry.get(key) as MetricHook.MetricHook<number, unknown>
  }

  /** Counts up, moves a gauge, or takes a value into a histogram. */
  add(value: number): void {
    this.#hook.modify(value)
  }
}

// By the key that Effect's registry has, too, however often a layer is built: exemplars are looked up by it.
const made = globalValue("effect-narrative/metricSeries", () =>
  MutableHashMap.empty<MetricKey.MetricKey.Untyped, Series>()
)

const exemplarsOf = globalValue(
  "effect-narrative/metricExemplars",
  () => new WeakMap<MetricKey.MetricKey.Untyped, Exemplars>()
)

/** The exemplars of a histogram of ours, by its key in Effect's registry. */
export const exemplarsIn = (key: MetricKey.MetricKey.Untyped): Exemplars | undefined => exemplarsOf.get(key)

export interface SeriesInit {
  readonly instrument: Instrument
  readonly prefix: string
  /** In place of the instrument's own. */
  readonly buckets: ReadonlyArray<number> | undefined
  readonly labels: ReadonlyArray<readonly [name: string, value: string]>
}

/** The one series of an instrument with these labels. */
export const make = ({ buckets, instrument, labels, prefix }: SeriesInit): Series => {
  const bounds = instrument.buckets === undefined ? undefined : (buckets ?? instrument.buckets)
  const key = keyOf(instrument, nameOf(instrument, prefix), bounds).pipe(
    MetricKey.taggedWithLabels([
      ...labels.map(([name, value]) => MetricLabel.make(name, value)),
      // Where @effect/opentelemetry looks for the unit. An annotation in braces, or 1, is what it takes none for.
      ...(instrument.unit === "1" || instrument.unit.startsWith("{") ? [] : [MetricLabel.make("unit", instrument.unit)])
    ])
  )
  const known = MutableHashMap.get(made, key)
  if (known._tag === "Some") return known.value
  const exemplars = bounds === undefined ? undefined : new Exemplars(bounds)
  const series = new Series(key, exemplars)
  MutableHashMap.set(made, key, series)
  if (exemplars !== undefined) exemplarsOf.set(key, exemplars)
  return series
}

const keyOf = (
  { description, kind }: Instrument,
  name: string,
  bounds: ReadonlyArray<number> = []
): MetricKey.MetricKey.Untyped => {
  switch (kind) {
    case "counter":
      return MetricKey.counter(name, { description, incremental: true })
    case "gauge":
      return MetricKey.gauge(name, { description })
    case "histogram":
      return MetricKey.histogram(name, MetricBoundaries.fromIterable(bounds), description)
  }
}
