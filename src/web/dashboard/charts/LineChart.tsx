/**
 * Lines over time: durations, on a logarithmic scale.
 */
import { BandAxis, margin, ValueAxis } from "./Axes.js"
import { ChartFrame, type LegendEntry, type Zoom } from "./ChartFrame.js"
import { pathOf } from "./linePath.js"
import { Mark } from "./Mark.js"
import { bands, durationScale } from "./scale.js"

export interface LinePoint {
  readonly short: string
  readonly name: string
  /** Milliseconds for each line; `null` where there is nothing to show. */
  readonly values: ReadonlyArray<number> | null
}

interface LineChartProps {
  readonly title: string
  readonly description: string
  readonly lines: ReadonlyArray<LegendEntry>
  readonly points: ReadonlyArray<LinePoint>
  readonly of: string
  readonly format: (value: number) => string
  /** Beside the axis, where there is less room. */
  readonly axis: (value: number) => string
  readonly href: (point: number, line: number) => string
  readonly height?: number | undefined
  readonly zoom?: Zoom | undefined
}

export const LineChart = (props: LineChartProps) => {
  const { format, height = 220, lines, of, points } = props
  return (
    <ChartFrame
      title={props.title}
      description={props.description}
      legend={lines}
      height={height}
      zoom={props.zoom}
      table={{
        head: [of, ...lines.map(({ name }) => name)],
        rows: points.map(({ name, values }) => [name, ...lines.map((_, i) => cellOf(values?.[i], format))])
      }}
      draw={(width) => <Lines {...props} height={height} width={width} />}
    />
  )
}

const cellOf = (value: number | undefined, format: (value: number) => string): string =>
  value === undefined ? "" : format(value)

const Lines = (props: LineChartProps & { readonly width: number; readonly height: number }) => {
  const { format, height, href, lines, points, width } = props
  const values = points.flatMap(({ values }) => values ?? [])
  const scale = durationScale(Math.min(...values), Math.max(...values), height - margin.bottom, margin.top)
  const { middle } = bands(points.length, margin.left, width - margin.right, 6)
  const first = points.findIndex(({ values }) => values !== null)
  return (
    <>
      <ValueAxis scale={scale} width={width} format={props.axis} />
      {lines.map(({ tone }, line) => (
        <path key={tone} class={`line ${tone}`} d={pathOf(points, line, scale, middle)} aria-hidden="true" />
      ))}
      {points.map(({ name, values }, at) =>
        (values ?? []).map((value, line) => {
          const entry = lines[line] ?? { name: "", tone: "" }
          return (
            <Mark
              key={`${at}-${line}`}
              class="dot"
              href={href(at, line)}
              label={`${name}: ${entry.name} ${format(value)}`}
              isFirst={at === first && line === 0}
            >
              <circle class="dot-area" cx={middle(at)} cy={scale.at(value)} r={9} />
              <circle
                class={`dot-shown ${entry.tone}`}
                cx={middle(at)}
                cy={scale.at(value)}
                r={points.length > 60 ? 2 : 3}
              />
            </Mark>
          )
        })
      )}
      <BandAxis names={points.map(({ short }) => short)} middle={middle} width={width} y={height - 6} room={56} />
    </>
  )
}
