/**
 * Fitting text into columns, by the width it has on a terminal. All of it takes text without colours.
 */
import stringWidth from "string-width"
import { remembering } from "../../diagnostics/RecentCache.js"

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" })

/** How many columns the text takes. */
export const width = (text: string): number => stringWidth(text)

// What is not plain ASCII takes 50 µs to measure.
const measured = remembering(4_096, stringWidth)

const widthOf = (character: string): number => (/^[ -~]$/.test(character) ? 1 : measured(character))

const fits = (text: string, columns: number): boolean => take(text, columns).length === text.length

/** The text in at most `columns` columns, its missing end replaced by `ellipsis`. */
export const truncate = (text: string, columns: number, ellipsis: string): string => {
  if (fits(text, columns)) return text
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
  // Of a long text no more is looked at than is likely to be needed: segmenting copies all it is given.
  for (let length = columns * 4 + 64; ; length *= 4) {
    const head = text.slice(0, length)
    let used = 0
    for (const { index, segment } of segmenter.segment(head)) {
      used += widthOf(segment)
      if (used > columns) return text.slice(0, index)
    }
    if (head.length === text.length) return text
  }
}

/** The text with spaces up to `columns` columns. */
export const pad = (text: string, columns: number): string => text + " ".repeat(Math.max(0, columns - width(text)))

/**
 * The text as lines of at most `columns` columns, broken between words where that is possible. Lines after the first
 * keep the indentation of the first.
 */
export const wrap = (text: string, columns: number): ReadonlyArray<string> => {
  if (fits(text, columns)) return [text]
  const indentation = (/^ */.exec(text)?.[0] ?? "").slice(
    0,
    Math.max(0, Math.min(Math.floor(columns / 2), columns - 2))
  )
  const out: Array<string> = []
  let current = indentation
  let empty = true
  for (const word of text.trimStart().split(/ +/)) {
    const longer = empty ? current + word : `${current} ${word}`
    if (fits(longer, columns)) {
      current = longer
      empty = false
      continue
    }
    if (!empty) out.push(current)
    let rest = indentation + word
    let head = take(rest, columns)
    // A single character wider than the column: leave it to the terminal.
    while (head.length < rest.length && head.length > indentation.length) {
      out.push(head)
      rest = indentation + rest.slice(head.length)
      head = take(rest, columns)
    }
    current = rest
    empty = false
  }
  return [...out, current]
}
