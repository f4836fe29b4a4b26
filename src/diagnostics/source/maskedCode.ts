/**
 * Source text whose brackets can be counted. No parser: a scan or two over the lines around a place.
 */

/** Position by position the same text: what is in strings and comments opens and closes nothing. */
export const masked = (code: string): string =>
  code.replace(notCode, (text) => text.replace(/[^\n]/g, text.startsWith("/") ? " " : "~"))

const notCode = /\/\/.*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`/g

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

/** The text of some lines up to a place. */
export const textBefore = (lines: ReadonlyArray<string>, { column, line }: TextPlace, maxLines: number): string =>
  [
    ...lines.slice(Math.max(0, line - 1 - maxLines), line - 1),
    (lines[line - 1] ?? "").slice(0, Math.max(0, column - 1))
  ].join("\n")

/** The text of some lines from a place on. */
export const textFrom = (lines: ReadonlyArray<string>, { column, line }: TextPlace, maxLines: number): string =>
  [(lines[line - 1] ?? "").slice(column - 1), ...lines.slice(line, line + maxLines)].join("\n")

/** Where the end of a text is, that begins with the line of this number. */
export const endOf = (text: string, firstLine: number): TextPlace => {
  const lines = text.split("\n")
  return { line: firstLine + lines.length - 1, column: (lines.at(-1) ?? "").length + 1 }
}
