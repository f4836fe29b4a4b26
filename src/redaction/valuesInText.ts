/**
 * What is secret behind a name in a text that people or programs wrote: a log line, a message, JSON, a file of settings.
 */

import { type Assigned, type Name, nameBefore, nothing } from "./assignments.js"
import { bracketed, type Opening, openingAt, quoted, type Range } from "./literals.js"
import { isGenerated } from "./ordinaryText.js"
import { redacted } from "./redacted.js"
import { isCounting, isWord, type NameKind, type SecretNames } from "./secretNames.js"

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

/** Their values are made of many words. */
const headers = /(?:^|[-_])(?:authorization|cookie2?)$/i

export const assignedInText: Assigned = (text, at, name, sign) => {
  if (sign.length > 1) return nothing
  const from = at + spacesFrom(text, at)
  if (from >= text.length) return nothing
  const opening = openingAt(text, from)
  if (opening !== undefined) return quotedIn(text, opening)
  const char = text.charAt(from)
  if (char === "\n" || char === "\r") return nothing
  if (char === "{" || char === "[") {
    if (isWord(name.kind)) return nothing
    const all = bracketed(text, from)
    return isCounting(name.kind) && isCounts(text.slice(from, Math.min(all.to, from + maxCounts))) ? nothing : [all]
  }
  const word = { from, to: wordEnd(text, from) }
  const value = text.slice(word.from, Math.min(word.to, word.from + 64))
  if (isShown(value, name.kind) || (sign === ":" && from === at && isPlace(value, name, text))) return nothing
  if (headers.test(name.text)) return [{ from, to: headerEnd(text, from, name.quote) }]
  return [sign === "=" && isSetting(text, name) ? { from, to: lineEnd(text, from) } : word]
}

/** A literal, but for a sentence about the value. Of that, the value that it quotes. */
const quotedIn = (text: string, opening: Opening): ReadonlyArray<Range> => {
  const literal = quoted(text, opening)
  const [sentence = ""] = text.slice(literal.from, literal.from + maxSentence).split(/[\r\n]/, 1)
  if (!verdict.test(sentence)) return [literal]
  const quoting = /\b(?:received|actual|given|got) /.exec(sentence)
  if (quoting === null) return nothing
  const at = literal.from + quoting.index + quoting[0].length
  const value = openingAt(text, at)
  return value === undefined ? [{ from: at, to: wordEnd(text, at) }] : [quoted(text, value)]
}

const maxSentence = 512

/** `Expected API_TOKEN to exist in the process context` */
const verdict =
  /^(?:Expected|Missing|Invalid|Unexpected|Unable to|(?:must|should|cannot) (?:not )?be|is (?:required|missing|not|too)|has to|not (?:set|found|allowed))\b.*\s/i

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
  return isRemark(value) || (isCounting(kind) && /^[-+]?[\d_.]+%?[.)]?$/.test(value))
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

/** An object or a list that is assigned to a word of other trades: what looks generated there is hidden. */
export const hideInsideWords = (text: string, names: SecretNames): string => {
  let out = ""
  let copied = 0
  const opened = /[=:]>?\s{0,16}[{[]/g
  for (let sign = opened.exec(text); sign !== null; sign = opened.exec(text)) {
    if (!isWord(nameBefore(text, sign.index, copied, names).kind)) continue
    const { from, to } = bracketed(text, opened.lastIndex - 1)
    out += text.slice(copied, from) + text.slice(from, to).replace(inWord, hideGenerated)
    copied = to
    opened.lastIndex = to
  }
  return copied === 0 ? text : out + text.slice(copied)
}

const inWord = /[^\s"'`,;()[\]{}\\<>]{8,}/g

/** The name of another thing's id before its value. */
const otherId = /[a-z\d](?:Id|ID|_id)\\{0,15}["'`]?\s{0,4}[:=]\s{0,4}\\{0,15}["'`]?$/

const hideGenerated = (word: string, at: number, text: string): string => {
  const value = word.replace(/^\w{1,64}[:=](?!\/\/)|[.:]$/g, "")
  return isGenerated(value) && !otherId.test(text.slice(Math.max(0, at - 48), at)) ? redacted : word
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
