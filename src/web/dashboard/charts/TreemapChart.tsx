/**
 * Parts of a whole as areas, each with the share of it that failed.
 */
import { number } from "../../kit/format.js"
import { ChartFrame } from "./ChartFrame.js"
import { Mark } from "./Mark.js"
import { type Box, treemap } from "./treemap.js"

export interface Part {
  readonly name: string
  readonly count: number
  readonly failed: number
  readonly href: string
}

interface TreemapChartProps {
  readonly title: string
  readonly description: string
  readonly parts: ReadonlyArray<Part>
  readonly of: string
  readonly height?: number | undefined
}

export const TreemapChart = ({ description, height = 260, of, parts, title }: TreemapChartProps) => (
  <ChartFrame
    title={title}
    description={description}
    height={height}
    table={{
      head: [of, "Runs", "Failed"],
      rows: parts.map(({ count, failed, name }) => [name, number(count), number(failed)])
    }}
    legend={[
      { name: "runs", tone: "c-part" },
      { name: "of them failed", tone: "c-failed" }
    ]}
    draw={(width) =>
      treemap(
        parts.map(({ count }) => count),
        width,
        height
      ).map((box, i) => {
        const part = parts[i]
        return part === undefined ? null : <Tile key={part.name} box={box} part={part} isFirst={i === 0} />
      })
    }
  />
)

/** Room between two tiles, in pixels. */
const gap = 2

const Tile = ({ box, isFirst, part }: { readonly box: Box; readonly part: Part; readonly isFirst: boolean }) => {
  const width = Math.max(0.5, box.width - gap)
  const height = Math.max(0.5, box.height - gap)
  const failed = part.count === 0 ? 0 : part.failed / part.count
  const fits = width > 46 && height > 34
  return (
    <>
      <Mark
        class="tile"
        href={part.href}
        isFirst={isFirst}
        label={`${part.name}: ${number(part.count)} runs, ${number(part.failed)} failed`}
      >
        <rect class="c-part" x={box.x} y={box.y} width={width} height={height} rx={4} />
        {failed > 0 && (
          <rect
            class="c-failed"
            x={box.x}
            y={box.y + height - 4}
            width={Math.max(2, width * failed)}
            height={4}
            rx={1}
          />
        )}
      </Mark>
      {/* Beside the link, which has a name of its own. */}
      {fits && (
        <text class="tile-text" x={box.x + 8} y={box.y + 19} aria-hidden="true">
          {fitting(part.name, width - 14)}
        </text>
      )}
      {fits && height > 48 && (
        <text class="tile-count" x={box.x + 8} y={box.y + 36} aria-hidden="true">
          {number(part.count)}
        </text>
      )}
    </>
  )
}

/** As much of a text as there is room for; a character has about 7 pixels. */
const fitting = (text: string, width: number): string => {
  const most = Math.floor(width / 7)
  return text.length <= most ? text : `${text.slice(0, Math.max(1, most - 1))}…`
}
