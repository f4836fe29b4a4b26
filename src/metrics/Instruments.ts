/**
 * Every instrument, once: the metrics of Effect, the text for Prometheus, alerting rules, dashboards and the
 * documentation are made from these definitions, so that a name is in one place.
 *
 * @since 0.1.0
 */

import { counter, gauge, histogram, type Instrument } from "./instrument.js"

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  Instrument
} from "./instrument.js"

// From a request to a night's work.
const storySeconds = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1_200, 1_800]
const stageSeconds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

/**
 * @since 0.1.0
 * @category instruments
 */
export const storyDuration = /* @__PURE__ */ histogram(
  "story.duration",
  "s",
  ["story_name", "success"],
  "How long stories took",
  storySeconds
)

/**
 * @since 0.1.0
 * @category instruments
 */
export const stories = /* @__PURE__ */ counter("story", "{story}", ["story_name", "success"], "Stories that ended")

/**
 * @since 0.1.0
 * @category instruments
 */
export const activeStories = /* @__PURE__ */ gauge("story.active", "{story}", ["story_name"], "Stories running now")

/**
 * @since 0.1.0
 * @category instruments
 */
export const storyFailures = /* @__PURE__ */ counter(
  "story.failures",
  "{failure}",
  ["story_name", "error_type"],
  "Failures that ended a story, by the type of the first error"
)

/**
 * @since 0.1.0
 * @category instruments
 */
export const handledFailures = /* @__PURE__ */ counter(
  "story.handled_failures",
  "{failure}",
  ["story_name", "error_type"],
  "Failures that the program handled and recorded"
)

/**
 * @since 0.1.0
 * @category instruments
 */
export const stageDuration = /* @__PURE__ */ histogram(
  "stage.duration",
  "s",
  ["story_name", "stage_name"],
  "How long stages took, however they ended",
  stageSeconds
)

/**
 * @since 0.1.0
 * @category instruments
 */
export const stages = /* @__PURE__ */ counter(
  "stage",
  "{stage}",
  ["story_name", "stage_name", "status"],
  "Stages that ended: completed, failed or cancelled"
)

/**
 * @since 0.1.0
 * @category instruments
 */
export const stageRetries = /* @__PURE__ */ counter(
  "stage.retries",
  "{retry}",
  ["story_name", "stage_name"],
  "Further attempts of stages"
)

/**
 * @since 0.1.0
 * @category instruments
 */
export const analysisLatency = /* @__PURE__ */ histogram(
  "llm.analysis_latency",
  "s",
  ["story_name"],
  "From a failure's report to its analysis made in the background",
  [0.5, 1, 2, 5, 10, 20, 30, 60, 120]
)

/**
 * @since 0.1.0
 * @category instruments
 */
export const rendererEvents = /* @__PURE__ */ counter(
  "renderer.events",
  "{event}",
  ["renderer", "result"],
  "Events handed to renderers and export queues: delivered, dropped or failed"
)

/**
 * @since 0.1.0
 * @category instruments
 */
export const labelOverflow = /* @__PURE__ */ counter(
  "metrics.label_overflow",
  "{measurement}",
  ["label"],
  "Measurements counted under the label value other, because there were too many values"
)

/**
 * @since 0.1.0
 * @category work instruments
 */
export const agentDuration = /* @__PURE__ */ histogram(
  "agent.duration",
  "s",
  ["agent_id", "model"],
  "How long agents ran",
  [0.5, 1, 2, 5, 10, 30, 60, 120]
)

/**
 * @since 0.1.0
 * @category work instruments
 */
export const agentErrors = /* @__PURE__ */ counter(
  "agent.errors",
  "{error}",
  ["agent_id", "error_type"],
  "Agents that failed"
)

/**
 * @since 0.1.0
 * @category work instruments
 */
export const apiCalls = /* @__PURE__ */ counter(
  "api.calls",
  "{call}",
  ["model", "provider", "operation", "agent_id"],
  "Calls of providers, however they ended"
)

/**
 * @since 0.1.0
 * @category work instruments
 */
export const apiCallDuration = /* @__PURE__ */ histogram(
  "api.call.duration",
  "s",
  ["model", "provider", "operation"],
  "How long calls of providers took, however they ended",
  [0.5, 1, 2, 5, 10, 20, 30]
)

/**
 * @since 0.1.0
 * @category work instruments
 */
export const apiErrors = /* @__PURE__ */ counter(
  "api.errors",
  "{error}",
  ["model", "provider", "operation", "error_type"],
  "Calls of providers that failed"
)

/**
 * @since 0.1.0
 * @category work instruments
 */
export const tokensUsed = /* @__PURE__ */ counter(
  "tokens.used",
  "{token}",
  ["model", "token_type"],
  "Tokens used; cached ones are part of prompt, reasoning ones of completion"
)

/**
 * @since 0.1.0
 * @category work instruments
 */
export const costUsd = /* @__PURE__ */ counter("cost.usd", "{USD}", ["model", "agent_id"], "Cost in US dollars")

/**
 * @since 0.1.0
 * @category work instruments
 */
export const qualityScore = /* @__PURE__ */ histogram(
  "quality.score",
  "1",
  ["story_name", "metric_type"],
  "How good results were, from 0 to 1",
  [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1]
)

/**
 * @since 0.1.0
 * @category work instruments
 */
export const items = /* @__PURE__ */ counter(
  "items",
  "{item}",
  ["story_name", "result"],
  "Items of work: discovered, succeeded, failed or skipped"
)

/**
 * @since 0.1.0
 * @category work instruments
 */
export const retryAttempts = /* @__PURE__ */ counter(
  "retry.attempts",
  "{retry}",
  ["agent_id", "reason"],
  "Further attempts, by the agent they were made in and the type of the error that made them necessary"
)

/**
 * @since 0.1.0
 * @category work instruments
 */
export const circuitTransitions = /* @__PURE__ */ counter(
  "circuit.transitions",
  "{transition}",
  ["operation", "provider", "result"],
  "Circuits that opened, closed or refused a call: opened, closed or refused"
)

/**
 * All of them, in the order in which they are exposed.
 *
 * @since 0.1.0
 * @category instruments
 */
export const all: ReadonlyArray<Instrument> = [
  storyDuration,
  stories,
  activeStories,
  storyFailures,
  handledFailures,
  stageDuration,
  stages,
  stageRetries,
  analysisLatency,
  rendererEvents,
  labelOverflow,
  agentDuration,
  agentErrors,
  apiCalls,
  apiCallDuration,
  apiErrors,
  tokensUsed,
  costUsd,
  qualityScore,
  items,
  retryAttempts,
  circuitTransitions
]

/**
 * The labels of an instrument where the labels of stories named `storyLabels` are asked for: every instrument that has
 * `story_name` has them too, but for `llm.analysis_latency`, which may come long after the story.
 *
 * @since 0.1.0
 * @category names
 */
export const labelsOf = (instrument: Instrument, storyLabels: ReadonlyArray<string> = []): ReadonlyArray<string> =>
  instrument.labels.includes("story_name") && instrument !== analysisLatency
    ? [...instrument.labels, ...storyLabels]
    : instrument.labels

/**
 * @since 0.1.0
 * @category names
 */
export const defaultPrefix = "narrative"

/**
 * The name by which Effect and OpenTelemetry know it: `narrative.story.duration`.
 *
 * @since 0.1.0
 * @category names
 */
export const nameOf = ({ name }: Instrument, prefix: string = defaultPrefix): string => `${prefix}.${name}`

/**
 * The name by which Prometheus knows it: `narrative_story_duration_seconds`, `narrative_story_total`. The series of a
 * histogram add `_bucket`, `_sum` and `_count`.
 *
 * An OpenTelemetry collector that hands metrics on to Prometheus makes the same names.
 *
 * @since 0.1.0
 * @category names
 */
export const prometheusNameOf = (instrument: Instrument, prefix: string = defaultPrefix): string => {
  const base = nameOf(instrument, prefix).replaceAll(".", "_")
  const withUnit = instrument.unit === "s" ? `${base}_seconds` : base
  return instrument.kind === "counter" ? `${withUnit}_total` : withUnit
}
