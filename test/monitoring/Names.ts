/** The metrics and labels that a query names, itself or by what was recorded of them. */
import { all, type Instrument, prometheusNameOf } from "../../src/metrics/Instruments.js"
import { every } from "./Recordings.js"

export interface Names {
  readonly metrics: ReadonlyArray<Instrument>
  readonly labels: ReadonlyArray<string>
  /** Names that look like metrics of ours, and are none. */
  readonly unknown: ReadonlyArray<string>
}

const recordings = new Map(every.map((recording) => [recording.record, recording]))

const known = new Map(
  all.flatMap((instrument) => {
    const name = prometheusNameOf(instrument)
    const series = instrument.kind === "histogram" ? ["_bucket", "_sum", "_count"].map((part) => name + part) : [name]
    return series.map((name) => [name, instrument] as const)
  })
)

export const namesIn = (query: string): Names => {
  const names = query.match(/[\w:]*\bnarrative_[\w:]+/g) ?? []
  const asked = names.flatMap((name) => recordings.get(name) ?? [])
  const matched = Array.from(query.matchAll(/\{([^}]*)\}/g), ([, matchers = ""]) => matchers.replaceAll(/"[^"]*"/g, ""))
  const grouped = Array.from(query.matchAll(/\b(?:by|on|without|ignoring) \(([^)]*)\)/g), ([, labels = ""]) => labels)
  return {
    metrics: [
      ...names.flatMap((name) => known.get(name) ?? []),
      ...asked.flatMap(({ query }) => namesIn(query.expr).metrics)
    ],
    labels: [...matched, ...grouped].flatMap((text) => text.match(/\w+/g) ?? []),
    unknown: names.filter((name) => !known.has(name) && !recordings.has(name))
  }
}
