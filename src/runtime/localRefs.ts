/**
 * `Effect.locally` at a fraction of its cost: the refs of a fiber are set while it runs an effect, and taken back.
 */
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import { type AnyFiber, withFiber } from "./fiber.js"
import { type Entered, leaveRefs } from "./fiberInternals.js"
import { inside, type Leaving } from "./regionFrames.js"

/** Runs an effect in refs that `enter` sets. */
export const withLocalRefs = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  enter: (fiber: AnyFiber) => Entered
): Effect.Effect<A, E, R> => withFiber((fiber) => inside(fiber, undefined, new LocalRefs<A, E>(enter(fiber)), self))

class LocalRefs<A, E> implements Leaving<A, E> {
  constructor(readonly entered: Entered) {}

  leave(here: AnyFiber, exit: Exit.Exit<A, E>): Exit.Exit<A, E> {
    leaveRefs(here, this.entered)
    return exit
  }
}
