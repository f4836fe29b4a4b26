/**
 * Fitting text into columns, by the width it has on a terminal. All of it takes text without colours.
 */
import stringWidth from "string-width"

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" })

/** How many columns the text takes. */
export const width = (text: string): number => stringWidth(text)

/** The text in at most `columns` columns, its missing end replaced by `ellipsis`. */
export const truncate = (text: string, columns: number, ellipsis: string): string => {
  if (width(text) <= columns) return text
  const room = columns - width(ellipsis)
  if (room < 0) return ""
  return `${take(text, room)}${ellipsis}`
}

/** The end of the text in at most `columns` columns, its missing beginning replaced by `ellipsis`. */
export const truncateStart = (text: string, columns: number, ellipsis: string): string => {
  if (width(text) <= columns) return text
  const room = columns - width(ellipsis)
  if (room < 0) return ""
  const segments = Array.from(segmenter.segment(text))
  let start = text.length
  let used = 0
  for (const { index, segment } of segments.reverse()) {
    used += width(segment)
    if (used > room) break
    start = index
  }
  return ellipsis + text.slice(start)
}

/** The longest beginning of the text that fits. */
const take = (text: string, columns: number): string => {
  let end = 0
  let used = 0
  for (const { index, segment } of segmenter.segment(text)) {
    used += width(segment)
    if (used > columns) break
    end = index + segment.length
  }
  return text.slice(0, end)
}

/** The text with spaces up to `columns` columns. */
export const pad = (text: string, columns: number): string => text + " ".repeat(Math.max(0, columns - width(text)))

/**
 * The text as lines of at most `columns` columns, broken between words where that is possible. Lines after the first
 * keep the indentation of the first.
 */
export const wrap = (text: string, columns: number): ReadonlyArray<string> => {
  if (width(text) <= columns) return [text]
  const indentation = (/^ */.exec(text)?.[0] ?? "").slice(
    0,
    Math.max(0, Math.min(Math.floor(columns / 2), columns - 2))
  )
  const out: Array<string> = []
  let current = indentation
  let empty = true
  for (const word of text.trimStart().split(/ +/)) {
    const longer = empty ? current + word : `${current} ${word}`
    if (width(longer) <= columns) {
      current = longer
      empty = false
      continue
    }
    if (!empty) out.push(current)
    let rest = indentation + word
    while (width(rest) > columns) {
      const head = take(rest, columns)
      // A single character wider than the column: leave it to the terminal.
      if (head.length <= indentation.length) break
      out.push(head)
      rest = indentation + rest.slice(head.length)
    }
    current = rest
    empty = false
  }
  return [...out, current]
}
