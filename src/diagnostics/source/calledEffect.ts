/**
 * The line of the effect that failed, followed from where it is waited for: into what is written there, and into the functions of the
 * app's that it calls.
 */
import { type Code, codeOf, offsetOf, placeAt, type Range } from "./code.js"
import * as effectSteps from "./effectSteps.js"
import type { TextPlace } from "./maskedCode.js"
import { isGiven } from "./passedEffect.js"
import * as sourceText from "./sourceText.js"

/** A file of the app's. */
export interface Source {
  readonly path: string
  readonly content: string | undefined
}

export interface EffectPlace extends Source, TextPlace {
  /** Whether it was found by what the waiting line calls: any of what that does may have failed. */
  readonly isGuess: boolean
}

/** A function of the app's that a name leads to, and where the names lead that are in it. */
export interface Called {
  readonly place: Source & TextPlace
  readonly call: Call
}

/** What is called by names: `["repository", "insert"]`. */
export type Call = (names: ReadonlyArray<string>) => Called | undefined

export interface Step {
  readonly source: Source
  readonly code: Code
  readonly range: Range
  readonly call: Call
}

/** Most functions of the app's that are gone into. */
const maxDepth = 4

/** What the line of a waiting generator says. */
export const yielded = (
  waiting: Source & TextPlace,
  call: Call,
  evidence: effectSteps.Evidence
): EffectPlace | undefined => {
  const code = codeIn(waiting)
  const expression = effectSteps.yieldedAt(code, offsetOf(code, waiting))
  if (expression === undefined) return undefined
  const range = effectSteps.failingOf(code, effectSteps.stepsIn(code, expression), evidence)
  return range && placeIn({ source: waiting, code, range, call }, evidence)
}

/** The same where nothing is known but the text: only what one step calls that alone can have failed. */
export const calledFrom = (
  waiting: Source & TextPlace,
  call: Call,
  evidence: Omit<effectSteps.Evidence, "waiting" | "operations">
): EffectPlace | undefined => {
  const code = codeIn(waiting)
  const expression = effectSteps.yieldedAt(code, offsetOf(code, waiting))
  const steps = expression === undefined ? [] : effectSteps.stepsIn(code, expression)
  const failing = steps.filter((step, i) => effectSteps.canFail(code, step, i))
  const decoding = evidence.isOfSchema ? failing.filter((step) => effectSteps.canDecode(code, step)) : []
  const [range, ...others] = decoding.length > 0 ? decoding : failing
  if (range === undefined || others.length > 0) return undefined
  const place = placeIn(
    { source: waiting, code, range, call },
    { ...evidence, waiting: noNames, operations: undefined }
  )
  return place.isGuess ? place : undefined
}

const noNames: ReadonlySet<string> = new Set()

/** The innermost line of a step: in what it is made of, or calls. */
export const placeIn = (step: Step, evidence: effectSteps.Evidence, depth = 0, isGuess = false): EffectPlace => {
  const { call, code, range, source } = step
  const said = evidence.text === undefined ? undefined : effectSteps.saysAt(code, range, evidence.text)
  const at = (offset: number): EffectPlace => ({ ...source, ...placeAt(code, offset), isGuess })
  if (said !== undefined) return at(said)
  if (depth < maxDepth) {
    const [written, ...others] = effectSteps.functionsIn(code, range)
    if (written !== undefined && others.length === 0) {
      const failing = failingIn(code, written, evidence)
      if (failing !== undefined) return placeIn({ ...step, range: failing }, evidence, depth + 1, isGuess)
    }
    // A text is what the program itself decided to fail with: where it is waited for says with what.
    const names = evidence.text === undefined ? effectSteps.calledIn(code, range) : undefined
    const called = names && call(names)
    if (called !== undefined) {
      const inside = codeIn(called.place)
      const failing = failingIn(inside, offsetOf(inside, called.place), evidence)
      if (failing !== undefined) {
        const next = { source: called.place, code: inside, range: failing, call: called.call }
        return placeIn(next, evidence, depth + 1, true)
      }
    }
  }
  return at(range.start)
}

/** The steps of what a function gives that begins at a position. */
export const stepsOfFunction = (
  code: Code,
  at: number,
  evidence: effectSteps.Evidence
): ReadonlyArray<Range> | undefined => {
  const returned = effectSteps.returnedBy(code, at, evidence)
  return returned === undefined ? undefined : effectSteps.stepsIn(code, returned)
}

const failingIn = (code: Code, at: number, evidence: effectSteps.Evidence): Range | undefined => {
  const steps = stepsOfFunction(code, at, evidence)
  const failing = steps === undefined || isGiven(code, steps) ? undefined : effectSteps.failingOf(code, steps, evidence)
  // What fails inside a generator has one that waits.
  return failing === undefined || effectSteps.isGenerator(code, failing) ? undefined : failing
}

const codeIn = ({ content, path }: Source): Code => codeOf(sourceText.linesOf(path, content))
