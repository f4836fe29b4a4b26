/**
 * A stage or story in the waterfall: its name, its duration, its bar.
 *
 * A scroll makes dozens of rows a frame. Parts without state are therefore called here, not mounted as components.
 */
import type { StoryFacts } from "../../renderer/html/pageData.js"
import { Icon } from "../kit/Icon.js"
import { StatusMark } from "../kit/StatusMark.js"
import { Lane } from "./Lane.js"
import { durationLabel } from "./labels.js"
import { isFailed, type TreeNode } from "./tree.js"
import type { View } from "./view.js"
import { rowId } from "./waterfallState.js"

/** Deeper ones are not indented further. */
const maxIndent = 24

interface WaterfallRowProps {
  readonly item: TreeNode
  /** Among the rows. */
  readonly at: number
  /** In pixels. */
  readonly top: number
  readonly view: View
}

export const WaterfallRow = ({ at, item, top, view }: WaterfallRowProps) => {
  const { node } = item
  const isSelected = view.selected === node.id
  const names = [
    "row",
    isSelected && "selected",
    node.story !== undefined && "is-story",
    isFailed(node) && "is-failed",
    view.hits.value?.has(node.id) === true && "hit"
  ]
  return (
    <div
      id={rowId(node.id)}
      class={names.filter(Boolean).join(" ")}
      style={{ "--top": `${top}px`, "--depth": String(Math.min(item.depth, maxIndent)) }}
      role="row"
      data-id={node.id}
      aria-rowindex={at + 1}
      aria-level={item.depth + 1}
      aria-selected={isSelected}
      aria-expanded={item.children.length > 0 ? !view.collapsed.has(node.id) : undefined}
    >
      <NameCell item={item} view={view} />
      <div class="cell-duration" role="gridcell">
        {durationLabel(node)}
      </div>
      <Lane item={item} view={view} />
    </div>
  )
}

const NameCell = ({ item, view }: Pick<WaterfallRowProps, "item" | "view">) => {
  const { node } = item
  const isOpen = !view.collapsed.has(node.id)
  const retries = node.retries?.length ?? 0
  return (
    <div class="cell-name" role="gridcell">
      <span class="guides" />
      {twist(item.children.length > 0 ? isOpen : undefined)}
      {StatusMark({ status: node.status })}
      <span class="name" title={node.name}>
        {node.name}
      </span>
      {node.story !== undefined && item.depth > 0 && (
        <>
          {storyDetail(node.story)}
          <span class="tag">story</span>
        </>
      )}
      {node.kind !== undefined && <span class="tag">{node.kind}</span>}
      {retries > 0 && (
        <span class="tag retry" title={`${retries} retries`}>
          {Icon({ name: "retry" })}
          {String(retries)}
        </span>
      )}
      {node.orphaned === true && <span class="tag">orphaned</span>}
      {!isOpen && item.hasFailure && <span class="tag failed">failure inside</span>}
    </div>
  )
}

/** Without a meaning where nothing is inside; the row says to others whether it is open. */
const twist = (isOpen: boolean | undefined) =>
  isOpen === undefined ? (
    <span class="twist none" />
  ) : (
    <span class={isOpen ? "twist open" : "twist"} data-twist="">
      {Icon({ name: "caret" })}
    </span>
  )

/** What distinguishes sub-stories of one name. */
const storyDetail = ({ labels }: StoryFacts) => {
  const text = Object.values(labels).join(" · ")
  return text === "" ? null : (
    <span class="detail" title={text}>
      {text}
    </span>
  )
}
