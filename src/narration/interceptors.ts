/**
 * What runs before and after every stage, where there is such a thing.
 */
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type { AnyFiber } from "../runtime/fiber.js"
import type { Waiting } from "../runtime/waiting.js"
import type { Place } from "./workContext.js"

/** What runs around one stage, and has begun. */
export interface Intercepting {
  readonly waiting: Waiting
  /** What takes the place of the stage's work: known when nothing is waited for any more. */
  readonly rejected: Effect.Effect<never> | undefined
  end(exit: Exit.Exit<unknown, unknown>): Waiting
}

export interface Interceptors {
  readonly begin: (name: string, kind: string, place: Place) => Intercepting
}

export const key = "effect-narrative/Interceptors"

/** `undefined` where there are none. */
export const interceptorsOf = (fiber: AnyFiber): Interceptors | undefined => fiber.currentContext.unsafeMap.get(key)
