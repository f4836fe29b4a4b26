/**
 * Bars over bands, such as days: put upon each other, or side by side.
 */
import { BandAxis, margin, ValueAxis } from "./Axes.js"
import { ChartFrame, type LegendEntry, type Zoom } from "./ChartFrame.js"
import { Mark } from "./Mark.js"
import { bands, linear, niceTicks, type Scale, wholeTicks } from "./scale.js"
import { type Segment, stacked, sum } from "./stack.js"

export interface Band {
  /** Below the axis. */
  readonly short: string
  /** In the table and at the marks. */
  readonly name: string
  /** As many as there are series. */
  readonly values: ReadonlyArray<number>
}

interface BarChartProps {
  readonly title: string
  readonly description: string
  readonly note?: string | undefined
  readonly series: ReadonlyArray<LegendEntry>
  readonly bands: ReadonlyArray<Band>
  /** What the bands are, above the first column of the table. */
  readonly of: string
  readonly grouped?: boolean | undefined
  readonly whole?: boolean | undefined
  readonly height?: number | undefined
  readonly zoom?: Zoom | undefined
  /** Room that the short name of a band needs, in pixels. */
  readonly room?: number | undefined
  readonly format: (value: number) => string
  readonly href: (band: number, series: number) => string
  readonly label: (band: Band, series: LegendEntry, value: number) => string
}

export const BarChart = (props: BarChartProps) => {
  const { bands: all, format, height = 220, of, series } = props
  return (
    <ChartFrame
      title={props.title}
      description={props.description}
      note={props.note}
      legend={series.length > 1 ? series : []}
      height={height}
      zoom={props.zoom}
      table={{
        head: [of, ...series.map(({ name }) => name)],
        rows: all.map(({ name, values }) => [name, ...values.map(format)])
      }}
      draw={(width) => <Bars {...props} height={height} width={width} />}
    />
  )
}

const Bars = (props: BarChartProps & { readonly width: number; readonly height: number }) => {
  const { bands: all, format, grouped = false, height, room = 56, series, whole = true, width } = props
  const most = Math.max(0, ...all.map(({ values }) => (grouped ? Math.max(0, ...values) : sum(values))))
  const scale = linear((whole ? wholeTicks : niceTicks)(most), height - margin.bottom, margin.top)
  const band = bands(all.length, margin.left, width - margin.right, 6)
  // The first mark that there is: an empty one has no place for the focus.
  const first = all.findIndex(({ values }) => sum(values) > 0)
  return (
    <>
      <ValueAxis scale={scale} width={width} format={format} />
      {all.map((one, at) =>
        stacked(one.values).map((segment, i) => {
          const entry = series[segment.series] ?? { name: "", tone: "" }
          const shape = grouped
            ? inGroup(segment, series.length, band.left(at), band.width)
            : { x: band.left(at), width: band.width, from: segment.from, to: segment.to }
          return (
            <Mark
              key={`${at}-${segment.series}`}
              href={props.href(at, segment.series)}
              label={props.label(one, entry, segment.value)}
              isFirst={at === first && i === 0}
            >
              <Bar shape={shape} scale={scale} tone={entry.tone} />
            </Mark>
          )
        })
      )}
      <BandAxis names={all.map(({ short }) => short)} middle={band.middle} width={width} y={height - 6} room={room} />
    </>
  )
}

interface Shape {
  readonly x: number
  readonly width: number
  readonly from: number
  readonly to: number
}

const inGroup = ({ series, value }: Segment, count: number, left: number, width: number): Shape => ({
  x: left + (series * width) / count,
  width: Math.max(1, width / count - 1),
  from: 0,
  to: value
})

/** Thinner ones could not be seen, in pixels. */
const leastHeight = 1.5

const Bar = ({ scale, shape, tone }: { readonly shape: Shape; readonly scale: Scale; readonly tone: string }) => {
  const top = scale.at(shape.to)
  const height = Math.max(leastHeight, scale.at(shape.from) - top - (shape.from > 0 ? 1 : 0))
  return <rect class={tone} x={shape.x} y={top} width={shape.width} height={height} rx={Math.min(2, shape.width / 4)} />
}
