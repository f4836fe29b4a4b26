/**
 * Names with a bar each: what most of them come to, at a glance. A row is a link to the list behind it.
 */
import { percent } from "../../kit/format.js"
import type { LegendEntry } from "./ChartFrame.js"
import { sum } from "./stack.js"

export interface ShareRow {
  readonly key: string
  readonly name: string
  /** Below the name. */
  readonly detail?: string | undefined
  /** In the order of the series. */
  readonly values: ReadonlyArray<number>
  /** At the end of the row. */
  readonly figure: string
  readonly href: string
}

interface ShareBarsProps {
  readonly title: string
  readonly note?: string | undefined
  readonly series: ReadonlyArray<LegendEntry>
  readonly rows: ReadonlyArray<ShareRow>
  /** Whether each bar is as long as all others, and shows shares. */
  readonly shares?: boolean | undefined
  readonly empty: string
}

export const ShareBars = ({ empty, note, rows, series, shares = false, title }: ShareBarsProps) => {
  const most = Math.max(1e-9, ...rows.map(({ values }) => sum(values)))
  return (
    <section class="chart share-bars" aria-label={title}>
      <div class="chart-head">
        <h3>{title}</h3>
        {note !== undefined && <span class="muted">{note}</span>}
        {series.length > 1 && (
          <ul class="legend">
            {series.map(({ name, tone }) => (
              <li key={name}>
                <i class={`swatch ${tone}`} />
                {name}
              </li>
            ))}
          </ul>
        )}
      </div>
      {rows.length === 0 && <p class="muted chart-empty">{empty}</p>}
      <ol>
        {rows.map(({ detail, figure, href, key, name, values }) => (
          <li key={key}>
            <a class="share-row" href={href}>
              <span class="share-name">
                {name}
                {detail !== undefined && <span class="muted share-detail">{detail}</span>}
              </span>
              <span class="share-figure">{figure}</span>
              <span class="share-bar" aria-hidden="true">
                {values.map((value, i) => (
                  <i
                    key={series[i]?.name}
                    class={series[i]?.tone}
                    style={{ "--width": percent(value / (shares ? Math.max(1e-9, sum(values)) : most)) }}
                  />
                ))}
              </span>
            </a>
          </li>
        ))}
      </ol>
    </section>
  )
}
