/**
 * Log lines and notes in the order of time.
 */
import type { PageEntry } from "../../renderer/html/pageData.js"
import { h } from "../kit/Dom.js"
import { count, offset } from "../kit/Format.js"
import * as Values from "../kit/Values.js"
import type { View } from "./View.js"

/** How many lines are shown at once. */
const portion = 200

const levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "NOTE"] as const
type Level = (typeof levels)[number]

const levelOf = (entry: PageEntry): Level => (entry.note === true ? "NOTE" : (entry.level ?? "INFO"))

export class Log {
  readonly element: HTMLElement
  readonly #view: View
  readonly #hidden = new Set<Level>()
  readonly #list: HTMLElement
  readonly #more: HTMLElement
  #shown = portion
  #matching: ReadonlyArray<PageEntry> = []

  constructor(
    view: View,
    readonly show: (id: number) => void
  ) {
    this.#view = view
    const entries = view.tree.story.entries
    const present = levels.filter((level) => entries.some((entry) => levelOf(entry) === level))
    this.#list = h("ol", { class: "entries" })
    this.#more = h("div", { class: "more" })
    this.element = h(
      "section",
      { class: "card log", id: "log", attributes: { "aria-labelledby": "log-title" } },
      h(
        "header",
        { class: "card-head" },
        h("h2", { id: "log-title" }, "Log and notes"),
        h(
          "div",
          { class: "filters", attributes: { role: "group", "aria-label": "Levels" } },
          present.map((level) => {
            const button = h(
              "button",
              {
                class: `filter l-${level.toLowerCase()}`,
                attributes: { type: "button", "aria-pressed": "true" },
                on: {
                  click: () => {
                    const hide = !this.#hidden.has(level)
                    if (hide) this.#hidden.add(level)
                    else this.#hidden.delete(level)
                    button.setAttribute("aria-pressed", String(!hide))
                    this.#filter()
                  }
                }
              },
              level,
              h("span", { class: "muted" }, entries.filter((entry) => levelOf(entry) === level).length)
            )
            return button
          })
        )
      ),
      this.#list,
      this.#more
    )
    this.#filter()
    view.listen((change) => {
      if (change === "search") this.#filter()
    })
  }

  /** How many lines the search finds. */
  get matches(): number {
    return this.#matching.length
  }

  print(printing: boolean): void {
    this.#shown = printing ? Math.max(this.#shown, 500) : this.#shown
    this.#draw()
  }

  #filter(): void {
    const { query } = this.#view
    this.#matching = this.#view.tree.story.entries.filter(
      (entry) =>
        !this.#hidden.has(levelOf(entry)) &&
        (query === "" ||
          this.#view.finds(`${entry.text}\n${entry.data === undefined ? "" : JSON.stringify(entry.data)}`))
    )
    this.#shown = portion
    this.#draw()
  }

  #draw(): void {
    this.#list.replaceChildren(...this.#matching.slice(0, this.#shown).map((entry) => this.#line(entry)))
    const left = this.#matching.length - this.#shown
    const { omitted } = this.#view.tree.story
    this.#more.replaceChildren(
      ...(left > 0
        ? [
            h(
              "button",
              {
                class: "button",
                attributes: { type: "button" },
                on: {
                  click: () => {
                    this.#shown += portion
                    this.#draw()
                  }
                }
              },
              `Show more (${left.toLocaleString("en-GB")})`
            )
          ]
        : []),
      ...(this.#matching.length === 0 ? [h("p", { class: "muted" }, "No line matches.")] : []),
      ...(omitted.entries > 0
        ? [h("p", { class: "muted" }, `${count(omitted.entries, "line")} in the middle were left out.`)]
        : [])
    )
  }

  #line(entry: PageEntry): HTMLElement {
    const level = levelOf(entry)
    const stage = this.#view.tree.byId.get(entry.node)
    return h(
      "li",
      { class: `entry l-${level.toLowerCase()}` },
      h("span", { class: "entry-at" }, offset(entry.at)),
      h("span", { class: `level l-${level.toLowerCase()}` }, level),
      h(
        "div",
        { class: "entry-body" },
        h("span", { class: "entry-text" }, entry.text),
        entry.data !== undefined && h("span", { class: "entry-data" }, dataOf(entry)),
        entry.cause !== undefined && h("pre", { class: "entry-cause" }, entry.cause)
      ),
      stage !== undefined &&
        h(
          "button",
          {
            class: "link quiet entry-stage",
            attributes: { type: "button" },
            on: { click: () => this.show(stage.node.id) }
          },
          stage.node.name
        )
    )
  }
}

const dataOf = ({ data }: PageEntry) => {
  if (data === undefined) return null
  if (data === null || typeof data !== "object" || Array.isArray(data)) return Values.show(data)
  return Object.entries(data).map(([name, value]) =>
    h("span", { class: "pair" }, h("span", { class: "v-key" }, name), "=", Values.show(value))
  )
}
