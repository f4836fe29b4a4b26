/** A YAML file: a comment that says what it is, and a plain value. */
import { Document, type Node, visit } from "yaml"

/** Comments before an item of a list, by the name of the item. */
export type Comments = { readonly [name: string]: string }

/** The text of a file. The same value gives the same text. */
export const render = (title: string, value: unknown, comments: Comments = {}): string => {
  const document = new Document(value)
  document.commentBefore = comment(title)
  visit(document, {
    Map: (_, map) => {
      const name = map.get("alert") ?? map.get("record")
      if (typeof name === "string" && comments[name] !== undefined) {
        const item: Node = map
        item.commentBefore = comment(comments[name])
      }
    },
    // Queries of several lines stay as they were written.
    Scalar: (_, scalar) => {
      if (typeof scalar.value === "string" && scalar.value.includes("\n")) scalar.type = "BLOCK_LITERAL"
    }
  })
  return document.toString({ lineWidth: 0 })
}

const comment = (text: string): string =>
  text
    .split("\n")
    .map((line) => ` ${line}`)
    .join("\n")
