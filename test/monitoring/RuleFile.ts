/**
 * `rules.yml`, which Prometheus loads, and `rules.test.yml`, which shows each of its alerts fire and stay silent.
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

export const tests = Yaml.render(
  "Series under which each alert fires, and under which it stays silent. Written by `npm run monitoring`.\n`promtool test rules rules.test.yml` runs it.",
  // Often enough for every `for`, and a fraction of the time that a minute takes.
  { rule_files: ["rules.yml"], evaluation_interval: "5m", tests: every.flatMap(testsOf) }
)
