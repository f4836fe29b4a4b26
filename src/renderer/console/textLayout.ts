/**
 * Fitting text into columns, by the width it has on a terminal. All of it takes text without colours.
 */
import stringWidth from "string-width"
import { remembering } from "../../plain/lruCache.js"

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" })

/** Most code units segmented at once: the engine's segmenter takes time in the square of what it is given. */
const maxPiece = 256

/** The characters as a reader sees them. One of more code units than a piece has is taken apart. */
function* characters(text: string): Generator<string> {
  for (let from = 0; from < text.length; ) {
    // Not between the two halves of a code point.
    const end = from + maxPiece + (/[\ud800-\udbff]/.test(text.charAt(from + maxPiece - 1)) ? 1 : 0)
    const segments = Array.from(segmenter.segment(text.slice(from, end)), ({ segment }) => segment)
    // The last one may go on in the next piece.
    if (end < text.length && segments.length > 1) segments.pop()
    for (const segment of segments) from += segment.length
    yield* segments
  }
}

const isPlain = (text: string): boolean => /^[ -~]*$/.test(text)

// What is not plain ASCII takes 50 µs to measure.
const measured = remembering(4_096, stringWidth)

const widthOf = (character: string): number => (isPlain(character) ? character.length : measured(character))

/** How many columns the text takes. */
export const width = (text: string): number => {
  if (isPlain(text)) return text.length
  let used = 0
  for (const character of characters(text)) used += widthOf(character)
  return used
}

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
  if (fits(text, columns)) return text
  const room = columns - width(ellipsis)
  if (room < 0) return ""
  // Of a long text no more is looked at than is likely to be needed.
  for (let length = columns * 4 + 64; ; length *= 4) {
    const last = Array.from(characters(text.slice(-length)))
    // What it begins with may be a part of a character.
    if (length < text.length) last.shift()
    let start = text.length
    let used = 0
    for (const character of last.reverse()) {
      used += widthOf(character)
      if (used > room) return ellipsis + text.slice(start)
      start -= character.length
    }
    if (length >= text.length) return ellipsis + text.slice(start)
  }
}

/** The longest beginning of the text that fits. */
const take = (text: string, columns: number): string => {
  const room = Math.max(0, columns)
  // One more: what follows might belong to the last character.
  const head = text.slice(0, room + 1)
  if (isPlain(head)) return head.length > room ? head.slice(0, room) : text
  let end = 0
  let used = 0
  for (const character of characters(text)) {
    used += widthOf(character)
    if (used > room) return text.slice(0, end)
    end += character.length
  }
  return text
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
  const room = columns - indentation.length
  const out: Array<string> = []
  let current = ""
  let used = 0
  let empty = true
  for (const word of text.trimStart().split(/ +/)) {
    const columnsOfWord = width(word)
    const gap = empty ? "" : " "
    if (used + gap.length + columnsOfWord <= room) {
      current += gap + word
      used += gap.length + columnsOfWord
      empty = false
      continue
    }
    if (!empty) out.push(indentation + current)
    const parts = columnsOfWord > room ? broken(word, room) : [word]
    for (const part of parts.slice(0, -1)) out.push(indentation + part)
    current = parts.at(-1) ?? ""
    used = parts.length === 1 ? columnsOfWord : width(current)
    empty = false
  }
  out.push(indentation + current)
  return out
}

/** The word in parts of at most so many columns each. A single character wider than that is left to the terminal. */
const broken = (word: string, columns: number): ReadonlyArray<string> => {
  if (isPlain(word)) return word.match(new RegExp(`.{1,${Math.max(1, columns)}}`, "g")) ?? [word]
  const out: Array<string> = []
  let part = ""
  let used = 0
  for (const character of characters(word)) {
    const columnsOfCharacter = widthOf(character)
    if (used > 0 && used + columnsOfCharacter > columns) {
      out.push(part)
      part = ""
      used = 0
    }
    part += character
    used += columnsOfCharacter
  }
  return [...out, part]
}
