/**
 * The nodes of a story as a tree, and the rows of it that are to be seen.
 */
import type { PageEntry, PageNode, PageStory } from "../../renderer/html/pageData.js"

export interface TreeNode {
  readonly node: PageNode
  readonly depth: number
  readonly parent: TreeNode | undefined
  readonly children: Array<TreeNode>
  readonly entries: Array<PageEntry>
  /** In milliseconds since the root story began; of a node that is running, the end of the story. */
  readonly end: number
  /** Whether something below it failed. */
  hasFailure: boolean
}

export interface Tree {
  readonly story: PageStory
  /** In order of starting, parents first. */
  readonly nodes: ReadonlyArray<TreeNode>
  readonly byId: ReadonlyMap<number, TreeNode>
  readonly root: TreeNode | undefined
  /** Milliseconds from the first start to the last end. */
  readonly span: number
}

export const treeOf = (story: PageStory): Tree => {
  const span = spanOf(story)
  const byId = new Map<number, TreeNode>()
  const nodes: Array<TreeNode> = []
  for (const node of story.nodes) {
    // Where a parent was left out, its children are the root story's.
    const parent = node.parent === undefined ? undefined : (byId.get(node.parent) ?? nodes[0])
    const end = node.seconds === undefined ? span : Math.min(span, node.start + node.seconds * 1_000)
    const item: TreeNode = {
      node,
      depth: parent === undefined ? 0 : parent.depth + 1,
      parent,
      children: [],
      entries: [],
      end,
      hasFailure: false
    }
    byId.set(node.id, item)
    nodes.push(item)
    parent?.children.push(item)
    if (isFailed(node)) for (let above = parent; above !== undefined; above = above.parent) above.hasFailure = true
  }
  for (const entry of story.entries) (byId.get(entry.node) ?? nodes[0])?.entries.push(entry)
  return { story, nodes, byId, root: nodes[0], span }
}

const spanOf = (story: PageStory): number => {
  let end = 0
  for (const { seconds, start } of story.nodes) end = Math.max(end, start + (seconds ?? 0) * 1_000)
  for (const { at } of story.entries) end = Math.max(end, at)
  return Math.max(end, 0.001)
}

export const isFailed = (node: PageNode): boolean => node.status === "failed" || node.status === "timeout"

/** The rows to be seen: nothing below a collapsed node, and of a search the hits and what is around them. */
export const rowsOf = (
  tree: Tree,
  collapsed: ReadonlySet<number>,
  hits: ReadonlySet<number> | undefined
): ReadonlyArray<TreeNode> => {
  const around = hits === undefined ? undefined : new Set<TreeNode>()
  if (around !== undefined && hits !== undefined) {
    for (const id of hits) {
      for (let item = tree.byId.get(id); item !== undefined && !around.has(item); item = item.parent) around.add(item)
    }
  }
  const rows: Array<TreeNode> = []
  const pending = tree.nodes.filter((item) => item.parent === undefined).reverse()
  for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
    if (around !== undefined && !around.has(item)) continue
    rows.push(item)
    if (around === undefined && collapsed.has(item.node.id)) continue
    for (let i = item.children.length - 1; i >= 0; i--) {
      const child = item.children[i]
      if (child !== undefined) pending.push(child)
    }
  }
  return rows
}

/** Milliseconds in which none of a node's children ran. */
export const selfTime = (item: TreeNode): number => {
  let covered = 0
  let until = item.node.start
  for (const child of item.children.toSorted((a, b) => a.node.start - b.node.start)) {
    const end = Math.min(child.end, item.end)
    if (end <= until) continue
    covered += end - Math.max(until, child.node.start)
    until = end
  }
  return Math.max(0, item.end - item.node.start - covered)
}
