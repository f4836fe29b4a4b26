/**
 * The lines and the words around the marks of a chart.
 */
import { labelled, type Scale } from "./scale.js"

/** Room for the words of the axes, in pixels. */
export const margin = { left: 48, right: 8, top: 12, bottom: 24 } as const

interface ValueAxisProps {
  readonly scale: Scale
  readonly width: number
  readonly format: (value: number) => string
}

export const ValueAxis = ({ format, scale, width }: ValueAxisProps) => (
  <g aria-hidden="true">
    {scale.ticks.map((tick) => (
      <g key={tick}>
        <line class="grid-line" x1={margin.left} x2={width - margin.right} y1={scale.at(tick)} y2={scale.at(tick)} />
        <text class="axis-text" x={margin.left - 8} y={scale.at(tick)} dy="0.32em" text-anchor="end">
          {format(tick)}
        </text>
      </g>
    ))}
  </g>
)

interface BandAxisProps {
  readonly names: ReadonlyArray<string>
  readonly middle: (at: number) => number
  readonly width: number
  readonly y: number
  /** Room that a name needs, in pixels. */
  readonly room: number
}

export const BandAxis = ({ middle, names, room, width, y }: BandAxisProps) => (
  <g aria-hidden="true">
    {labelled(names.length, width - margin.left - margin.right, room).map((at) => (
      <text key={at} class="axis-text" x={middle(at)} y={y} text-anchor="middle">
        {names[at]}
      </text>
    ))}
  </g>
)
