/**
 * Quoted literals and brackets in a text, which may be code, JSON, or JSON within JSON.
 */

/** A part of a text. */
export interface Range {
  readonly from: number
  readonly to: number
}

export const isQuote = (char: string): boolean => char === '"' || char === "'" || char === "`"

/** A quote that opens a literal: it may be behind backslashes, in JSON within JSON. */
export interface Opening {
  readonly quote: string
  readonly escapes: number
  /** Where the literal's own text begins. */
  readonly from: number
}

const maxEscapes = 15

export const openingAt = (text: string, at: number): Opening | undefined => {
  let escapes = 0
  while (escapes < maxEscapes && text.charAt(at + escapes) === "\\") escapes += 1
  const quote = text.charAt(at + escapes)
  return isQuote(quote) ? { quote, escapes, from: at + escapes + 1 } : undefined
}

const joint = /[\\"'`]{1,16}\s{0,64}\+\s{0,64}(?=["'`])/y

/** A literal, and those that are added to it. */
export const quoted = (text: string, opening: Opening): Range => {
  const range = { from: opening.from, to: opening.from }
  for (let next: Opening | undefined = opening; next !== undefined; ) {
    range.to = closingOf(text, next)
    joint.lastIndex = range.to
    next = joint.test(text) ? openingAt(text, joint.lastIndex) : undefined
  }
  return range
}

/** Where the closing quote is, its backslashes included; the end of the line if it is missing. */
const closingOf = (text: string, { escapes, from, quote }: Opening): number => {
  let slashes = 0
  for (let i = from; i < text.length; i++) {
    const char = text.charAt(i)
    if (char === "\\") slashes += 1
    else {
      // A quote of the literal itself has one more level of backslashes before it.
      if (char === quote && (slashes < escapes || (slashes - escapes) % (2 * (escapes + 1)) === 0)) {
        return i - Math.min(slashes, escapes)
      }
      if ((char === "\n" || char === "\r") && quote !== "`") return i
      slashes = 0
    }
  }
  return text.length
}

/** An object or a list, whole. */
export const bracketed = (text: string, from: number): Range => {
  let depth = 0
  for (let i = from; i < text.length; i++) {
    const char = text.charAt(i)
    if (char === "{" || char === "[") depth += 1
    else if ((char === "}" || char === "]") && --depth === 0) return { from, to: i + 1 }
  }
  return { from, to: text.length }
}
