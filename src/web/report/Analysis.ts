/**
 * What an analyzer said of a failure, each citation leading to what it cites where that is on the page.
 */
import type { Citation, FailureAnalysis } from "../../event/FailureAnalysis.js"
import type { Failure } from "../../event/FailureReport.js"
import { type Child, flash, h } from "../kit/Dom.js"
import { duration } from "../kit/Format.js"
import type { View } from "./View.js"

export interface Cited {
  readonly failure: Failure
  readonly view: View
  readonly show: (id: number) => void
}

export const analysis = (value: FailureAnalysis, latencySeconds: number | undefined, cited: Cited): HTMLElement => {
  const section: HTMLElement = h(
    "section",
    { class: "analysis", attributes: { "aria-label": "Analysis" } },
    h(
      "h3",
      {},
      "Analysis",
      h(
        "span",
        { class: "muted" },
        [value.analyzer, value.model, latencySeconds === undefined ? null : `after ${duration(latencySeconds)}`]
          .filter((text) => text !== null)
          .join(" · ")
      )
    ),
    value.rawText === null
      ? [
          part("Why", value.exactWhy),
          value.evidence.length > 0 &&
            h(
              "div",
              { class: "analysis-part" },
              h("h4", {}, "Evidence"),
              h(
                "ul",
                {},
                value.evidence.map(({ cites, text }) =>
                  h(
                    "li",
                    {},
                    text,
                    " ",
                    cites.map((citation) => [citationOf(citation, cited, () => section), " "])
                  )
                )
              )
            ),
          part("Fix", value.targetedFix),
          value.codeChanges.trim() !== "" &&
            h(
              "div",
              { class: "analysis-part" },
              h("h4", {}, "Change"),
              h("pre", { attributes: { tabindex: 0 } }, value.codeChanges)
            )
        ]
      : h("p", { class: "analysis-raw" }, value.rawText),
    value.droppedCitations > 0 &&
      h("p", { class: "muted" }, `${value.droppedCitations} citation(s) of what is not there were taken out.`)
  )
  return section
}

const part = (title: string, text: string): Child =>
  text.trim() !== "" && h("div", { class: "analysis-part" }, h("h4", {}, title), h("p", {}, text))

const citationOf = (citation: Citation, cited: Cited, from: () => HTMLElement): HTMLElement => {
  const go = targetOf(citation, cited, from)
  return go === undefined
    ? h("span", { class: "citation", title: citation.text }, citation.id)
    : h(
        "button",
        { class: "citation", title: citation.text, attributes: { type: "button" }, on: { click: go } },
        citation.id
      )
}

/** A citation says what it cites in words; what those name is looked for. */
const targetOf = (
  { id, text }: Citation,
  { failure, show, view }: Cited,
  from: () => HTMLElement
): (() => void) | undefined => {
  const panel = () => from().closest(".failure-panel")
  switch (id.charAt(0)) {
    case "F": {
      const frame = failure.stackFrames.find(({ file, line }) => mentions(text, `${file}:${line}`))
      return frame === undefined
        ? undefined
        : () =>
            reveal(panel(), ".frame", (element) => element.getAttribute("data-frame") === `${frame.file}:${frame.line}`)
    }
    case "S": {
      const stages = view.tree.nodes.filter(({ node }) => node.story === undefined)
      const stage =
        stages.findLast(({ node }) => text.startsWith(`${node.name}:`)) ??
        stages.findLast(({ node }) => mentions(text, node.name))
      return stage === undefined ? undefined : () => show(stage.node.id)
    }
    case "E":
      return () => reveal(panel(), ".error-type", () => true)
    case "V": {
      const names = [
        ...failure.stackFrames.flatMap(({ locals }) => Object.keys(locals ?? {})),
        ...Object.keys(failure.stageAttributes),
        ...Object.keys(failure.facts)
      ]
      const name = names.find((name) => text.startsWith(`${name} =`)) ?? names.find((name) => mentions(text, name))
      return name === undefined
        ? undefined
        : () => reveal(panel(), ".value-row", (element) => element.getAttribute("data-name") === name)
    }
    default:
      return undefined
  }
}

/** Whether a text holds a name, and not only as a part of a longer one. */
const mentions = (text: string, name: string): boolean => {
  if (name === "") return false
  const isPart = (character: string | undefined) => character !== undefined && /[\w$]/.test(character)
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    if (!isPart(text[at - 1]) && !isPart(text[at + name.length])) return true
  }
  return false
}

const reveal = (within: Element | null, selector: string, isIt: (element: Element) => boolean): void => {
  const element = Array.from(within?.querySelectorAll(selector) ?? []).find(isIt)
  if (element === undefined) return
  for (let outer = element.closest("details"); outer !== null; ) {
    outer.open = true
    outer = outer.parentElement?.closest("details") ?? null
  }
  element.scrollIntoView({ block: "center" })
  flash(element)
}
