/**
 * What a generator waits for at a place in it. An engine says where it goes on, which may be some lines into what it waits for.
 */
import { type Code, closingOf, codeOf, offsetOf, openingOf, placeAt, type Range } from "./code.js"
import { yieldedAt } from "./effectSteps.js"
import type { TextPlace } from "./maskedCode.js"

/** The lines of a function, counted from 1. */
export interface FunctionLines {
  readonly startLine: number
  readonly endLine: number
}

export interface Waiting {
  /** Where that begins which it waits for. */
  readonly place: TextPlace
  /** Where its function begins. */
  readonly begin: TextPlace
  /** The lines of that. */
  readonly range: FunctionLines
}

/** `undefined` where the source does not say. */
export const waitingAt = (lines: ReadonlyArray<string>, place: TextPlace): Waiting | undefined => {
  const code = codeOf(lines)
  const at = offsetOf(code, place)
  const generator = generatorAround(code, at)
  if (generator === undefined) return undefined
  const begin = placeAt(code, generator.start)
  return {
    place: placeAt(code, yieldedAt(code, at)?.start ?? at),
    begin,
    range: { startLine: begin.line, endLine: placeAt(code, generator.end).line }
  }
}

/** Most brackets looked at outwards, and how far before its body the head of a function is looked for. */
const maxOutwards = 60
const maxHead = 600

/** The innermost generator that a position is in. */
const generatorAround = (code: Code, at: number): Range | undefined => {
  let open = openingOf(code, at)
  for (let i = 0; i < maxOutwards && open !== undefined; i++) {
    const start = code.masked.charAt(open) === "{" ? headOf(code, open) : undefined
    if (start !== undefined) return { start, end: closingOf(code, open) ?? open }
    open = openingOf(code, open)
  }
  return undefined
}

/** Where the head of the generator begins whose body is opened at a position: `function* name(a): T`, or `*name(a)` of a class. */
const headOf = (code: Code, open: number): number | undefined => {
  const from = Math.max(0, open - maxHead)
  const heads = code.masked.slice(from, open).matchAll(/(?:\bfunction\s*)?\*\s*(?:[\w$#]+\s*)?(?:<[^()]*>\s*)?\(/g)
  for (const { 0: head, index } of Array.from(heads).toReversed()) {
    const close = closingOf(code, from + index + head.length - 1)
    if (close !== undefined && close < open && /^\s*(?::[^;{}]*)?$/.test(code.masked.slice(close + 1, open))) {
      return from + index
    }
  }
  return undefined
}
