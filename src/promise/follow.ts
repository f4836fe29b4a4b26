/**
 * When a function has ended that does not end when it returns: a Promise, a generator, a stream.
 */
import { errorMonitor } from "node:events"
import { types } from "node:util"
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import { isPromiseLike } from "effect/Predicate"
import { attempt, isObject, propertyOf } from "../plain/untrusted.js"
import { enter, type Place } from "./places.js"

/** A part of plain code that has begun, and has one end. */
export interface Following {
  /** Where its code runs. */
  readonly inside: Place
  /** Ends it, the first time. Gives how it ends for its caller, which a dry run changes. */
  readonly end: (exit: Exit.Exit<unknown, unknown>) => Exit.Exit<unknown, unknown>
}

/** The result of a function in a story or stage: its own, but for a thenable, which is started. */
export type Narrated<A> = A extends Promise<unknown> ? A : A extends PromiseLike<infer B> ? Promise<B> : A

/** Calls a function, and ends what was begun for it when it ends. */
export const run = <A>(following: Following, f: () => A): Narrated<A> => {
  let value: A
  try {
    value = enter(following.inside, f)
  } catch (error) {
    // Narrated<A> is what the function itself would give.
    return valueOf(following.end(exitOf(error)), error) as Narrated<A>
  }
  return follow(value, following) as Narrated<A>
}

/** The failure of what was thrown. An abort is an interruption. */
export const exitOf = (error: unknown): Exit.Exit<never, unknown> =>
  isAbort(error) ? Exit.failCause(Cause.interrupt(FiberId.none)) : Exit.fail(error)

export const isAbort = (error: unknown): boolean => propertyOf(error, "name") === "AbortError"

const valueOf = (exit: Exit.Exit<unknown, unknown>, error: unknown): unknown => {
  if (exit._tag === "Failure") throw error
  return exit.value
}

const follow = (value: unknown, following: Following): unknown => {
  if (types.isPromise(value)) return settle(value, following)
  if (attempt(() => isPromiseLike(value), false)) {
    return settle(
      enter(following.inside, () => Promise.resolve(value)),
      following
    )
  }
  return followOpen(value, following)
}

const settle = (promise: Promise<unknown>, following: Following): Promise<unknown> =>
  promise.then(
    (value) => followOpen(value, following),
    (error) => valueOf(following.end(exitOf(error)), error)
  )

/** What goes on after it was given to the caller. */
const followOpen = (value: unknown, following: Following): unknown => {
  if (types.isGeneratorObject(value)) followGenerator(value, following)
  else if (isNodeStream(value)) followStream(value, following)
  else following.end(Exit.succeed(value))
  return value
}

/**
 * Watches a generator through its own methods, which it gets for as long as it runs: it stays the object it is. Its body
 * runs where its function was called, not where it is asked for more. Who stops early has had all that was wanted.
 */
const followGenerator = (generator: object, { end, inside }: Following): void => {
  const over = (exit: Exit.Exit<unknown, unknown>): void => {
    for (const method of methods) Reflect.deleteProperty(generator, method)
    end(exit)
  }
  const watched = <A>(result: A): A => {
    if (propertyOf(result, "done") === true) over(Exit.succeed(propertyOf(result, "value")))
    return result
  }
  const failed = (error: unknown): never => {
    over(exitOf(error))
    throw error
  }
  const watch = (original: Step): Step => {
    return (...args) => {
      let result: unknown
      try {
        result = enter(inside, () => Reflect.apply(original, generator, args))
      } catch (error) {
        return failed(error)
      }
      return types.isPromise(result) ? result.then(watched, failed) : watched(result)
    }
  }
  const watchedMethods = methods.map((name) => ({ name, original: Reflect.get(generator, name) as Step }))
  for (const { name, original } of watchedMethods) {
    const value = watch(original)
    const isSet = Reflect.defineProperty(generator, name, { value, configurable: true, writable: true })
    // One that must not be changed cannot be watched.
    if (!isSet) return void end(Exit.succeed(generator))
  }
}

const methods = ["next", "return", "throw"] as const

type Step = (...args: ReadonlyArray<unknown>) => unknown

/** What is read of a stream of Node's, whoever made it. */
interface NodeStream extends NodeJS.EventEmitter {
  readonly readable?: boolean
  readonly writable?: boolean
  readonly readableEnded?: boolean
  readonly writableFinished?: boolean
}

/** A stream that is open. A server's response is none: it is sent long after it was returned. */
const isNodeStream = (value: unknown): value is NodeStream =>
  isObject(value) &&
  (propertyOf(value, "readable") === true || propertyOf(value, "writable") === true) &&
  typeof propertyOf(value, "on") === "function" &&
  typeof propertyOf(value, "pipe") === "function" &&
  propertyOf(value, "headersSent") === undefined

/** Watches a stream without taking part in it: it flows no sooner, and its errors are handled by no one else. */
const followStream = (stream: NodeStream, { end }: Following): void => {
  const sides = { readable: stream.readable === true, writable: stream.writable === true }
  const over = (exit: Exit.Exit<unknown, unknown>) => (): void => {
    for (const [event, listener] of listeners) stream.removeListener(event, listener)
    end(exit)
  }
  const completed = over(Exit.succeed(undefined))
  const ended = (side: "readable" | "writable") => (): void => {
    sides[side] = false
    if (!sides.readable && !sides.writable) completed()
  }
  const closed = (): void => {
    const isWhole = (!sides.readable || stream.readableEnded) && (!sides.writable || stream.writableFinished)
    if (isWhole) completed()
    else over(Exit.failCause(Cause.interrupt(FiberId.none)))()
  }
  const listeners: ReadonlyArray<readonly [string | symbol, (...args: Array<unknown>) => void]> = [
    ["end", ended("readable")],
    ["finish", ended("writable")],
    ["close", closed],
    [errorMonitor, (error) => over(exitOf(error))()]
  ]
  for (const [event, listener] of listeners) stream.on(event, listener)
}
