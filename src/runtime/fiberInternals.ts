/**
 * What this library uses of Effect 3.22 that Effect does not export, all in one place: a move to another version of
 * Effect begins here (and in `diagnostics/locals`, which reads suspended fibers).
 */
import type * as Context from "effect/Context"
import type * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import { globalValue } from "effect/GlobalValue"
import * as Logger from "effect/Logger"
import * as RuntimeFlags from "effect/RuntimeFlags"
import type * as Tracer from "effect/Tracer"
import { mapCopy } from "../plain/mapCopy.js"
import type { AnyFiber } from "./fiber.js"

// On every fiber of 3.22, but missing from its public interface.
interface Internals {
  readonly _fiberRefs: FiberRefs.FiberRefs
  setFiberRefs(refs: FiberRefs.FiberRefs): void
}

const internalsOf = (fiber: AnyFiber): Internals => fiber as unknown as Internals

/** All that holds in a fiber: its context, its renderers, its switches. Immutable. */
export const refsOf = (fiber: AnyFiber): FiberRefs.FiberRefs => internalsOf(fiber)._fiberRefs

/** What a ref is set to: `FiberRefs.getOrDefault` makes a list and two options on its way. */
export const refIn = <A>(refs: FiberRefs.FiberRefs, ref: FiberRef.FiberRef<A>): A => {
  const values = refs.locals.get(ref)
  // Values are kept by their refs, and every ref of 3.22 has what it begins with.
  return values === undefined ? (ref as unknown as { readonly initial: A }).initial : (values[0][1] as A)
}

/** The fiber whose operation is running, without the `Option` that `Fiber.getCurrentFiber` makes for each question. */
export const runningFiber = (): AnyFiber | undefined => running["effect/FiberCurrent"] ?? undefined

/** Set and taken back by every fiber, around each of its operations. */
const running = globalThis as { readonly "effect/FiberCurrent"?: AnyFiber | null }

/** A fiber that runs nothing, for what reads its place of a fiber. Effect exports no constructor of one. */
export const idleFiber = (like: AnyFiber, id: FiberId.Runtime, refs: FiberRefs.FiberRefs): AnyFiber => {
  const FiberRuntime = like.constructor as new (
    id: FiberId.Runtime,
    refs: FiberRefs.FiberRefs,
    flags: RuntimeFlags.RuntimeFlags
  ) => AnyFiber
  return new FiberRuntime(id, refs, RuntimeFlags.none)
}

/**
 * Sets a ref of a fiber, as `FiberRefs.updateAs` would but for its comparison of the two values, which hashes both: they
 * mostly differ.
 */
export const setRef = <A>(fiber: AnyFiber, ref: FiberRef.FiberRef<A>, value: A): void => {
  const locals = mapCopy(refsOf(fiber).locals)
  put(locals, fiber.id(), ref, value)
  internalsOf(fiber).setFiberRefs(FiberRefs.unsafeMake(locals))
}

/** Refs, each with what it is set to. */
export type Settings<Values extends readonly [unknown, ...ReadonlyArray<unknown>]> = {
  readonly [K in keyof Values]: readonly [ref: FiberRef.FiberRef<Values[K]>, value: Values[K]]
}

/** The refs of a fiber of this id in which some are set. */
export const withRefs = <Values extends readonly [unknown, ...ReadonlyArray<unknown>]>(
  refs: FiberRefs.FiberRefs,
  id: FiberId.Runtime,
  settings: Settings<Values>
): FiberRefs.FiberRefs => {
  const locals = mapCopy(refs.locals)
  for (const [ref, value] of settings) put(locals, id, ref, value)
  return FiberRefs.unsafeMake(locals)
}

/** Takes back what was set in a fiber, or in the one that goes on for it. */
export type Leave = (here: AnyFiber) => void

/** Sets refs of a fiber. */
export const enterRefs = <Values extends readonly [unknown, ...ReadonlyArray<unknown>]>(
  fiber: AnyFiber,
  settings: Settings<Values>
): Leave => {
  const before = refsOf(fiber)
  const after = withRefs(before, fiber.id(), settings)
  internalsOf(fiber).setFiberRefs(after)
  return (here) => {
    // Mostly nothing else was set meanwhile.
    if (refsOf(here) === after) internalsOf(here).setFiberRefs(before)
    else for (const [ref] of settings) setRef(here, ref, refIn(before, ref))
  }
}

const put = <A>(
  locals: Map<
    unknown,
    readonly [readonly [FiberId.Single, unknown], ...ReadonlyArray<readonly [FiberId.Single, unknown]>]
  >,
  id: FiberId.Runtime,
  ref: FiberRef.FiberRef<A>,
  value: A
): void => {
  const values = locals.get(ref)
  const own = [id, value] as const
  const isOwn = values !== undefined && isSameFiber(values[0][0], id)
  locals.set(ref, values === undefined ? [own] : [own, ...(isOwn ? values.slice(1) : values)])
}

// `Equal.equals` keeps a hash in each id it compares; most ids of plain code's fibers are compared once.
const isSameFiber = (a: FiberId.Single, b: FiberId.Runtime): boolean =>
  a === b || (a._tag === "Runtime" && a.id === b.id && a.startTimeMillis === b.startTimeMillis)

export const setContext = (fiber: AnyFiber, context: Context.Context<never>): void =>
  setRef(fiber, FiberRef.currentContext, context)

/** A ref that was set in a fiber, and can be taken back. */
export interface Entered<A> {
  readonly ref: FiberRef.FiberRef<A>
  readonly outside: A
  readonly before: FiberRefs.FiberRefs
  readonly after: FiberRefs.FiberRefs
}

export const enterRef = <A>(fiber: AnyFiber, ref: FiberRef.FiberRef<A>, value: A): Entered<A> => {
  const outside = fiber.getFiberRef(ref)
  const before = refsOf(fiber)
  setRef(fiber, ref, value)
  return { ref, outside, before, after: refsOf(fiber) }
}

export const leaveRef = <A>(fiber: AnyFiber, { after, before, outside, ref }: Entered<A>): void => {
  // Mostly nothing else was set meanwhile.
  if (refsOf(fiber) === after) internalsOf(fiber).setFiberRefs(before)
  else setRef(fiber, ref, outside)
}

export const enterContext = (fiber: AnyFiber, context: Context.Context<never>): Entered<Context.Context<never>> =>
  enterRef(fiber, FiberRef.currentContext, context)

/** Where `Cause.pretty` looks up the source line of a span. */
export const spanToTrace = globalValue(
  "effect/Tracer/spanToTrace",
  () => new WeakMap<Tracer.AnySpan, () => string | undefined>()
)

let isRepaired = false

/**
 * Effect's logger of spans throws for a message that is no JSON, such as one with a bigint, and the program dies of it. A
 * program that has no spans but those of its stages must not: such a message is written as far as it can be.
 */
export const repairTracerLogger = (textOf: (message: unknown) => string): void => {
  if (isRepaired) return
  isRepaired = true
  globalValue("effect-narrative/tracerLogger", () => {
    const { log } = Logger.tracerLogger
    const repaired: typeof log = (options) => {
      try {
        log(options)
      } catch {
        log({ ...options, message: textOf(options.message) })
      }
    }
    // A plain object, though its type is read-only.
    return Object.assign(Logger.tracerLogger, { log: repaired })
  })
}
