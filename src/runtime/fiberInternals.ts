/**
 * What this library uses of Effect 3.22 that Effect does not export, all in one place: a move to another version of
 * Effect begins here (and in `diagnostics/locals`, which reads suspended fibers).
 */
import type * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"
import type * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import { globalValue } from "effect/GlobalValue"
import * as Logger from "effect/Logger"
import * as RuntimeFlags from "effect/RuntimeFlags"
import * as RuntimeFlagsPatch from "effect/RuntimeFlagsPatch"
import type * as Tracer from "effect/Tracer"
import { mapCopy } from "../plain/mapCopy.js"

export type AnyFiber = Fiber.RuntimeFiber<unknown, unknown>

// On every fiber of 3.22, but missing from its public interface.
interface Internals {
  readonly _fiberRefs: FiberRefs.FiberRefs
  setFiberRefs(refs: FiberRefs.FiberRefs): void
  readonly currentRuntimeFlags: RuntimeFlags.RuntimeFlags
  patchRuntimeFlags(from: RuntimeFlags.RuntimeFlags, patch: RuntimeFlagsPatch.RuntimeFlagsPatch): void
  pushStack(frame: object): void
  popStack(): object | undefined
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
export const setRef = <A>(fiber: AnyFiber, ref: FiberRef.FiberRef<A>, value: A): void =>
  internalsOf(fiber).setFiberRefs(withRef(refsOf(fiber), fiber.id(), ref, value))

const withRef = <A>(
  refs: FiberRefs.FiberRefs,
  id: FiberId.Runtime,
  ref: FiberRef.FiberRef<A>,
  value: A
): FiberRefs.FiberRefs => {
  const locals = mapCopy(refs.locals)
  put(locals, id, ref, value)
  return FiberRefs.unsafeMake(locals)
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

/** A fiber's refs before some of them were set, and after. */
export interface Entered {
  readonly before: FiberRefs.FiberRefs
  readonly after: FiberRefs.FiberRefs
}

/** Sets refs of a fiber, to be taken back by {@link leaveRefs}. */
export const enterRefs = <Values extends readonly [unknown, ...ReadonlyArray<unknown>]>(
  fiber: AnyFiber,
  settings: Settings<Values>
): Entered => entered(fiber, withRefs(refsOf(fiber), fiber.id(), settings))

export const enterContext = (fiber: AnyFiber, context: Context.Context<never>): Entered =>
  entered(fiber, withRef(refsOf(fiber), fiber.id(), FiberRef.currentContext, context))

const entered = (fiber: AnyFiber, after: FiberRefs.FiberRefs): Entered => {
  const before = refsOf(fiber)
  internalsOf(fiber).setFiberRefs(after)
  return { before, after }
}

/** Takes back what was set in a fiber, or in the one that it goes on for. */
export const leaveRefs = (here: AnyFiber, { after, before }: Entered): void => {
  // Mostly nothing else was set meanwhile.
  if (refsOf(here) === after) internalsOf(here).setFiberRefs(before)
  else {
    for (const [ref, values] of after.locals) {
      if (before.locals.get(ref) !== values) setRef(here, ref, refIn(before, ref))
    }
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
  // Mostly there is nothing of a fiber that this one was forked from.
  if (values === undefined || (isOwn && values.length === 1)) locals.set(ref, [own])
  else locals.set(ref, [own, ...(isOwn ? values.slice(1) : values)])
}

// `Equal.equals` keeps a hash in each id it compares; most ids of plain code's fibers are compared once.
const isSameFiber = (a: FiberId.Single, b: FiberId.Runtime): boolean =>
  a === b || (a._tag === "Runtime" && a.id === b.id && a.startTimeMillis === b.startTimeMillis)

export const setContext = (fiber: AnyFiber, context: Context.Context<never>): void =>
  setRef(fiber, FiberRef.currentContext, context)

/** Puts a continuation on the stack of a fiber, in one of its operations: what this returns goes on there. */
export const push = (fiber: AnyFiber, frame: object): void => internalsOf(fiber).pushStack(frame)

export const pop = (fiber: AnyFiber): void => void internalsOf(fiber).popStack()

export const isInterruptible = (fiber: AnyFiber): boolean =>
  RuntimeFlags.interruption(internalsOf(fiber).currentRuntimeFlags)

const flagsReverted = (patch: RuntimeFlagsPatch.RuntimeFlagsPatch) => ({ _op: "RevertFlags", patch })

const uninterrupted = RuntimeFlagsPatch.disable(RuntimeFlags.Interruption)

/** The continuation with which a fiber becomes uninterruptible. */
export const thenUninterruptible = flagsReverted(uninterrupted)

/** The one with which it becomes interruptible, and is interrupted if it was meanwhile. */
export const thenInterruptible = flagsReverted(RuntimeFlagsPatch.enable(RuntimeFlags.Interruption))

/** Makes a fiber uninterruptible until it goes on with what is on its stack by now. */
export const holdUninterruptible = (fiber: AnyFiber): void => {
  if (!isInterruptible(fiber)) return
  const internals = internalsOf(fiber)
  internals.patchRuntimeFlags(internals.currentRuntimeFlags, uninterrupted)
  internals.pushStack(thenInterruptible)
}

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
