/**
 * An alert: its query, what it says, and the series under which it fires or stays silent.
 */
import type { Vector, Window } from "./PromQl.js"
import type { Series } from "./Series.js"

/**
 * - `critical`: look now: work is failing.
 * - `warning`: look today.
 * - `info`: worth knowing.
 */
export type Severity = "critical" | "warning" | "info"

export interface AlertRule {
  readonly name: string
  readonly severity: Severity
  readonly query: Vector<string>
  /** How long the query has to have an answer. */
  readonly for: Window
  readonly summary: string
  readonly description: string
  /** What queries like this one often get wrong, and what this one does. */
  readonly because: string
  /** From one value of its series to the next: `1m`, but for rules on a day. */
  readonly step?: "1m" | "5m"
  readonly fires: ReadonlyArray<Firing>
  readonly silent: ReadonlyArray<Silence>
}

/** Series under which an alert fires `at` a time, with these labels, showing this value. */
export interface Firing {
  readonly when: string
  readonly series: ReadonlyArray<Series>
  readonly at: Window
  readonly alerts: ReadonlyArray<{ readonly labels: { readonly [label: string]: string }; readonly value: string }>
}

/** Series under which it does not. */
export interface Silence {
  readonly when: string
  readonly series: ReadonlyArray<Series>
  readonly at: Window
}

/** What a text is about: the labels of the query, and its value. */
export interface Shown<L extends string> {
  readonly label: (name: L) => string
  readonly value: (format?: ValueFormat) => string
}

export type ValueFormat = "humanize" | "humanizePercentage" | "humanizeDuration" | 'printf "%.2f"' | 'printf "%.0f"'

/** An alert whose texts can name the labels of its query only. */
export const make = <L extends string>(
  rule: Omit<AlertRule, "query" | "summary" | "description" | "fires"> & {
    readonly query: Vector<L>
    readonly summary: (shown: Shown<L>) => string
    readonly description: (shown: Shown<L>) => string
    readonly fires: ReadonlyArray<
      Omit<Firing, "alerts"> & {
        readonly alerts: ReadonlyArray<{ readonly labels: { readonly [K in L]: string }; readonly value: string }>
      }
    >
  }
): AlertRule => {
  const shown: Shown<L> = {
    label: (name) => `{{ $labels.${name} }}`,
    value: (format) => (format === undefined ? "{{ $value }}" : `{{ $value | ${format} }}`)
  }
  return { ...rule, summary: rule.summary(shown), description: rule.description(shown) }
}

/** A text of a rule as an alert shows it. */
export const textOf = (template: string, { labels, value }: Firing["alerts"][number]): string =>
  template
    .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, name: string) => labels[name] ?? "")
    .replaceAll(/\{\{ \$value[^}]*\}\}/g, () => value)
