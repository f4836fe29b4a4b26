/**
 * An analysis, boxed: its `## Headings` and the text below them, wrapped to the terminal.
 */
import * as TerminalText from "./TerminalText.js"
import * as TextLayout from "./TextLayout.js"
import type { Theme } from "./Theme.js"

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

/** The box, without a line break at its end. */
export const analysisBox = (analysis: string, options: AnalysisBoxOptions): string => {
  const { bold, dim, warning } = options.theme.colours
  const columns = Math.max(fewestColumns, Math.min(options.columns ?? usualColumns, mostColumns))
  const room = columns - 4

  const title = TextLayout.truncate(options.title, columns - 7, options.theme.glyphs.ellipsis)
  const rule = "-".repeat(Math.max(0, columns - 6 - TextLayout.width(title)))
  const out = [`${dim("+--")} ${bold(title)} ${dim(`${rule}+`)}`]
  for (const line of bodyOf(analysis)) {
    const heading = /^## +(.*\S)/.exec(line)?.[1]
    for (const text of TextLayout.wrap(heading ?? line, room)) {
      const padded = TextLayout.pad(text, room)
      // What to change is what the reader is looking for.
      if (heading === "Code Changes") out.push(`${warning(">>")} ${bold(padded.slice(0, -1))}${dim(" |")}`)
      else out.push(`${dim("|")} ${heading === undefined ? padded : bold(padded)} ${dim("|")}`)
    }
  }
  return [...out, dim(`+${"-".repeat(columns - 2)}+`)].join("\n")
}

/** The lines of the text, with one empty line before each heading but the first, and none at either end. */
const bodyOf = (analysis: string): ReadonlyArray<string> => {
  const out: Array<string> = []
  for (const raw of analysis.trim().split(/\r?\n/)) {
    const line = TerminalText.code(raw.trimEnd())
    const previous = out.at(-1)
    if (line === "" && (previous === "" || previous?.startsWith("## ") === true)) continue
    if (line.startsWith("## ") && previous !== undefined && previous !== "") out.push("")
    out.push(line)
  }
  return out
}
