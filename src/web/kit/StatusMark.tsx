/**
 * How a status looks: a mark beside a name, or the word in a coloured frame.
 */
import type { NodeStatus, StoryCard } from "../../renderer/html/pageData.js"
import { Icon, type IconName } from "./Icon.js"

const icons: { readonly [status in NodeStatus]: IconName } = {
  running: "dots",
  completed: "check",
  failed: "cross",
  cancelled: "slash",
  timeout: "clock",
  partial: "half"
}

interface StatusMarkProps {
  readonly status: NodeStatus
  /** What it is called, where that is another word. */
  readonly title?: string
}

export const StatusMark = ({ status, title = status }: StatusMarkProps) => (
  <span class={`mark s-${status}`} title={title}>
    {Icon({ name: icons[status] })}
    <span class="sr-only">{title}</span>
  </span>
)

/** A story's status as that of a stage. */
export const nodeStatus = (status: StoryCard["status"]): NodeStatus => (status === "success" ? "completed" : status)

interface StatusBadgeProps {
  readonly status: StoryCard["status"]
  /** Whether the program ended before the story did. */
  readonly unfinished: boolean
}

export const StatusBadge = ({ status, unfinished }: StatusBadgeProps) => {
  const shown = nodeStatus(status)
  return (
    <span class={`badge s-${shown}`} data-status={unfinished ? "unfinished" : status}>
      <Icon name={icons[shown]} />
      {unfinished ? "Unfinished" : `${status.charAt(0).toUpperCase()}${status.slice(1)}`}
    </span>
  )
}
