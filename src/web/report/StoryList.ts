/**
 * Many stories as a list: newest first, filtered by status and by text.
 */
import type { StoryCard } from "../../renderer/html/pageData.js"
import { h } from "../kit/Dom.js"
import { count, duration, time } from "../kit/Format.js"
import { mark, nodeStatus } from "../kit/Status.js"

export interface Listed extends StoryCard {
  /** Where it leads: a file, or a fragment of this page. */
  readonly href: string
}

export class StoryList {
  readonly element: HTMLElement
  readonly #entries: ReadonlyArray<Listed>
  readonly #list: HTMLElement
  readonly #filters: HTMLElement
  #status: string | undefined
  #query = ""
  #current: string | undefined

  constructor(entries: ReadonlyArray<Listed>, title: string, more: number) {
    this.#entries = entries
    this.#list = h("ul", { class: "stories-list" })
    this.#filters = h("div", { class: "filters", attributes: { role: "group", "aria-label": "Status" } })
    this.element = h(
      "nav",
      { class: "stories", attributes: { "aria-label": title } },
      h("h2", { class: "stories-title" }, title, h("span", { class: "muted" }, entries.length)),
      h("input", {
        class: "stories-search",
        attributes: { type: "search", placeholder: "Filter stories", "aria-label": "Filter stories" },
        on: {
          input: ({ target }: Event) => {
            this.#query = target instanceof HTMLInputElement ? target.value.trim().toLowerCase() : ""
            this.#draw()
          }
        }
      }),
      this.#filters,
      this.#list,
      more > 0 && h("p", { class: "muted" }, `${count(more, "earlier story", "earlier stories")} left out.`)
    )
    this.#draw()
  }

  choose(href: string): void {
    this.#current = href
    this.#draw()
  }

  #draw(): void {
    const statuses = Array.from(new Set(this.#entries.map(statusOf)))
    this.#filters.replaceChildren(
      ...(statuses.length < 2 ? [] : [undefined, ...statuses]).map((status) =>
        h(
          "button",
          {
            class: "filter",
            attributes: { type: "button", "aria-pressed": String(this.#status === status), "data-status": status },
            on: {
              click: () => {
                this.#status = status
                this.#draw()
              }
            }
          },
          status ?? "all",
          h(
            "span",
            { class: "muted" },
            this.#entries.filter((entry) => status === undefined || statusOf(entry) === status).length
          )
        )
      )
    )
    const matching = this.#entries.filter(
      (entry) =>
        (this.#status === undefined || statusOf(entry) === this.#status) &&
        `${entry.name}\n${entry.id}\n${entry.error}\n${entry.outcome}`.toLowerCase().includes(this.#query)
    )
    this.#list.replaceChildren(
      ...matching.map((entry) =>
        h(
          "li",
          {},
          h(
            "a",
            {
              class: "story-link",
              attributes: { href: entry.href, "aria-current": entry.href === this.#current ? "page" : undefined }
            },
            mark(nodeStatus(entry.status)),
            h(
              "span",
              { class: "story-text" },
              h("span", { class: "story-name" }, entry.name),
              h(
                "span",
                { class: "story-detail" },
                entry.error ?? entry.outcome ?? (entry.unfinished ? "unfinished" : "")
              )
            ),
            h(
              "span",
              { class: "story-figures" },
              h("span", {}, entry.seconds === null ? "running" : duration(entry.seconds)),
              h("span", { class: "muted" }, time(entry.startedAt))
            )
          )
        )
      ),
      ...(matching.length === 0 ? [h("li", { class: "muted no-match" }, "No story matches.")] : [])
    )
  }
}

const statusOf = (entry: StoryCard): string => (entry.unfinished === true ? "unfinished" : entry.status)
