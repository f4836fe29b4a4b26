/**
 * Fitting text into columns, by the width it has on a terminal. Only {@link hang} takes text with colours.
 */
import stringWidth from "string-width"
import wrapAnsi from "wrap-ansi"
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

/** Most code units of a text that are wrapped: measuring takes 50 µs a character. The rest is left to the terminal. */
const maxWrapped = 16_384

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

/** The text cut into at most `most` parts that fit, the last of them truncated. */
export const slices = (text: string, columns: number, most: number, ellipsis: string): ReadonlyArray<string> => {
  const out: Array<string> = []
  let rest = text
  while (out.length < most - 1 && !fits(rest, columns)) {
    // A character wider than all of it is left to the terminal.
    const part = take(rest, columns) || (characters(rest).next().value ?? rest)
    out.push(part)
    rest = rest.slice(part.length)
  }
  return [...out, truncate(rest, columns, ellipsis)]
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
  return broken(text.trimStart(), columns - indentation.length).map((line) => indentation + line)
}

/** The same for text with colours; lines after the first are indented by `indent`. */
export const hang = (text: string, columns: number, indent: number): ReadonlyArray<string> => {
  if (fits(text.replaceAll(colour, ""), columns)) return [text]
  const [indentation = ""] = /^ */.exec(text) ?? []
  return broken(text.slice(indentation.length), columns - indent).map(
    (line, i) => (i === 0 ? indentation : " ".repeat(indent)) + line
  )
}

const colour = /\x1b\[[0-9;]*m/g

/** Piece by piece, each together with the line that the pieces before it left unfinished. */
const broken = (text: string, columns: number): ReadonlyArray<string> => {
  const room = Math.max(1, columns)
  const out: Array<string> = []
  let last = ""
  for (const piece of pieces(text.slice(0, maxWrapped))) {
    const lines = wrapAnsi(last + apart(withLongWordsApart(piece, room)), room, { hard: true }).split("\n")
    last = lines.pop() ?? ""
    for (const line of lines) out.push(together(line))
  }
  out.push(together(last) + text.slice(maxWrapped))
  return out
}

/** Between a letter and its mark it keeps the two from being composed to one code point, as `wrapAnsi` does. */
const joiner = "\u034f"

const apart = (text: string): string =>
  text.normalize() === text ? text : text.replaceAll(/(?![\ufe00-\ufe0f])(?=\p{M})/gu, joiner)

const together = (text: string): string => text.replaceAll(joiner, "")

/** A word that takes lines of its own begins with one. */
const withLongWordsApart = (text: string, columns: number): string =>
  text.replaceAll(/ +([^ ]+)/g, (both, word: string) =>
    word.length * 2 > columns && width(word.replaceAll(colour, "")) > columns ? `\n${word}` : both
  )

/** The text in parts that the segmenter is quick with. Spaces begin a part: at its end they would be trimmed. */
function* pieces(text: string): Generator<string> {
  for (let from = 0; from < text.length; ) {
    let end = from + maxPiece
    if (end < text.length) {
      const space = text.lastIndexOf(" ", end)
      if (space > from) end = space
      else end = from + within(text.slice(from, end + maxPiece), maxPiece)
    }
    yield text.slice(from, end)
    from = end
  }
}

/** About `length` code units of the text, and neither a part of a character nor of a colour. */
const within = (text: string, length: number): number => {
  const start = text.slice(0, length).lastIndexOf("\x1b")
  const opened = start < 0 ? null : /^\x1b\[[0-9;]*m/.exec(text.slice(start))
  if (opened !== null && start + opened[0].length > length) return start === 0 ? opened[0].length : start
  let end = 0
  for (const character of characters(text)) {
    if (end > 0 && end + character.length > length) break
    end += character.length
  }
  return end
}
