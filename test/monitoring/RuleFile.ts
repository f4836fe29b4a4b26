/**
 * `rules.yml`, which Prometheus loads, and `rules.test.yml`, which shows what each of its recordings says, and each of its
 * alerts fire and stay silent.
 */
import { Record, String } from "effect"
import { type AlertRule, textOf } from "./AlertRule.js"
import * as Alerts from "./Alerts.js"
import { everySeries } from "./EverySeries.js"
import type { RecordingRule } from "./RecordingRule.js"
import * as Recordings from "./Recordings.js"
import * as Yaml from "./Yaml.js"

const runbook = (alert: AlertRule): string => `docs/monitoring.md#${alert.name.toLowerCase()}`

const alertOf = (alert: AlertRule) => ({
  alert: alert.name,
  expr: alert.query.expr,
  for: alert.for,
  labels: { severity: alert.severity },
  annotations: { summary: alert.summary, description: alert.description, runbook: runbook(alert) }
})

const groups = Record.map(Alerts.alerts, (alerts, name) => ({
  name,
  interval: "30s",
  // The rules of a group are asked in their order, at one time: an alert compares what was recorded just before.
  rules: [
    ...Recordings.recordings[name].map(({ query, record }) => ({ record, expr: query.expr })),
    ...alerts.map(alertOf)
  ]
}))

export const rules = Yaml.render(
  "Recording and alerting rules for the metrics of effect-narrative. Written by `npm run monitoring`: docs/monitoring.md says\nwhat each is for, and what to do when an alert fires.",
  { groups: Object.values(groups) },
  Object.fromEntries([
    ...Recordings.every.map(({ because, meaning, record }) => [
      record,
      `${String.capitalize(meaning)}.\n${String.capitalize(because)}.`
    ]),
    ...Alerts.every.map(({ because, name }) => [name, because])
  ])
)

const labelsOf = (labels: { readonly [label: string]: string }): string =>
  `{${Object.entries(labels).map(([name, text]) => `${name}=${JSON.stringify(text)}`)}}`

const showingsOf = ({ record, shows }: RecordingRule) =>
  shows.map(({ at, series, values, when }) => ({
    name: `${record}: ${when}`,
    interval: "1m",
    input_series: series,
    promql_expr_test: [
      {
        // Versions of Prometheus differ in the last digits of what they extrapolate.
        expr: `round(${record}, 0.001)`,
        eval_time: at,
        exp_samples: values.map(({ labels, value }) => ({ labels: labelsOf(labels), value }))
      }
    ]
  }))

/** `max` passes over what is `NaN`, and so does no comparison by `!=`. */
const idleOf = ({ idle, record }: RecordingRule) =>
  idle === "nothing"
    ? [{ expr: record, eval_time: "90m", exp_samples: [] }]
    : [
        { expr: `max(${record})`, eval_time: "90m", exp_samples: [{ labels: "{}", value: 0 }] },
        { expr: `${record} != 0`, eval_time: "90m", exp_samples: [] }
      ]

const recordingTests = [
  ...Recordings.every.flatMap(showingsOf),
  {
    name: "recordings of series that do not grow are 0, or nothing, and never NaN",
    interval: "1m",
    input_series: everySeries.map(({ series, step }) => ({ series, values: `${step}+0x90` })),
    promql_expr_test: Recordings.every.flatMap(idleOf)
  },
  {
    name: "recordings of no series are none",
    interval: "1m",
    input_series: [],
    promql_expr_test: Recordings.every.map(({ record }) => ({ expr: record, eval_time: "90m", exp_samples: [] }))
  }
]

const alertTestsOf = (alert: AlertRule) => [
  ...alert.fires.map((firing) => ({
    name: `${alert.name} fires: ${firing.when}`,
    interval: alert.step ?? "1m",
    input_series: firing.series,
    alert_rule_test: [
      {
        eval_time: firing.at,
        alertname: alert.name,
        exp_alerts: firing.alerts.map((expected) => ({
          exp_labels: { ...expected.labels, severity: alert.severity },
          exp_annotations: {
            summary: textOf(alert.summary, expected),
            description: textOf(alert.description, expected),
            runbook: runbook(alert)
          }
        }))
      }
    ]
  })),
  ...alert.silent.map((silence) => ({
    name: `${alert.name} is silent: ${silence.when}`,
    interval: alert.step ?? "1m",
    input_series: silence.series,
    alert_rule_test: [{ eval_time: silence.at, alertname: alert.name, exp_alerts: [] }]
  }))
]

export const tests = Yaml.render(
  "Series, and what each recording says of them; series under which each alert fires, and under which it stays silent.\nWritten by `npm run monitoring`. `promtool test rules rules.test.yml` runs it.",
  // Often enough for every `for`, and a fraction of the time that a minute takes.
  {
    rule_files: ["rules.yml"],
    evaluation_interval: "5m",
    tests: [...recordingTests, ...Alerts.every.flatMap(alertTestsOf)]
  }
)
