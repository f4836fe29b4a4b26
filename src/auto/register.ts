/**
 * Registers what instruments modules as they are loaded, by whatever this version of Node has for that.
 */
import * as nodeModule from "node:module"
import * as movedColumns from "../diagnostics/source/movedColumns.js"
import { classMembers } from "../instrument/classMembers.js"
import { instrument, instrumentedSource, type Loaded, textOf } from "./loaded.js"
import type { LoaderData } from "./loaderThread.js"
import { instrumentReads, type OnRead } from "./moduleReads.js"
import * as programCalls from "./programCalls.js"
import {
  type AutoOptions,
  type AutoSettings,
  fileOf,
  isDisabled,
  isWanted,
  makeShared,
  type Shared,
  settingsOf
} from "./settings.js"
import { instrumenterKey } from "./transform.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Registration {
  /** Leaves alone what is loaded from now on. */
  readonly unregister: () => void
}

const nothing: Registration = { unregister: () => undefined }

export const register = (options: AutoOptions = {}): Registration => {
  if (isDisabled()) return nothing
  const settings = settingsOf(options)
  const shared = makeShared()
  programCalls.begin(() => settings.stories ?? Atomics.load(shared.namesUs, 0) === 0)
  Reflect.set(globalThis, Symbol.for(instrumenterKey), {
    // Whatever else has the name of a function stays as it is.
    f: (f: unknown) => (typeof f === "function" ? programCalls.wrapDeclared(f) : f),
    c: (target: new (...args: Array<never>) => unknown) => classMembers(target, {}, programCalls.wrap),
    e: programCalls.mainEnded,
    m: movedColumns.note
  })
  return registerInThread(settings, shared) ?? registerBesideThread(settings, shared)
}

type LoadHook = (url: string, context: unknown, nextLoad: (url: string, context: unknown) => Loaded) => Loaded

/** Node 22.15 and above: one hook for `import` and `require`, in this thread. */
const registerInThread = (settings: AutoSettings, shared: Shared): Registration | undefined => {
  const registerHooks: unknown = Reflect.get(nodeModule, "registerHooks")
  if (typeof registerHooks !== "function") return undefined
  const load: LoadHook = (url, context, nextLoad) => instrument(url, nextLoad(url, context), settings, shared)
  const hooks: { readonly deregister: () => void } = Reflect.apply(registerHooks, nodeModule, [{ load }])
  return { unregister: () => hooks.deregister() }
}

/** Node 20: `import` as modules are read or by a loader in a thread of its own, `require` by what compiles CommonJS. */
const registerBesideThread = (settings: AutoSettings, shared: Shared): Registration => {
  const isOn = (): boolean => Atomics.load(shared.isOn, 0) === 1
  const toThread = (): void => {
    const data: LoaderData = { settings, shared }
    if (isOn()) nodeModule.register(new URL("./loaderThread.js", import.meta.url), { data })
  }
  const read: OnRead = (url, source) => {
    const path = isOn() ? fileOf(url) : undefined
    // What is CommonJS after all is read again by what loads that.
    if (path === undefined || !mayBeModule.test(path) || !isWanted(path, settings)) return undefined
    return instrumentedSource(textOf(source), path, "module", settings, shared)
  }
  if (!instrumentReads(read, toThread)) toThread()
  const prototype: unknown = nodeModule.Module.prototype
  const compile: unknown = Reflect.get(prototype as object, "_compile")
  if (typeof compile === "function") {
    Reflect.set(
      prototype as object,
      "_compile",
      function (this: unknown, content: unknown, path: unknown, ...rest: Array<unknown>): unknown {
        const isOurs = isOn() && typeof content === "string" && typeof path === "string" && isWanted(path, settings)
        const source = isOurs ? (instrumentedSource(content, path, "script", settings, shared) ?? content) : content
        return Reflect.apply(compile, this, [source, path, ...rest])
      }
    )
  }
  return { unregister: () => void Atomics.store(shared.isOn, 0, 0) }
}

/** By its extension, or none. */
const mayBeModule = /(?:\.m?js|[/\\][^./\\]+)$/
