/** Series of every instrument, as a busy program of one job has them: one for each combination of labels. */
import { all, type Instrument, prometheusNameOf } from "../../src/metrics/Instruments.js"

export interface GrowingSeries {
  readonly series: string
  /** How much it grows by a minute. */
  readonly step: number
}

const valuesOf: { readonly [label: string]: ReadonlyArray<string> } = {
  success: ["true", "false"],
  status: ["completed", "failed"],
  result: ["delivered", "dropped", "succeeded", "failed"]
}

const seriesOf = (instrument: Instrument): ReadonlyArray<GrowingSeries> => {
  const name = prometheusNameOf(instrument)
  const combinations = ["job", "instance", ...instrument.labels].reduce<ReadonlyArray<string>>(
    (before, label) =>
      before.flatMap((text) => (valuesOf[label] ?? [`a ${label}`]).map((value) => `${text},${label}="${value}"`)),
    [""]
  )
  return combinations.flatMap((text) => {
    const labels = text.slice(1)
    if (instrument.buckets === undefined) return [{ series: `${name}{${labels}}`, step: 1 }]
    const bounds = [...instrument.buckets.map(String), "+Inf"]
    return [
      ...bounds.map((le, index) => ({ series: `${name}_bucket{${labels},le="${le}"}`, step: index + 1 })),
      { series: `${name}_sum{${labels}}`, step: 0.5 * bounds.length },
      { series: `${name}_count{${labels}}`, step: bounds.length }
    ]
  })
}

export const everySeries: ReadonlyArray<GrowingSeries> = all.flatMap(seriesOf)
