/**
 * How metrics are made: the options, and what is made of them once they are known to be right.
 */
import * as Data from "effect/Data"
import * as Either from "effect/Either"
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
 * - `prefix`: what every name begins with (default `narrative`): letters, digits and `_`, not beginning with a digit;
 *   parts may be joined by `.`.
 * - `maxLabelValues`: most values of one label, 1 or more (default 200); further ones are told as `other`.
 * - `maxSeries`: most combinations of label values of one instrument, 1 or more (default 2,000); further ones are told
 *   with every label `other`.
 * - `storyLabels`: the labels of stories that become labels of metrics, at most 8 (default: none).
 * - `buckets`: upper bounds in place of an instrument's own, ascending, by its name without prefix.
 *
 * @since 0.1.0
 * @category models
 */
export interface MetricsOptions {
  readonly prefix?: string | undefined
  readonly maxLabelValues?: number | undefined
  readonly maxSeries?: number | undefined
  readonly storyLabels?: ReadonlyArray<string> | undefined
  readonly buckets?: { readonly [Name in HistogramName]?: ReadonlyArray<number> | undefined } | undefined
}

/**
 * A setting that cannot be used.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidMetricsOption extends Data.TaggedError("InvalidMetricsOption")<{
  readonly setting: keyof MetricsOptions | "path" | "include"
  readonly value: string
  readonly reason: string
}> {
  override get message(): string {
    return `NarrativeMetrics: ${this.setting} cannot be ${this.value}: ${this.reason}`
  }
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

export const parse = (options: MetricsOptions): Either.Either<MetricsSettings, InvalidMetricsOption> =>
  Either.gen(function* () {
    const { maxLabelValues = 200, maxSeries = 2_000, prefix = Instruments.defaultPrefix } = options
    if (typeof prefix !== "string" || prefix.length > 100 || !/^[A-Za-z_]\w*(\.\w+)*$/.test(prefix)) {
      const reason = "it has to be letters, digits and _, parts joined by ., and not to begin with a digit"
      return yield* invalid("prefix", prefix, reason)
    }
    for (const [setting, value] of Object.entries({ maxLabelValues, maxSeries })) {
      if (!Number.isSafeInteger(value) || value < 1) {
        const name = setting === "maxSeries" ? "maxSeries" : "maxLabelValues"
        return yield* invalid(name, value, "it has to be a whole number, 1 or more")
      }
    }
    const storyLabels = yield* parseLabels(options.storyLabels ?? [])
    const buckets = new Map<string, ReadonlyArray<number>>()
    for (const [name, bounds] of Object.entries(options.buckets ?? {})) {
      if (bounds !== undefined) buckets.set(name, yield* parseBounds(name, bounds))
    }
    return { prefix, maxLabelValues, maxSeries, storyLabels, buckets }
  })

const ownLabels = new Set(["le", "quantile", "unit", "time_unit", ...Instruments.all.flatMap(({ labels }) => labels)])

const parseLabels = (names: ReadonlyArray<string>): Either.Either<ReadonlyArray<string>, InvalidMetricsOption> => {
  if (!Array.isArray(names)) return invalid("storyLabels", names, 'it has to be a list of names, such as ["region"]')
  if (names.length > maxStoryLabels) {
    return invalid("storyLabels", names, `there can be ${maxStoryLabels} at most`)
  }
  for (const name of names) {
    if (typeof name !== "string" || !/^(?!__)[A-Za-z_]\w*$/.test(name)) {
      return invalid("storyLabels", name, "a name has to be letters, digits and _, and not to begin with a digit or __")
    }
    if (ownLabels.has(name)) return invalid("storyLabels", name, "metrics have a label of that name already")
  }
  if (new Set(names).size < names.length) return invalid("storyLabels", names, "one of them stands there twice")
  return Either.right([...names])
}

const histograms = Instruments.all.filter(({ kind }) => kind === "histogram").map(({ name }) => name)

const parseBounds = (
  name: string,
  bounds: ReadonlyArray<number>
): Either.Either<ReadonlyArray<number>, InvalidMetricsOption> => {
  if (!histograms.includes(name)) {
    return invalid("buckets", name, `it has to be the name of a histogram: ${histograms.join(", ")}`)
  }
  const isRight =
    Array.isArray(bounds) &&
    bounds.length > 0 &&
    bounds.length <= maxBounds &&
    bounds.every((bound, i) => Number.isFinite(bound) && (i === 0 || bound > bounds[i - 1]))
  return isRight
    ? Either.right([...bounds])
    : invalid("buckets", `${name}: ${bounds}`, `they have to be 1 to ${maxBounds} finite numbers that ascend`)
}

/** Most buckets of one histogram: each is a series to whoever stores them. */
const maxBounds = 64

const invalid = (setting: keyof MetricsOptions, value: unknown, reason: string) =>
  Either.left(new InvalidMetricsOption({ setting, value: String(value), reason }))
