/**
 * An analysis, boxed: its `## Headings` and the text below them, wrapped to the terminal.
 */
import type { FailureAnalysis } from "../../event/FailureAnalysis.js"
import { clip } from "../../plain/PlainValue.js"
import * as terminalText from "../../plain/terminalText.js"
import * as textLayout from "./textLayout.js"
import type { Theme } from "./theme.js"

export interface AnalysisBoxOptions {
  /** Already safe for the terminal. */
  readonly title: string
  readonly theme: Theme
  /** The columns of the terminal, `undefined` where there is none. */
  readonly columns: number | undefined
}

const usualColumns = 74
const mostColumns = 100
const fewestColumns = 24
/** Longest text shown. Stories tell none that is longer; a file of events may hold any. */
const maxText = 40_000
/** Most lines shown. */
const maxLines = 400

/** Who answered: a model by its name, anybody else by what it is called. Safe for the terminal. */
export const titleOf = (analysis: Pick<FailureAnalysis, "analyzer" | "model"> | null): string => {
  if (analysis === null) return "LLM Debug"
  if (analysis.model !== null) return terminalText.line(`LLM Debug - ${analysis.model}`)
  const words = analysis.analyzer.split(/[-_\s]+/).filter((word) => word !== "")
  if (words.length === 0) return "Analysis"
  return terminalText.line(words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(" "))
}

/** The box, without a line break at its end. */
export const analysisBox = (analysis: string, options: AnalysisBoxOptions): string => {
  const { bold, dim, warning } = options.theme.colours
  const columns = Math.max(fewestColumns, Math.min(options.columns ?? usualColumns, mostColumns))
  const room = columns - 4

  const title = textLayout.truncate(options.title, columns - 7, options.theme.glyphs.ellipsis)
  const rule = "-".repeat(Math.max(0, columns - 6 - textLayout.width(title)))
  const out = [`${dim("+--")} ${bold(title)} ${dim(`${rule}+`)}`]
  const row = (text: string) => `${dim("|")} ${text} ${dim("|")}`
  for (const line of bodyOf(clip(analysis, maxText))) {
    const heading = /^## +(.*\S)/.exec(line)?.[1]
    for (const text of wrapped(heading ?? line, room)) {
      const padded = textLayout.pad(text, room)
      // What to change is what the reader is looking for.
      if (heading === "Code Changes") out.push(`${warning(">>")} ${bold(padded.slice(0, -1))}${dim(" |")}`)
      else out.push(row(heading === undefined ? padded : bold(padded)))
    }
    if (out.length > maxLines) {
      out.splice(maxLines, out.length, row(textLayout.pad(options.theme.glyphs.ellipsis, room)))
      break
    }
  }
  return [...out, dim(`+${"-".repeat(columns - 2)}+`)].join("\n")
}

/** An entry of a list hangs below its bullet. */
const wrapped = (line: string, room: number): ReadonlyArray<string> => {
  const bullet = /^[-*] (?=\S)/.exec(line)?.[0] ?? ""
  return textLayout
    .wrap(line.slice(bullet.length), room - bullet.length)
    .map((text, i) => (i === 0 ? bullet + text : " ".repeat(bullet.length) + text))
}

/** The lines of the text, with one empty line before each heading but the first, and none at either end. */
const bodyOf = (analysis: string): ReadonlyArray<string> => {
  const out: Array<string> = []
  for (const raw of analysis.trim().split(/\r?\n/)) {
    const line = terminalText.code(raw.trimEnd())
    const previous = out.at(-1)
    if (line === "" && (previous === "" || previous?.startsWith("## ") === true)) continue
    if (line.startsWith("## ") && previous !== undefined && previous !== "") out.push("")
    out.push(line)
  }
  return out
}
