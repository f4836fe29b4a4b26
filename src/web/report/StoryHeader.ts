/**
 * How a story ended, in one look.
 */
import type { PageStory } from "../../renderer/html/pageData.js"
import { type Child, copyButton, h } from "../kit/Dom.js"
import { count, duration, localTime, time } from "../kit/Format.js"
import { badge } from "../kit/Status.js"
import * as Values from "../kit/Values.js"
import type { Tree } from "./Tree.js"

export const storyHeader = (tree: Tree, title: string | null, show: (id: number) => void): HTMLElement => {
  const { story } = tree
  const root = tree.root?.node
  const facts = root?.story
  if (root === undefined || facts === undefined) return h("header", { class: "hero" }, "This story has no events.")
  const all = tree.nodes.flatMap(({ node }) => (node.story === undefined ? [] : [node]))
  const stages = sum(all, (node) => node.story?.startedStages ?? 0)
  const failed = sum(all, (node) => node.story?.failedStages ?? 0)
  const cancelled = sum(all, (node) => node.story?.cancelledStages ?? 0)
  const retries = sum(tree.nodes, ({ node }) => node.retries?.length ?? 0)
  const isUnfinished = story.unfinished === true && root.seconds === undefined
  return h(
    "header",
    { class: "hero" },
    title !== null && h("p", { class: "page-title" }, title),
    h(
      "div",
      { class: "hero-line" },
      badge(facts.status, isUnfinished),
      facts.dryRun === true && h("span", { class: "chip dry" }, "dry run"),
      root.kind !== undefined && h("span", { class: "chip" }, root.kind),
      Object.entries(facts.labels).map(([name, value]) =>
        h("span", { class: "chip label" }, h("span", { class: "muted" }, name), value)
      )
    ),
    h("h1", {}, root.name),
    facts.outcome !== undefined && h("p", { class: "outcome" }, facts.outcome),
    facts.work !== undefined && h("p", { class: "outcome" }, facts.work),
    isUnfinished && h("p", { class: "outcome" }, "The program ended before this story did."),
    causedBy(tree, show),
    h(
      "dl",
      { class: "stats" },
      stat("Duration", root.seconds === undefined ? "running" : duration(root.seconds), "primary"),
      stat("Stages", stages.toLocaleString("en-GB")),
      failed > 0 && stat("Failed", String(failed), "bad"),
      cancelled > 0 && stat("Cancelled", String(cancelled)),
      retries > 0 && stat("Retries", String(retries)),
      all.length > 1 && stat("Sub-stories", String(all.length - 1)),
      facts.percent !== undefined && facts.percent < 100 && stat("Progress", `${facts.percent} %`),
      h(
        "div",
        { class: "stat" },
        h("dt", {}, "Started"),
        h("dd", { title: localTime(story.startedAt) }, time(story.startedAt))
      ),
      root.traceId !== undefined &&
        h(
          "div",
          { class: "stat" },
          h("dt", {}, "Trace"),
          h(
            "dd",
            { title: root.traceId },
            h("code", {}, `${root.traceId.slice(0, 8)}…`),
            copyButton(root.traceId, "trace id")
          )
        )
    ),
    root.attributes !== undefined &&
      h(
        "details",
        { class: "hero-attributes" },
        h("summary", {}, count(Object.keys(root.attributes).length, "attribute")),
        Values.table(root.attributes)
      ),
    omissions(story)
  )
}

const causedBy = (tree: Tree, show: (id: number) => void): Child => {
  const cause = tree.root?.node.story?.causedBy
  if (cause === undefined) return null
  const target = tree.nodes.find(({ node }) => node.story?.id === cause.storyId)
  const text = `${cause.errorType} in ${cause.storyName}${cause.stageName === null ? "" : ` › ${cause.stageName}`}`
  return h(
    "p",
    { class: "outcome caused-by" },
    "Caused by ",
    target === undefined
      ? text
      : h("button", { class: "link", attributes: { type: "button" }, on: { click: () => show(target.node.id) } }, text)
  )
}

const stat = (name: string, value: string, kind = ""): HTMLElement =>
  h("div", { class: `stat ${kind}` }, h("dt", {}, name), h("dd", {}, value))

const omissions = ({ omitted }: PageStory): Child => {
  const parts = [
    omitted.nodes > 0 ? `${count(omitted.nodes, "stage")} in the middle` : "",
    omitted.values > 0 ? `the values of ${count(omitted.values, "entry", "entries")}` : ""
  ].filter((part) => part !== "")
  return parts.length > 0 && h("p", { class: "notice" }, `Left out to keep this page small: ${parts.join(" and ")}.`)
}

const sum = <A>(items: ReadonlyArray<A>, amount: (item: A) => number): number =>
  items.reduce((total, item) => total + amount(item), 0)
