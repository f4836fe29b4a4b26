/**
 * A recording: a query that Prometheus answers ahead and keeps under a name, why it does, and what it says of given
 * series.
 *
 * Its name follows Prometheus's convention, `level:metric:operations`: the labels of its series, what is asked, and what
 * was done with it. It is made of the query and the instrument, so that it cannot say anything else.
 */
import { type Instrument, prometheusNameOf } from "../../src/metrics/Instruments.js"
import type { LabelOf, Recording, Vector, Window } from "./PromQl.js"
import type { Series } from "./Series.js"

export interface RecordingRule<Q extends Vector<string> = Vector<string>> extends Recording<Q> {
  readonly window: Window
  /** What its value is. */
  readonly meaning: string
  /** Why it is recorded. */
  readonly because: string
  /** Of series that do not grow. A share, a quantile or an average of nothing is no answer, and never `NaN`. */
  readonly idle: "zero" | "nothing"
  readonly shows: ReadonlyArray<Showing>
}

/** Series, and all that the recording says of them `at` a time. */
export interface Showing {
  readonly when: string
  readonly series: ReadonlyArray<Series>
  readonly at: Window
  readonly values: ReadonlyArray<{ readonly labels: { readonly [label: string]: string }; readonly value: number }>
}

/** What is done last. */
export type Operation = "rate" | "increase" | "ratio_increase" | "mean" | `p${number}_increase`

export const make = <Q extends Vector<string>>(
  rule: Omit<RecordingRule<Q>, "record" | "query" | "shows"> & {
    readonly instrument: Instrument
    /** Where not all of the instrument is asked for: `failed_per_stage`, `bucket`. */
    readonly part?: string
    readonly operation: Operation
    readonly query: (window: Window) => Q
    readonly shows: ReadonlyArray<
      Omit<Showing, "values"> & {
        readonly values: ReadonlyArray<{
          readonly labels: { readonly [K in LabelOf<Q>]: string }
          readonly value: number
        }>
      }
    >
  }
): RecordingRule<Q> => {
  const { instrument, operation, part, ...rest } = rule
  const query = rule.query(rule.window)
  const name = prometheusNameOf(instrument).replace(/_total$/, "")
  const metric = part === undefined ? name : `${name}_${part}`
  return { ...rest, query, record: `${query.labels.join("_")}:${metric}:${operation}${rule.window}` }
}
