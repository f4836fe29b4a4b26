/**
 * A few counts as small bars, beside the number that they come to. It is seen, and not read.
 */
interface SparklineProps {
  readonly counts: ReadonlyArray<number>
  /** The class of its colour. */
  readonly tone: string
  readonly width?: number
  readonly height?: number
}

export const Sparkline = ({ counts, height = 24, tone, width = 120 }: SparklineProps) => {
  const most = Math.max(1, ...counts)
  const step = width / Math.max(1, counts.length)
  return (
    <svg
      class={`sparkline ${tone}`}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      width={width}
      height={height}
      aria-hidden="true"
    >
      {counts.map((count, at) => {
        const tall = count === 0 ? 1 : Math.max(2, (count / most) * height)
        return (
          <rect
            key={at}
            class={count === 0 ? "none" : ""}
            x={at * step}
            y={height - tall}
            width={Math.max(1, step - 1)}
            height={tall}
          />
        )
      })}
    </svg>
  )
}
