/**
 * A source file in which brackets can be counted, and its expressions.
 */
import * as hiddenField from "../../plain/hiddenField.js"
import * as maskedCode from "./maskedCode.js"

/** A source, position by position. */
export interface Code {
  readonly text: string
  /** The same text, with what is not code put out. */
  readonly masked: string
  /** Where its lines begin, the first of them being that of this index in the file. */
  readonly lineStarts: ReadonlyArray<number>
  readonly firstLine: number
}

/** A part of a code, from its first position to behind its last. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** The lines of a file come from a cache: what was found out of them is kept as long as they are. */
export const codeOf = hiddenField.remembering((lines: ReadonlyArray<string>): Code => {
  const text = lines.join("\n")
  return text.length > maxText ? { text: "", masked: "", lineStarts: [], firstLine: 0 } : made(text, lines, 0)
})

const made = (text: string, lines: ReadonlyArray<string>, firstLine: number, cut = 0): Code => {
  const lineStarts: Array<number> = []
  let start = -cut
  for (const line of lines) {
    lineStarts.push(start)
    start += line.length + 1
  }
  return { text, masked: maskedCode.masked(text), lineStarts, firstLine }
}

/** Longest source that is looked into, in UTF-16 code units. */
const maxText = 400_000

/** What is around a place, also of a source that is too long to be looked into. */
export const codeAround = (lines: ReadonlyArray<string>, place: maskedCode.TextPlace): Code => {
  const code = codeOf(lines)
  if (code.lineStarts.length > 0) return code
  const firstLine = Math.max(0, place.line - 1 - maxAround)
  const part = lines.slice(firstLine, place.line + maxAround)
  const at = part.slice(0, place.line - 1 - firstLine).join("\n").length + place.column
  const cut = Math.max(0, at - maxText / 2)
  return made(part.join("\n").slice(cut, at + maxText / 2), part, firstLine, cut)
}

/** How many lines of such a source are looked at on either side. */
const maxAround = 40

export const offsetOf = ({ firstLine, lineStarts }: Code, { column, line }: maskedCode.TextPlace): number =>
  (lineStarts[line - 1 - firstLine] ?? 0) + column - 1

export const placeAt = ({ firstLine, lineStarts }: Code, offset: number): maskedCode.TextPlace => {
  const after = lineStarts.findIndex((start) => start > offset)
  const line = after < 0 ? lineStarts.length : after
  return { line: firstLine + line, column: offset - (lineStarts[line - 1] ?? 0) + 1 }
}

/** Where the part of a code begins that is so many lines above a place, and no further. */
export const above = (code: Code, { line }: maskedCode.TextPlace, lines: number): number =>
  Math.max(0, offsetOf(code, { line: Math.max(code.firstLine + 1, line - lines), column: 1 }))

/** The end of the part that is so many lines below it. */
export const below = ({ firstLine, lineStarts, masked }: Code, { line }: maskedCode.TextPlace, lines: number): number =>
  lineStarts[line + lines - firstLine] ?? masked.length

const opens = (char: string): boolean => char === "(" || char === "[" || char === "{"
const closes = (char: string): boolean => char === ")" || char === "]" || char === "}"

/** Where the bracket is closed that is opened at a position. */
export const closingOf = ({ masked }: Code, open: number): number | undefined => maskedCode.closingOf(masked, open)

/** Where the bracket is opened that a position is in, or that is closed right there. */
export const openingOf = ({ masked }: Code, at: number): number | undefined => {
  let depth = 0
  for (let i = Math.min(at, masked.length) - 1; i >= 0; i--) {
    const char = masked.charAt(i)
    if (closes(char)) depth++
    else if (opens(char) && depth-- === 0) return i
  }
  return undefined
}

/** What commas divide, from one position to another. */
export const dividedIn = ({ masked }: Code, { end, start }: Range): ReadonlyArray<Range> => {
  const parts: Array<Range> = []
  let from = start
  let depth = 0
  for (let i = start; i < end; i++) {
    const char = masked.charAt(i)
    if (opens(char)) depth++
    else if (closes(char)) depth--
    else if (char === "," && depth === 0) {
      parts.push({ start: from, end: i })
      from = i + 1
    }
  }
  parts.push({ start: from, end })
  return parts.map((part) => trimmed(masked, part)).filter((part) => part.end > part.start)
}

export const trimmed = (masked: string, { end, start }: Range): Range => {
  let [from, to] = [start, end]
  while (from < to && /\s/.test(masked.charAt(from))) from++
  while (to > from && /\s/.test(masked.charAt(to - 1))) to--
  return { start: from, end: to }
}

/** The statement of the module that a position is in, by the margin: good for code that a formatter has seen. */
export const statementAround = ({ masked }: Code, at: number): Range => {
  let start = at
  while (start > 0 && !(masked.charAt(start - 1) === "\n" && /[A-Za-z@]/.test(masked.charAt(start)))) start--
  const next = masked.slice(at).search(/\n[A-Za-z@]/)
  return { start, end: next < 0 ? masked.length : at + next }
}

/** Where an expression ends that begins at a position. */
export const expressionFrom = (code: Code, from: number): Range => {
  const { masked } = code
  for (let i = from; i < masked.length; i++) {
    const char = masked.charAt(i)
    if (opens(char)) i = closingOf(code, i) ?? masked.length
    else if (closes(char) || char === "," || char === ";") return trimmed(masked, { start: from, end: i })
    else if (char === "\n" && endsAt(masked, from, i)) return trimmed(masked, { start: from, end: i })
  }
  return trimmed(masked, { start: from, end: masked.length })
}

/** Whether nothing goes on behind a line break. */
const endsAt = (masked: string, from: number, at: number): boolean =>
  masked.slice(from, at).trim() !== "" &&
  !/(?:=>|[=&|?:+*(,.]|\b(?:yield\*?|await|new|return))\s*$/.test(masked.slice(Math.max(from, at - 40), at)) &&
  !/^\s*(?:[.?:&|)+*/\]]|=>)/.test(masked.slice(at, at + 400))

/** Where the expression begins that ends before a position: `sql`…``, `fs.readFile(path)`, `new Client(options)`. */
export const expressionBefore = (code: Code, before: number): number => {
  const { masked } = code
  let at = before
  for (;;) {
    const end = trimmed(masked, { start: 0, end: at }).end
    const last = masked.charAt(end - 1)
    if (closes(last)) {
      const open = openingOf(code, end - 1)
      if (open === undefined) return at
      at = open
    } else if (/[\w$#~]/.test(last)) {
      const word = masked.slice(startOfWord(masked, end), end)
      if (keyword.test(word)) return word === "new" ? end - word.length : start(masked, at)
      at = end - word.length
    } else if (last === ">" && masked.charAt(end - 2) !== "=") {
      const open = openingOfAngle(masked, end - 1)
      if (open === undefined) return start(masked, at)
      at = open
    } else if (last === "." || (last === "!" && at < before)) {
      at = end - (masked.charAt(end - 2) === "?" ? 2 : 1)
      continue
    } else return start(masked, at)
    // Two words without a dot between them are two expressions.
    const gap = trimmed(masked, { start: 0, end: at }).end
    if (/[\w$]/.test(masked.charAt(at)) && !/[.#]/.test(masked.charAt(gap - 1)) && !isNew(masked, gap)) return at
  }
}

/** Where a word begins that ends before a position, or what is put out there. */
const startOfWord = (masked: string, end: number): number => {
  const part = masked.charAt(end - 1) === "~" ? /~/ : /[\w$#]/
  let at = end - 1
  while (at > 0 && part.test(masked.charAt(at - 1))) at--
  return at
}

const isNew = (masked: string, end: number): boolean => /(?<![\w$.])new$/.test(masked.slice(Math.max(0, end - 4), end))

const keyword = /^(?:return|yield|await|new|case|typeof|void|of|in|else|default)$/

const start = (masked: string, at: number): number => trimmed(masked, { start: at, end: masked.length }).start

const openingOfAngle = (masked: string, close: number): number | undefined => {
  let depth = 0
  for (let i = close; i >= 0 && close - i < 400; i--) {
    const char = masked.charAt(i)
    if (char === ">" && masked.charAt(i - 1) !== "=") depth++
    else if (char === "<" && --depth === 0) return i
    else if (char === ";") return undefined
  }
  return undefined
}
