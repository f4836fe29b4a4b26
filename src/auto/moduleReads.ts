/**
 * Modules instrumented as they are read. Node 20 has hooks for `import` only in a thread of its own, to which every module takes two
 * messages there and back: a program starts in twice its time with hooks that do nothing. Without hooks Node reads a module by
 * `fs.promises.readFile`, as it is when the module is read, and that can be another one. Whether it is so is tried, with a module.
 */
import * as nodeModule from "node:module"
import { isDisabled } from "./settings.js"

/** The text of a module in the place of what is in its file; `undefined` where that stays. */
export type OnRead = (url: string, source: Uint8Array) => string | undefined

type Patched = (this: unknown, ...args: Array<unknown>) => unknown

let onRead: OnRead | undefined
let beforeHooks: (() => void) | undefined
/** Where modules are read, as far as it is known. */
let where: "unknown" | "tried" | "here" | "elsewhere" = "unknown"

/** The modules that all code shares, and whose functions can be replaced. */
const load = nodeModule.createRequire(import.meta.url)

/** Finds out, once, whether modules are read here: another loader reads them itself, in its thread. */
export const tryOnce = async (): Promise<void> => {
  if (where !== "unknown" || isDisabled() || typeof Reflect.get(nodeModule, "registerHooks") === "function") return
  where = "tried"
  const restore = replace(load("node:fs/promises"), "readFile", (read) => replacedRead(read))
  await import("./triedModule.js")
  if (!areHere()) {
    where = "elsewhere"
    return restore()
  }
  const hooked: (register: Patched) => Patched = (register) =>
    function (this: unknown, ...args) {
      beforeHooks?.()
      return Reflect.apply(register, this, args)
    }
  replace(load("node:module"), "register", hooked)
  nodeModule.syncBuiltinESMExports()
}

/**
 * Has modules instrumented as they are read; `false` where they are not read here. From the first hooks on that something else
 * registers, they are not any more: `toHooks` is called before.
 */
export const instrumentReads = (instrument: OnRead, toHooks: () => void): boolean => {
  if (!areHere()) return false
  onRead = instrument
  beforeHooks = () => {
    where = "elsewhere"
    onRead = undefined
    beforeHooks = undefined
    toHooks()
  }
  return true
}

const areHere = (): boolean => where === "here"

const replace = (target: object, name: string, by: (original: Patched) => Patched): (() => void) => {
  const original: Patched = Reflect.get(target, name)
  Reflect.set(target, name, Object.defineProperty(by(original), "name", { value: name, configurable: true }))
  return () => void Reflect.set(target, name, original)
}

const replacedRead = (read: Patched): Patched => {
  const readFile: Patched = function (this: unknown, ...args) {
    const [file] = args
    const isWatched = where === "tried" || onRead !== undefined
    if (!isWatched || args.length !== 1 || !(file instanceof URL) || !isLoader(readFile)) {
      return Reflect.apply(read, this, args)
    }
    where = "here"
    return readModule(file.href, Reflect.apply(read, this, args) as Promise<Uint8Array>)
  }
  return readFile
}

const readModule = async (url: string, reading: Promise<Uint8Array>): Promise<string | Uint8Array> => {
  const source = await reading
  return onRead?.(url, source) ?? source
}

/** Whether Node itself called this to load a module: a program that reads its own source gets that. */
const isLoader = (called: Patched): boolean => {
  const { prepareStackTrace, stackTraceLimit } = Error
  try {
    Error.stackTraceLimit = 1
    let caller: string | null | undefined
    Error.prepareStackTrace = (_, [site]) => {
      caller = site?.getFileName()
      return ""
    }
    const holder: { stack?: string } = {}
    Error.captureStackTrace(holder, called)
    void holder.stack
    return caller === "node:internal/modules/esm/load"
  } catch {
    return false
  } finally {
    Error.prepareStackTrace = prepareStackTrace
    Error.stackTraceLimit = stackTraceLimit
  }
}
