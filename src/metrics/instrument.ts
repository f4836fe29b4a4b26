/**
 * How an instrument is defined.
 */

/**
 * What an instrument measures.
 *
 * - `name`: without the prefix, e.g. `story.duration`; see {@link nameOf} and {@link prometheusNameOf}.
 * - `unit`: as UCUM writes it: `s`, `1` for a ratio, `{story}` for what is counted.
 * - `labels`: their names, in order. Those of stories come after them: see {@link labelsOf}.
 * - `buckets`: the upper bounds of a histogram, in `unit`, ascending, without +Inf.
 *
 * @since 0.1.0
 * @category models
 */
export interface Instrument<Label extends string = string> {
  readonly name: string
  readonly kind: "counter" | "gauge" | "histogram"
  readonly unit: string
  readonly labels: ReadonlyArray<Label>
  readonly description: string
  readonly buckets: ReadonlyArray<number> | undefined
}

const ofKind =
  (kind: "counter" | "gauge") =>
  <const Label extends string>(
    name: string,
    unit: string,
    labels: ReadonlyArray<Label>,
    description: string
  ): Instrument<Label> => ({ name, kind, unit, labels, description, buckets: undefined })

/** Counts. */
export const counter = /* @__PURE__ */ ofKind("counter")

/** What goes up and down. */
export const gauge = /* @__PURE__ */ ofKind("gauge")

/** How often values were how large. */
export const histogram = <const Label extends string>(
  name: string,
  unit: string,
  labels: ReadonlyArray<Label>,
  description: string,
  buckets: ReadonlyArray<number>
): Instrument<Label> => ({ name, kind: "histogram", unit, labels, description, buckets })
