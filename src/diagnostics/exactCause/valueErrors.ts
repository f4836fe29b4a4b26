/**
 * Errors of the engine about a value that was used as something it is not.
 */

import {
  asWritten,
  detailsOf,
  type EngineMessage,
  isNothing,
  meant,
  only,
  operandsAfter,
  propertyName
} from "./engineMessage.js"
import {
  argumentsOf,
  evidence,
  type FailingLine,
  holdings,
  operandAfter,
  receiversOf,
  shown,
  stateOf,
  valueOf
} from "./failingLine.js"

export const readOrSet =
  (verb: string) =>
  ({ at, line }: EngineMessage) => {
    const written = receiversOf(line, at(2))
    const receivers = written.length === 0 ? patternsOf(line, at(2)) : written
    return `${isNothing(line, receivers, at(1))}, so ${propertyName(at(2))} cannot be ${verb}${detailsOf(line, receivers)}`
  }

/** What a pattern takes apart, where the name is in one inside another: `address` of `{ address: { zip } }`. */
const patternsOf = (line: FailingLine, property: string): ReadonlyArray<string> => {
  if (!/^[A-Za-z_$][\w$]*$/.test(property)) return []
  const pattern = new RegExp(
    `([A-Za-z_$][\\w$]*)\\s*:\\s*\\{[^{}]{0,200}?(?<![\\w$.])${property.replaceAll("$", "\\$")}(?![\\w$])`,
    "g"
  )
  return [...new Set(Array.from(line.code.matchAll(pattern), ([, name = ""]) => name))]
}

export const notCallable =
  (what: string) =>
  ({ at, line }: EngineMessage) => {
    const callee = asWritten(line, at(1))
    const owner = /^(.*)\??\.[\w$#]+$/.exec(callee)?.[1]
    const value = owner === undefined ? undefined : valueOf(line, owner)
    const detail =
      value === undefined || value === null ? evidence(line, callee) : ` (${shown(owner ?? "")} ${stateOf(value)})`
    return `${shown(callee)} is not ${what}${detail}`
  }

export const iterated = (line: FailingLine): ReadonlyArray<string> => [
  ...new Set([
    ...operandsAfter(line, /\.\.\.|\byield\s*\*|\bof\b/g),
    ...operandsAfter(line, /\]\s*=(?![=>])/g),
    ...argumentsOf(line, /\b(?:Array\.from|Promise\.\w+|Object\.fromEntries|new\s+(?:Weak)?(?:Map|Set))\s*\(/g)
  ])
]

export const notIterable = (line: FailingLine, value: string | undefined): string => {
  const one = meant(line, iterated(line))
  if (one === undefined) return `${value ?? "a value"} cannot be iterated`
  if (value === undefined) return `${shown(one)} cannot be iterated${evidence(line, one)}`
  return value === "undefined" || value === "null"
    ? `${isNothing(line, [one], value)}, so it cannot be iterated${holdings(line, one)}`
    : `${shown(one)} cannot be iterated: it is ${value}`
}

export const destructured = ({ at, line }: EngineMessage): string => {
  const named = /^(?:undefined|null|\(intermediate value\).*|object null)$/.test(at(2))
    ? undefined
    : asWritten(line, at(2))
  const what = named === undefined ? "a value" : shown(named)
  const part = at(1) === "" ? "it cannot be destructured" : `${propertyName(at(1))} cannot be taken from it`
  return `${what} is ${at(3)}, so ${part}${named === undefined ? "" : holdings(line, named)}`
}

export const ownerOf = (line: FailingLine, property: string): string => {
  const owner = only(receiversOf(line, property))
  return owner === undefined ? "the object" : shown(owner)
}

export const inOperator = ({ at, line }: EngineMessage): string => {
  const right = only(operandsAfter(line, /\bin\b/g)) ?? "the right side of in"
  return `${shown(right)} is ${shown(at(2))}, which is no object that ${JSON.stringify(shown(at(1)))} could be in`
}

export const instance = ({ line }: EngineMessage): string => {
  const sides = Array.from(line.code.matchAll(/\binstanceof\b/g), (match) => operandAfter(line, match.index + 10))
  const right = sides.length === 1 ? sides[0] : undefined
  return right === undefined
    ? "the right side of instanceof is not a class"
    : `${shown(right)} is not a class, so instanceof cannot ask it${evidence(line, right)}`
}

export const constant = ({ line }: EngineMessage): string => {
  const assigned =
    /(?<![\w$.\]]|\b(?:const|let|var)\s+)([A-Za-z_$][\w$]*)\s*(?:(?:\*\*|<<|>>>?|&&|\|\||\?\?|[-+*/%&|^])?=(?![=>])|\+\+|--)|(?:\+\+|--)\s*([A-Za-z_$][\w$]*)(?![\w$.[])/g
  const name = only([...new Set(Array.from(line.code.matchAll(assigned), (match) => match[1] ?? match[2] ?? ""))])
  return name === undefined ? "a const cannot be assigned again" : `${name} is a const and cannot be assigned again`
}

export const malformedUri = ({ line }: EngineMessage): string => {
  const encoded = argumentsOf(line, /\bencodeURI(?:Component)?\s*\(/g)
  const decoded = argumentsOf(line, /\bdecodeURI(?:Component)?\s*\(/g)
  const given = only([...encoded, ...decoded])
  const what = given === undefined ? "a text" : shown(given)
  const detail = given === undefined ? "" : evidence(line, given)
  return encoded.length > 0 && decoded.length === 0
    ? `${what} has half of a character in it, so it cannot be encoded as a URI${detail}`
    : `${what} has a stray %, so it cannot be decoded as a URI${detail}`
}
