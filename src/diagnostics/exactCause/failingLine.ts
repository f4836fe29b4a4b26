/**
 * What the line that failed says: the expressions on it, and what is known of their values.
 *
 * No parser: a few scans over one line, with strings and comments masked. Where a line is not understood, it says
 * nothing.
 */
import * as PlainValue from "../../plain/PlainValue.js"
import { isObject } from "../../plain/untrusted.js"

/** A variable of the failing frame, already redacted. */
export interface Local {
  readonly name: string
  readonly value: PlainValue.PlainValue
}

/** What is known of the place of a failure. */
export interface Known {
  readonly sourceLine?: string | null | undefined
  readonly locals?: ReadonlyArray<Local> | undefined
  /** The variables, and their fields, that are known to be a BigInt: `reading.litres`. */
  readonly bigints?: ReadonlyArray<string> | undefined
}

export interface FailingLine {
  readonly text: string
  /** The text with what is in strings and comments masked, position by position. */
  readonly code: string
  readonly locals: ReadonlyArray<Local>
  readonly bigints: ReadonlyArray<string>
}

export const make = (known: Known): FailingLine => {
  // Most errors say all there is themselves.
  let text: string | undefined
  let code: string | undefined
  return {
    get text() {
      text ??= withoutCasts((known.sourceLine ?? "").slice(0, maxLine))
      return text
    },
    get code() {
      code ??= masked(this.text)
      return code
    },
    locals: known.locals ?? [],
    bigints: known.bigints ?? []
  }
}

/** `(row as Row).total` is `row.total` to whoever looks for the value. */
const withoutCasts = (line: string): string => {
  let text = line
  for (let casts = 0; casts < maxCasts; casts++) {
    const cast = /(?<![\w$)\]])\(\s*([\w$.[\]!?]+(?:\([^()]*\))?)\s+(?:as|satisfies)\s/.exec(text)
    const close = cast === null ? undefined : closingOf(masked(text), cast.index)
    if (cast === null || close === undefined) break
    text = text.slice(0, cast.index) + cast[1] + text.slice(close + 1)
  }
  return text
}

/** Most casts of a line that are taken out. */
const maxCasts = 5

/** The same place without its line: for an error that was not made on it. */
export const empty: FailingLine = { text: "", code: "", locals: [], bigints: [] }

/** The expressions whose `property` is read on the line (`customer.address` for `.street`), each once. */
export const receiversOf = (line: FailingLine, property: string): ReadonlyArray<string> => {
  const named = new RegExp(`(?<!\\?)\\.\\s*${escaped(property)}(?![\\w$])`, "g")
  const ends = Array.from(line.code.matchAll(named), (match) => match.index)
  for (const match of line.code.matchAll(/(?<=[\w$)\]!])\[/g)) {
    const close = closingOf(line.code, match.index)
    if (close === undefined) continue
    const key = valueOf(line, line.text.slice(match.index + 1, close).trim())
    if (key !== undefined && key !== null && String(key) === property) ends.push(match.index)
  }
  return distinct(ends.slice(0, maxFound).map((end) => operandBefore(line, end)))
}

/** The texts of the first arguments of the calls that `callee` finds; it must match up to the `(`. */
export const argumentsOf = (line: FailingLine, callee: RegExp): ReadonlyArray<string> =>
  distinct(
    Array.from(line.code.matchAll(callee), (match) => {
      const open = match.index + match[0].length - 1
      const close = closingOf(line.code, open)
      return close === undefined ? undefined : firstArgument(line, open + 1, close)
    })
  )

/** The expression before a position. */
export const operandBefore = (line: FailingLine, end: number): string | undefined => {
  const { code, text } = line
  let at = skipBack(code, end)
  for (;;) {
    while (code[at - 1] === "!") at--
    let grouped = false
    while (code[at - 1] === ")" || code[at - 1] === "]") {
      const open = openingOf(code, at - 1)
      if (open === undefined) return undefined
      at = open
      grouped = true
      if (code.slice(at - 2, at) === "?.") at -= 2
      while (code[at - 1] === "!" && /[\w$)\]]/.test(code[at - 2] ?? "")) at--
    }
    const word = /[\w$#]+$/.exec(code.slice(0, at))?.[0]
    if (word === undefined && !grouped) return undefined
    if (word !== undefined) {
      // `return (…)`: a keyword is no callee, and no operand.
      if (keywords.has(word)) return grouped ? expression(text.slice(at, end)) : undefined
      at -= word.length
    }
    const dot = /\??\.\s*$/.exec(code.slice(0, at))?.[0]
    if (dot === undefined) {
      const made = /\bnew\s+$/.exec(code.slice(0, at))?.[0].length ?? 0
      return expression(text.slice(at - made, end))
    }
    at = skipBack(code, at - dot.length)
  }
}

/** The expression after a position. */
export const operandAfter = (line: FailingLine, start: number): string | undefined => {
  const { code, text } = line
  let at = start + (/^(?:\s|await\b|new\b|yield\*?)*[-+~]?/.exec(code.slice(start))?.[0].length ?? 0)
  const first = /^(?:[\w$#]+|["'`]~*["'`])/.exec(code.slice(at))?.[0]
  if (first === undefined && !/[([{]/.test(code[at] ?? "")) return undefined
  if (first !== undefined) {
    if (keywords.has(first)) return undefined
    at += first.length
  }
  for (;;) {
    const rest = code.slice(at)
    const member = /^\s*(?:\?\.|\.)\s*[\w$#]+|^\?\.(?=[([])|^!(?!=)/.exec(rest)?.[0]
    if (member !== undefined) at += member.length
    else if (rest[0] === "(" || rest[0] === "[" || (rest[0] === "{" && first === undefined)) {
      const close = closingOf(code, at)
      if (close === undefined) return undefined
      at = close + 1
      if (rest[0] === "{") break
    } else break
  }
  return expression(text.slice(start, at).trim())
}

/** The value of a variable, a path into one, or a literal; `undefined` where it is not known, `null` for no value. */
export const valueOf = (line: FailingLine, expression: string): PlainValue.PlainValue | undefined => {
  const literal = literalOf(expression)
  if (literal !== undefined) return literal
  const steps = stepsOf(line, expression)
  if (steps === undefined) return undefined
  const [name, ...path] = steps
  let value: PlainValue.PlainValue | undefined = line.locals.find((local) => local.name === name)?.value
  for (const step of path) {
    if (value === undefined || value === null) return undefined
    value = fieldOf(value, step)
  }
  return value
}

/** What the owner of a missing property does hold, as far as it is known: ` (customer holds id, name)`. */
export const holdings = (line: FailingLine, expression: string): string => {
  const owner = /^(.*?)!?(?:\??\.[\w$]+|\??\.?\[[^[\]]*\])!?$/.exec(expression)?.[1]
  if (owner === undefined || valueOf(line, expression) !== null) return ""
  const value = valueOf(line, owner)
  // It holds the property itself: that it is `null` has been said.
  if (isObject(value) && (stepsOf(line, expression)?.at(-1) ?? "") in value) return ""
  return value === undefined || value === null ? "" : ` (${shown(owner)} ${stateOf(value)})`
}

/** ` (total is 5)`, or nothing where the value is not known. */
export const evidence = (line: FailingLine, expression: string): string => {
  const value = literalOf(expression) === undefined ? valueOf(line, expression) : undefined
  return value === undefined ? "" : ` (${shown(expression)} ${stateOf(value)})`
}

/** A value as the end of a sentence about it. Plain values have lost their type: nothing is said of that. */
export const stateOf = (value: PlainValue.PlainValue): string => {
  if (value === null) return "is undefined or null"
  if (typeof value !== "object") return `is ${PlainValue.clip(JSON.stringify(value), maxShown)}`
  if (Array.isArray(value)) return `holds ${entriesOf(value)}`
  const keys = Object.keys(value)
  const listed = keys.slice(0, maxKeys).map((key) => PlainValue.clip(key, maxShown))
  if (keys.length > maxKeys) listed.push(`${keys.length - maxKeys} more`)
  return keys.length === 0 ? "is empty" : `holds ${listed.join(", ")}`
}

/** An expression short enough for a sentence. */
export const shown = (expression: string): string => PlainValue.clip(expression.replace(/\s+/g, " "), maxShown)

/** Most of a line that is looked at, in UTF-16 code units. */
const maxLine = 400
/** Most places looked at for one question. */
const maxFound = 20
/** Longest expression, key or value in a sentence. */
const maxShown = 60
/** Most keys of an object in a sentence. */
const maxKeys = 8

const keywords = new Set(
  "return await yield typeof void delete new in of instanceof case throw else do function if while for switch const let var import export default catch async".split(
    " "
  )
)

const escaped = (text: string): string => text.replace(/[^\w]/g, "\\$&")

const distinct = (texts: ReadonlyArray<string | undefined>): ReadonlyArray<string> =>
  Array.from(new Set(texts.filter((text) => text !== undefined && text !== ""))) as ReadonlyArray<string>

const expression = (text: string): string | undefined => {
  const trimmed = text
    .trim()
    .replace(/^([\w$.[\]!?()]+)\s+(?:as|satisfies)\s[\s\S]*$/, "$1")
    .replace(/!+$/, "")
  return trimmed === "" ? undefined : trimmed
}

const skipBack = (code: string, end: number): number => code.slice(0, end).trimEnd().length

// Strings keep their quotes and templates their `${…}`: those are code.
const masked = (text: string): string => {
  let out = ""
  const open: Array<string> = []
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i)
    const mode = open.at(-1)
    if (mode === undefined || mode === "{") {
      if (char === "/" && text[i + 1] === "/") return out + "~".repeat(text.length - i)
      if (char === "/" && text[i + 1] === "*") {
        const end = text.indexOf("*/", i + 2)
        const length = (end < 0 ? text.length : end + 2) - i
        out += " ".repeat(length)
        i += length - 1
        continue
      }
      if (char === '"' || char === "'" || char === "`" || char === "{") open.push(char)
      else if (char === "}" && mode === "{") open.pop()
      out += char
    } else if (char === "\\") {
      out += "~~".slice(0, text.length - i)
      i++
    } else if (char === mode) {
      open.pop()
      out += char
    } else if (mode === "`" && char === "$" && text[i + 1] === "{") {
      open.push("{")
      out += "~{"
      i++
    } else out += "~"
  }
  return out
}

const closers: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" }

const closingOf = (code: string, open: number): number | undefined => {
  const expected: Array<string | undefined> = []
  for (let i = open; i < code.length; i++) {
    const char = code.charAt(i)
    if (char in closers) expected.push(closers[char])
    else if ((char === ")" || char === "]" || char === "}") && expected.pop() !== char) return undefined
    if (expected.length === 0) return i
  }
  return undefined
}

const openingOf = (code: string, close: number): number | undefined => {
  let depth = 0
  for (let i = close; i >= 0; i--) {
    const char = code.charAt(i)
    if (char === ")" || char === "]" || char === "}") depth++
    else if (char === "(" || char === "[" || char === "{") depth--
    if (depth === 0) return i
  }
  return undefined
}

const firstArgument = (line: FailingLine, start: number, end: number): string | undefined => {
  for (let i = start; i < end; i++) {
    const char = line.code.charAt(i)
    if (char === ",") return expression(line.text.slice(start, i))
    if (char in closers) i = closingOf(line.code, i) ?? end
  }
  return expression(line.text.slice(start, end))
}

const literalOf = (text: string): string | number | undefined => {
  if (/^-?\d[\d_]*(?:\.\d+)?$/.test(text)) return Number(text.replaceAll("_", ""))
  return /^(["'`])([^"'`\\$]*)\1$/.exec(text)?.[2]
}

/** `a.b[0]["c"]` as its steps; an index that is a variable is looked up. */
const stepsOf = (line: FailingLine, text: string): ReadonlyArray<string> | undefined => {
  const name = /^[A-Za-z_$][\w$]*/.exec(text)?.[0]
  if (name === undefined) return undefined
  const steps = [name]
  let rest = text.slice(name.length)
  while (rest !== "") {
    const step = /^!|^\s*\??\.\s*([A-Za-z_$][\w$]*)|^(?:\?\.)?\[([^[\]]*)\]/.exec(rest)
    if (step === null) return undefined
    rest = rest.slice(step[0].length)
    if (step[1] !== undefined) steps.push(step[1])
    else if (step[2] !== undefined) {
      const key = valueOf(line, step[2].trim())
      if (typeof key !== "string" && typeof key !== "number") return undefined
      steps.push(String(key))
    }
  }
  return steps
}

// What a plain value does not hold may have been cut off, or never be shown: only whole records and arrays say "no".
const fieldOf = (value: PlainValue.PlainValue, key: string): PlainValue.PlainValue | undefined => {
  if (!isObject(value)) return undefined
  const field = Object.getOwnPropertyDescriptor(value, key)?.value as PlainValue.PlainValue | undefined
  if (field !== undefined) return field
  const cut = Array.isArray(value) ? isCut(value) || !/^\d+$/.test(key) : "…" in value
  return cut ? undefined : null
}

const isCut = (entries: ReadonlyArray<PlainValue.PlainValue>): boolean => {
  const last = entries.at(-1)
  return typeof last === "string" && last.startsWith("… (+")
}

const entriesOf = (entries: ReadonlyArray<PlainValue.PlainValue>): string =>
  isCut(entries)
    ? `more than ${entries.length - 1} entries`
    : entries.length === 1
      ? "1 entry"
      : `${entries.length} entries`
