/**
 * Errors of the engine about numbers and dates.
 */

import { type EngineMessage, only, operandsAfter } from "./engineMessage.js"
import {
  argumentsOf,
  evidence,
  holdings,
  operandAfter,
  operandBefore,
  receiversOf,
  shown,
  valueOf
} from "./failingLine.js"

export const binary =
  /(?<=[\w$)\]"'`!]\s*)(?:\*\*|<<|>>>?|(?<!\+)\+(?!\+)|(?<!-)-(?!-)|[*/%^]|(?<!&)&(?!&)|(?<!\|)\|(?!\|))=?(?!>)/g

export const mixedBigInt = ({ line }: EngineMessage): string => {
  const mixed = "a BigInt and a value of another type cannot be mixed"
  const found = Array.from(line.code.matchAll(binary), (match) => {
    const left = operandBefore(line, match.index)
    const right = operandAfter(line, match.index + match[0].length)
    return left === undefined || right === undefined ? undefined : { left, sign: match[0], right }
  }).filter((pair) => pair !== undefined)
  const known = found.filter(({ left, right }) => line.bigints.includes(left) !== line.bigints.includes(right))
  const [pair] = known.length > 0 ? known : found
  if (pair === undefined || (known.length === 0 && found.length > 1)) {
    const [one] = line.bigints.filter((name) => line.text.includes(name))
    return one === undefined ? mixed : `${mixed}: ${shown(one)} is a BigInt`
  }
  // One of the two is a BigInt: a known number settles which.
  const isNumber = (operand: string) => typeof valueOf(line, operand) === "number"
  const sentence = `${mixed} in ${shown(pair.left)} ${pair.sign} ${shown(pair.right)}`
  if (known.length > 0) {
    return `${sentence}: ${shown(line.bigints.includes(pair.left) ? pair.left : pair.right)} is the BigInt`
  }
  if (isNumber(pair.right) && !isNumber(pair.left)) return `${sentence}: ${shown(pair.left)} is the BigInt`
  if (isNumber(pair.left) && !isNumber(pair.right)) return `${sentence}: ${shown(pair.right)} is the BigInt`
  return sentence
}

export const bigIntOf = ({ at, line }: EngineMessage): string => {
  const given = only(argumentsOf(line, /\bBigInt\s*\(/g))
  if (given === undefined) return `${shown(at(1))} cannot be made a BigInt`
  return `${shown(given)} is ${shown(at(1))}, so BigInt(${shown(given)}) cannot convert it${holdings(line, given)}`
}

export const outOfRange = ({ at, line }: EngineMessage): string => {
  const given = only(argumentsOf(line, new RegExp(`\\.${at(1)}\\s*\\(`, "g")))
  const call = `${at(1)}(${given === undefined ? "" : shown(given)})`
  return `${call} takes a number from ${at(2)} to ${at(3)}${given === undefined ? "" : evidence(line, given)}`
}

export const arrayLength = ({ line }: EngineMessage): string => {
  const given = only([...argumentsOf(line, /\bArray\s*\(/g), ...operandsAfter(line, /\.length\s*=(?![=>])/g)])
  const rule = "an array's length is a whole number from 0 to 4294967295"
  return given === undefined
    ? `${rule}, and another was given`
    : `${shown(given)} is not one: ${rule}${evidence(line, given)}`
}

export const timeValue = ({ line }: EngineMessage): string => {
  const date =
    only(["toISOString", "toJSON"].flatMap((method) => receiversOf(line, method))) ??
    only(argumentsOf(line, /\.format\w*\s*\(/g))
  if (date === undefined) return "an invalid date has no time value to show"
  const made = /^\(?\s*new Date\(([\s\S]*)\)\s*\)?$/.exec(date)?.[1]
  return `${shown(date)} is not a valid date${made === undefined ? "" : evidence(line, made.trim())}`
}
