/**
 * What is secret behind a name in source code. Only literals are values there, and only those that are the value, or what it
 * is by default: `Config.redacted("API_KEY")` names a secret, and is none.
 */
import { type Assigned, nothing } from "./assignments.js"
import { openingAt, quoted, type Range } from "./literals.js"
import { isGenerated } from "./ordinaryText.js"
import { isWord } from "./secretNames.js"
import { assignedInText } from "./valuesInText.js"

/** How far an assignment in source code is followed. */
const maxStatement = 256

/** Calls that give what they are given. */
const wrappers =
  /\b(?:pipe|make|of|from|fromString|succeed|some|right|withDefault|orElse|orElseSucceed|getOrElse|String|encode|decode|atob|btoa)$/

export const assignedInSource: Assigned = (text, at, name, sign) => {
  if (isComment(text, at)) return assignedInText(text, at, name, sign)
  const found: Array<Range> = []
  const around: Array<Bracket> = []
  const end = Math.min(text.length, at + maxStatement)
  for (let i = at; i < end; i++) {
    const char = text.charAt(i)
    if (char === "(" || char === "[" || char === "{") {
      if (around.at(-1) === "argument" || isArgument(text, i, at)) around.push("argument")
      else around.push(char === "(" ? (around.at(-1) ?? "value") : "part")
    } else if (char === ")" || char === "]" || char === "}") {
      if (around.pop() === undefined) break
    } else if (char === ";" || (char === "," && around.length === 0)) break
    else if (char === "\n" && around.length === 0 && text.slice(at, i).trim() !== "") break
    if (char !== '"' && char !== "'" && char !== "`" && char !== "\\") continue
    const opening = openingAt(text, i)
    if (opening === undefined) continue
    const literal = quoted(text, opening)
    const place = isTag(text, i) ? "argument" : (around.at(-1) ?? "value")
    const isValue = place === "value" || (place === "part" && !isWord(name.kind))
    if (isValue || isGenerated(text.slice(literal.from, literal.to))) found.push(literal)
    i = literal.to + opening.escapes
  }
  return found.length === 0 ? nothing : found
}

/** What a bracket is around: the value itself, a part of it, or what a call is given to make it of. */
type Bracket = "value" | "part" | "argument"

const isTag = (text: string, i: number): boolean => text.charAt(i) === "`" && /[\w$)\]]/.test(text.charAt(i - 1))

/** Whether a bracket is that of a call that gives something else than it is given, or of a key. */
const isArgument = (text: string, i: number, from: number): boolean => {
  const before = text.slice(Math.max(from, i - 64), i)
  return /[\w$)\]>]$/.test(before) && !wrappers.test(before)
}

const isComment = (text: string, at: number): boolean =>
  /^\s*(?:\*|\/[/*])|\s\/\/\s/.test(text.slice(Math.max(0, text.lastIndexOf("\n", at - 1) + 1, at - 512), at))
