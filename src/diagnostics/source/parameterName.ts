/**
 * Names that Node gives to functions without one: `(order) => …` is said to be `order` where a source map has a name at the function's
 * beginning, as those of tsx have for a single parameter.
 */
import { above, codeAround, offsetOf } from "./code.js"
import { escaped, isOpen, type TextPlace } from "./maskedCode.js"

/** Whether the name of the function that a place is in is only that of its parameter. */
export const isParameterName = (lines: ReadonlyArray<string>, name: string, place: TextPlace): boolean => {
  if (!/^[A-Za-z_$][\w$]*$/.test(name) || place.line > lines.length) return false
  const code = codeAround(lines, place)
  const text = code.masked.slice(above(code, place, maxAbove), offsetOf(code, place))
  const named = escaped(name)
  const head = new RegExp(
    `(?:(?<![\\w$.])${named}|\\(\\s*${named}\\s*(?:\\?\\s*)?(?::[^()]*)?\\))\\s*(?::[^=(){}]*)?=>`,
    "g"
  )
  const isInside = Array.from(text.matchAll(head)).some(({ 0: { length }, index }) =>
    isOpen(text.slice(index + length))
  )
  const declared = new RegExp(
    `\\bfunction\\s*\\*?\\s*${named}(?![\\w$])|(?<![\\w$.])${named}\\s*(?::[^=()]*=|[:=])\\s*(?:async\\s*)?(?:\\(|function\\b|[\\w$]+\\s*=>)|(?<![\\w$.])${named}\\s*\\([^()]*\\)\\s*(?::[^={}]*)?\\{`
  )
  return isInside && !declared.test(text)
}

/** How far above a place the head of its function is looked for, in lines. */
const maxAbove = 12
