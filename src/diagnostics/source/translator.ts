/**
 * Functions that make one error of another, and decide nothing: `Effect.mapError((error) => { …; return new Refused({ … }) })`, or the
 * `toRefused` of `Effect.mapError(toRefused)`. What failed is written before them.
 */
import { type Code, closingOf, codeOf, dividedIn, offsetOf, openingOf, placeAt, type Range } from "./code.js"
import * as effectSteps from "./effectSteps.js"
import type { TextPlace } from "./maskedCode.js"
import { functionAround, type ModuleFunction, onlyUseOf } from "./moduleFunction.js"

/** An error that was made where one was translated. */
export interface Translated {
  /** What failed, where the source says so. */
  readonly from: TextPlace | undefined
  /** Whether it is written in the pipe of what failed, so that nothing but that very line is nearer. */
  readonly isInPipe: boolean
}

/**
 * Whether an error that was made at a place was made of another, in a function that Effect called. `text` is what the error says:
 * where something before the function fails with that very text, that is what failed.
 */
export const translatedAt = (
  lines: ReadonlyArray<string>,
  place: TextPlace,
  names: ReadonlyArray<string>,
  text: string | undefined
): Translated | undefined => {
  const code = codeOf(lines)
  const at = offsetOf(code, place)
  if (!makes.test(code.masked.slice(at, at + 12))) return undefined
  const inline = mapperAround(code, at)
  // In the line of its pipe it says where that is.
  if (inline !== undefined && !code.text.slice(inline, at).includes("\n")) return undefined
  if (inline !== undefined) return { from: failedBefore(code, inline, text), isInPipe: true }
  for (const name of names) {
    const translator = translatorAround(code, name.replace(/^.*\./, ""), at)
    if (translator !== undefined) return { from: failedAtUse(code, translator, text), isInPipe: false }
  }
  return undefined
}

/**
 * What fails inside the span that a call makes, where only one thing can: before it in a pipe, as before `Effect.withSpan("insert")`,
 * or in the function that `Effect.fn("insert")` is given, where that is no generator.
 */
export const failedInSpan = (lines: ReadonlyArray<string>, place: TextPlace): TextPlace | undefined => {
  const code = codeOf(lines)
  const at = offsetOf(code, place)
  const text = code.masked.slice(at, at + maxCall)
  const defined = /^(?:[\w$]+\.)*fn\s*\((?:[^()]|\([^()]*\))*\)\s*\(\s*/.exec(text)
  if (defined !== null) {
    const returned = effectSteps.returnedBy(code, at + defined[0].length, nothingElse)
    return returned && onlyFailing(code, effectSteps.stepsIn(code, returned))
  }
  const called = /^[\w$.]+\s*\(\s*/.exec(text)
  return called === null ? undefined : failedBefore(code, at + called[0].length)
}

/** What fails of what a generator waits for at a place in it, where only one step of that can; of a schema's issue, what decodes. */
export const failedInYield = (
  lines: ReadonlyArray<string>,
  place: TextPlace,
  isOfSchema: boolean
): TextPlace | undefined => {
  const code = codeOf(lines)
  const awaited = effectSteps.yieldedAt(code, offsetOf(code, place))
  return awaited && onlyFailing(code, effectSteps.stepsIn(code, awaited), isOfSchema)
}

/** How far a call's first argument is from its name. */
const maxCall = 100

/** What makes an error: `new Refused(…)`, `Refused.make(…)`. */
const makes = /^(?:new\b|make\s*\()/

/** Most calls around a place that are looked at. */
const maxAround = 8

/** Where the function begins, that is an argument of `mapError` or `orDieWith` around a place, or only fails in a `catchTag`. */
const mapperAround = (code: Code, at: number): number | undefined => {
  let open = openingOf(code, at)
  for (let i = 0; i < maxAround && open !== undefined; i++) {
    const before = code.masked.slice(Math.max(0, open - 60), open)
    if (code.masked.charAt(open) === "(" && /\b(?:mapError(?:Cause)?|orDieWith)\s*$/.test(before))
      return argumentAt(code, open, at)
    if (/\b(?:flatMap|gen|andThen|tap|forEach|filterOrFail|fn)\s*$/.test(before)) return undefined
    if (/\bcatch(?:Tags?|All)\s*$/.test(before) && onlyFails.test(code.masked.slice(open, at)))
      return argumentAt(code, open, at)
    open = openingOf(code, open)
  }
  return undefined
}

const argumentAt = (code: Code, open: number, at: number): number | undefined => {
  const close = closingOf(code, open)
  if (close === undefined) return undefined
  return dividedIn(code, { start: open + 1, end: close }).find(({ end, start }) => start <= at && at < end)?.start
}

const onlyFails = /=>\s*(?:[\w$]+\.)?fail\(\s*$|=>\s*$/

const failedBefore = (code: Code, argument: number, text?: string): TextPlace | undefined => {
  const steps = effectSteps.stepsBefore(code, argument)
  return steps && (sayingOf(code, steps, text) ?? onlyFailing(code, steps))
}

const sayingOf = (code: Code, steps: ReadonlyArray<Range>, text: string | undefined): TextPlace | undefined => {
  const said = text === undefined ? [] : steps.flatMap((step) => effectSteps.saysAt(code, step, text) ?? [])
  return said[0] !== undefined && said.length === 1 ? placeAt(code, said[0]) : undefined
}

const onlyFailing = (code: Code, steps: ReadonlyArray<Range>, isOfSchema = false): TextPlace | undefined => {
  const failing = steps.filter((step, i) => effectSteps.canFail(code, step, i))
  const decoding = isOfSchema ? failing.filter((step) => effectSteps.canDecode(code, step)) : []
  const [only, other] = decoding.length > 0 ? decoding : failing
  return only === undefined || other !== undefined || effectSteps.isGenerator(code, only)
    ? undefined
    : placeAt(code, only.start)
}

const nothingElse: effectSteps.Evidence = {
  text: undefined,
  isOfSchema: false,
  waiting: new Set(),
  operations: undefined
}

/** A function of the module or the class, that a place is in, and that makes nothing but errors. */
const translatorAround = (code: Code, name: string, at: number): ModuleFunction | undefined => {
  const declared = functionAround(code, name, at)
  const text = declared && code.masked.slice(declared.start, declared.end)
  // What makes effects, throws or waits decides something.
  return text === undefined || works.test(text) || !/\(\s*[\w${[]/.test(text) ? undefined : declared
}

const works = /\b(?:Effect|Stream|Layer|Either|Exit|STM|Promise)\s*[.<]|\b(?:yield|throw|await|class)\b/

/** What fails where a translator is used, if that is at one place, in its own file. */
const failedAtUse = (code: Code, translator: ModuleFunction, text: string | undefined): TextPlace | undefined => {
  const use = onlyUseOf(code, translator)
  if (use === undefined) return undefined
  const before = code.masked.slice(Math.max(0, use - 60), use)
  return /\bmapError\(\s*$/.test(before) ? failedBefore(code, use, text) : undefined
}
