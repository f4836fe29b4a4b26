/**
 * What a citation of an analysis is about, where that is on the page.
 */
import type { Citation } from "../../event/FailureAnalysis.js"
import type { Failure } from "../../event/FailureReport.js"
import { flash } from "../kit/flash.js"
import type { Tree } from "./tree.js"

export interface Cited {
  readonly failure: Failure
  readonly tree: Tree
  /** Shows a stage. */
  readonly show: (id: number) => void
}

/** An element of the panel of the failure. */
interface Part {
  readonly selector: string
  readonly attribute?: readonly [name: string, value: string]
}

/** Goes there, from an element of the analysis. */
export type Go = (from: Element) => void

/** A citation says in words what it cites; what those name is looked for. */
export const targetOf = ({ id, text }: Citation, { failure, show, tree }: Cited): Go | undefined => {
  switch (id.charAt(0)) {
    case "F": {
      const frame = failure.stackFrames.find(({ file, line }) => mentions(text, `${file}:${line}`))
      return frame && reveal({ selector: ".frame", attribute: ["data-frame", `${frame.file}:${frame.line}`] })
    }
    case "S": {
      const stages = tree.nodes.filter(({ node }) => node.story === undefined)
      const stage =
        stages.findLast(({ node }) => text.startsWith(`${node.name}:`)) ??
        stages.findLast(({ node }) => mentions(text, node.name))
      return stage && (() => show(stage.node.id))
    }
    case "E":
      return reveal({ selector: ".error-type" })
    case "V": {
      const name = valueNamed(text, failure)
      return name === undefined ? undefined : reveal({ selector: ".value-row", attribute: ["data-name", name] })
    }
    default:
      return undefined
  }
}

const valueNamed = (text: string, { facts, stackFrames, stageAttributes }: Failure): string | undefined => {
  const names = [
    ...stackFrames.flatMap(({ locals }) => Object.keys(locals ?? {})),
    ...Object.keys(stageAttributes),
    ...Object.keys(facts)
  ]
  return names.find((name) => text.startsWith(`${name} =`)) ?? names.find((name) => mentions(text, name))
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

const reveal =
  ({ attribute, selector }: Part): Go =>
  (from) => {
    const parts = from.closest(".failure-panel")?.querySelectorAll(selector) ?? []
    const part = Array.from(parts).find(
      (part) => attribute === undefined || part.getAttribute(attribute[0]) === attribute[1]
    )
    if (part === undefined) return
    for (let outer = part.closest("details"); outer !== null; ) {
      outer.open = true
      outer = outer.parentElement?.closest("details") ?? null
    }
    part.scrollIntoView({ block: "center" })
    flash(part)
  }
