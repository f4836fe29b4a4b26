/**
 * Calls whose values can be read as frames of a report, and as one list with those of the stack: one call is one frame.
 */
import type { PlainValue } from "../../plain/PlainValue.js"
import { attempt } from "../../plain/untrusted.js"
import type { Redactor } from "../../redaction/redactorModel.js"
import type { Secrets } from "../../redaction/secrets.js"
import { linesOf } from "../source/frameSource.js"
import { enclosingNameOf } from "../source/sourceText.js"
import * as stackFrames from "../source/stackFrames.js"
import { waitingAt } from "../source/waitingPlace.js"
import type { Local } from "./functionSource.js"
import type { GeneratorFrame } from "./locals.js"

/** Most variables shown of one frame. */
const maxLocals = 50

/** A suspended generator, or a function that something was thrown through. */
export interface FrameWithLocals extends GeneratorFrame {
  readonly suspended: boolean
}

/** A suspended generator whose values are not read. */
export interface WaitingFrame extends Pick<GeneratorFrame, "left" | "generator"> {
  /** Where it waits, as a line of a stack. */
  readonly at: string
}

/** As a report shows it, with the lines its function takes up. */
export interface CallFrame extends stackFrames.Frame {
  readonly range: GeneratorFrame["functionRange"]
  readonly left: GeneratorFrame["left"]
  readonly generator: GeneratorFrame["generator"]
  /** The variables, and their fields, that are a BigInt: a plain value does not say so. */
  readonly bigints: ReadonlyArray<string>
}

const wordsOf = (state: Local["state"], value: unknown): string => (state === "service" ? `[${value}]` : states[state])

const states = {
  value: "<undefined>",
  unassigned: "<not assigned yet>",
  unknown: "<undefined, unassigned or optimised out>",
  lost: "<optimised out>"
}

/** A frame of the report; `undefined` where its place is not known, or is that of a library in a bundle. */
export const callFrame = (
  known: FrameWithLocals,
  read: stackFrames.StackReader,
  redactor: Redactor,
  secrets: Secrets
): CallFrame | undefined => {
  const { column, file, functionName, functionRange, generator, left, line, suspended } = known
  const frame = read(`Error\n    at ${functionName} (${file}:${line}:${column})`)[0]
  if (frame === undefined || frame.shown.origin === "effect") return undefined
  const locals = localsOf(known, redactor, secrets)
  const bigints = bigintsIn(known)
  for (const path of bigints) markBigInt(locals, path)
  const shown = { ...frame.shown, suspended, locals: Object.fromEntries(locals) }
  return { ...frame, shown, range: functionRange, left, generator, bigints: bigints.map((path) => path.join(".")) }
}

/** The same of one whose values are not read: its lines are those that the source says. */
export const waitingFrame = (
  { at, generator, left }: WaitingFrame,
  read: stackFrames.StackReader
): CallFrame | undefined => {
  const frame = read(`Error\n${at}`)[0]
  if (frame === undefined || frame.shown.origin === "effect" || frame.shown.origin === "node") return undefined
  const lines = frame.shown.origin === "app" ? linesOf(frame) : []
  const waiting = waitingAt(lines, frame.shown)
  const named =
    frame.shown.function === stackFrames.anonymous && waiting !== undefined
      ? enclosingNameOf(lines, waiting.begin.line, waiting.begin.column)
      : undefined
  const shown = { ...frame.shown, ...waiting?.place, function: named ?? frame.shown.function, suspended: true }
  const range = waiting?.range ?? { startLine: shown.line, endLine: shown.line }
  return { ...frame, shown, range: { file: frame.path, ...range }, left, generator, bigints: [] }
}

/** Longest value, as JSON, that each place where it is shown has room for. */
const neverCut = 48

/** Most fields of a variable that are looked at. */
const maxFields = 50

const bigintsIn = ({ locals }: GeneratorFrame): ReadonlyArray<ReadonlyArray<string>> =>
  locals.slice(0, maxLocals).flatMap(({ name, state, value }) => {
    if (state !== "value") return []
    if (typeof value === "bigint") return [[name]]
    if (typeof value !== "object" || value === null || Array.isArray(value)) return []
    const fields = attempt(() => Object.entries(Object.getOwnPropertyDescriptors(value)).slice(0, maxFields), [])
    return fields.flatMap(([field, { value }]) => (typeof value === "bigint" ? [[name, field]] : []))
  })

/** As a reader writes it: `48000n`. */
const markBigInt = (locals: Map<string, PlainValue>, [name = "", field]: ReadonlyArray<string>): void => {
  const value = locals.get(name)
  const marked = (text: unknown) => (typeof text === "string" && /^-?\d+$/.test(text) ? `${text}n` : undefined)
  if (field === undefined) {
    const text = marked(value)
    if (text !== undefined) locals.set(name, text)
  } else if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const text = marked(Object.getOwnPropertyDescriptor(value, field)?.value)
    if (text !== undefined) locals.set(name, { ...value, [field]: text })
  }
}

const localsOf = (
  { locals: variables }: GeneratorFrame,
  redactor: Redactor,
  secrets: Secrets
): Map<string, PlainValue> => {
  const shown = variables.slice(0, maxLocals)
  // The words for what has no value are no values: under the name of a secret, they would be taken for it.
  const held = shown
    .filter(({ state, value }) => state === "value" && value !== undefined)
    .map(({ name, value }) => [name, value] as const)
  const values = redactor.record(Object.fromEntries(held), secrets)
  const locals = new Map<string, PlainValue>()
  for (const { fields, name, state, value } of shown) {
    const shownAs = state === "value" && value !== undefined ? values[name] : wordsOf(state, value)
    if (shownAs !== undefined) locals.set(name, fields === undefined ? shownAs : beginningWith(fields, shownAs))
  }
  for (const [name, value] of Object.entries(values)) if (!locals.has(name)) locals.set(name, value)
  if (variables.length > maxLocals) locals.set("…", `+${variables.length - maxLocals} more`)
  return locals
}

/** The same value with these fields before all others, where it is so long that what shows it may cut it. */
const beginningWith = (fields: ReadonlySet<string>, value: PlainValue): PlainValue => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value
  if (JSON.stringify(value).length <= neverCut) return value
  const entries = Object.entries(value)
  return Object.fromEntries([
    ...entries.filter(([name]) => fields.has(name)),
    ...entries.filter(([name]) => !fields.has(name))
  ])
}

/**
 * The frames of a stack with the known calls among them. A frame that runs such a call's function is that call's own; a
 * generator that is not on the stack was waiting for what is.
 */
export const merged = (
  frames: ReadonlyArray<stackFrames.Frame>,
  calls: ReadonlyArray<CallFrame>
): ReadonlyArray<stackFrames.Frame> => {
  if (calls.length === 0) return frames
  const all = [...frames]
  let after = -1
  for (const call of calls) {
    const own = all.findIndex((frame, i) => i > after && frame.shown.locals === null && isCallOf(all, i, call))
    if (own >= 0) {
      const frame = all[own] as stackFrames.Frame
      const name = frame.shown.function === stackFrames.anonymous ? call.shown.function : frame.shown.function
      const { locals, suspended } = call.shown
      all[own] = { ...frame, shown: { ...frame.shown, function: name, suspended, locals } }
      after = own
    } else {
      after = (after < 0 ? lastRunning(all) : lastOfApp(all, after)) + 1
      all.splice(after, 0, call)
    }
  }
  return all
}

// A callback is written inside a generator without being its body: that is called by the engine.
const isCallOf = (frames: ReadonlyArray<stackFrames.Frame>, at: number, { range, shown }: CallFrame): boolean => {
  const frame = frames[at]
  if (frame === undefined || frame.path !== range.file) return false
  if (frame.shown.line < range.startLine || frame.shown.line > range.endLine) return false
  return shown.suspended ? generatorCall.test(frames[at + 1]?.text ?? "") : frame.shown.line === shown.line
}

const generatorCall = /^\s*at (?:[\w$#.<>]*\.)?next(?: \[as [\w$]+\])? \(<anonymous>\)$/

/** The app's outermost frame that ran inside the fiber; -1 if there is none. */
const lastRunning = (frames: ReadonlyArray<stackFrames.Frame>): number => {
  const loop = frames.findIndex(stackFrames.isRunLoop)
  return (loop < 0 ? frames : frames.slice(0, loop)).findLastIndex(({ shown }) => shown.origin === "app")
}

/** Where the app's own frames end that begin behind `after`. */
const lastOfApp = (frames: ReadonlyArray<stackFrames.Frame>, after: number): number => {
  let last = after
  while (frames[last + 1]?.shown.origin === "app") last += 1
  return last
}
