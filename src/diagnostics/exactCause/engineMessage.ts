/**
 * A message of the engine on the line that threw it, and which of the expressions there is meant.
 */
import * as PlainValue from "../../plain/PlainValue.js"
import { type FailingLine, holdings, operandAfter, receiversOf, shown, valueOf } from "./failingLine.js"

export interface EngineMessage {
  readonly at: (group: number) => string
  readonly error: unknown
  readonly line: FailingLine
  readonly message: string
}

/** The one that is meant: the only one there is, or the only one known to have no value. */
export const meant = (line: FailingLine, expressions: ReadonlyArray<string>): string | undefined => {
  if (expressions.length === 1) return expressions[0]
  const valueless = expressions.filter((expression) => valueOf(line, expression) === null)
  return valueless.length === 1 ? valueless[0] : undefined
}

export const only = (expressions: ReadonlyArray<string>): string | undefined =>
  expressions.length === 1 ? expressions[0] : undefined

/** `customer.address is undefined`, `find(id) returned undefined`, or `a value is undefined` where none is named. */
export const isNothing = (line: FailingLine, expressions: ReadonlyArray<string>, nothing: string): string => {
  const one = meant(line, expressions)
  if (one !== undefined) return `${shown(one)} ${isCall(one) ? "returned" : "is"} ${nothing}`
  if (expressions.length === 0 || expressions.length > 3) return `a value is ${nothing}`
  return `${expressions.map(shown).join(" or ")} is ${nothing}`
}

export const isCall = (expression: string): boolean => /[\w$\])]\([\s\S]*\)$/.test(expression)

export const detailsOf = (line: FailingLine, expressions: ReadonlyArray<string>): string => {
  const one = meant(line, expressions)
  return one === undefined ? "" : holdings(line, one)
}

export const propertyName = (key: string): string =>
  /^[A-Za-z_$#][\w$]*$/.test(key) ? `.${key}` : `[${PlainValue.clip(key, 60)}]`

/**
 * V8 renders an expression from the compiled code, where names may differ from the source. The source's own wording is
 * preferred, if its last name is on the line once.
 */
export const asWritten = (line: FailingLine, rendered: string): string => {
  const text = rendered.replace(/^\(0 ?, ?(.*)\)$/, "$1")
  if (line.text.includes(text)) return text
  const member = /\.([\w$#]+)$/.exec(text)?.[1]
  const receiver = member === undefined ? undefined : only(receiversOf(line, member))
  return receiver === undefined ? text : `${receiver}.${member}`
}

export const operandsAfter = (line: FailingLine, sign: RegExp): ReadonlyArray<string> =>
  Array.from(line.code.matchAll(sign), (match) => operandAfter(line, match.index + match[0].length)).filter(
    (operand) => operand !== undefined
  )
