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

/**
 * Calls a function; of one that gives a generator before any line of it runs, what is begun for it begins with its first line. A
 * generator that is never asked for anything has none.
 */
export const runBegun = <A>(begin: () => Following, f: () => A, isGenerator: boolean): Narrated<A> => {
  if (!isGenerator) return run(begin(), f)
  const generator = f()
  // As its function says.
  followGenerator(generator as object, begin)
  return generator as Narrated<A>
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
  if (types.isGeneratorObject(value)) followGenerator(value, () => following, following)
  else if (isNodeStream(value)) followStream(value, following)
  else following.end(Exit.succeed(value))
  return value
}

/** Ends what was begun for a generator or stream that was given, and that its user forgot: it is collected as garbage. */
const forgotten = new FinalizationRegistry<Following["end"]>((end) => void end(cancelled))

const cancelled = Exit.failCause(Cause.interrupt(FiberId.none))

/**
 * Watches a generator through its own methods, which it gets for as long as it runs: it stays the object it is. Its body
 * runs where its function was called, not where it is asked for more. Who stops early has had all that was wanted.
 */
const followGenerator = (generator: object, begin: () => Following, begun?: Following): void => {
  let following: Following | undefined
  const began = (now: Following): Following => {
    forgotten.register(generator, now.end, now)
    following = now
    return now
  }
  if (begun !== undefined) began(begun)
  const over = (exit: Exit.Exit<unknown, unknown>): void => {
    for (const method of methods) Reflect.deleteProperty(generator, method)
    if (following === undefined) return
    forgotten.unregister(following)
    following.end(exit)
  }
  const watched = <A>(result: A): A => {
    if (propertyOf(result, "done") === true) over(Exit.succeed(propertyOf(result, "value")))
    return result
  }
  const failed = (error: unknown): never => {
    over(exitOf(error))
    throw error
  }
  const watch = (name: (typeof methods)[number], original: Step): Step => {
    return (...args) => {
      // Stopped before it began, none of its lines runs.
      const inside = (name === "next" ? (following ?? began(begin())) : following)?.inside
      const step = () => Reflect.apply(original, generator, args)
      let result: unknown
      try {
        result = inside === undefined ? step() : enter(inside, step)
      } catch (error) {
        return failed(error)
      }
      return types.isPromise(result) ? result.then(watched, failed) : watched(result)
    }
  }
  const watchedMethods = methods.map((name) => ({ name, original: Reflect.get(generator, name) as Step }))
  for (const { name, original } of watchedMethods) {
    const value = watch(name, original)
    const isSet = Reflect.defineProperty(generator, name, { value, configurable: true, writable: true })
    // One that must not be changed cannot be watched.
    if (!isSet) return void over(Exit.succeed(generator))
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
  forgotten.register(stream, end, end)
  const sides = { readable: stream.readable === true, writable: stream.writable === true }
  const over = (exit: Exit.Exit<unknown, unknown>) => (): void => {
    for (const [event, listener] of listeners) stream.removeListener(event, listener)
    forgotten.unregister(end)
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
    else over(cancelled)()
  }
  const listeners: ReadonlyArray<readonly [string | symbol, (...args: Array<unknown>) => void]> = [
    ["end", ended("readable")],
    ["finish", ended("writable")],
    ["close", closed],
    [errorMonitor, (error) => over(exitOf(error))()]
  ]
  for (const [event, listener] of listeners) stream.on(event, listener)
}
