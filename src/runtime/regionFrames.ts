/**
 * What ends a region, on the stack of the fiber that is in it: `Effect.uninterruptibleMask` with a handler of success and
 * failure, in three operations of the fiber instead of ten.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { type AnyFiber, currentFiber } from "./fiber.js"
import {
  holdUninterruptible,
  isInterruptible,
  pop,
  push,
  thenInterruptible,
  thenUninterruptible
} from "./fiberInternals.js"
import type { Waiting } from "./waiting.js"

/** What is done when the work of a region has ended. */
export interface Leaving<A, E> {
  /** Called once. Nothing interrupts it, nor what it gives. It never throws. */
  readonly leave: (fiber: AnyFiber, exit: Exit.Exit<A, E>) => Effect.Effect<A, E>
}

/**
 * Runs work in a region that this very operation of the fiber began: no interruption comes before its end is certain. The
 * work is as interruptible as the fiber is.
 */
export const inside = <A, E, R>(
  fiber: AnyFiber,
  region: object | undefined,
  leaving: Leaving<A, E>,
  work: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => {
  const atEnd = new AtEnd(leaving, fiber, region, isInterruptible(fiber))
  push(fiber, atEnd)
  if (atEnd.isInterruptible) {
    push(fiber, thenUninterruptible)
    push(fiber, new AtSuccess(atEnd))
  }
  return work
}

/** {@link inside}, after what is to be waited for first, which is not interrupted. */
export const insideAfter = <A, E, R>(
  waiting: Waiting,
  fiber: AnyFiber,
  region: object | undefined,
  leaving: Leaving<A, E>,
  work: (here: AnyFiber) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => {
  if (waiting === undefined) return inside(fiber, region, leaving, work(fiber))
  const restore = isInterruptible(fiber) ? Effect.interruptible : Effect.uninterruptible
  holdUninterruptible(fiber)
  return Effect.flatMap(waiting, () => {
    const here = currentFiber(fiber)
    push(here, new AtEnd(leaving, here, region, false))
    return restore(work(here))
  })
}

/** Takes a failure, and the success of what is uninterruptible: an interrupted fiber skips it where it is interruptible. */
class AtEnd<A, E> {
  readonly _op = "OnSuccessAndFailure"

  declare readonly leaving: Leaving<A, E>
  declare readonly fiber: AnyFiber
  /** As `regionMark` has it. */
  declare readonly trace: object | undefined
  declare readonly isInterruptible: boolean

  constructor(leaving: Leaving<A, E>, fiber: AnyFiber, region: object | undefined, isInterruptible: boolean) {
    this.leaving = leaving
    this.fiber = fiber
    this.trace = region
    this.isInterruptible = isInterruptible
  }

  effect_instruction_i1(cause: Parameters<typeof Exit.failCause<E>>[0]): Effect.Effect<A, E> {
    const here = currentFiber(this.fiber)
    if (this.isInterruptible) push(here, thenInterruptible)
    return this.leaving.leave(here, Exit.failCause(cause))
  }

  effect_instruction_i2(value: A): Effect.Effect<A, E> {
    return this.leaving.leave(currentFiber(this.fiber), Exit.succeed(value))
  }
}

/** Takes the success of what is interruptible, which would else come by the other two one after the other. */
class AtSuccess<A, E> {
  readonly _op = "OnSuccess"
  declare readonly atEnd: AtEnd<A, E>

  constructor(atEnd: AtEnd<A, E>) {
    this.atEnd = atEnd
  }

  effect_instruction_i1(value: A): Effect.Effect<A, E> {
    const { fiber, leaving } = this.atEnd
    const here = currentFiber(fiber)
    pop(here)
    pop(here)
    const left = leaving.leave(here, Exit.succeed(value))
    // What is to be waited for is not interrupted either.
    if (!Exit.isExit(left)) holdUninterruptible(here)
    return left
  }
}
