/**
 * Calls of the app's functions. What narrates them is loaded when the first of them is made: until then a program that is
 * instrumented starts nearly as fast as it does without.
 */
import { createRequire } from "node:module"
import { type AnyFunction, type Call, type Wrap, wrapper } from "../instrument/wrapper.js"
import { titleCase } from "../plain/titleCase.js"
import type * as NarratedCalls from "./narratedCalls.js"

const load = createRequire(import.meta.url)

let narrated: typeof NarratedCalls | undefined
let isLoading = false
let isMainOver = false

/** Whether calls outside any story begin one. */
let beginsStories = (): boolean => false

/** A program that narrates has loaded this library itself. */
const isLibraryLoaded = (): boolean => {
  const globals: unknown = Reflect.get(globalThis, "effect/GlobalValue")
  return globals instanceof Map && globals.has("effect-narrative/asyncContext")
}

/** Loads it at once, where that can be done and there is anything to narrate. What it calls meanwhile is not narrated. */
const narratedCalls = (): typeof NarratedCalls | undefined => {
  if (narrated !== undefined || isLoading || !(beginsStories() || isLibraryLoaded())) return narrated
  isLoading = true
  try {
    use(load("./narratedCalls.js"))
  } catch (error) {
    process.emitWarning(`effect-narrative/auto narrates nothing: ${String(error)}`)
  }
  return narrated
}

const use = (loaded: typeof NarratedCalls): void => {
  narrated = loaded
  loaded.begin(() => beginsStories(), isMainOver)
}

/** Whether an ES module can be loaded at once, and nothing else decides how that is done, as `tsx` does. */
const canLoadLater = (): boolean => {
  const given = [...process.execArgv, ...(process.env["NODE_OPTIONS"] ?? "").split(/\s+/)]
  const preloaded = given.filter((arg) => /^(?:--import|--require|-r|--loader|--experimental-loader)(?:=|$)/.test(arg))
  return Reflect.get(process.features, "require_module") === true && preloaded.length <= 1
}

/** Loads now what cannot be loaded later, or is needed at once. */
export const prepare = async (isNeeded = false): Promise<void> => {
  if (narrated !== undefined || (!isNeeded && canLoadLater())) return
  isLoading = true
  use(await import("./narratedCalls.js"))
}

/** Threads are loaded by few programs. */
const isMainThread = (): boolean => {
  const threads: typeof import("node:worker_threads") = load("node:worker_threads")
  return threads.isMainThread
}

/** Begins stories for calls outside any, where that is wanted. Those of other threads are none of the program's. */
export const begin = (areWanted: () => boolean): void => {
  beginsStories = () => isMainThread() && areWanted()
  process.removeListener("uncaughtExceptionMonitor", failed)
  process.on("uncaughtExceptionMonitor", failed)
}

/** What ends the program is a failure of it. It changes nothing about that. */
const failed = (error: unknown): void => {
  if (beginsStories()) narratedCalls()?.failed(error)
}

export const mainEnded = (): void => {
  isMainOver = true
  narrated?.mainEnded()
}

export const wrap: Wrap = (f, name, kind) =>
  wrapper(
    f,
    later(() => name, kind)
  )

/** A function that is declared, and called as it is, title-cased. */
export const wrapDeclared = <F extends object>(f: F): F =>
  wrapper(f, (original) => later(() => titleCase(original.name), undefined)(original))

/** Nothing of a call is made before the first one: most functions of a program are not called while it starts. */
const later =
  (nameOf: () => string, kind: string | undefined) =>
  (original: AnyFunction): Call => {
    let call: Call | undefined
    return (self, args) => {
      call ??= narratedCalls()?.callOf(original, nameOf(), kind)
      return call === undefined ? Reflect.apply(original, self, args) : call(self, args)
    }
  }
