/** The quantiles of a histogram that are asked for, each recorded from the recorded spread. */
import type { Instrument } from "../../../src/metrics/Instruments.js"
import * as PromQl from "../PromQl.js"
import * as RecordingRule from "../RecordingRule.js"
import type { Series } from "../Series.js"

export const quantilesOf = <L extends string>(of: {
  readonly instrument: Instrument
  readonly spread: RecordingRule.RecordingRule<PromQl.Spread<L>>
  /** Of what, in the plural. */
  readonly what: string
  /** The buckets of one of them, with these labels. */
  readonly took: (le: string, values: string) => Series
  readonly labels: { readonly [K in Exclude<L, "le">]: string }
}) => {
  const quantile = (q: 0.5 | 0.95 | 0.99, meaning: string, because: string, value: number) =>
    RecordingRule.make<PromQl.Quantile<Exclude<L, "le">>>({
      instrument: of.instrument,
      operation: `p${q * 100}_increase`,
      window: of.spread.window,
      query: () => PromQl.known(PromQl.quantile(q, PromQl.recorded(of.spread))),
      meaning: `${meaning} ${of.what} within five minutes took at most so long`,
      because,
      idle: "nothing",
      shows: [
        {
          when: "half take up to a second, the others up to five",
          series: [
            of.took("0.5", "0+0x30"),
            of.took("1", "0+5x30"),
            of.took("5", "0+10x30"),
            of.took("+Inf", "0+10x30")
          ],
          at: "30m",
          values: [{ labels: of.labels, value }]
        }
      ]
    })
  const p50 = quantile(0.5, "half of the", "what is usual", 1)
  const p95 = quantile(0.95, "19 of 20", "what is slow", 4.6)
  const p99 = quantile(0.99, "99 of 100", "what is slowest", 4.92)
  return { p50, p95, p99, all: [p50, p95, p99] }
}
