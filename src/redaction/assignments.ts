/**
 * Names in a text that have a value assigned to them: `password=…`, `"apiKey": "…"`, `Cookie: …`.
 */

import { isQuote, type Range } from "./literals.js"
import { redacted } from "./redacted.js"
import type { NameKind, SecretNames } from "./secretNames.js"

/** How much of a text before `=` or `:` may be its name. */
const maxName = 128

/** What is secret from `at` on, right behind a name and its `=` or `:`, or in source its `??` or `||`. */
export type Assigned = (text: string, at: number, name: Name, sign: string) => ReadonlyArray<Range>

export const nothing: ReadonlyArray<Range> = []

export interface Name {
  readonly kind: NameKind
  readonly text: string
  readonly start: number
  /** The quote around it, if any. */
  readonly quote: string
}

/** Without what is assigned to secret names; `found` is called with each value. */
export const hideAssigned = (
  text: string,
  names: SecretNames,
  assigned: Assigned,
  found?: (value: string, kind: NameKind) => void
): string => {
  let out = ""
  let copied = 0
  const signs = /[=:]|\?\?|\|\|/g
  for (let sign = signs.exec(text); sign !== null; sign = signs.exec(text)) {
    const name = nameBefore(text, sign.index, copied, names)
    if (name.kind === "open") continue
    const at = behindSign(text, sign.index)
    signs.lastIndex = at
    for (const { from, to } of assigned(text, at, name, sign[0])) {
      if (to <= from) continue
      const value = text.slice(from, to)
      found?.(value, name.kind)
      // The lines of a source keep their numbers.
      out += text.slice(copied, from) + redacted + value.replace(/[^\n]+/g, "")
      copied = to
      signs.lastIndex = to
    }
  }
  return copied === 0 ? text : out + text.slice(copied)
}

/** `==`, `=>`, `:=` and `::` are one sign. */
export const behindSign = (text: string, sign: number): number => {
  let at = sign + 1
  while (at < text.length && at < sign + 3 && "=>:~".includes(text.charAt(at))) at += 1
  return at
}

const isNameCode = (code: number): boolean =>
  (code >= 97 && code <= 122) || // a-z
  (code >= 65 && code <= 90) || // A-Z
  (code >= 48 && code <= 57) || // 0-9
  code === 95 || // _
  code === 45 || // -
  code === 46 || // .
  code === 36 || // $
  code > 127

const noName: Name = { kind: "open", text: "", start: 0, quote: "" }

/** The name that ends at `at`, but for spaces and quotes, and begins not before `from`. */
export const nameBefore = (text: string, at: number, from: number, names: SecretNames): Name => {
  let end = at
  for (let i = 0; i < 4 && end > from && text.charCodeAt(end - 1) === 32; i++) end -= 1
  // `password?: string`, `env["TOKEN"] =`
  while (end > from && "?!]".includes(text.charAt(end - 1)) && at - end < 8) end -= 1
  const quote = end > from && isQuote(text.charAt(end - 1)) ? text.charAt(end - 1) : ""
  if (quote !== "") {
    end -= 1
    for (let i = 0; i < 8 && end > from && text.charAt(end - 1) === "\\"; i++) end -= 1
  }
  const least = Math.max(from, end - maxName)
  let start = end
  while (start > least && isNameCode(text.charCodeAt(start - 1))) start -= 1
  if (start === end) return noName
  const name = text.slice(start, end)
  const kind = names.kindOf(name)
  const before = start > 0 ? text.charAt(start - 1) : ""
  if (kind !== "open") return { kind, text: name, start, quote: isQuote(before) ? before : "" }
  if (before !== " " || start - 1 < least) return noName
  // Two words may be one name: `api key: …`, `"private key": …`.
  let first = start - 1
  while (first > least && isNameCode(text.charCodeAt(first - 1))) first -= 1
  const phrase = text.slice(first, end)
  return { kind: names.kindOfTerm(phrase), text: phrase, start: first, quote: "" }
}
