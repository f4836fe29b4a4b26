/**
 * Reads the data of the page and shows it.
 */
import type { IndexData, PageStory, ReportData } from "../../renderer/html/pageData.js"
import { append, h, icon } from "../kit/Dom.js"
import { time } from "../kit/Format.js"
import * as Keys from "../kit/Keys.js"
import { themeButton, toggle } from "../kit/Theme.js"
import { ReportPage } from "./ReportPage.js"
import { type Listed, StoryList } from "./StoryList.js"

const start = (): void => {
  // Written by the renderer that brought this script along.
  const data = JSON.parse(document.getElementById("data")?.textContent ?? "") as ReportData | IndexData
  const page = document.getElementById("page")
  if (page === null) return
  if (data.page === "index") showIndex(data, page)
  else showReport(data, page)
}

const footer = (writtenAt: number): HTMLElement =>
  h("footer", { class: "page-foot" }, `Written ${time(writtenAt)} by effect-narrative`)

const showIndex = (data: IndexData, page: HTMLElement): void => {
  const entries = data.entries.map((entry) => ({ ...entry, href: encodeURI(entry.file) }))
  append(page, [
    h("div", { class: "topbar" }, brand(), h("div", { class: "topbar-space" }), themeButton()),
    h(
      "main",
      { class: "index", id: "main" },
      new StoryList(entries, data.title ?? "Stories", 0).element,
      footer(data.writtenAt)
    )
  ])
  Keys.listen([{ keys: ["t"], does: "", run: toggle }])
}

const brand = (): HTMLElement => h("span", { class: "brand" }, h("span", { class: "brand-mark" }), "narrative")

const showReport = (data: ReportData, page: HTMLElement): void => {
  const search = h("input", {
    class: "search",
    id: "search",
    attributes: {
      type: "search",
      placeholder: "Search stages, errors and log",
      "aria-label": "Search stages, errors and log",
      autocomplete: "off",
      spellcheck: "false"
    }
  })
  const found = h("span", { class: "found", id: "found", attributes: { role: "status", "aria-live": "polite" } })
  const body = h("div", { class: "body" })
  let report: ReportPage | undefined

  const listed = data.stories.map((story, i): Listed => cardOf(story, i))
  const list =
    data.stories.length > 1 || data.omittedStories > 0
      ? new StoryList(listed, data.title ?? "Stories", data.omittedStories)
      : undefined

  const open = (at: number): void => {
    const story = data.stories[at]
    if (story === undefined) return
    search.value = ""
    found.textContent = ""
    report?.element.remove()
    report = new ReportPage(story, list === undefined ? data.title : null, (text) => {
      found.textContent = text
    })
    body.append(report.element)
    list?.choose(hrefOf(at))
    document.title = `${story.nodes[0]?.name ?? ""} – ${story.nodes[0]?.story?.status ?? ""}`
  }
  const follow = () =>
    open(
      Math.max(
        0,
        data.stories.findIndex((_, i) => hrefOf(i) === location.hash)
      )
    )

  let typing: ReturnType<typeof setTimeout> | undefined
  search.addEventListener("input", () => {
    clearTimeout(typing)
    typing = setTimeout(() => report?.view.search(search.value), 80)
  })
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return
    clearTimeout(typing)
    report?.view.search(search.value)
    const hit = report?.waterfall.rows.find(({ node }) => report?.view.hits?.has(node.id))
    if (hit !== undefined) report?.show(hit.node.id)
  })
  const clear = () => {
    if (search.value !== "" || document.activeElement === search) {
      search.value = ""
      clearTimeout(typing)
      report?.view.search("")
      search.blur()
    } else report?.view.select(undefined)
  }
  const keys: ReadonlyArray<Keys.Key> = [
    { keys: ["j"], does: "Next stage", run: () => report?.waterfall.move(1) },
    { keys: ["k"], does: "Stage before", run: () => report?.waterfall.move(-1) },
    { keys: ["f"], does: "Next failure", run: () => report?.nextFailure() },
    { keys: ["/"], does: "Search", run: () => search.select() },
    { keys: ["Esc"], does: "Clear the search; close the details", run: clear },
    { keys: ["0"], does: "Show all of the time", run: () => report?.view.zoom(report.view.whole) },
    { keys: ["t"], does: "Light or dark", run: toggle },
    { keys: ["?"], does: "This list", run: () => help.showModal() }
  ]
  const help = Keys.dialog(keys)
  Keys.listen(keys)

  append(page, [
    h("a", { class: "skip", attributes: { href: "#main" } }, "Skip to the story"),
    h(
      "div",
      { class: "topbar", attributes: { role: "search" } },
      brand(),
      h("label", { class: "search-field" }, icon("search"), search, found, h("kbd", {}, "/")),
      h("div", { class: "topbar-space" }),
      h(
        "button",
        {
          class: "plain",
          title: "Keys (?)",
          attributes: { type: "button", "aria-label": "Keys" },
          on: { click: () => help.showModal() }
        },
        "?"
      ),
      themeButton()
    ),
    h("div", { class: list === undefined ? "layout" : "layout with-list" }, list?.element, body),
    footer(data.writtenAt),
    help
  ])
  addEventListener("hashchange", () => {
    if (list !== undefined) follow()
  })
  follow()
  const print = matchMedia("print")
  const printing = () => report?.print(print.matches)
  print.addEventListener("change", printing)
  addEventListener("beforeprint", () => report?.print(true))
  addEventListener("afterprint", () => report?.print(false))
}

const hrefOf = (at: number): string => `#story-${at}`

const cardOf = (story: PageStory, at: number): Listed => {
  const root = story.nodes[0]
  const failed = story.failures.find(({ handled }) => handled !== true)?.report.failures[0]
  return {
    id: root?.story?.id ?? "",
    name: root?.name ?? "",
    status: root?.story?.status ?? "running",
    ...(story.unfinished === true && root?.seconds === undefined ? { unfinished: true } : {}),
    startedAt: story.startedAt,
    seconds: root?.seconds ?? null,
    outcome: root?.story?.outcome ?? null,
    stages: root?.story?.startedStages ?? 0,
    error: failed === undefined ? null : `${failed.errorType}: ${failed.errorMessage}`,
    href: hrefOf(at)
  }
}

start()
