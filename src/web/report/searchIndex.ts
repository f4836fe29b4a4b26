/**
 * The texts of a story's nodes, in lower case, made at the first search.
 */
import type { PageNode } from "../../renderer/html/pageData.js"
import type { Tree } from "./tree.js"

/** Gives the ids of the nodes in whose texts a query is. */
export const searchIndex = (tree: Tree): ((query: string) => ReadonlySet<number>) => {
  let texts: ReadonlyArray<readonly [number, string]> | undefined
  return (query) => {
    texts ??= tree.nodes.map(({ node }) => [node.id, textOf(node)])
    return new Set(texts.flatMap(([id, text]) => (text.includes(query) ? [id] : [])))
  }
}

const textOf = ({ attributes, error, kind, name, spanId }: PageNode): string =>
  [name, kind, error?.type, error?.message, attributes === undefined ? "" : JSON.stringify(attributes), spanId]
    .join("\n")
    .toLowerCase()
