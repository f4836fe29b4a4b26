/**
 * The effect that failed, where no generator is in it: `insert: (row) => sql`…`.pipe(Effect.mapError(f))`. What waited for it knows:
 * a function that is written behind it in a pipe, or the function that the line of the waiting generator calls.
 */
import { attempt, isObject } from "../../plain/untrusted.js"
import * as calledEffect from "../source/calledEffect.js"
import { type Code, codeOf, offsetOf } from "../source/code.js"
import * as effectSteps from "../source/effectSteps.js"
import type { TextPlace } from "../source/maskedCode.js"
import { isGiven } from "../source/passedEffect.js"
import type { ProgramModules } from "../source/programModules.js"
import * as sourceText from "../source/sourceText.js"
import * as timeBudget from "../timeBudget.js"
import type { FunctionReader, KnownFunction, LookUp } from "./functionReader.js"
import type { Continuation } from "./suspended.js"
import type { CapturedOperation, WaitingGenerator } from "./waiting.js"

/** The generator that a place is looked for in, where it waits. */
export interface WaitingPlace extends calledEffect.Source, TextPlace {
  readonly generator: object
}

export interface Search {
  readonly waiting: ReadonlyArray<WaitingGenerator>
  /** `undefined` where none of the app's waited. */
  readonly generator: WaitingPlace | undefined
  /** Whether an operation is too far out to say anything. */
  readonly isOutside: (operation: CapturedOperation) => boolean
  /** Whether a file is the app's own. */
  readonly isOwn: (source: calledEffect.Source) => boolean
  /** The files of the program, where these are known. */
  readonly modules: () => ProgramModules | undefined
  readonly evidence: Omit<effectSteps.Evidence, "waiting" | "operations">
  readonly functions: FunctionReader
}

/** Most functions looked at, and how long, in milliseconds: each takes about one, and those of libraries are remembered. */
const maxFunctions = 40
const maxMillis = 200

export const find = (search: Search): calledEffect.EffectPlace | undefined => {
  try {
    const operations = operationsInside(search)
    const { names, place } = behindOperations(search, operations)
    if (place !== undefined || search.generator === undefined) return place
    const { evidence, functions, generator } = search
    const call = followedBy(functions.lookUpIn(generator.generator), search)
    return calledEffect.yielded(generator, call, { ...evidence, waiting: names, operations: operations.length })
  } finally {
    search.functions.end()
  }
}

const operationsInside = ({ generator, isOutside, waiting }: Search): ReadonlyArray<CapturedOperation> => {
  const last = waiting.findIndex((one) => one.generator === generator?.generator)
  return (last < 0 ? waiting : waiting.slice(0, last + 1))
    .flatMap(({ operations }) => operations)
    .filter((operation) => !isOutside(operation))
}

interface Behind {
  readonly place: calledEffect.EffectPlace | undefined
  /** What the functions are called that say nothing by themselves. */
  readonly names: ReadonlySet<string>
}

const behindOperations = (search: Search, operations: ReadonlyArray<CapturedOperation>): Behind => {
  const names = new Set<string>()
  const time = timeBudget.start(maxMillis)
  let looked = 0
  for (const [i, { operation }] of operations.entries()) {
    for (const value of functionsOf(operation)) {
      if (looked >= maxFunctions || time.isSpent()) break
      looked += 1
      for (const known of ownFunctions(value, search)) {
        const { code, source } = sourceOf(known)
        const at = offsetOf(code, known.place)
        const evidence = { ...search.evidence, waiting: names, operations: i }
        const range =
          effectSteps.stepsBefore(code, at) ??
          (operation._op === "While" ? calledEffect.stepsOfFunction(code, at, evidence) : undefined)
        const failing =
          range === undefined || isGiven(code, range) ? undefined : effectSteps.failingOf(code, range, evidence)
        if (failing !== undefined) {
          const step = { source, code, range: failing, call: followedBy(known.lookUp, search) }
          return { names, place: calledEffect.placeIn(step, evidence) }
        }
        const { column, line } = known.place
        const name = sourceText.enclosingNameOf(linesOf(source), line, column)
        if (name !== undefined) names.add(name)
      }
    }
  }
  return { names, place: undefined }
}

const linesOf = ({ content, path }: calledEffect.Source): ReadonlyArray<string> => sourceText.linesOf(path, content)

/** What an operation does next. Two functions of a library were made with the same. */
const functionsOf = ({ effect_instruction_i1: first, effect_instruction_i2: second }: Continuation) => {
  const functions = first === second ? [first] : [first, second]
  return functions.filter((value): value is LibraryOrOwn => typeof value === "function" && !isPlumbing(value))
}

type LibraryOrOwn = (...args: ReadonlyArray<never>) => unknown

/** A function of the app's, or those that one of a library was made with. */
const ownFunctions = (value: object, { functions, isOwn }: Search): ReadonlyArray<KnownFunction> => {
  const known = functions.describe(value)
  if (known === undefined) return []
  if (!known.isForeign) return isOwn(known.place) ? [known] : []
  const own = known.madeWith().flatMap((inner) => {
    const one = isForeign(inner) ? undefined : functions.describe(inner)
    if (one?.isForeign === true) noteForeign(inner)
    return one !== undefined && !one.isForeign && isOwn(one.place) ? [one] : []
  })
  if (own.length === 0 && !operators.test(known.place.path)) noteForeign(value)
  return own
}

/** Where the operators are that take a function of the app's. */
const operators = /[\\/]effect[\\/](?:dist|src)[\\/].*[\\/](?:core|core-effect|effect|fiberRuntime|circular)\.[jt]s$/

/** Whether it is a function of Effect's that runs none of those which its operators are given, or is known to be a library's. */
const isPlumbing = (value: object): boolean => {
  const text = String(value)
  return ofRuntime.test(text) || foreign.has(text)
}

/** `Effect.exit`, `acquireUseRelease`, `onExit`, `succeed`. */
const ofRuntime =
  /^\(?\w+\)? ?=> ?(?:(?:core\.)?succeed\(options\.on\w+\(\w+\)\)|\{\s*(?:return (?:\w+\.)?suspend\(\(\) => release\(|const result = (?:\w+\.)?exit(?:FailCause|Succeed)\())|^(?:\(?value\)? ?=> ?\{\s*const effect = new EffectPrimitiveSuccess)/

/** Functions of libraries, by their texts, that no function of the app's was found in. */
const foreign = new Set<string>()
const maxForeign = 500
/** Another function may have the same short text. */
const minText = 24

const isForeign = (value: object): boolean => foreign.has(String(value))

const noteForeign = (value: object): void => {
  const text = String(value)
  if (text.length >= minText && foreign.size < maxForeign) foreign.add(text)
}

const sourceOf = ({ place }: KnownFunction): { readonly source: calledEffect.Source; readonly code: Code } => ({
  source: place,
  code: codeOf(linesOf(place))
})

/** What the values of names are the functions of: each is looked up where a function sees it. */
const followedBy =
  (lookUp: LookUp, search: Search): calledEffect.Call =>
  (names) => {
    const { functions, isOwn } = search
    const value = attempt(() => lookUp(names), undefined)
    const known = typeof value === "function" && !isForeign(value) ? functions.describe(value) : undefined
    if (known?.isForeign === true && isObject(value)) noteForeign(value)
    return known === undefined || known.isForeign || !isOwn(known.place)
      ? undefined
      : { place: known.place, call: followedBy(known.lookUp, search) }
  }
