/**
 * Suspended generators as frames of a report, and as one list with those of the stack: one call is one frame.
 */
import type { PlainRecord } from "../PlainValue.js"
import type { Redactor, Secrets } from "../Redaction.js"
import type { GeneratorFrame } from "./Locals.js"
import type * as StackFrames from "./StackFrames.js"

/** Most variables told of one frame. */
const maxLocals = 50

/** A generator's frame, and the lines its function takes up. */
export interface ToldGenerator extends StackFrames.Frame {
  readonly range: GeneratorFrame["functionRange"]
}

const states = {
  unassigned: "<not assigned yet>",
  unknown: "<undefined, unassigned or optimised out>"
}

/** A generator as a frame; `undefined` where its place cannot be told. */
export const told = (
  generator: GeneratorFrame,
  read: StackFrames.StackReader,
  redactor: Redactor,
  secrets: Secrets
): ToldGenerator | undefined => {
  const { column, file, functionName, functionRange, line } = generator
  const frame = read(`Error\n    at ${functionName} (${file}:${line}:${column})`)[0]
  if (frame === undefined) return undefined
  const locals = localsOf(generator, redactor, secrets)
  return { ...frame, told: { ...frame.told, suspended: true, locals }, range: functionRange }
}

const localsOf = (generator: GeneratorFrame, redactor: Redactor, secrets: Secrets): PlainRecord => {
  const values = generator.locals
    .slice(0, maxLocals)
    .map(({ name, state, value }) => [name, state === "value" ? value : states[state]] as const)
  const locals = redactor.record(Object.fromEntries(values), secrets)
  return generator.locals.length <= maxLocals
    ? locals
    : { ...locals, "…": `+${generator.locals.length - maxLocals} more` }
}

/**
 * The frames of a stack with the generators among them. A frame that stands inside a generator's function is that
 * generator's own; a generator the stack does not know called what stands before it.
 */
export const merged = (
  frames: ReadonlyArray<StackFrames.Frame>,
  generators: ReadonlyArray<ToldGenerator>
): ReadonlyArray<StackFrames.Frame> => {
  const all = [...frames]
  let after = -1
  for (const generator of generators) {
    const own = all.findIndex((frame, i) => i > after && frame.told.locals === null && isWithin(frame, generator.range))
    if (own >= 0) {
      const frame = all[own] as StackFrames.Frame
      all[own] = { ...frame, told: { ...frame.told, suspended: true, locals: generator.told.locals } }
      after = own
    } else {
      after = lastOfApp(all, after) + 1
      all.splice(after, 0, generator)
    }
  }
  return all
}

const isWithin = (frame: StackFrames.Frame, range: GeneratorFrame["functionRange"]): boolean =>
  frame.path === range.file && frame.told.line >= range.startLine && frame.told.line <= range.endLine

/** Where the app's own frames end that begin behind `after`. */
const lastOfApp = (frames: ReadonlyArray<StackFrames.Frame>, after: number): number => {
  let last = after
  while (frames[last + 1]?.told.origin === "app") last += 1
  return last
}
