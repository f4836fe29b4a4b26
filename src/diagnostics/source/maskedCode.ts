/**
 * Source text in which brackets can be counted: what is in strings, templates, comments and regular expressions opens and closes
 * nothing. No parser: it reads TypeScript and what compilers make of it alike.
 */

/** Position by position the same text, with what is not code put out: line breaks in it, too. */
export const masked = (text: string): string => {
  const hashbang = /^#!.*/.exec(text)?.[0].length ?? 0
  let out = " ".repeat(hashbang)
  let at = hashbang
  let before = ""
  for (const { index } of text.matchAll(starts)) {
    if (index < at) continue
    before = lastWord(text.slice(Math.max(at, index - maxBefore), index)) ?? before
    const end = endOfOther(text, index, before)
    if (end === undefined) continue
    const isComment = isCommentAt(text, index)
    out += text.slice(at, index) + (isComment ? " " : "~").repeat(end - index)
    at = end
    if (!isComment) before = value
  }
  return out + text.slice(at)
}

const starts = /["'`/]/g

/** As much of what is before a slash as says what the slash is. */
const maxBefore = 200
const lastWord = (text: string): string | undefined => text.trimEnd().slice(-20) || undefined
/** What stands for a text or a regular expression before a slash. */
const value = "0"

const isCommentAt = (text: string, at: number): boolean =>
  text.charAt(at) === "/" && (text.charAt(at + 1) === "/" || text.charAt(at + 1) === "*")

/** Where that ends which is not code and begins at a position; `undefined` where code is. */
const endOfOther = (text: string, from: number, before: string): number | undefined => {
  const char = text.charAt(from)
  if (char === "`") return endOfTemplate(text, from)
  if (char !== "/" && char !== '"' && char !== "'") return undefined
  const pattern = char !== "/" ? string : isCommentAt(text, from) ? comment : regex
  if (pattern === regex && !canBeginRegex(before, text.charAt(from + 1))) return undefined
  pattern.lastIndex = from
  return pattern.test(text) ? pattern.lastIndex : undefined
}

const string = /"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?/y
const comment = /\/\/.*|\/\*[\s\S]*?(?:\*\/|$)/y
const regex = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/\w*/y

/** A template may have templates in it. */
const endOfTemplate = (text: string, from: number): number => {
  for (let i = from + 1; i < text.length; i++) {
    const char = text.charAt(i)
    if (char === "`") return i + 1
    if (char === "\\") i += 1
    else if (char === "$" && text.charAt(i + 1) === "{") i = endOfSubstitution(text, i + 2) - 1
  }
  return text.length
}

const endOfSubstitution = (text: string, from: number): number => {
  let depth = 0
  for (let i = from; i < text.length; i++) {
    const char = text.charAt(i)
    if (char === "{") depth += 1
    else if (char === "}" && depth-- === 0) return i + 1
    else i = (endOfOther(text, i, text.slice(Math.max(from, i - 20), i).trimEnd()) ?? i + 1) - 1
  }
  return text.length
}

/** A slash that no value is before begins a regular expression; the one in `{name} />` ends a tag. */
const canBeginRegex = (before: string, after: string): boolean =>
  /(?:^|[=(,:;&|?{}[+*%~^-]|=>|(?<![\w$)\]])!|(?<![\w$.])(?:return|typeof|case|yield|await|else|do|in|of|void|throw|default)!*)$/.test(
    before
  ) && !(after === ">" && before.endsWith("}"))

/** Where the bracket that is opened at a position of masked code is closed. */
export const closingOf = (code: string, open: number): number | undefined => {
  let depth = 0
  for (let i = open; i < code.length; i++) {
    const char = code.charAt(i)
    if (char === "(" || char === "[" || char === "{") depth++
    else if (char === ")" || char === "]" || char === "}") depth--
    if (depth === 0) return i
  }
  return undefined
}

/** A name as a part of a regular expression. */
export const escaped = (name: string): string => name.replaceAll("$", "\\$")

/** Where a name is in masked code, but for fields of that name. */
export const usesOf = (name: string, code: string): ReadonlyArray<number> =>
  Array.from(code.matchAll(new RegExp(`(?<![\\w$.])${escaped(name)}(?![\\w$])`, "g")), ({ index }) => index)

/** Whether nothing that was opened before a text is closed in it. */
export const isOpen = (text: string): boolean => {
  let depth = 0
  for (const char of text) {
    if (char === "(" || char === "[" || char === "{") depth++
    else if (char === ")" || char === "]" || char === "}") depth--
    if (depth < 0) return false
  }
  return true
}

export const isBalanced = (text: string): boolean =>
  isOpen(text) &&
  isOpen(
    Array.from(text, (char) => mirrored[char] ?? char)
      .toReversed()
      .join("")
  )

const mirrored: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}", ")": "(", "]": "[", "}": "{" }

export const lastOf = (text: string, pattern: RegExp): RegExpExecArray | undefined =>
  Array.from(text.matchAll(pattern)).at(-1)

/** A place in a text; both count from 1. */
export interface TextPlace {
  readonly line: number
  readonly column: number
}
