/**
 * What every chart has: a title, a legend, marks that are links, what is said of the one that is pointed at, and the same as
 * a table.
 *
 * A chart is one stop of the tab key. Within it the arrow keys go from mark to mark, and Enter opens the list behind one.
 */
import { useSignal } from "@preact/signals"
import type { ComponentChildren, RefObject } from "preact"
import { useRef } from "preact/hooks"
import { RangeDrag } from "../../kit/RangeDrag.js"
import { useResize } from "../../kit/useResize.js"
import { margin } from "./Axes.js"
import { ChartTable, type TableOf } from "./ChartTable.js"

export interface LegendEntry {
  readonly name: string
  /** The class of its colour, such as `c-success`. */
  readonly tone: string
}

/** How the time of a chart is narrowed. */
export interface Zoom {
  readonly periods: number
  /** The same page for the periods from the first to the last of these. */
  readonly href: (first: number, last: number) => string
  readonly open: (first: number, last: number) => void
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
  /** By a drag over the chart, or by the names of the periods in the table. */
  readonly zoom?: Zoom | undefined
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
  const { class: extra = "", description, draw, height, legend = [], note, table, title, zoom } = props
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
      <ChartArea area={area} height={height} width={width.value} zoom={zoom}>
        <svg
          role="group"
          aria-label={`${title}. ${description}`}
          width={width.value}
          height={height}
          onDragStart={(event) => event.preventDefault()}
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
      </ChartArea>
      <ChartTable
        caption={title}
        table={table}
        hrefOf={zoom === undefined ? undefined : (row) => zoom.href(row, row)}
      />
    </figure>
  )
}

interface ChartAreaProps {
  readonly area: RefObject<HTMLDivElement | null>
  readonly width: number
  readonly height: number
  readonly zoom: Zoom | undefined
  readonly children: ComponentChildren
}

const ChartArea = ({ area, children, height, width, zoom }: ChartAreaProps) => {
  const style = { "--height": `${height}px` }
  if (zoom === undefined || zoom.periods < 2) {
    return (
      <div class="chart-area" ref={area} style={style}>
        {children}
      </div>
    )
  }
  const { open, periods } = zoom
  const perPixel = periods / Math.max(1, width - margin.left - margin.right)
  const periodAt = (at: number) => Math.max(0, Math.min(periods - 1, Math.floor(at)))
  return (
    <RangeDrag
      class="chart-area zooms"
      title="Drag to zoom"
      element={area}
      style={style}
      range={{ from: -margin.left * perPixel, to: periods + margin.right * perPixel }}
      onRange={({ from, to }) => open(periodAt(Math.min(from, to)), periodAt(Math.max(from, to)))}
    >
      {children}
    </RangeDrag>
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
