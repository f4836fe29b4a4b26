/** The queries of a dashboard, as Grafana sends them. */
import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard"

/** Those of panels and of variables. */
export const queriesOf = (dashboard: Dashboard): ReadonlyArray<string> => [
  ...(dashboard.panels ?? []).flatMap((panel) =>
    "targets" in panel ? (panel.targets ?? []).flatMap((target) => expressionOf(target)) : []
  ),
  ...(dashboard.templating?.list ?? []).flatMap(({ query }) => {
    const selector = /^label_values\((.*),(\w+)\)$/.exec(typeof query === "object" ? String(query["query"]) : "")
    return selector === null ? [] : [`count by (${selector[2]}) (${selector[1]})`]
  })
]

const expressionOf = (target: object): ReadonlyArray<string> =>
  "expr" in target && typeof target.expr === "string" ? [target.expr] : []

/** A query with values for Grafana's variables: all of each, within an hour. */
export const withValues = (query: string): string =>
  query.replaceAll("$__rate_interval", "5m").replaceAll("$__range", "1h").replaceAll(/\$\w+/g, ".*")
