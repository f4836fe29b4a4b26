/**
 * Everything about the selected stage or story.
 */
import { useLayoutEffect, useRef } from "preact/hooks"
import { duration, offset, time } from "../kit/format.js"
import { Icon } from "../kit/Icon.js"
import { StatusMark } from "../kit/StatusMark.js"
import type { FailureList } from "./failureList.js"
import { InspectorSections } from "./InspectorSections.js"
import { durationLabel, progressLabel, statusLabel } from "./labels.js"
import { selfTime, type Tree, type TreeNode } from "./tree.js"
import { parentsOf, type View } from "./view.js"

interface InspectorProps {
  readonly view: View
  readonly failures: FailureList
}

export const Inspector = ({ failures, view }: InspectorProps) => {
  const element = useRef<HTMLElement>(null)
  const item = view.selectedNode
  useLayoutEffect(() => {
    if (element.current !== null) element.current.scrollTop = 0
  }, [item])
  return (
    <aside class="inspector" aria-label="Selected stage" hidden={item === undefined} ref={element}>
      {item !== undefined && (
        <Details key={item.node.id} item={item} view={view} showFailure={failures.showOf(item.node.id)} />
      )}
    </aside>
  )
}

interface DetailsProps {
  readonly item: TreeNode
  readonly view: View
  readonly showFailure: (() => void) | undefined
}

const Details = ({ item, showFailure, view }: DetailsProps) => (
  <>
    <header class="inspector-head">
      <div class="inspector-title">
        <StatusMark status={item.node.status} />
        <h3>{item.node.name}</h3>
        <button type="button" class="plain" aria-label="Close details" onClick={() => view.select(undefined)}>
          <Icon name="cross" />
        </button>
      </div>
      <Parents item={item} view={view} />
    </header>
    <Facts facts={factsOf(item, view.tree)} />
    <InspectorSections item={item} showFailure={showFailure} />
  </>
)

/** From the root down to what the node is in. */
const Parents = ({ item, view }: Pick<DetailsProps, "item" | "view">) => {
  const parents = parentsOf(item)
  if (parents.length === 0) return null
  return (
    <p class="way">
      {parents.map(({ node }, i) => [
        i > 0 && " › ",
        <button key={node.id} type="button" class="link quiet" onClick={() => view.select(node.id)}>
          {node.name}
        </button>
      ])}
    </p>
  )
}

type Fact = readonly [name: string, value: string | undefined]

const factsOf = (item: TreeNode, tree: Tree): ReadonlyArray<Fact> => {
  const { children, end, node } = item
  const began = time(tree.story.startedAt + node.start).slice(11)
  return [
    ["Status", statusLabel(node)],
    ["Duration", durationLabel(node)],
    ["Own time", children.length === 0 ? undefined : duration(selfTime(item) / 1_000)],
    ["Share of all", `${(((end - node.start) / tree.span) * 100).toFixed(1)} %`],
    ["Began", `${offset(node.start)}  ·  ${began}`],
    ["Kind", node.kind],
    ["Outcome", node.story?.outcome],
    ["Progress", progressLabel(node)],
    ["Inside", children.length === 0 ? undefined : String(children.length)]
  ]
}

const Facts = ({ facts }: { readonly facts: ReadonlyArray<Fact> }) => (
  <dl class="facts">
    {facts.map(
      ([name, value]) =>
        value !== undefined && (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        )
    )}
  </dl>
)
