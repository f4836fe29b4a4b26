/**
 * The local variables of suspended generators, read through V8's inspector: after the fact, without pausing, and only
 * when a report is made.
 */
import { types } from "node:util"
import * as Effect from "effect/Effect"
import { attempt, isObject } from "../../plain/untrusted.js"
import { classify } from "../source/stackFrames.js"
import * as timeBudget from "../timeBudget.js"
import { heldBy, isTRef, kindOf } from "./effectValues.js"
import * as functionReader from "./functionReader.js"
import * as functionSource from "./functionSource.js"
import * as inspectorSession from "./inspectorSession.js"
import { placeOf, propertiesOf, type RemoteObject, type ScriptLocation } from "./internals.js"
import * as parser from "./parser.js"
import * as scriptTable from "./scriptTable.js"
import type { CapturedFrame } from "./waiting.js"

/** A generator as it was when its fiber failed. */
export interface GeneratorFrame extends functionSource.PlacedFunction {
  /** The values themselves, unredacted. */
  readonly locals: ReadonlyArray<functionSource.Local>
  /** The stages and stories that it is outside of. */
  readonly left?: ReadonlyArray<object> | undefined
  /** By which what waits inside it is known. */
  readonly generator?: object | undefined
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
  /** Where functions are, and what they see. */
  readonly functions: functionReader.FunctionReader | undefined
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
    return {
      read: () => [],
      functions: undefined,
      status: { available: false, reason: `No local variables: ${why}` },
      close: () => {}
    }
  }
}

const defaultMaxFrames = 12
const defaultDeadlineMillis = 100
/** Generators that the inspector is asked about together: a question costs more than most of its answer. */
const atOnce = 6
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
    handle: RemoteObject,
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

  const foundAt = (
    handle: string | undefined,
    leavesOut: (script: scriptTable.Script) => boolean
  ): FoundGenerator | undefined => {
    const internals = propertiesOf(session, { type: "object", objectId: handle })
    // A generator that was resumed since has gone on: what it holds now is not what it failed with.
    if (internals.get("[[GeneratorState]]")?.value !== "suspended") return undefined
    const location = placeOf(internals.get("[[GeneratorLocation]]"))
    const script = scripts.scriptOf(location.scriptId)
    const body = internals.get("[[GeneratorFunction]]")
    if (script === undefined || body === undefined || leavesOut(script)) return undefined
    const scopes = internals.get("[[Scopes]]")?.objectId
    if (scopes === undefined) throw new Error("V8 did not give the scopes of a generator")
    const source = functionOf(body, script, location)
    return { location, place: source.placeOf(location), source, scopes }
  }

  return {
    functions: functionReader.make(session, scripts),
    status: { available: true, reason: "Local variables are read from suspended generators." },
    readOne: (generator) => {
      try {
        const [handle] = session.handlesOf([generator])
        const found = foundAt(handle, () => false)
        return found && frameOf(found, scopesOf(session, [found.scopes])[0] ?? [], {})
      } finally {
        session.forget()
      }
    },
    read: (frames, options = {}) => (closed ? [] : framesIn(frames, options, session, foundAt)),
    close: () => {
      closed = true
      closeQuietly(session)
    }
  }
}

/** A suspended generator before its variables are read. */
interface FoundGenerator {
  readonly location: ScriptLocation
  readonly place: scriptTable.SourcePlace
  readonly source: functionSource.FunctionSource
  /** The handle of its `[[Scopes]]`. */
  readonly scopes: string
}

type FoundAt = (
  handle: string | undefined,
  leavesOut: (script: scriptTable.Script) => boolean
) => FoundGenerator | undefined

const frameOf = (
  { location, place, source }: FoundGenerator,
  scopes: ReadonlyArray<functionSource.Scope>,
  { generator, left, services }: Partial<CapturedFrame>
): GeneratorFrame => ({
  ...source.frameAt(place),
  locals: namingServices(source.localsAt(location, scopes, "suspended"), services),
  left,
  generator
})

/** What can be read of generators, as far as there is time. */
const framesIn = (
  frames: ReadonlyArray<CapturedFrame>,
  options: ReadOptions,
  session: inspectorSession.InspectorSession,
  foundAt: FoundAt
): ReadonlyArray<GeneratorFrame> => {
  const read: Array<GeneratorFrame> = []
  const max = options.maxFrames ?? defaultMaxFrames
  const time = timeBudget.start(options.deadlineMillis ?? defaultDeadlineMillis)
  try {
    for (let at = 0; at < frames.length && read.length < max; at += atOnce) {
      if (time.isSpent()) {
        options.onCut?.()
        break
      }
      const some = frames.slice(at, at + atOnce)
      const together = attempt(() => framesOf(some, session, foundAt), undefined)
      // One that V8 cannot describe spoils the question for all of them.
      read.push(...(together ?? some.flatMap((one) => attempt(() => framesOf([one], session, foundAt), []))))
    }
  } finally {
    // Where it was closed under us, the handles went with it.
    attempt(session.forget, undefined)
  }
  return read.slice(0, max)
}

const framesOf = (
  frames: ReadonlyArray<CapturedFrame>,
  session: inspectorSession.InspectorSession,
  foundAt: FoundAt
): ReadonlyArray<GeneratorFrame> => {
  const handles = session.handlesOf(frames.map(({ generator }) => generator))
  const found = frames.flatMap((frame, i) => {
    // An iterator that is no generator, or one of another context: the others can still be read.
    const generator = attempt(() => foundAt(handles[i], isMachinery), undefined)
    return generator === undefined || isMachineryFile(generator.place.path) ? [] : [{ frame, generator }]
  })
  const scopes = scopesOf(
    session,
    found.map(({ generator }) => generator.scopes)
  )
  return found.map(({ frame, generator }, i) => frameOf(generator, scopes[i] ?? [], frame))
}

/** The scopes of generators up to their modules, innermost first. */
const scopesOf = (
  session: inspectorSession.InspectorSession,
  lists: ReadonlyArray<string>
): ReadonlyArray<ReadonlyArray<functionSource.Scope>> =>
  session.scopesIn(lists, functionSource.scopeTypes).map((scopes) => {
    const inModule = scopes.some(({ type }) => type === "Module")
    return scopes.flatMap(({ description, type, variables }) =>
      variables === undefined
        ? []
        : [{ type, maybeModule: !inModule && description === type, names: variables.names, read: variables.read }]
    )
  })

/** A service is the program, and not its data: its name says all. One that is nothing but data stays as it is. */
const namingServices = (
  locals: ReadonlyArray<functionSource.Local>,
  services: CapturedFrame["services"]
): ReadonlyArray<functionSource.Local> => {
  const keys = new Map<unknown, string>()
  for (const [key, service] of services ?? []) if (isObject(service) && !isData(service)) keys.set(service, key)
  return locals.map((local): functionSource.Local => {
    const key = keys.get(local.value)
    const name = key === undefined ? kindOf(local.value) : /[^/:.]*$/.exec(key)?.[0] || key
    if (name !== undefined) return { name: local.name, value: name, state: "service" }
    return isTRef(local.value) ? { ...local, value: heldBy(local.value) } : local
  })
}

const isData = (service: object): boolean =>
  !types.isProxy(service) &&
  !hasMethods(Object.getPrototypeOf(service)) &&
  Object.values(Object.getOwnPropertyDescriptors(service)).every(
    ({ value }) => typeof value !== "function" && !Effect.isEffect(value) && kindOf(value) === undefined
  )

/** Whether a class declares more than its name and its text: an `Effect.Service` that gives settings is a class without. */
const hasMethods = (prototype: object | null): boolean => {
  for (let own = prototype; own !== Object.prototype; own = Object.getPrototypeOf(own)) {
    if (own === null || types.isProxy(own)) return true
    if (Object.getOwnPropertyNames(own).some((name) => !unremarkable.has(name))) return true
  }
  return false
}

const unremarkable = new Set(["constructor", "toString", "toJSON", "_tag"])

const isMachinery = ({ origin }: scriptTable.Script): boolean => origin === "effect" || origin === "node"

const isMachineryFile = (file: string): boolean => {
  const origin = classify(file, [])
  return origin === "effect" || origin === "node" || /(?:^|\/)node_modules\/(?:effect|@effect)\//.test(file)
}

/** What a reader is tried on. A minifier puts what is used once in its place: each of these is used twice. */
export function* probe(known: object): Generator<object, void, unknown> {
  for (const round of [0, 1]) {
    const held = { known, round }
    const answer = yield held
    if (answer === known || answer === held) return
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
