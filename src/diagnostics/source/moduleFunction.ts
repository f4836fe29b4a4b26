/**
 * Functions of a module, or of a class in it, and where they are used: that says what they are for.
 */
import { type Code, closingOf, codeOf, expressionFrom, offsetOf, placeAt, type Range } from "./code.js"
import { escaped, type TextPlace, usesOf } from "./maskedCode.js"

/** From its declaration's first position to behind its last. */
export interface ModuleFunction extends Range {
  readonly name: string
  /** Whether other modules may use it. */
  readonly isExported: boolean
}

/** The function of this name that a position is in. */
export const functionAround = (code: Code, name: string, at: number): ModuleFunction | undefined => {
  if (!/^[A-Za-z_$][\w$]*$/.test(name)) return undefined
  const declared = new RegExp(
    `^(?:(?:export\\s+)?(?:const|let|var|(?:async\\s+)?function)|\\s+(static)(?:\\s+readonly)?)\\s+${escaped(name)}(?![\\w$])`,
    "gm"
  )
  for (const { 0: head, 1: isStatic, index: start } of code.masked.matchAll(declared)) {
    const end = endOf(code, start + head.length)
    if (start <= at && at <= end) return { name, start, end, isExported: isStatic !== undefined || isIn(code, name) }
  }
  return undefined
}

/** Whether an `export` names it: `export const name`, `export { name }`, `export default name`. */
const isIn = ({ masked }: Code, name: string): boolean =>
  new RegExp(`\\bexport\\b[^;=(]*[\\s{,]${escaped(name)}(?![\\w$])`).test(masked)

const endOf = (code: Code, from: number): number => {
  const { masked } = code
  const equals = /^[^;{}]*?[^=!<>]=(?![=>])\s*/.exec(masked.slice(from, from + 400))
  if (equals !== null && !/^\s*(?:<[^()]*>\s*)?\(/.test(masked.slice(from, from + 100))) {
    return expressionFrom(code, from + equals[0].length).end
  }
  const params = masked.indexOf("(", from)
  const close = params < 0 ? undefined : closingOf(code, params)
  const body = close === undefined ? -1 : masked.indexOf("{", close)
  return body < 0 ? from : (closingOf(code, body) ?? from)
}

/** Where the one use of a function is; nothing where it is used anywhere else, or other modules may use it. */
export const onlyUseOf = (code: Code, { end, isExported, name, start }: ModuleFunction): number | undefined => {
  if (isExported) return undefined
  const [only, other] = usesOf(name, code.masked).filter((index) => index < start || index >= end)
  return other === undefined ? only : undefined
}

/**
 * Where the function that a place is in is a `catch`, behind the colon: `Effect.tryPromise({ try: () => send(mail), catch: toMailError })`.
 */
export const catchUseOf = (lines: ReadonlyArray<string>, name: string, place: TextPlace): TextPlace | undefined => {
  const code = codeOf(lines)
  const declared = functionAround(code, name, offsetOf(code, place))
  const use = declared && onlyUseOf(code, declared)
  if (use === undefined) return undefined
  return /\bcatch\s*:\s*$/.test(code.masked.slice(Math.max(0, use - 60), use)) ? placeAt(code, use) : undefined
}
