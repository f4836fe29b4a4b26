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

/** Its parts are called, not mounted, as those of a row. */
export const Lane = ({ item, view }: { readonly item: TreeNode; readonly view: View }) => {
  const { range } = view
  const { node } = item
  const left = Math.max(0, shareOf(range, node.start))
  const right = Math.min(1, shareOf(range, item.end))
  if (right < 0 || left > 1) {
    return (
      <div class="lane" role="gridcell">
        <span class={left > 1 ? "beyond right" : "beyond"}>{left > 1 ? "›" : "‹"}</span>
      </div>
    )
  }
  return (
    <div class="lane" role="gridcell">
      {bar(node, left, right)}
      {node.retries?.map((retry) => retryMark(retry, range, left))}
      {item.entries.slice(0, maxDots).map((entry) => dot(entry, shareOf(range, entry.at)))}
      {barLabel(node, left, right)}
    </div>
  )
}

/** `left` and `right` are shares of the range. */
const bar = (node: PageNode, left: number, right: number) => {
  const ofStory = node.story === undefined ? "" : " of-story"
  const orphaned = node.orphaned === true ? " orphaned" : ""
  return (
    <span
      class={`bar s-${node.status}${ofStory}${orphaned}`}
      title={`${node.name}\n${statusLabel(node)}, ${durationLabel(node)}, from +${duration(node.start / 1_000)}`}
      style={{ "--left": percent(left), "--width": percent(Math.max(0, right - left)) }}
    >
      {progress(node)}
    </span>
  )
}

const progress = ({ progress, status }: PageNode) =>
  progress !== undefined &&
  progress.total !== null &&
  progress.total > 0 &&
  status !== "completed" && (
    <span class="done" style={{ "--done": percent(Math.min(1, progress.done / progress.total)) }} />
  )

const retryMark = (retry: Retry, range: TimeRange, left: number) => {
  // It is emitted when the wait is over: as the next attempt begins.
  const begin = Math.max(left, shareOf(range, retry.at - retry.delaySeconds * 1_000))
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

const dot = (entry: PageEntry, at: number) =>
  at < 0 || at > 1 ? null : (
    <span
      class={`dot ${levelClass(levelOf(entry))}`}
      title={entry.text.slice(0, 200)}
      style={{ "--left": percent(at) }}
    />
  )

/** Beside the bar, where there is room for it. */
const barLabel = (node: PageNode, left: number, right: number) => {
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
