/**
 * Metrics of Effect in the two texts that Prometheus reads: its own 0.0.4 and OpenMetrics 1.0.
 *
 * https://prometheus.io/docs/instrumenting/exposition_formats/,
 * https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
 */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type * as MetricKey from "effect/MetricKey"
import * as MetricKeyType from "effect/MetricKeyType"
import type * as MetricLabel from "effect/MetricLabel"
import type * as MetricPair from "effect/MetricPair"
import * as MetricState from "effect/MetricState"
import { warnOnce } from "../runtime/warnOnce.js"
import type { Exemplar } from "./exemplars.js"
import { exemplarsIn } from "./series.js"

/** `prometheus` is 0.0.4. */
export type Format = "prometheus" | "openmetrics"

export const contentTypes: { readonly [F in Format]: string } = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
}

/** Series written before others get a turn. */
const turn = 500

/**
 * Everything in Effect's registry whose name `isShown`, as text. All values are of one moment; writing them lets others
 * run meanwhile.
 */
export const render = (format: Format, isShown: (name: string) => boolean): Effect.Effect<string> =>
  Effect.gen(function* () {
    const { families, repeated } = familiesOf(Metric.unsafeSnapshot(), isShown)
    for (const name of repeated) {
      yield* warnOnce(`Two metrics ${name} have the same labels: the second one is left out`) ?? Effect.void
    }
    const parts: Array<string> = []
    let written = 0
    for (const family of families) {
      parts.push(head(family, format))
      for (const pair of family.series.values()) {
        parts.push(series(family, pair, format))
        written += 1
        if (written % turn === 0) yield* Effect.yieldNow()
      }
    }
    if (format === "openmetrics") parts.push("# EOF\n")
    return parts.join("")
  })

type Kind = "counter" | "gauge" | "histogram" | "summary"

/** Metrics of one name. */
interface Family {
  /** Without `_total`. */
  readonly name: string
  readonly kind: Kind
  readonly unit: string | undefined
  readonly help: string
  /** By their labels: each series once. */
  readonly series: Map<string, MetricPair.MetricPair.Untyped>
}

/** `repeated`: families of which a series was left out, as there was one with the same labels. */
const familiesOf = (
  snapshot: ReadonlyArray<MetricPair.MetricPair.Untyped>,
  isShown: (name: string) => boolean
): { readonly families: Iterable<Family>; readonly repeated: ReadonlySet<string> } => {
  const families = new Map<string, Family>()
  const repeated = new Set<string>()
  const taken = new Set<string>()
  for (const pair of snapshot) {
    const { metricKey } = pair
    if (!isShown(metricKey.name)) continue
    const kind = kindOf(pair)
    const { name, unit } = namesOf(metricKey, kind)
    const known = families.get(name)
    // Two metrics whose names become one are one family if they are of one kind; else the first has the name.
    if (known !== undefined) {
      if (known.kind === kind && !addTo(known.series, pair)) repeated.add(name)
      continue
    }
    // What the samples of one family are called, no other family may be.
    const names = [name, ...suffixes[kind].map((suffix) => name + suffix)]
    if (names.some((sample) => taken.has(sample))) continue
    for (const sample of names) taken.add(sample)
    const help = metricKey.description._tag === "Some" ? metricKey.description.value : ""
    families.set(name, { name, kind, unit, help, series: new Map([[labelsOf(metricKey), pair]]) })
  }
  return { families: families.values(), repeated }
}

/**
 * Whether it was added. To Effect, a counter with a description is another one than that without, and their counts are
 * added up; of other metrics, the first one stays.
 */
const addTo = (series: Family["series"], pair: MetricPair.MetricPair.Untyped): boolean => {
  const labels = labelsOf(pair.metricKey)
  const first = series.get(labels)
  if (first === undefined) {
    series.set(labels, pair)
    return true
  }
  if (!MetricState.isCounterState(first.metricState) || !MetricState.isCounterState(pair.metricState)) return false
  const count = Number(first.metricState.count) + Number(pair.metricState.count)
  series.set(labels, { ...first, metricState: MetricState.counter(count) })
  return true
}

const suffixes: { readonly [K in Kind]: ReadonlyArray<string> } = {
  counter: ["_total"],
  gauge: [],
  histogram: ["_bucket", "_sum", "_count"],
  summary: ["_sum", "_count"]
}

const kindOf = ({ metricKey, metricState }: MetricPair.MetricPair.Untyped): Kind => {
  if (MetricState.isHistogramState(metricState)) return "histogram"
  if (MetricState.isSummaryState(metricState)) return "summary"
  if (MetricState.isFrequencyState(metricState)) return "counter"
  // Only what never goes down is a counter to Prometheus.
  return MetricKeyType.isCounterKey(metricKey.keyType) && metricKey.keyType.incremental ? "counter" : "gauge"
}

const units: ReadonlyMap<string, string> = new Map([
  ["s", "seconds"],
  ["seconds", "seconds"],
  ["ms", "milliseconds"],
  ["milliseconds", "milliseconds"],
  ["By", "bytes"],
  ["bytes", "bytes"]
])

/** Whether a tag says in what a metric is measured. A program may have a label of that name, of a ward or a flat. */
const isUnit = ({ key, value }: MetricLabel.MetricLabel): boolean =>
  (key === "unit" || key === "time_unit") && (units.has(value) || /^(?:1|%|\{\w*\})$/.test(value))

const namesOf = (key: MetricKey.MetricKey.Untyped, kind: Kind) => {
  const tag = key.tags.find(isUnit)?.value
  const unit = tag === undefined ? undefined : units.get(tag)
  const bare = legalName(kind === "counter" ? key.name.replace(/[._]total$/, "") : key.name)
  return { unit, name: unit === undefined || bare.endsWith(`_${unit}`) ? bare : `${bare}_${unit}` }
}

const legalName = (name: string): string => {
  const legal = name.replace(/[^A-Za-z0-9_:]/g, "_")
  return /^[A-Za-z_:]/.test(legal) ? legal : `_${legal}`
}

const legalLabel = (name: string): string => {
  const legal = name.replace(/[^A-Za-z0-9_]/g, "_")
  return /^[A-Za-z_]/.test(legal) ? legal : `_${legal}`
}

const head = ({ help, kind, name, unit }: Family, format: Format): string => {
  const family = format === "prometheus" && kind === "counter" ? `${name}_total` : name
  const lines = [`# TYPE ${family} ${kind}\n`]
  if (format === "openmetrics" && unit !== undefined) lines.push(`# UNIT ${family} ${unit}\n`)
  if (help !== "") lines.push(`# HELP ${family} ${escapedHelp(help, format)}\n`)
  return lines.join("")
}

const escapedHelp = (help: string, format: Format): string => {
  const escaped = help.replaceAll("\\", "\\\\").replace(/\r?\n|\r/g, "\\n")
  return format === "openmetrics" ? escaped.replaceAll('"', '\\"') : escaped
}

const escaped = (value: string): string =>
  /["\\\n\r]/.test(value)
    ? value
        .replaceAll("\\", "\\\\")
        .replaceAll('"', '\\"')
        .replace(/\r?\n|\r/g, "\\n")
    : value

const texts = new WeakMap<MetricKey.MetricKey.Untyped, string>()

/** The labels of a series without braces, written once: a scrape comes every few seconds. */
const labelsOf = (key: MetricKey.MetricKey.Untyped): string => {
  const known = texts.get(key)
  if (known !== undefined) return known
  const seen = new Set(["le", "quantile"])
  const labels: Array<string> = []
  for (const tag of key.tags) {
    if (isUnit(tag)) continue
    let name = legalLabel(tag.key)
    while (seen.has(name)) name += "_"
    seen.add(name)
    labels.push(`${name}="${escaped(tag.value)}"`)
  }
  const text = labels.join(",")
  texts.set(key, text)
  return text
}

const number = (value: number | bigint): string =>
  value === Number.POSITIVE_INFINITY ? "+Inf" : value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value)

/** A bound in OpenMetrics is a float, and says so. */
const bound = (value: number, format: Format): string =>
  format === "openmetrics" && Number.isInteger(value) ? value.toFixed(1) : number(value)

const sample = (name: string, labels: string, value: number | bigint, exemplar = ""): string =>
  `${name}${labels === "" ? "" : `{${labels}}`} ${number(value)}${exemplar}\n`

const and = (labels: string, more: string): string => (labels === "" ? more : `${labels},${more}`)

const series = (
  { kind, name }: Family,
  { metricKey, metricState }: MetricPair.MetricPair.Untyped,
  format: Format
): string => {
  const labels = labelsOf(metricKey)
  if (MetricState.isCounterState(metricState)) {
    return sample(kind === "counter" ? `${name}_total` : name, labels, metricState.count)
  }
  if (MetricState.isGaugeState(metricState)) return sample(name, labels, metricState.value)
  if (MetricState.isFrequencyState(metricState)) {
    const label = /(^|,)key="/.test(labels) ? "key_" : "key"
    return Array.from(metricState.occurrences, ([word, count]) =>
      sample(`${name}_total`, and(labels, `${label}="${escaped(word)}"`), count)
    ).join("")
  }
  if (MetricState.isHistogramState(metricState)) {
    const exemplars = format === "openmetrics" ? exemplarsIn(metricKey) : undefined
    let text = ""
    metricState.buckets.forEach(([upTo, count], i) => {
      const le = `le="${bound(upTo, format)}"`
      text += sample(`${name}_bucket`, and(labels, le), count, exemplarText(exemplars?.at(i)))
    })
    return text + sample(`${name}_sum`, labels, metricState.sum) + sample(`${name}_count`, labels, metricState.count)
  }
  if (MetricState.isSummaryState(metricState)) {
    const quantiles = metricState.quantiles.map(([quantile, value]) =>
      sample(
        name,
        and(labels, `quantile="${bound(quantile, format)}"`),
        value._tag === "Some" ? value.value : Number.NaN
      )
    )
    const { count, sum } = metricState
    return `${quantiles.join("")}${sample(`${name}_sum`, labels, sum)}${sample(`${name}_count`, labels, count)}`
  }
  return ""
}

/** OpenMetrics allows so many characters of labels; ids of OpenTelemetry stay well below. */
const maxExemplar = 128

const exemplarText = (exemplar: Exemplar | undefined): string => {
  if (exemplar === undefined) return ""
  const { spanId, timestamp, traceId, value } = exemplar
  if (traceId.length + spanId.length > maxExemplar - "trace_id".length - "span_id".length) return ""
  const labels = `trace_id="${escaped(traceId)}",span_id="${escaped(spanId)}"`
  return ` # {${labels}} ${number(value)} ${timestamp / 1_000}`
}
