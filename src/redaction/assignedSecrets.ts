/**
 * Secrets known by the name they stand behind in a text: `password=…`, `"apiKey": "…"`, `Cookie: …`, `--token …`.
 */

import { redacted } from "./secretForms.js"
import type { NameKind, SecretNames } from "./secretNames.js"

/** What is said of a secret, rather than being one: `token: expired`, `password: must be longer`. */
const remarks = new Set(
  (
    "a an and any are array as at auth authentication authorization be been boolean can cannot could credentials did does " +
    "empty error expected expired failed false for found from given had has have header in invalid is it length malformed " +
    "may missing must never no none not null number object of ok on only or provided realm received redacted rejected " +
    "required revoked scheme set should string that the this to token tokens too true undefined unexpected unknown " +
    "unset unsupported valid void was were will with wrong you your"
  ).split(" ")
)

export const isRemark = (value: string): boolean =>
  value.length <= 16 && remarks.has(value.toLowerCase().replace(/[.:!?>]+$/, ""))

/** How much of a text before `=` or `:` may be its name. */
const maxName = 128

/** Where a value stands, and what is shown in its place. */
interface Hidden {
  readonly from: number
  readonly to: number
}

/** What is secret from `at` on, right behind a name and its `=` or `:`; `undefined` if nothing is. */
export type Assigned = (text: string, at: number, name: Name, sign: string) => Hidden | undefined

interface Name {
  readonly kind: NameKind
  readonly text: string
  readonly start: number
  /** The quote around it, if any. */
  readonly quote: string
}

export const hideAssigned = (text: string, names: SecretNames, assigned: Assigned): string => {
  let out = ""
  let copied = 0
  const signs = /[=:]/g
  for (let found = signs.exec(text); found !== null; found = signs.exec(text)) {
    const name = nameBefore(text, found.index, copied, names)
    if (name.kind === "open") continue
    let at = found.index + 1
    // `==`, `=>`, `:=` and `::` are one sign.
    while (at < text.length && at < found.index + 3 && "=>:~".includes(text.charAt(at))) at += 1
    const hidden = assigned(text, at, name, found[0])
    signs.lastIndex = at
    if (hidden === undefined || hidden.to <= hidden.from) continue
    out += text.slice(copied, hidden.from) + redacted
    copied = hidden.to
    signs.lastIndex = hidden.to
  }
  return copied === 0 ? text : out + text.slice(copied)
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
const nameBefore = (text: string, at: number, from: number, names: SecretNames): Name => {
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

const isQuote = (char: string): boolean => char === '"' || char === "'" || char === "`"

/** Their values are made of many words. */
const headers = /(?:^|[-_])(?:authorization|cookie2?)$/i

export const assignedInText: Assigned = (text, at, name, sign) => {
  const spaces = spacesFrom(text, at)
  const from = at + spaces
  if (from >= text.length) return undefined
  const opening = openingAt(text, from)
  if (opening !== undefined) return quoted(text, opening)
  const char = text.charAt(from)
  if (char === "\n" || char === "\r") return undefined
  if (char === "{" || char === "[") {
    const all = bracketed(text, from)
    return name.kind === "counting" && isCounts(text.slice(from, Math.min(all.to, from + maxCounts))) ? undefined : all
  }
  const word = { from, to: wordEnd(text, from) }
  const value = text.slice(word.from, Math.min(word.to, word.from + 64))
  if (isShown(value, name.kind) || (sign === ":" && spaces === 0 && isPlace(value, name, text))) return undefined
  if (headers.test(name.text)) return { from, to: headerEnd(text, from, name.quote) }
  return sign === "=" && isSetting(text, name) ? { from, to: lineEnd(text, from) } : word
}

/** Longest list of counts. */
const maxCounts = 256

/** `{"prompt": 12, "completion": 30}` */
const isCounts = (text: string): boolean =>
  /^[{[][\s\d.,]*[}\]]$/.test(text.replace(/"?[A-Za-z_]{1,32}"?\s{0,4}:/g, ""))

/** `/app/session.ts:12:5` is a line and a column. */
const isPlace = (value: string, name: Name, text: string): boolean =>
  /^\d{1,7}(?::\d{1,7})?(?!\w)/.test(value) &&
  (/\.\w{1,5}$/.test(name.text) || "/\\".includes(text.charAt(name.start - 1) || " "))

const isShown = (value: string, kind: NameKind): boolean => {
  if (kind === "own") return value === "null" || value === "undefined"
  return isRemark(value) || (kind === "counting" && /^[-+]?[\d_.]+%?[.)]?$/.test(value))
}

const maxSpaces = 16

const spacesFrom = (text: string, at: number): number => {
  let end = at
  while (end < text.length && end - at < maxSpaces && (text.charCodeAt(end) === 32 || text.charCodeAt(end) === 9))
    end += 1
  return end - at
}

const wordEnd = (text: string, from: number): number => {
  let end = from
  while (end < text.length && !endsWord(text.charCodeAt(end))) end += 1
  return end
}

// Whitespace and  " ' ` , ; & ) ] } |
const endsWord = (code: number): boolean =>
  code <= 32 ||
  code === 34 ||
  code === 39 ||
  code === 96 ||
  code === 44 ||
  code === 59 ||
  code === 38 ||
  code === 41 ||
  code === 93 ||
  code === 125 ||
  code === 124

const lineEnd = (text: string, from: number): number => {
  const end = text.slice(from).search(/[\r\n]/)
  return end < 0 ? text.length : from + end
}

const headerEnd = (text: string, from: number, quote: string): number => {
  const end = lineEnd(text, from)
  const closing = quote === "" ? -1 : text.slice(from, end).indexOf(quote)
  return closing < 0 ? end : from + closing
}

/** `DB_PASSWORD=…` at the start of its line, as in a file of settings: its value goes on to the end of that line. */
const isSetting = (text: string, name: Name): boolean =>
  /^[A-Z0-9_]+$|\./.test(name.text) &&
  /(?:^|[\r\n])[ \t]*(?:export )?$/.test(text.slice(Math.max(0, name.start - 16), name.start))

/** A quote that opens a literal: it may stand behind backslashes, in JSON within JSON. */
interface Opening {
  readonly quote: string
  readonly escapes: number
  /** Where the literal's own text begins. */
  readonly from: number
}

const maxEscapes = 15

const openingAt = (text: string, at: number): Opening | undefined => {
  let escapes = 0
  while (escapes < maxEscapes && text.charAt(at + escapes) === "\\") escapes += 1
  const quote = text.charAt(at + escapes)
  return isQuote(quote) ? { quote, escapes, from: at + escapes + 1 } : undefined
}

const joint = /[\\"'`]{1,16}\s{0,64}\+\s{0,64}(?=["'`])/y

/** A literal, and those that are added to it. */
const quoted = (text: string, opening: Opening): Hidden => {
  const hidden = { from: opening.from, to: opening.from }
  for (let next: Opening | undefined = opening; next !== undefined; ) {
    hidden.to = closingOf(text, next)
    joint.lastIndex = hidden.to
    next = joint.test(text) ? openingAt(text, joint.lastIndex) : undefined
  }
  return hidden
}

/** Where the closing quote stands, its backslashes included; the end of the line if it is missing. */
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
const bracketed = (text: string, from: number): Hidden => {
  let depth = 0
  for (let i = from; i < text.length; i++) {
    const char = text.charAt(i)
    if (char === "{" || char === "[") depth += 1
    else if ((char === "}" || char === "]") && --depth === 0) return { from, to: i + 1 }
  }
  return { from, to: text.length }
}

/** How far an assignment in source code is followed. */
const maxStatement = 256

/** In code, from the first to the last literal of what is assigned. */
export const assignedInSource: Assigned = (text, at) => {
  let hidden: Hidden | undefined
  let depth = 0
  const end = Math.min(text.length, at + maxStatement)
  for (let i = at; i < end; i++) {
    const code = text.charCodeAt(i)
    if (code === 40 || code === 91 || code === 123) depth += 1
    else if (code === 41 || code === 93 || code === 125) depth -= 1
    if (depth < 0 || code === 10 || code === 59 || (code === 44 && depth === 0)) break
    if (code !== 34 && code !== 39 && code !== 96 && code !== 92) continue
    const opening = openingAt(text, i)
    if (opening === undefined) continue
    const literal = quoted(text, opening)
    hidden = { from: hidden?.from ?? literal.from, to: literal.to }
    i = literal.to + opening.escapes
  }
  return hidden
}

/** `--password hunter2`, as on a command line. */
export const hideFlags = (text: string, names: SecretNames): string => {
  let out = ""
  let copied = 0
  const flag = /(?<![\w-])--([A-Za-z][\w-]{1,63})[ \t]{1,8}(?=[^\s-])/g
  for (let found = flag.exec(text); found !== null; found = flag.exec(text)) {
    const kind = names.kindOf(found[1] ?? "")
    if (kind === "open") continue
    const from = flag.lastIndex
    const opening = openingAt(text, from)
    const hidden = opening === undefined ? { from, to: wordEnd(text, from) } : quoted(text, opening)
    if (hidden.to <= hidden.from || isShown(text.slice(from, Math.min(hidden.to, from + 64)), kind)) continue
    out += text.slice(copied, hidden.from) + redacted
    copied = hidden.to
    flag.lastIndex = hidden.to
  }
  return copied === 0 ? text : out + text.slice(copied)
}
