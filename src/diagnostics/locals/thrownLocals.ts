/**
 * The local variables of the functions that threw, by pausing V8 for an instant at every throw.
 *
 * A function that throws is gone when its error is reported, so this is the only way to its variables, and it has its price:
 * while it is on, a bare `await` takes several times as long and a throw a few milliseconds. Hence a second opt-in, and a
 * bucket of pauses that a burst of exceptions empties at once.
 */
import type { Debugger, Runtime } from "node:inspector"
import { isObject } from "../../plain/untrusted.js"
import { classify, isFiberFile } from "../source/stackFrames.js"
import * as functionSource from "./functionSource.js"
import * as inspectorSession from "./inspectorSession.js"
import type { GeneratorFrame, LocalsStatus } from "./locals.js"
import * as scriptTable from "./scriptTable.js"

/** A function as it was when it threw, or called what threw. */
export type ThrownFrame = GeneratorFrame

export interface ThrownLocals {
  readonly status: LocalsStatus
  readonly uninstall: () => void
}

/**
 * Starts pausing at throws, in this thread and without opening a port. Never throws: where it cannot be done, or a debugger
 * is attached that would be disturbed, `status` says why.
 */
export const install = (): ThrownLocals => {
  try {
    return debuggerMayAttach() ? unavailable("a debugger may be attached") : pausing()
  } catch (error) {
    return unavailable(error instanceof Error ? error.message : String(error))
  }
}

/** The functions that an error was thrown through, the one that threw first. Empty if nothing was seen of it. */
export const localsOf = (error: object): ReadonlyArray<ThrownFrame> => snapshots.get(error) ?? []

/** Forgets what an error was thrown through, with all its values. */
export const release = (error: object): void => {
  snapshots.delete(error)
}

/** Most functions reported of one throw. */
const maxFrames = 3
/** Most functions of one throw looked at. */
const maxLooked = 30
/** Pauses for throws of the app's own that may follow each other at once. */
const maxPauses = 5
/** The same for those of libraries, which throw for themselves, too, as when they look for a file while they load. */
const maxForeignPauses = 50
/** After so long a full bucket is given out again, in milliseconds. */
const rearmAfter = 1_000

// By identity: it works on frozen errors, and leaves no trace on the others.
const snapshots = new WeakMap<object, ReadonlyArray<ThrownFrame>>()

const unavailable = (why: string): ThrownLocals => ({
  status: { available: false, reason: `No local variables of functions that throw: ${why}.` },
  uninstall: () => {}
})

const debuggerMayAttach = (): boolean => inspectorSession.inspector().url() !== undefined

const pausing = (): ThrownLocals => {
  const session = inspectorSession.open()
  const scripts = scriptTable.collect(session)
  let pauses = maxPauses
  let foreignPauses = maxForeignPauses
  let timer: NodeJS.Timeout | undefined
  let closed = false

  const arm = (state: "all" | "none"): void => session.ask("Debugger.setPauseOnExceptions", { state })
  const rearm = (): void => {
    timer = undefined
    if (closed) return
    pauses = maxPauses
    foreignPauses = maxForeignPauses
    try {
      // One that was opened since has the pauses to itself.
      if (debuggerMayAttach()) uninstall()
      else arm("all")
    } catch {
      // The session is gone, and so is what it was for.
    }
  }

  const uninstall = (): void => {
    if (closed) return
    closed = true
    clearTimeout(timer)
    session.connection.off("Debugger.paused", paused)
    try {
      arm("none")
      session.close()
    } catch {
      // It was closed already.
    }
  }
  const paused = ({ params }: { readonly params: Debugger.PausedEventDataType }): void => {
    try {
      const thrown = params.data as Runtime.RemoteObject | undefined
      const error = thrown?.objectId === undefined ? undefined : session.valueOf(thrown.objectId)
      // An error that is thrown again was seen where it came from.
      if (isObject(error) && !snapshots.has(error)) {
        const frames = framesOf(session, scripts, params.callFrames)
        if (frames.length > 0) snapshots.set(error, frames)
      }
      const thrower = params.callFrames[0]
      if (thrower !== undefined && scripts.scriptOf(thrower.location.scriptId)?.origin === "app") pauses -= 1
      else foreignPauses -= 1
      // The real clock, and Node's own timer: it is the process that has to be spared, whatever time a test lives in.
      timer ??= setTimeout(rearm, rearmAfter).unref()
      if (pauses <= 0 || foreignPauses <= 0 || debuggerMayAttach()) arm("none")
    } catch {
      // Whatever is wrong here, the program has to go on.
    } finally {
      resume(session)
    }
  }

  session.connection.on("Debugger.paused", paused)
  try {
    session.ask("Debugger.enable")
    arm("all")
  } catch (error) {
    session.close()
    throw error
  }
  return {
    status: { available: true, reason: "Local variables are read from functions as they throw." },
    uninstall
  }
}

// A pause that is not resumed leaks, and a handle that is not released keeps its values.
const resume = (session: inspectorSession.InspectorSession): void => {
  for (const end of [session.forget, () => session.ask("Debugger.resume")]) {
    try {
      end()
    } catch {
      // Nothing is left to be ended.
    }
  }
}

const framesOf = (
  session: inspectorSession.InspectorSession,
  scripts: scriptTable.ScriptTable,
  callFrames: ReadonlyArray<Debugger.CallFrame>
): ReadonlyArray<ThrownFrame> => {
  const frames: Array<ThrownFrame> = []
  for (const callFrame of callFrames.slice(0, maxLooked)) {
    // What is behind a fiber's run loop only started the fiber.
    if (frames.length >= maxFrames || isFibers(scripts.scriptOf(callFrame.location.scriptId))) break
    try {
      const frame = frameOf(session, scripts, callFrame)
      if (frame !== undefined) frames.push(frame)
    } catch {
      // One frame less; the next may be read.
    }
  }
  return frames
}

const isFibers = (script: scriptTable.Script | undefined): boolean =>
  script !== undefined && isFiberFile(script.path, script.origin)

const frameOf = (
  session: inspectorSession.InspectorSession,
  scripts: scriptTable.ScriptTable,
  { functionLocation, functionName, location, scopeChain }: Debugger.CallFrame
): ThrownFrame | undefined => {
  const script = scripts.scriptOf(location.scriptId)
  const own = scopeChain.find(({ type }) => type === "local")
  if (script?.origin !== "app" || functionLocation === undefined || own?.endLocation === undefined) return undefined
  const text = textOf(session, functionLocation, own.endLocation)
  const source = functionSource.make(script, text, functionLocation, "text", functionName)
  const place = source.placeOf(location)
  if (classify(place.path, ["/"]) !== "app") return undefined
  return {
    ...source.frameAt(place),
    locals: source.localsAt(location, scopesOf(session, scopeChain), "paused")
  }
}

const textOf = (session: inspectorSession.InspectorSession, from: Debugger.Location, to: Debugger.Location): string => {
  const { scriptSource } = session.ask<Debugger.GetScriptSourceReturnType>("Debugger.getScriptSource", {
    scriptId: from.scriptId
  })
  const lines = functionSource.lineStartsOf(scriptSource)
  const offsetOf = ({ columnNumber, lineNumber }: Debugger.Location) => (lines[lineNumber] ?? 0) + (columnNumber ?? 0)
  return scriptSource.slice(offsetOf(from), offsetOf(to))
}

const scopesOf = (
  session: inspectorSession.InspectorSession,
  chain: ReadonlyArray<Debugger.Scope>
): ReadonlyArray<functionSource.Scope> => {
  const inModule = chain.some(({ type }) => type === "module")
  const scopes: Array<functionSource.Scope> = []
  for (const { name, object, type } of chain) {
    const written = `${type[0]?.toUpperCase()}${type.slice(1)}`
    if (object.objectId === undefined || !functionSource.scopeTypes.has(written)) continue
    const maybeModule = !inModule && (name === undefined || name === "")
    scopes.push({ type: written, maybeModule, ...session.scopeOf(object.objectId) })
  }
  return scopes
}
