/**
 * Functions that only say how something failed: `assertNever`, `invariant`, `notFound(id)`. Their caller decided that it did, and
 * there is the line that one would change.
 */
import { closingOf, lastOf, masked, type TextPlace, textBefore } from "./maskedCode.js"

/**
 * Whether the function that a place is in is such a helper: its type says that it never returns, or that it asserts; or it does
 * no more than to make the error, which is one of these classes.
 */
export const isRaisingHelper = (
  lines: ReadonlyArray<string>,
  name: string,
  place: TextPlace,
  errors: ReadonlySet<string>
): boolean => {
  const own = name.replace(/^.*\./, "")
  if (!/^[A-Za-z_$][\w$]*$/.test(own)) return false
  const before = masked(textBefore(lines, place, maxLines))
  const declared = lastOf(before, declarationOf(own))
  if (declared === undefined) return false
  const text = before.slice(declared.index + declared[0].length)
  const annotation = /^\s*:([^=]*(?:=>[^=]*)*)=(?!>)/.exec(text)
  if (annotation?.[1] !== undefined && endsInNever.test(annotation[1])) return true
  const head = /^(?:\s*:[^=]*(?:=>[^=]*)*)?\s*(?:=\s*)?(?:function\s*[\w$]*\s*)?(?:<[^()]*>)?\s*\(/.exec(text)
  const close = head === null ? undefined : closingOf(text, head[0].length - 1)
  if (close === undefined) return false
  const body = text.slice(close + 1)
  return (
    returnsNever.test(body) ||
    (makesOnly.test(body) && isOneOf(errors, (lines[place.line - 1] ?? "").slice(place.column - 1)))
  )
}

/** How far above a place the head of its function is looked for. */
const maxLines = 12

const endsInNever = /=>\s*(?:never|asserts\s+[\w$]+(?:\s+is\s[\s\S]+)?)\s*$/
const returnsNever = /^\s*:\s*(?:never|asserts\s+[\w$]+(?:\s+is\s[^={]+)?)\s*(?:=>|\{)/

/** What is between the parameters and the error that is returned: nothing that decides. */
const makesOnly = /^\s*(?::[^={]*)?(?:=>\s*(?:\{\s*return\s+)?|\{\s*return\s+)$/

/** Whether a text begins with the making of one of these: `new NotFound(`. */
const isOneOf = (errors: ReadonlySet<string>, text: string): boolean => {
  const made = /^new\s+(?:[\w$]+\.)*([\w$]+)/.exec(text)?.[1]
  return made !== undefined && errors.has(`new ${made}`)
}

const declarationOf = (name: string): RegExp => {
  const escaped = name.replaceAll("$", "\\$")
  return new RegExp(`\\bfunction\\s+${escaped}(?![\\w$])|\\b(?:const|let|var)\\s+${escaped}(?![\\w$])`, "g")
}
