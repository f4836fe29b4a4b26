/**
 * The page of one story: header, failures, waterfall and log, and what joins them.
 */
import type { PageStory } from "../../renderer/html/pageData.js"
import { h } from "../kit/Dom.js"
import { count } from "../kit/Format.js"
import { Failures } from "./Failures.js"
import { Inspector } from "./Inspector.js"
import { Log } from "./Log.js"
import { storyHeader } from "./StoryHeader.js"
import { isFailed, treeOf } from "./Tree.js"
import { View } from "./View.js"
import { Waterfall } from "./Waterfall.js"

export class ReportPage {
  readonly element: HTMLElement
  readonly view: View
  readonly waterfall: Waterfall
  readonly failures: Failures
  readonly #log: Log | undefined

  constructor(
    story: PageStory,
    title: string | null,
    /** Says what a search found. */
    readonly found: (text: string) => void
  ) {
    const tree = treeOf(story)
    const view = new View(tree)
    const show = (id: number) => this.show(id)
    this.view = view
    this.failures = new Failures(view, show)
    this.waterfall = new Waterfall(view)
    this.#log = story.entries.length > 0 ? new Log(view, show) : undefined
    const inspector = new Inspector(view, { failureOf: (id) => this.failures.showOf(id) })
    const body = h("div", { class: "waterfall-body" }, this.waterfall.element, inspector.element)
    const reset = button("Reset zoom", "0", () => view.zoom(view.whole))
    reset.hidden = true
    const isNested = tree.nodes.some(({ children, depth }) => depth > 0 && children.length > 0)
    this.element = h(
      "main",
      { class: "report", id: "main" },
      storyHeader(tree, title, show),
      this.failures.element,
      h(
        "section",
        { class: "card stages", attributes: { "aria-labelledby": "stages-title" } },
        h(
          "header",
          { class: "card-head" },
          h("h2", { id: "stages-title" }, "Stages"),
          h(
            "div",
            { class: "card-tools" },
            reset,
            isNested && button("Collapse", "", () => view.collapseAll(true)),
            isNested && button("Expand", "", () => view.collapseAll(false))
          )
        ),
        body
      ),
      this.#log?.element
    )
    view.listen((change) => {
      reset.hidden = !view.isZoomed
      body.classList.toggle("inspecting", view.selected !== undefined)
      if (change === "search") this.#tell()
    })
  }

  /** Selects a stage and brings it into sight. */
  show(id: number): void {
    this.view.select(id)
    this.waterfall.element.scrollIntoView({ block: "nearest" })
    this.waterfall.flash(id)
  }

  /** The next report of a failure; where there is none, the next stage that failed. */
  nextFailure(): void {
    if (this.failures.next()) return
    const failed = this.view.tree.nodes.filter(({ node }) => isFailed(node))
    const after = failed.find(({ node }) => node.id > (this.view.selected ?? -1)) ?? failed[0]
    if (after !== undefined) this.show(after.node.id)
  }

  print(printing: boolean): void {
    this.waterfall.print(printing)
    this.failures.print(printing)
    this.#log?.print(printing)
  }

  #tell(): void {
    const { hits, query } = this.view
    if (hits === undefined) {
      this.found("")
      return
    }
    const reports = this.view.tree.story.failures.filter(({ report }) =>
      report.failures.some((failure) =>
        `${failure.errorType}\n${failure.errorMessage}\n${failure.exceptionChain}`.toLowerCase().includes(query)
      )
    ).length
    const lines = this.#log?.matches ?? 0
    this.found(
      [count(hits.size, "stage"), lines > 0 ? count(lines, "line") : "", reports > 0 ? count(reports, "failure") : ""]
        .filter((text) => text !== "")
        .join(" · ")
    )
  }
}

const button = (text: string, key: string, run: () => void): HTMLButtonElement =>
  h(
    "button",
    {
      class: "button small",
      title: key === "" ? undefined : `${text} (${key})`,
      attributes: { type: "button" },
      on: { click: run }
    },
    text
  )
