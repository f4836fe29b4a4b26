/**
 * Everything about the selected stage or story.
 */
import type { PageNode } from "../../renderer/html/pageData.js"
import { copyButton, h, icon } from "../kit/Dom.js"
import { duration, offset, time } from "../kit/Format.js"
import { labelOf, mark } from "../kit/Status.js"
import * as Values from "../kit/Values.js"
import { selfTime, type TreeNode } from "./Tree.js"
import type { View } from "./View.js"

/** Most log lines and notes listed. */
const maxEntries = 30

export interface Links {
  /** Shows the failure that came from a node, if there is one. */
  readonly failureOf: (id: number) => (() => void) | undefined
}

export class Inspector {
  readonly element: HTMLElement
  readonly #view: View

  constructor(
    view: View,
    readonly links: Links
  ) {
    this.#view = view
    this.element = h("aside", { class: "inspector", attributes: { "aria-label": "Selected stage", hidden: true } })
    view.listen((change) => {
      if (change === "selection") this.#show()
    })
  }

  #show(): void {
    const item = this.#view.selected === undefined ? undefined : this.#view.tree.byId.get(this.#view.selected)
    this.element.hidden = item === undefined
    this.element.replaceChildren(...(item === undefined ? [] : this.#describe(item)))
    this.element.scrollTop = 0
  }

  #describe(item: TreeNode): ReadonlyArray<Node> {
    const { node } = item
    const { tree } = this.#view
    const showFailure = this.links.failureOf(node.id)
    const parts: Array<Node | null> = [
      h(
        "header",
        { class: "inspector-head" },
        h(
          "div",
          { class: "inspector-title" },
          mark(node.status),
          h("h3", {}, node.name),
          h(
            "button",
            {
              class: "plain",
              attributes: { type: "button", "aria-label": "Close details" },
              on: { click: () => this.#view.select(undefined) }
            },
            icon("cross")
          )
        ),
        this.#way(item)
      ),
      facts([
        ["Status", labelOf(node)],
        ["Duration", node.seconds === undefined ? "running" : duration(node.seconds)],
        ["Own time", item.children.length === 0 ? undefined : duration(selfTime(item) / 1_000)],
        ["Share of all", `${(((item.end - node.start) / tree.span) * 100).toFixed(1)} %`],
        ["Began", `${offset(node.start)}  ·  ${time(tree.story.startedAt + node.start).slice(11)}`],
        ["Kind", node.kind],
        ["Outcome", node.story?.outcome],
        ["Progress", progressOf(node)],
        ["Inside", item.children.length === 0 ? undefined : String(item.children.length)]
      ]),
      node.error === undefined
        ? null
        : section(
            "Error",
            h("p", { class: "error-line" }, h("strong", {}, node.error.type), ` ${node.error.message}`),
            showFailure === undefined
              ? null
              : h(
                  "button",
                  { class: "link", attributes: { type: "button" }, on: { click: showFailure } },
                  "Show the report"
                )
          ),
      node.story?.causedBy === undefined
        ? null
        : section("Caused by", h("p", {}, `${node.story.causedBy.errorType} in ${node.story.causedBy.storyName}`)),
      node.orphaned === true ? h("p", { class: "hint" }, "Still running when its story ended.") : null,
      node.interruptors === undefined
        ? null
        : section(
            "Interrupted by",
            ...node.interruptors.map(({ fiberId, stageName, storyName }) =>
              h("p", {}, [stageName, storyName, fiberId].filter((text) => text !== null).join(" · "))
            )
          ),
      node.retries === undefined
        ? null
        : section(
            "Retries",
            h(
              "ol",
              { class: "retries" },
              node.retries.map(({ at, attempt, delaySeconds, reason }) =>
                h(
                  "li",
                  {},
                  h("span", { class: "muted" }, `${offset(at)}  attempt ${attempt} after ${duration(delaySeconds)}`),
                  h("span", {}, reason)
                )
              )
            )
          ),
      node.attributes === undefined ? null : section("Attributes", Values.table(node.attributes)),
      node.story === undefined || Object.keys(node.story.labels).length === 0
        ? null
        : section("Labels", Values.table(node.story.labels)),
      item.entries.length === 0
        ? null
        : section(
            "Log and notes",
            h(
              "ul",
              { class: "entries-small" },
              item.entries
                .slice(0, maxEntries)
                .map(({ at, level, note, text }) =>
                  h(
                    "li",
                    {},
                    h("span", { class: "muted" }, offset(at)),
                    h(
                      "span",
                      { class: `level l-${note === true ? "note" : (level ?? "INFO").toLowerCase()}` },
                      note === true ? "NOTE" : level
                    ),
                    h("span", {}, text)
                  )
                ),
              item.entries.length > maxEntries &&
                h("li", { class: "muted" }, `${item.entries.length - maxEntries} more`)
            )
          ),
      node.traceId === undefined && node.spanId === undefined
        ? null
        : section(
            "Trace",
            ids([
              ["trace", node.traceId],
              ["span", node.spanId],
              ["story", node.story?.id]
            ])
          )
    ]
    return parts.filter((part) => part !== null)
  }

  /** From the root down to what the node stands in. */
  #way(item: TreeNode): HTMLElement | null {
    const above: Array<TreeNode> = []
    for (let outer = item.parent; outer !== undefined; outer = outer.parent) above.unshift(outer)
    if (above.length === 0) return null
    return h(
      "p",
      { class: "way" },
      above.map(({ node }, i) => [
        i > 0 && " › ",
        h(
          "button",
          { class: "link quiet", attributes: { type: "button" }, on: { click: () => this.#view.select(node.id) } },
          node.name
        )
      ])
    )
  }
}

const section = (title: string, ...children: ReadonlyArray<Node | null>): HTMLElement =>
  h("section", { class: "inspector-section" }, h("h4", {}, title), children)

const facts = (entries: ReadonlyArray<readonly [string, string | undefined]>): HTMLElement =>
  h(
    "dl",
    { class: "facts" },
    entries.map(([name, value]) => value !== undefined && h("div", {}, h("dt", {}, name), h("dd", {}, value)))
  )

const ids = (entries: ReadonlyArray<readonly [string, string | undefined]>): HTMLElement =>
  h(
    "dl",
    { class: "facts ids" },
    entries.map(
      ([name, id]) =>
        id !== undefined &&
        h("div", {}, h("dt", {}, name), h("dd", {}, h("code", {}, id), copyButton(id, `${name} id`)))
    )
  )

const progressOf = ({ progress, story }: PageNode): string | undefined => {
  if (progress !== undefined)
    return progress.total === null ? String(progress.done) : `${progress.done} of ${progress.total}`
  if (story === undefined) return undefined
  const total = story.declaredStages ?? story.startedStages
  return `${story.completedStages} of ${total} stages`
}
