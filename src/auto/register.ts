/**
 * Registers what instruments modules as they are loaded, by whatever this version of Node has for that.
 */
import * as nodeModule from "node:module"
import * as Instrument from "../instrument/Instrument.js"
import { initOf, wrap } from "../instrument/wrappedFunction.js"
import { instrument, type Loaded } from "./loaded.js"
import type { LoaderData } from "./loaderThread.js"
import { type AutoOptions, type AutoSettings, isDisabled, isWanted, settingsOf } from "./settings.js"
import { instrumenterKey, transform } from "./transform.js"

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
  Reflect.set(globalThis, Symbol.for(instrumenterKey), {
    f: (f: object, name: string) => wrap(f, initOf(name, undefined)),
    c: (target: new (...args: Array<never>) => unknown) => Instrument.class(target)
  })
  return registerInThread(settings) ?? registerBesideThread(settings)
}

type LoadHook = (url: string, context: unknown, nextLoad: (url: string, context: unknown) => Loaded) => Loaded

/** Node 22.15 and above: one hook for `import` and `require`, in this thread. */
const registerInThread = (settings: AutoSettings): Registration | undefined => {
  const registerHooks: unknown = Reflect.get(nodeModule, "registerHooks")
  if (typeof registerHooks !== "function") return undefined
  const load: LoadHook = (url, context, nextLoad) => instrument(url, nextLoad(url, context), settings)
  const hooks: { readonly deregister: () => void } = Reflect.apply(registerHooks, nodeModule, [{ load }])
  return { unregister: () => hooks.deregister() }
}

/** Node 20: `import` by a loader in a thread of its own, `require` by what compiles CommonJS. */
const registerBesideThread = (settings: AutoSettings): Registration => {
  const isOn = new Int32Array(new SharedArrayBuffer(4))
  Atomics.store(isOn, 0, 1)
  const data: LoaderData = { settings, isOn }
  nodeModule.register(new URL("./loaderThread.js", import.meta.url), { data })
  const prototype: unknown = nodeModule.Module.prototype
  const compile: unknown = Reflect.get(prototype as object, "_compile")
  if (typeof compile === "function") {
    Reflect.set(
      prototype as object,
      "_compile",
      function (this: unknown, content: unknown, path: unknown, ...rest: Array<unknown>): unknown {
        const isOurs = Atomics.load(isOn, 0) === 1 && typeof content === "string" && typeof path === "string"
        const source = isOurs && isWanted(path, settings) ? (transform(content, "script") ?? content) : content
        return Reflect.apply(compile, this, [source, path, ...rest])
      }
    )
  }
  return { unregister: () => void Atomics.store(isOn, 0, 0) }
}
