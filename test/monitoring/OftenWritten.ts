/**
 * Alerts as they are often written, and series under which they stay silent, though ours fire: why ours are written
 * otherwise.
 */
import type { Firing } from "./AlertRule.js"
import { every } from "./Alerts.js"

export interface OftenWritten {
  readonly expr: string
  readonly firing: Firing
}

const firingOf = (name: string, when: string): Firing => {
  const firing = every.find((alert) => alert.name === name)?.fires.find((firing) => firing.when === when)
  if (firing === undefined) throw new Error(`${name} has no such case: ${when}`)
  return firing
}

const failedShare = `sum(rate(narrative_story_total{success="false"}[5m])) / sum(rate(narrative_story_total[5m])) > 0.1`
const callErrorShare = "sum(rate(narrative_api_errors_total[5m])) / sum(rate(narrative_api_calls_total[5m])) > 0.05"

export const oftenWritten: ReadonlyArray<OftenWritten> = [
  {
    expr: "histogram_quantile(0.95, rate(narrative_story_duration_seconds_bucket[5m])) > 1800",
    firing: firingOf("NarrativeStorySlow", "all take longer than the last bound")
  },
  {
    expr: failedShare,
    firing: firingOf("NarrativeStoryFailing", "the only one of the night failed, the first time ever")
  },
  {
    expr: failedShare,
    firing: firingOf("NarrativeStoryFailing", "a rare story fails beside a busy one that does not")
  },
  {
    expr: callErrorShare,
    firing: firingOf("NarrativeCallsFailing", "a model is down beside a busy one")
  },
  {
    expr: "sum(increase(narrative_cost_usd_total[1h])) > 10",
    firing: firingOf("NarrativeCostBudget", "one call of a new model costs 11 dollars")
  },
  {
    expr: `sum(rate(narrative_quality_score_sum{metric_type="coherence"}[1h])) / sum(rate(narrative_quality_score_count{metric_type="coherence"}[1h])) < 0.85`,
    firing: firingOf("NarrativeQualityLow", "the only result of the day is bad")
  }
]
