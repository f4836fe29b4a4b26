/**
 * Names in a text that are followed by their value as the next literal: `["Cookie", "sid=…"]`, `.set("password", "…")`.
 */

import { openingAt, quoted } from "./literals.js"
import { isGenerated } from "./ordinaryText.js"
import { redacted } from "./redacted.js"
import type { SecretNames } from "./secretNames.js"

const listed = /(["'`])([A-Za-z][\w-]{1,63})\\{0,15}\1\s{0,4},\s{0,16}(?=\\{0,15}["'`])/g

/** Headers, whose names are in no list of other names. */
const headers = /^(?:proxy-)?authorization$|^(?:set-)?cookie2?$|^x-/i

/** Code that gives a value its name. */
const setters = /(?:set|append|header|setHeader|put|add|annotate\w*|withHeader|field)\(\s*$/i

export const hideListed = (text: string, names: SecretNames): string => {
  let out = ""
  let copied = 0
  listed.lastIndex = 0
  for (let found = listed.exec(text); found !== null; found = listed.exec(text)) {
    const [, , name = ""] = found
    const at = listed.lastIndex
    const opening = names.kindOf(name) === "open" ? undefined : openingAt(text, at)
    if (opening === undefined) continue
    const { from, to } = quoted(text, opening)
    const value = text.slice(from, Math.min(to, from + maxValue))
    const isNamed = headers.test(name) || setters.test(text.slice(Math.max(0, found.index - 32), found.index))
    if (to <= from || (!isGenerated(value) && !(isNamed && names.kindOf(value) === "open"))) continue
    out += text.slice(copied, from) + redacted
    copied = to
    listed.lastIndex = to
  }
  return copied === 0 ? text : out + text.slice(copied)
}

const maxValue = 4_096
