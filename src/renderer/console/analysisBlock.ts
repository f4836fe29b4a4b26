/**
 * An analysis in the style of a failure's block: its `## Headings` as labels, and the text below them beside these.
 */
import type { FailureAnalysis } from "../../event/FailureAnalysis.js"
import { clip } from "../../plain/PlainValue.js"
import * as terminalText from "../../plain/terminalText.js"
import { type BlockOptions, labelled, wrapped } from "./labelledLines.js"

/** Longest text shown. Stories have none that is longer; a file of events may hold any. */
const maxText = 40_000
/** Most lines shown. */
const maxLines = 400

/** Who answered: a model by its name, anything else by what it is called. Safe for the terminal. */
export const analyzerName = (analysis: Pick<FailureAnalysis, "analyzer" | "model">): string => {
  if (analysis.model !== null && analysis.model !== "") return terminalText.line(analysis.model)
  const words = analysis.analyzer.split(/[-_\s]+/).filter((word) => word !== "")
  if (words.length === 0) return "an analyzer"
  return terminalText.line(words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(" "))
}

interface Section {
  readonly label: string
  readonly lines: Array<string>
}

/** The block, without a line break at its end. `analysis`: who answered, where no heading says it already. */
export const analysisBlock = (
  text: string,
  analysis: Pick<FailureAnalysis, "analyzer" | "model"> | null,
  options: BlockOptions
): string => {
  const { bold, dim } = options.theme.colours
  const sections = sectionsOf(clip(text, maxText), analysis === null ? "Analysis:" : "")
  const by = analysis === null ? [] : [labelled("Analysis:", [dim(`by ${analyzerName(analysis)}`)], options)]
  const blocks = sections.map(({ label, lines }) =>
    // What to change is what the reader is looking for.
    labelled(label, wrapped(lines, options, label === "Code changes:" ? bold : undefined), options)
  )
  const all = [...by, ...blocks].join("\n").split("\n")
  return all.length <= maxLines ? all.join("\n") : [...all.slice(0, maxLines), options.theme.glyphs.ellipsis].join("\n")
}

/** Without empty lines at either end of a section. `first` is the label of what comes before any heading. */
const sectionsOf = (text: string, first: string): ReadonlyArray<Section> => {
  const sections: Array<Section> = []
  for (const raw of text.trim().split(/\r?\n/)) {
    const line = terminalText.code(raw.trimEnd())
    const heading = /^#{1,6} +(.*\S)/.exec(line)?.[1]
    if (heading !== undefined) sections.push({ label: labelOf(heading), lines: [] })
    else if (sections.length === 0) sections.push({ label: first, lines: [line] })
    else if (line !== "" || (sections.at(-1)?.lines.length ?? 0) > 0) sections.at(-1)?.lines.push(line)
  }
  for (const { lines } of sections) while (lines.at(-1) === "") lines.pop()
  return sections
}

/** `Exact Why` is `Exact why:`, as other labels are written. */
const labelOf = (heading: string): string => {
  const [first = "", ...rest] = heading.replace(/[:\s]+$/, "").split(" ")
  return `${[first, ...rest.map((word) => (/^[A-Z][a-z]+$/.test(word) ? word.toLowerCase() : word))].join(" ")}:`
}
