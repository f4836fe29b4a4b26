/**
 * The scale above something that shows time from left to right.
 */
import type { Ref } from "preact"
import { duration, percent } from "./format.js"
import { RangeDrag } from "./RangeDrag.js"
import { shareOf, type TimeRange, ticksOf } from "./timeRange.js"

interface TimeRulerProps {
  readonly range: TimeRange
  /** The time between two ticks. */
  readonly step: number
  readonly onRange: (range: TimeRange) => void
  readonly onReset: () => void
  readonly element: Ref<HTMLDivElement>
}

export const TimeRuler = ({ step, ...rest }: TimeRulerProps) => (
  <RangeDrag class="ruler" title="Drag to zoom" {...rest}>
    {ticksOf(rest.range, step).map((at) => {
      const left = shareOf(rest.range, at)
      return (
        // What is written at the right end is written to the left of its tick.
        <span key={at} class={left > 0.94 ? "tick last" : "tick"} style={{ "--left": percent(left) }}>
          {duration(at / 1_000)}
        </span>
      )
    })}
  </RangeDrag>
)
