/**
 * A node over time: its bar, and on it the retries, the progress, the log lines and notes.
 */
import type { PageEntry, PageNode, Retry } from "../../renderer/html/pageData.js"
import { duration, percent } from "../kit/format.js"
import { shareOf, type TimeRange } from "../kit/timeRange.js"
import { durationLabel, statusLabel } from "./labels.js"
import { levelClass, levelOf } from "./logState.js"
import type { TreeNode } from "./tree.js"
import type { View } from "./view.js"

/** Most log lines and notes marked on one bar. */
const maxDots = 40

export const Lane = ({ item, view }: { readonly item: TreeNode; readonly view: View }) => {
  const { range } = view
  const { node } = item
  const left = Math.max(0, shareOf(range, node.start))
  const right = Math.min(1, shareOf(range, item.end))
  return (
    <div class="lane" role="gridcell">
      {right < 0 || left > 1 ? (
        <Beyond isAfter={left > 1} />
      ) : (
        <>
          <Bar node={node} left={left} right={right} />
          {node.retries?.map((retry) => (
            <RetryMark key={retry.attempt} retry={retry} range={range} least={left} />
          ))}
          {item.entries.slice(0, maxDots).map((entry) => (
            <Dot entry={entry} at={shareOf(range, entry.at)} />
          ))}
          <BarLabel node={node} left={left} right={right} />
        </>
      )}
    </div>
  )
}

const Beyond = ({ isAfter }: { readonly isAfter: boolean }) => (
  <span class={isAfter ? "beyond right" : "beyond"}>{isAfter ? "›" : "‹"}</span>
)

interface BarProps {
  readonly node: PageNode
  /** Shares of the range. */
  readonly left: number
  readonly right: number
}

const Bar = ({ left, node, right }: BarProps) => {
  const names = [
    `bar s-${node.status}`,
    node.story === undefined ? "" : " of-story",
    node.orphaned === true ? " orphaned" : ""
  ]
  const { progress } = node
  return (
    <span
      class={names.join("")}
      title={`${node.name}\n${statusLabel(node)}, ${durationLabel(node)}, from +${duration(node.start / 1_000)}`}
      style={{ "--left": percent(left), "--width": percent(Math.max(0, right - left)) }}
    >
      {progress !== undefined && progress.total !== null && progress.total > 0 && node.status !== "completed" && (
        <span class="done" style={{ "--done": percent(Math.min(1, progress.done / progress.total)) }} />
      )}
    </span>
  )
}

interface RetryMarkProps {
  readonly retry: Retry
  readonly range: TimeRange
  readonly least: number
}

const RetryMark = ({ least, range, retry }: RetryMarkProps) => {
  // It is emitted when the wait is over: as the next attempt begins.
  const begin = Math.max(least, shareOf(range, retry.at - retry.delaySeconds * 1_000))
  const end = shareOf(range, retry.at)
  if (end < 0 || begin > 1) return null
  return (
    <span
      class="retry-mark"
      title={`attempt ${retry.attempt} after ${duration(retry.delaySeconds)}: ${retry.reason}`}
      style={{ "--left": percent(begin), "--width": percent(Math.max(0, Math.min(1, end) - begin)) }}
    />
  )
}

const Dot = ({ at, entry }: { readonly entry: PageEntry; readonly at: number }) =>
  at < 0 || at > 1 ? null : (
    <span
      class={`dot ${levelClass(levelOf(entry))}`}
      title={entry.text.slice(0, 200)}
      style={{ "--left": percent(at) }}
    />
  )

/** Beside the bar, where there is room for it. */
const BarLabel = ({ left, node, right }: BarProps) => {
  const [place, at] = labelPlace(left, right)
  return (
    <span class={`bar-label ${place}`} style={{ "--at": percent(at) }}>
      {node.error?.type ?? (node.seconds === undefined ? "" : duration(node.seconds))}
    </span>
  )
}

const labelPlace = (left: number, right: number): readonly [place: string, share: number] => {
  if (right <= 0.86) return ["after", right]
  return left > 0.14 ? ["before", 1 - left] : ["inside", left]
}
