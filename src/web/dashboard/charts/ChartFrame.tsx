/**
 * What every chart has: a title, a legend, marks that are links, what is said of the one that is pointed at, and the same as
 * a table.
 *
 * A chart is one stop of the tab key. Within it the arrow keys go from mark to mark, and Enter opens the list behind one.
 */
import { useSignal } from "@preact/signals"
import type { ComponentChildren } from "preact"
import { useRef } from "preact/hooks"
import { useResize } from "../../kit/useResize.js"
import { ChartTable, type TableOf } from "./ChartTable.js"

export interface LegendEntry {
  readonly name: string
  /** The class of its colour, such as `c-success`. */
  readonly tone: string
}

interface ChartFrameProps {
  readonly title: string
  /** What it shows, for those who do not see it. */
  readonly description: string
  /** Beside the title. */
  readonly note?: string | undefined
  readonly legend?: ReadonlyArray<LegendEntry> | undefined
  readonly table: TableOf
  readonly height: number
  readonly class?: string | undefined
  /** The marks, for a width in pixels. */
  readonly draw: (width: number) => ComponentChildren
}

interface Tip {
  readonly text: string
  /** How far to the right it is: 0 to 1. */
  readonly share: number
  readonly y: number
}

export const ChartFrame = (props: ChartFrameProps) => {
  const { class: extra = "", description, draw, height, legend = [], note, table, title } = props
  const width = useSignal(0)
  const tip = useSignal<Tip | undefined>(undefined)
  const area = useRef<HTMLDivElement>(null)
  useResize(area, ({ clientWidth }) => {
    width.value = clientWidth
  })
  const point = ({ target }: { readonly target: EventTarget | null }) => {
    tip.value = area.current === null ? undefined : tipOf(target, area.current)
  }
  return (
    <figure class={`chart ${extra}`}>
      <figcaption class="chart-head">
        <h3>{title}</h3>
        {note !== undefined && <span class="muted">{note}</span>}
        {legend.length > 0 && (
          <ul class="legend">
            {legend.map(({ name, tone }) => (
              <li key={name}>
                <i class={`swatch ${tone}`} />
                {name}
              </li>
            ))}
          </ul>
        )}
      </figcaption>
      <div class="chart-area" ref={area} style={{ "--height": `${height}px` }}>
        <svg
          role="group"
          aria-label={`${title}. ${description}`}
          width={width.value}
          height={height}
          onPointerOver={point}
          onPointerLeave={() => {
            tip.value = undefined
          }}
          onFocusIn={point}
          onFocusOut={() => {
            tip.value = undefined
          }}
          onKeyDown={(event) => {
            if (moveFocus(event.currentTarget, event.key)) event.preventDefault()
          }}
        >
          {width.value > 0 && draw(width.value)}
        </svg>
        {tip.value !== undefined && (
          <div class="tip" aria-hidden="true" style={{ "--share": tip.value.share, "--y": `${tip.value.y}px` }}>
            {tip.value.text}
          </div>
        )}
      </div>
      <ChartTable caption={title} table={table} />
    </figure>
  )
}

/** What is said of the mark below the pointer, above it and within the chart. */
const tipOf = (target: EventTarget | null, area: Element): Tip | undefined => {
  const mark = target instanceof Element ? target.closest("a") : null
  if (mark === null) return undefined
  const [box, around] = [mark.getBoundingClientRect(), area.getBoundingClientRect()]
  const middle = box.left + box.width / 2 - around.left
  return {
    text: mark.getAttribute("aria-label") ?? "",
    share: Math.max(0, Math.min(1, middle / Math.max(1, around.width))),
    y: Math.max(8, box.top - around.top)
  }
}

/** Moves the focus among the marks; whether the key is for that. */
const moveFocus = (chart: Element, key: string): boolean => {
  const marks: Array<Element | null> = Array.from(chart.querySelectorAll("a"))
  const at = marks.indexOf(document.activeElement)
  const next = {
    ArrowRight: at + 1,
    ArrowDown: at + 1,
    ArrowLeft: at - 1,
    ArrowUp: at - 1,
    Home: 0,
    End: marks.length - 1
  }[key]
  if (next === undefined || marks.length === 0) return false
  const to = marks[Math.max(0, Math.min(marks.length - 1, next))]
  for (const mark of marks) mark?.setAttribute("tabindex", mark === to ? "0" : "-1")
  if (to instanceof SVGElement) to.focus()
  return true
}
