/**
 * Renders a page so that every text in it is {@link visible}, wherever a component puts it.
 *
 * It sees what components return. A signal given as a child or as an attribute is written past it, so components read
 * `signal.value` where the text is a program's.
 */
import { type ComponentChild, options, render, type VNode } from "preact"
import { visible } from "./visible.js"

export const renderPage = (content: ComponentChild, page: Element): void => {
  const previous = options.vnode
  options.vnode = (node) => {
    makeVisible(node)
    previous?.(node)
  }
  render(content, page)
}

const makeVisible = (node: VNode): void => {
  // A text is a node without a type, whose props are the text; Preact's types leave that out.
  const { props, type }: { readonly type: unknown; readonly props: unknown } = node
  if (typeof type === "string") makeAttributesVisible(node.props)
  else if (typeof props === "string") Object.assign(node, { props: visible(props) })
}

const makeAttributesVisible = (attributes: { [name: string]: unknown }): void => {
  for (const name in attributes) {
    const value = attributes[name]
    // An only child becomes a text of its own; what a user types is left as it is.
    if (typeof value === "string" && name !== "children" && name !== "value") attributes[name] = visible(value)
  }
}
