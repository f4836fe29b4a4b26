/**
 * How metrics are made: the options, and what is made of them once they are decoded.
 */
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import type { InvalidOption } from "../plain/InvalidOption.js"
import * as options from "../plain/options.js"
import * as Instruments from "./Instruments.js"

/**
 * The instruments whose buckets can be chosen.
 *
 * @since 0.1.0
 * @category models
 */
export type HistogramName =
  | "story.duration"
  | "stage.duration"
  | "llm.analysis_latency"
  | "agent.duration"
  | "api.call.duration"
  | "quality.score"

/**
 * @since 0.1.0
 * @category models
 */
export interface MetricsOptions {
  /**
   * What every name begins with (default `narrative`): letters, digits and `_`, not beginning with a digit; parts may be
   * joined by `.`.
   */
  readonly prefix?: string | undefined
  /** Most values of one label, 1 or more (default 200); further ones are recorded as `other`. */
  readonly maxLabelValues?: number | undefined
  /**
   * Most combinations of label values of one instrument, 1 or more (default 2,000); further ones are recorded with every
   * label `other`.
   */
  readonly maxSeries?: number | undefined
  /** The labels of stories that become labels of metrics, at most 8 (default: none). */
  readonly storyLabels?: ReadonlyArray<string> | undefined
  /** Upper bounds in place of an instrument's own, ascending, by its name without prefix. */
  readonly buckets?: { readonly [Name in HistogramName]?: ReadonlyArray<number> | undefined } | undefined
}

export interface MetricsSettings {
  readonly prefix: string
  readonly maxLabelValues: number
  readonly maxSeries: number
  readonly storyLabels: ReadonlyArray<string>
  readonly buckets: ReadonlyMap<string, ReadonlyArray<number>>
}

/** Most labels of stories that metrics may have. */
const maxStoryLabels = 8

/** Most buckets of one histogram: each is a series in whatever stores them. */
const maxBounds = 64

const ownLabels = new Set(["le", "quantile", "unit", "time_unit", ...Instruments.all.flatMap(({ labels }) => labels)])

const histograms = Instruments.all.filter(({ kind }) => kind === "histogram").map(({ name }) => name)

const Prefix = Schema.String.pipe(
  Schema.maxLength(100),
  Schema.pattern(/^[A-Za-z_]\w*(\.\w+)*$/),
  options.takes("letters, digits and _, in parts joined by ., not beginning with a digit")
)

const StoryLabel = Schema.String.pipe(
  Schema.pattern(/^(?!__)[A-Za-z_]\w*$/),
  Schema.filter((name) => (ownLabels.has(name) ? "a name that is no label of metrics already" : undefined)),
  options.takes("a name of letters, digits and _, not beginning with a digit or __")
)

const StoryLabels = Schema.Array(StoryLabel).pipe(
  Schema.maxItems(maxStoryLabels),
  Schema.filter((names) => new Set(names).size === names.length),
  options.takes(`a list of at most ${maxStoryLabels} different names, such as ["region"]`)
)

const Bounds = Schema.Array(Schema.Number.pipe(Schema.finite(), options.takes("a finite number"))).pipe(
  Schema.minItems(1),
  Schema.maxItems(maxBounds),
  Schema.filter((bounds) => bounds.every((bound, i) => i === 0 || bound > (bounds[i - 1] ?? bound))),
  options.takes(`1 to ${maxBounds} finite numbers that ascend`)
)

const Buckets = Schema.Record({ key: Schema.String, value: Schema.UndefinedOr(Bounds) }).pipe(
  Schema.filter((buckets) => Object.keys(buckets).every((name) => histograms.includes(name))),
  options.takes(`bounds by the name of a histogram: ${histograms.join(", ")}`)
)

const Options = Schema.Struct({
  prefix: options.withDefault(Prefix, Instruments.defaultPrefix),
  maxLabelValues: options.withDefault(options.wholeNumber(1), 200),
  maxSeries: options.withDefault(options.wholeNumber(1), 2_000),
  storyLabels: options.withDefault(StoryLabels, []),
  buckets: options.withDefault(Buckets, {})
})

const decode = options.decode("NarrativeMetrics", Options)

export const parse = (given: MetricsOptions): Either.Either<MetricsSettings, InvalidOption> =>
  Either.map(decode(given), ({ buckets, ...settings }) => ({
    ...settings,
    buckets: new Map(
      Object.entries(buckets).flatMap(([name, bounds]) => (bounds === undefined ? [] : [[name, bounds] as const]))
    )
  }))
