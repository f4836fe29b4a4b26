/**
 * How a status looks and what it is called.
 */
import type { NodeStatus, PageNode, StoryCard } from "../../renderer/html/pageData.js"
import { h, type IconName, icon } from "./Dom.js"

const icons: { readonly [status in NodeStatus]: IconName } = {
  running: "dots",
  completed: "check",
  failed: "cross",
  cancelled: "slash",
  timeout: "clock",
  partial: "half"
}

export const mark = (status: NodeStatus): Element =>
  h("span", { class: `mark s-${status}`, title: status }, icon(icons[status]), h("span", { class: "sr-only" }, status))

export const labelOf = (node: PageNode): string => {
  if (node.orphaned === true) return "orphaned"
  return node.story === undefined ? node.status : node.story.status
}

export const nodeStatus = (status: StoryCard["status"]): NodeStatus => (status === "success" ? "completed" : status)

/** The word in a coloured frame. */
export const badge = (status: StoryCard["status"], unfinished: boolean): HTMLElement => {
  const shown = nodeStatus(status)
  return h(
    "span",
    { class: `badge s-${shown}`, id: undefined, attributes: { "data-status": unfinished ? "unfinished" : status } },
    icon(icons[shown]),
    unfinished ? "Unfinished" : `${status.charAt(0).toUpperCase()}${status.slice(1)}`
  )
}
