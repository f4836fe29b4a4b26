/**
 * PromQL that can name no metric and no label that does not exist: both come from the definitions of the instruments.
 *
 * A query says which labels its series carry, so that what is divided, compared or shown by an alert fits together.
 */
import { type Instrument, prometheusNameOf } from "../../src/metrics/Instruments.js"

/** Labels that Prometheus adds when it scrapes. */
export type Target = "job" | "instance"

/** How far back a query looks. The last two are Grafana's. */
export type Window = `${number}${"s" | "m" | "h" | "d"}` | "$__rate_interval" | "$__range"

/** The series of a metric, by name and matchers: what comes before `[5m]`. */
export interface Samples<L extends string> {
  readonly selector: string
  readonly labels: ReadonlyArray<L>
}

/** A query with one number a series at a time. Its series carry the labels `L`, and no others. */
export interface Vector<L extends string> {
  readonly expr: string
  readonly labels: ReadonlyArray<L>
  /** Two queries with an operator between them: in parentheses, where it becomes part of another. */
  readonly compound: boolean
}

/** What a label has to be: a value, one of several, a variable of the dashboard, or anything but a value. */
export type Matcher =
  | string
  | { readonly oneOf: ReadonlyArray<string> }
  | { readonly variable: string }
  | { readonly not: string }

export type Where<L extends string> = { readonly [K in L]?: Matcher }

/** The samples of a counter. */
export const counter = <L extends string>(of: Instrument<L>, where?: Where<L | Target>): Samples<L | Target> =>
  samples(of, "counter", "", labelsOf(of), where)

/** The samples of a gauge. */
export const gauge = <L extends string>(of: Instrument<L>, where?: Where<L | Target>): Samples<L | Target> =>
  samples(of, "gauge", "", labelsOf(of), where)

/** How many values a histogram has seen. */
export const countOf = <L extends string>(of: Instrument<L>, where?: Where<L | Target>): Samples<L | Target> =>
  samples(of, "histogram", "_count", labelsOf(of), where)

/** The sum of what a histogram has seen. */
export const sumOf = <L extends string>(of: Instrument<L>, where?: Where<L | Target>): Samples<L | Target> =>
  samples(of, "histogram", "_sum", labelsOf(of), where)

/** How many values were at most `le`, of each bound or of one. */
export const bucketsOf = <L extends string>(
  of: Instrument<L>,
  where: Where<L | Target> = {},
  le?: string
): Samples<L | Target | "le"> => samples(of, "histogram", "_bucket", [...labelsOf(of), "le"], { ...where, le })

const labelsOf = <L extends string>(of: Instrument<L>): ReadonlyArray<L | Target> => ["job", "instance", ...of.labels]

const samples = <L extends string>(
  of: Instrument,
  kind: Instrument["kind"],
  suffix: string,
  labels: ReadonlyArray<L>,
  where?: { readonly [label: string]: Matcher | undefined }
): Samples<L> => {
  if (of.kind !== kind) throw new Error(`${of.name} is a ${of.kind}, and is asked as a ${kind}`)
  return { selector: selector(`${prometheusNameOf(of)}${suffix}`, where), labels }
}

const selector = (name: string, where: { readonly [label: string]: Matcher | undefined } = {}): string => {
  const matchers = Object.entries(where).flatMap(([label, value]) =>
    value === undefined ? [] : [`${label}${matching(value)}`]
  )
  return matchers.length === 0 ? name : `${name}{${matchers.join(",")}}`
}

const matching = (matcher: Matcher): string => {
  if (typeof matcher === "string") return `=${JSON.stringify(matcher)}`
  if ("oneOf" in matcher) return `=~${JSON.stringify(matcher.oneOf.join("|"))}`
  if ("not" in matcher) return `!=${JSON.stringify(matcher.not)}`
  return `=~"$${matcher.variable}"`
}

/** How a counter is turned into what happened within a window: `rate`, `increase` or `grown`. */
export type Growth = <L extends string>(of: Samples<L>, window: Window) => Vector<L>

/** Growth a second. */
export const rate: Growth = (of, window) => simple(`rate(${of.selector}[${window}])`, of.labels)

/** Growth within the window. A series that is born with a value has not grown by it: see `grown`. */
export const increase: Growth = (of, window) => simple(`increase(${of.selector}[${window}])`, of.labels)

/**
 * Growth within the window, what a series was born with included. A counter with a new label value appears as 1, not as
 * 0 and then 1: `increase` never sees that first failure, which is the one that matters.
 */
export const grown: Growth = (of, window) =>
  compound(`${of.selector} unless ${of.selector} offset ${window}`, `or increase(${of.selector}[${window}])`, of.labels)

/** What they say now. */
export const now = <L extends string>(of: Samples<L>): Vector<L> => simple(of.selector, of.labels)

/** Growth within a window that ended some time ago. */
export const increaseBefore = <L extends string>(of: Samples<L>, window: Window, ago: Window): Vector<L> =>
  simple(`increase(${of.selector}[${window}] offset ${ago})`, of.labels)

/** The last value within a window that ended some time ago. */
export const lastBefore = <L extends string>(of: Samples<L>, window: Window, ago: Window): Vector<L> =>
  simple(`last_over_time(${of.selector}[${window}] offset ${ago})`, of.labels)

/** 1 where no such series was there within the window. */
export const absent = (of: Samples<string>, window: Window): Vector<never> =>
  simple(`absent_over_time(${of.selector}[${window}])`, [])

/** What all series that agree in the labels `by` are together: without them, all series there are. */
export type Aggregation = <L extends string, const By extends L = never>(
  of: Vector<L>,
  by?: ReadonlyArray<By>
) => Vector<By>

const aggregation =
  (name: string): Aggregation =>
  (of, by = []) =>
    simple(enclosed(by.length === 0 ? name : `${name} by (${by.join(", ")}) `, of.expr), by)

export const sum: Aggregation = aggregation("sum")

/** The greatest of them. */
export const max: Aggregation = aggregation("max")

/** The least of them. */
export const min: Aggregation = aggregation("min")

/** The `n` greatest series. */
export const top = <L extends string>(n: number, of: Vector<L>): Vector<L> =>
  simple(enclosed("topk", `${n}, ${of.expr}`), of.labels)

/** What was read from a histogram, and the bounds of its buckets. */
export interface OfHistogram {
  readonly bounds: ReadonlyArray<number>
}

/** How the values of a histogram are spread over its buckets within a window: how many were at most `le`. */
export interface Spread<L extends string> extends Vector<L | "le">, OfHistogram {}

export interface Quantile<L extends string> extends Vector<L>, OfHistogram {}

/**
 * Buckets are always summed before anything is read from them: a quantile of each process, or of each outcome, is not the
 * quantile of them all.
 */
export const spread = <L extends string, const By extends L | Target = never>(
  of: Instrument<L>,
  window: Window,
  options: {
    readonly by?: ReadonlyArray<By>
    readonly growth?: Growth
    readonly where?: Where<L | Target>
  } = {}
): Spread<By> => {
  const { by = [], growth = rate, where } = options
  const labels: ReadonlyArray<By | "le"> = [...by, "le"]
  return { ...sum(growth(bucketsOf(of, where), window), labels), bounds: of.buckets ?? [] }
}

/** A quantile of a histogram. Of nothing it is `NaN`: see `known`. */
export const quantile = <L extends string>(q: number, of: Spread<L>): Quantile<Exclude<L, "le">> => ({
  ...simple(
    enclosed("histogram_quantile", `${q}, ${of.expr}`),
    of.labels.filter((label): label is Exclude<L, "le"> => label !== "le")
  ),
  bounds: of.bounds
})

/** Series that have a number: comparing holds for none that is `NaN`. For what is never below 0. */
export const known = <Q extends Vector<string>>(of: Q): Q => ({ ...of, ...scalar(of, ">=", 0), labels: of.labels })

/** A query whose answer Prometheus keeps under a name. */
export interface Recording<Q extends Vector<string> = Vector<string>> {
  readonly record: string
  readonly query: Q
}

export type LabelOf<Q> = Q extends Vector<infer L> ? L : never

/** What was recorded last: the same as its query, for less. */
export const recorded = <Q extends Vector<string>>(of: Recording<Q>, where?: Where<LabelOf<Q>>): Q =>
  read(of, selector(of.record, where))

/** The greatest value that was recorded within a window: no spike is lost between two points of a wide view. */
export const greatest = <Q extends Vector<string>>(of: Recording<Q>, window: Window, where?: Where<LabelOf<Q>>): Q =>
  read(of, `max_over_time(${selector(of.record, where)}[${window}])`)

/** The average of what was recorded within a window. */
export const average = <Q extends Vector<string>>(of: Recording<Q>, window: Window, where?: Where<LabelOf<Q>>): Q =>
  read(of, `avg_over_time(${selector(of.record, where)}[${window}])`)

const read = <Q extends Vector<string>>({ query }: Recording<Q>, expr: string): Q => ({
  ...query,
  expr,
  compound: false
})

/** One divided by the other, where there is something to divide by: 0 of 0 is no answer, not `NaN`. */
export const ratio = <L extends string>(part: Vector<L>, all: Vector<NoInfer<L>>): Vector<L> =>
  joined(part, "/", { ...all, expr: `${whole(all)} > 0`, compound: true })

/** `part` of `all`; 0 where nothing of `all` is `part`, which has no series then. */
export const share = <L extends string>(part: Vector<L>, all: Vector<NoInfer<L>>): Vector<L> =>
  ratio(or(part, times(all, 0)), all)

export const or = <L extends string>(left: Vector<L>, right: Vector<NoInfer<L>>): Vector<L> => joined(left, "or", right)

/** Series of the first that the second has too. */
export const and = <L extends string>(left: Vector<L>, right: Vector<NoInfer<L>>): Vector<L> =>
  joined(left, "and", right)

/** Series of the first that the second has not. */
export const unless = <L extends string>(left: Vector<L>, right: Vector<NoInfer<L>>): Vector<L> =>
  joined(left, "unless", right)

/** Series that are not greater than the same of another query. */
export const atMost = <L extends string>(of: Vector<L>, other: Vector<NoInfer<L>>): Vector<L> => joined(of, "<=", other)

/** What is left of 1: successes, where failures are counted. */
export const complement = <L extends string>(of: Vector<L>): Vector<L> => ({
  expr: `1 - ${whole(of)}`,
  labels: of.labels,
  compound: true
})

export const times = <L extends string>(of: Vector<L>, factor: number): Vector<L> => scalar(of, "*", factor)

/**
 * Series above a threshold. That of a quantile has to lie below the last bound of its histogram: a quantile is never
 * greater than that, and an alert on it would never fire.
 */
export const above = <L extends string>(of: Vector<L> | Quantile<L>, threshold: number): Vector<L> => {
  const last = "bounds" in of ? of.bounds.at(-1) : undefined
  if (last !== undefined && threshold >= last) {
    throw new Error(`${of.expr} is never above ${threshold}: the last bound of its histogram is ${last}`)
  }
  return scalar(of, ">", threshold)
}

/** Series below a threshold. */
export const below = <L extends string>(of: Vector<L>, threshold: number): Vector<L> => scalar(of, "<", threshold)

const simple = <L extends string>(expr: string, labels: ReadonlyArray<L>): Vector<L> => ({
  expr,
  labels,
  compound: false
})

const compound = <L extends string>(left: string, right: string, labels: ReadonlyArray<L>): Vector<L> => ({
  expr: left.length + right.length < 100 && !/\n/.test(left + right) ? `${left} ${right}` : `${left}\n${right}`,
  labels,
  compound: true
})

const enclosed = (head: string, expr: string): string =>
  expr.includes("\n") ? `${head}(\n${expr.replaceAll(/^/gm, "  ")}\n)` : `${head}(${expr})`

const whole = (of: Vector<string>): string => (of.compound ? enclosed("", of.expr) : of.expr)

const joined = <L extends string>(left: Vector<L>, operator: string, right: Vector<string>): Vector<L> => {
  if ([...left.labels].sort().join() !== [...right.labels].sort().join()) {
    throw new Error(`Series with [${left.labels}] never meet those with [${right.labels}]: ${left.expr}, ${right.expr}`)
  }
  return compound(whole(left), `${operator} ${whole(right)}`, left.labels)
}

const scalar = <L extends string>(of: Vector<L>, operator: string, value: number): Vector<L> => ({
  expr: `${whole(of)} ${operator} ${value}`,
  labels: of.labels,
  compound: true
})
