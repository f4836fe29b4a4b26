/**
 * Source code around a place, with a caret below the column.
 */
import type { Location, SnippetLine } from "../../event/FailureReport.js"
import * as terminalText from "../../plain/terminalText.js"
import { type BlockOptions, textColumns } from "./labelledLines.js"
import * as textLayout from "./textLayout.js"

/** Fewest columns for code that is broken to fit. */
const fewestColumns = 20

/** The line itself, for a place where its indentation says nothing. */
export const codeLine = ({ column, sourceLine }: Location, options: BlockOptions): ReadonlyArray<string> => {
  const source = sourceLine ?? ""
  const indentation = source.length - source.trimStart().length
  return withCaret(source.trim(), column - indentation, textColumns(options), options)
}

/** The lines with their numbers, the failing one marked. */
export const snippetLines = (
  snippet: ReadonlyArray<SnippetLine>,
  location: Location | null,
  options: BlockOptions
): ReadonlyArray<string> => {
  const { bad, dim } = options.theme.colours
  const digits = Math.max(...snippet.map(({ line }) => String(line).length))
  const gutter = digits + 5
  const columns =
    options.columns === undefined || options.columns - gutter < fewestColumns ? undefined : options.columns - gutter
  return snippet.flatMap(({ failing, line, text }) => {
    const column = failing && location?.line === line ? location.column : 0
    return withCaret(text, column, columns, options).map((code, i) => {
      const number = i === 0 ? String(line) : ""
      const start = `${failing && i === 0 ? ">" : " "} ${number.padStart(digits)} | `
      return failing ? bad(start + code) : dim(start + code)
    })
  })
}

/** The code, broken anywhere to fit; below the part that the column is in, a caret. A column of 0 is none. */
const withCaret = (
  code: string,
  column: number,
  columns: number | undefined,
  { theme }: BlockOptions
): ReadonlyArray<string> => {
  const text = terminalText.code(code)
  const before = textLayout.width(terminalText.code(code.slice(0, Math.max(0, column - 1))))
  const parts = columns === undefined ? [text] : textLayout.slices(text, columns, maxParts, theme.glyphs.ellipsis)
  if (column < 1 || column > code.length) return parts
  let start = 0
  return parts.flatMap((part) => {
    const caret = before - start
    start += textLayout.width(part)
    return caret >= 0 && before < start ? [part, `${" ".repeat(caret)}^`] : [part]
  })
}

/** Most lines for one line of code: a bundle may have all of it in one. */
const maxParts = 4
