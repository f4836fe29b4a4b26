/**
 * The local variables of suspended generators, read through V8's inspector: after the fact, without pausing, and only
 * when a report is made.
 */
import type { Runtime } from "node:inspector"
import { types } from "node:util"
import * as Effect from "effect/Effect"
import { isObject } from "../../plain/untrusted.js"
import { classify } from "../source/stackFrames.js"
import * as timeBudget from "../timeBudget.js"
import type { CapturedFrame } from "./fiberFrames.js"
import * as functionSource from "./functionSource.js"
import * as inspectorSession from "./inspectorSession.js"
import * as parser from "./parser.js"
import * as scriptTable from "./scriptTable.js"

/** A generator as it was when its fiber failed. */
export interface GeneratorFrame {
  /** The source's absolute path. */
  readonly file: string
  /** The `yield*` it was suspended at; `line` and `column` count from 1. */
  readonly line: number
  readonly column: number
  /** The generator function's name, else that of the declaration around it, else `<anonymous>`. */
  readonly functionName: string
  /** The whole generator function: a stack frame of the same call is in it. */
  readonly functionRange: functionSource.FunctionRange
  /** `false` if no source map was found, and places are those of the JavaScript. */
  readonly mapped: boolean
  /** The values themselves, unredacted. */
  readonly locals: ReadonlyArray<functionSource.Local>
  /** The stages and stories that it is outside of. */
  readonly left?: ReadonlyArray<object> | undefined
}

/** Whether locals can be read, and why not. */
export interface LocalsStatus {
  readonly available: boolean
  readonly reason: string
}

interface ReadOptions {
  readonly maxFrames?: number
  readonly deadlineMillis?: number
  readonly onCut?: () => void
}

export interface LocalsReader {
  /**
   * What the generators hold. Effect's and this library's own are left out, and what cannot be read is. Never throws.
   *
   * @param options.maxFrames most frames read, 12 unless given
   * @param options.onCut called where there was no time for all of them
   * @param options.deadlineMillis time (see `TimeBudget`) after which no further frame is begun, 100 unless given
   */
  readonly read: (frames: ReadonlyArray<CapturedFrame>, options?: ReadOptions) => ReadonlyArray<GeneratorFrame>
  readonly status: LocalsStatus
  readonly close: () => void
}

/**
 * Opens a reader and tries it on a generator of its own. Takes tens of milliseconds, so that reading does not. Never throws:
 * where it does not work, `status` says why, and nothing is read.
 */
export const openReader = (): LocalsReader => {
  let session: inspectorSession.InspectorSession | undefined
  try {
    parser.load()
    session = inspectorSession.open()
    const reader = readerOn(session)
    selfTest(reader)
    return reader
  } catch (error) {
    closeQuietly(session)
    const why = error instanceof Error ? error.message : String(error)
    return { read: () => [], status: { available: false, reason: `No local variables: ${why}` }, close: () => {} }
  }
}

const defaultMaxFrames = 12
const defaultDeadlineMillis = 100
/** Most functions whose source is remembered. */
const maxKnownFunctions = 256

interface OpenReader extends LocalsReader {
  /** Like `read`, leaving nothing out, and throwing. */
  readonly readOne: (generator: object) => GeneratorFrame | undefined
}

const readerOn = (session: inspectorSession.InspectorSession): OpenReader => {
  const scripts = scriptTable.make(session)
  const functions = new Map<string, functionSource.FunctionSource>()
  let closed = false

  const functionOf = (
    handle: Runtime.RemoteObject,
    script: scriptTable.Script,
    suspendedAt: ScriptLocation
  ): functionSource.FunctionSource => {
    // No two functions are suspended at one place.
    const key = `${suspendedAt.scriptId}:${suspendedAt.lineNumber}:${suspendedAt.columnNumber}`
    const known = functions.get(key)
    if (known !== undefined) return known
    const location = placeOf(propertiesOf(session, handle).get("[[FunctionLocation]]"))
    const made = functionSource.make(script, handle.description ?? "", location, "parameters", "")
    if (functions.size >= maxKnownFunctions) functions.clear()
    functions.set(key, made)
    return made
  }

  const pictureOf = (
    generator: object,
    leavesOut: (script: scriptTable.Script) => boolean
  ): GeneratorFrame | undefined => {
    const internals = propertiesOf(session, { type: "object", objectId: session.handleOf(generator) })
    // A generator that was resumed since has gone on: what it holds now is not what it failed with.
    if (internals.get("[[GeneratorState]]")?.value !== "suspended") return undefined
    const location = placeOf(internals.get("[[GeneratorLocation]]"))
    const script = scripts.scriptOf(location.scriptId)
    const body = internals.get("[[GeneratorFunction]]")
    if (script === undefined || body === undefined || leavesOut(script)) return undefined
    const source = functionOf(body, script, location)
    const place = source.placeOf(location)
    return {
      file: place.path,
      line: place.line,
      column: place.column,
      functionName: source.name,
      functionRange: source.range,
      mapped: place.mapped,
      locals: source.localsAt(location, scopesOf(session, internals.get("[[Scopes]]")), "suspended")
    }
  }

  return {
    status: { available: true, reason: "Local variables are read from suspended generators." },
    readOne: (generator) => {
      try {
        return pictureOf(generator, () => false)
      } finally {
        session.forget()
      }
    },
    read: (frames, options = {}) => (closed ? [] : framesIn(frames, options, session, pictureOf)),
    close: () => {
      closed = true
      closeQuietly(session)
    }
  }
}

/** What can be read of generators, as far as there is time. */
const framesIn = (
  frames: ReadonlyArray<CapturedFrame>,
  options: ReadOptions,
  session: inspectorSession.InspectorSession,
  pictureOf: (generator: object, leavesOut: (script: scriptTable.Script) => boolean) => GeneratorFrame | undefined
): ReadonlyArray<GeneratorFrame> => {
  const found: Array<GeneratorFrame> = []
  const max = options.maxFrames ?? defaultMaxFrames
  const time = timeBudget.start(options.deadlineMillis ?? defaultDeadlineMillis)
  try {
    for (const { generator, left, services } of frames) {
      if (found.length >= max) break
      if (time.isSpent()) {
        options.onCut?.()
        break
      }
      try {
        const frame = pictureOf(generator, isMachinery)
        if (frame === undefined || isMachineryFile(frame.file)) continue
        found.push({ ...namingServices(frame, services), left })
      } catch {
        // An iterator that is no generator, or one of another context: the others can still be read.
      }
    }
  } finally {
    forgetQuietly(session)
  }
  return found
}

type Properties = ReadonlyMap<string, Runtime.RemoteObject>

/** What V8 says of a value beside its properties: `[[GeneratorState]]`, `[[Scopes]]`, … No getter is run. */
const propertiesOf = (session: inspectorSession.InspectorSession, handle: Runtime.RemoteObject): Properties => {
  const { internalProperties } = session.ask<Runtime.GetPropertiesReturnType>("Runtime.getProperties", {
    objectId: handle.objectId,
    ownProperties: true
  })
  const found = new Map<string, Runtime.RemoteObject>()
  for (const { name, value } of internalProperties ?? []) {
    if (value !== undefined) found.set(name, value)
  }
  return found
}

interface ScriptLocation extends functionSource.ScriptPlace {
  readonly scriptId: string
}

const placeOf = (location: Runtime.RemoteObject | undefined): ScriptLocation => {
  const value: Partial<ScriptLocation> | undefined = location?.value
  if (value?.scriptId === undefined || value.lineNumber === undefined) throw new Error("V8 did not give a location")
  return { scriptId: value.scriptId, lineNumber: value.lineNumber, columnNumber: value.columnNumber }
}

/** The scopes of a generator up to its module, innermost first. */
const scopesOf = (
  session: inspectorSession.InspectorSession,
  list: Runtime.RemoteObject | undefined
): ReadonlyArray<functionSource.Scope> => {
  if (list?.objectId === undefined) throw new Error("V8 did not give the scopes of a generator")
  let inModule = false
  const scopes = session.scopesIn(list.objectId, (description) => {
    inModule ||= typeOf(description) === "Module"
    return functionSource.isScopeOfFunction(typeOf(description))
  })
  return scopes.map(({ description, ...variables }) => ({
    type: typeOf(description),
    maybeModule: !inModule && description === typeOf(description),
    ...variables
  }))
}

/** Of "Closure (plan)", "Block", "Module", … the first word. */
const typeOf = (description: string): string => description.split(" ", 1)[0] ?? ""

/** A service is the program, and not its data: its name says all. One that is nothing but data stays as it is. */
const namingServices = (frame: GeneratorFrame, services: CapturedFrame["services"]): GeneratorFrame => {
  const keys = new Map<unknown, string>()
  for (const [key, service] of services ?? []) if (isObject(service) && !isData(service)) keys.set(service, key)
  const locals = frame.locals.map((local): functionSource.Local => {
    const key = keys.get(local.value)
    const name = key === undefined ? kindOf(local.value) : /[^/:.]*$/.exec(key)?.[0] || key
    return name === undefined ? local : { name: local.name, value: name, state: "service" }
  })
  return { ...frame, locals }
}

/** What Effect's modules make to work with; what it is made of says nothing. Every effect has the marks of those below. */
const kinds = Object.entries({
  Fiber: "Fiber",
  Deferred: "Deferred",
  QueueDequeue: "Queue",
  Effect: undefined,
  Stream: "Stream",
  Channel: "Channel",
  Sink: "Sink",
  Layer: "Layer",
  Schedule: "Schedule",
  Scope: "Scope",
  Cache: "Cache"
}).map(([key, name]) => ({ mark: Symbol.for(`effect/${key}`), name }))

const kindOf = (value: unknown): string | undefined => {
  if (!isObject(value) || types.isProxy(value)) return undefined
  const name = kinds.find(({ mark }) => mark in value)?.name
  // A hub is read as a queue, too.
  return name === "Queue" && "publish" in value ? "PubSub" : name
}

const isData = (service: object): boolean =>
  !types.isProxy(service) &&
  Object.getPrototypeOf(service) === Object.prototype &&
  Object.values(Object.getOwnPropertyDescriptors(service)).every(
    ({ value }) => typeof value !== "function" && !Effect.isEffect(value)
  )

const isMachinery = ({ origin }: scriptTable.Script): boolean => origin === "effect" || origin === "node"

const isMachineryFile = (file: string): boolean => {
  const origin = classify(file, [])
  return origin === "effect" || origin === "node" || /(?:^|\/)node_modules\/(?:effect|@effect)\//.test(file)
}

/** What a reader is tried on. */
export function* probe(known: object): Generator<object, void, unknown> {
  for (const round of [0, 1]) {
    const held = { known, round }
    const answer = yield held
    if (answer === known) return
  }
}

/** Whether this V8 says what this module was written for: the state, the place and the values of a generator. */
const selfTest = ({ readOne }: OpenReader): void => {
  const known = { probe: true }
  const generator = probe(known)
  const held = generator.next().value
  generator.next()
  const frame = readOne(generator)
  if (frame === undefined) throw new Error("the self-test found no generator")
  const values = new Map(frame.locals.map(({ state, value }) => [value, state]))
  // By value and not by name: a bundler may have renamed everything here.
  if (values.get(known) !== "value" || values.get(1) !== "value") {
    throw new Error("the self-test read other values than a generator held")
  }
  if (values.has(held) || !frame.locals.some(({ state }) => state === "unassigned")) {
    throw new Error("the self-test could not distinguish an old value from a new one")
  }
}

const closeQuietly = (session: inspectorSession.InspectorSession | undefined): void => {
  try {
    session?.close()
  } catch {
    // It was closed already.
  }
}

const forgetQuietly = (session: inspectorSession.InspectorSession): void => {
  try {
    session.forget()
  } catch {
    // It was closed under us: the handles went with it.
  }
}
