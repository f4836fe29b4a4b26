/** The files of `docs/monitoring`, as they are made from the definitions of the instruments. */
import * as Dashboard from "./Dashboard.js"
import * as RuleFile from "./RuleFile.js"
import * as Stack from "./Stack.js"
import * as Yaml from "./Yaml.js"

/** Relative to the repository. */
export const folder = "docs/monitoring/"

const written = "Written by `npm run monitoring`."

/** Their texts, by their names in the folder. */
export const files: { readonly [name: string]: string } = {
  "rules.yml": RuleFile.rules,
  "rules.test.yml": RuleFile.tests,
  "dashboard.json": Dashboard.text,
  "prometheus.yml": Yaml.render(`What Prometheus scrapes, and the rules it watches. ${written}`, Stack.prometheus),
  "docker-compose.yml": Yaml.render(
    `Prometheus, Grafana and an OpenTelemetry collector, for this machine alone: \`docker compose up -d\`. ${written}`,
    Stack.compose
  ),
  "otel-collector.yml": Yaml.render(
    `Takes what programs push as OTLP, and shows their metrics to Prometheus. ${written}`,
    Stack.collector
  ),
  "grafana-datasource.yml": Yaml.render(`Where Grafana finds Prometheus. ${written}`, Stack.datasource),
  "grafana-dashboards.yml": Yaml.render(`Where Grafana finds the dashboard. ${written}`, Stack.dashboards)
}
