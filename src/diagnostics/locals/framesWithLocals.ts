/**
 * Calls whose values can be read as frames of a report, and as one list with those of the stack: one call is one frame.
 */
import type { PlainRecord, PlainValue } from "../../plain/PlainValue.js"
import type { Redactor, Secrets } from "../../redaction/Redaction.js"
import * as stackFrames from "../source/stackFrames.js"
import type { GeneratorFrame } from "./locals.js"

/** Most variables told of one frame. */
const maxLocals = 50

/** A suspended generator, or a function that something was thrown through. */
export interface FrameWithLocals extends GeneratorFrame {
  readonly suspended: boolean
}

/** As a report tells it, with the lines its function takes up. */
export interface ToldFrame extends stackFrames.Frame {
  readonly range: GeneratorFrame["functionRange"]
}

const states = {
  unassigned: "<not assigned yet>",
  unknown: "<undefined, unassigned or optimised out>",
  lost: "<optimised out>"
}

/** A frame of the report; `undefined` where its place cannot be told. */
export const told = (
  known: FrameWithLocals,
  read: stackFrames.StackReader,
  redactor: Redactor,
  secrets: Secrets
): ToldFrame | undefined => {
  const { column, file, functionName, functionRange, line, suspended } = known
  const frame = read(`Error\n    at ${functionName} (${file}:${line}:${column})`)[0]
  if (frame === undefined) return undefined
  const locals = localsOf(known, redactor, secrets)
  return { ...frame, told: { ...frame.told, suspended, locals }, range: functionRange }
}

const localsOf = ({ locals: variables }: GeneratorFrame, redactor: Redactor, secrets: Secrets): PlainRecord => {
  const shown = variables.slice(0, maxLocals)
  // The words for what has no value are no values: under the name of a secret, they would be taken for it.
  const held = shown.filter(({ state }) => state === "value").map(({ name, value }) => [name, value] as const)
  const values = redactor.record(Object.fromEntries(held), secrets)
  const locals = new Map<string, PlainValue>()
  for (const { name, state } of shown) {
    const shownAs = state === "value" ? values[name] : states[state]
    if (shownAs !== undefined) locals.set(name, shownAs)
  }
  for (const [name, value] of Object.entries(values)) locals.set(name, value)
  if (variables.length > maxLocals) locals.set("…", `+${variables.length - maxLocals} more`)
  return Object.fromEntries(locals)
}

/**
 * The frames of a stack with the known calls among them. A frame that stands inside such a call's function is that call's
 * own; a call that the stack does not know made those that stand before it.
 */
export const merged = (
  frames: ReadonlyArray<stackFrames.Frame>,
  calls: ReadonlyArray<ToldFrame>
): ReadonlyArray<stackFrames.Frame> => {
  const all = [...frames]
  let after = -1
  for (const call of calls) {
    const own = all.findIndex((frame, i) => i > after && frame.told.locals === null && isWithin(frame, call.range))
    if (own >= 0) {
      const frame = all[own] as stackFrames.Frame
      const name = frame.told.function === stackFrames.anonymous ? call.told.function : frame.told.function
      const { locals, suspended } = call.told
      all[own] = { ...frame, told: { ...frame.told, function: name, suspended, locals } }
      after = own
    } else {
      after = lastOfApp(all, after) + 1
      all.splice(after, 0, call)
    }
  }
  return all
}

const isWithin = (frame: stackFrames.Frame, range: GeneratorFrame["functionRange"]): boolean =>
  frame.path === range.file && frame.told.line >= range.startLine && frame.told.line <= range.endLine

/** Where the app's own frames end that begin behind `after`. */
const lastOfApp = (frames: ReadonlyArray<stackFrames.Frame>, after: number): number => {
  let last = after
  while (frames[last + 1]?.told.origin === "app") last += 1
  return last
}
