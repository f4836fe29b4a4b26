/**
 * `rules.yml`, which Prometheus loads, and the tests, which show each of its alerts fire and stay silent.
 */
import { type AlertRule, textOf } from "./AlertRule.js"
import { alerts, every } from "./Alerts.js"
import * as Yaml from "./Yaml.js"

const runbook = (alert: AlertRule): string => `docs/monitoring.md#${alert.name.toLowerCase()}`

const groups = Object.entries(alerts).map(([name, rules]) => ({
  name,
  interval: "30s",
  rules: rules.map((alert) => ({
    alert: alert.name,
    expr: alert.query.expr,
    for: alert.for,
    labels: { severity: alert.severity },
    annotations: { summary: alert.summary, description: alert.description, runbook: runbook(alert) }
  }))
}))

export const rules = Yaml.render(
  "Alerting rules for the metrics of effect-narrative. Written by `npm run monitoring`: docs/monitoring.md tells what each\nalert means and what to do.",
  { groups },
  Object.fromEntries(every.map((alert) => [alert.name, alert.mended]))
)

const testsOf = (alert: AlertRule) => [
  ...alert.fires.map((firing) => ({
    name: `${alert.name} fires: ${firing.when}`,
    interval: alert.step ?? "1m",
    input_series: firing.series,
    alert_rule_test: [
      {
        eval_time: firing.at,
        alertname: alert.name,
        exp_alerts: firing.alerts.map((told) => ({
          exp_labels: { ...told.labels, severity: alert.severity },
          exp_annotations: {
            summary: textOf(alert.summary, told),
            description: textOf(alert.description, told),
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

const testFile = (name: string, step: "1m" | "5m"): string =>
  Yaml.render(
    `Series under which alerts fire, and under which they stay silent. Written by \`npm run monitoring\`.\n\`promtool test rules ${name}\` runs it.`,
    {
      rule_files: ["rules.yml"],
      evaluation_interval: step,
      tests: every.filter((alert) => (alert.step ?? "1m") === step).flatMap(testsOf)
    }
  )

/** Tests of all rules but those on a day, which would have it evaluated minute by minute. */
export const tests = testFile("rules.test.yml", "1m")

/** Tests of rules that compare with the day before. */
export const testsOfDays = testFile("rules.days.test.yml", "5m")
