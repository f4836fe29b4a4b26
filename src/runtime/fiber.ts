/**
 * What a synchronous step of a fiber reads of that fiber.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { SyncScheduler } from "effect/Scheduler"
import { type AnyFiber, runningFiber } from "./fiberInternals.js"

export type { AnyFiber } from "./fiberInternals.js"

/** `Effect.withFiberRuntime`, for what needs nothing of the fiber's types. */
export const withFiber = <A, E, R>(f: (fiber: AnyFiber) => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withFiberRuntime<A, E, R>(f)

/** With request batching, a continuation may run in another fiber than its start did. */
export const currentFiber = (otherwise: AnyFiber): AnyFiber => runningFiber() ?? otherwise

// Asked for every event: `Context.get` takes several times as long.
const clockOf = ({ currentDefaultServices }: AnyFiber): Clock.Clock =>
  currentDefaultServices.unsafeMap.get(Clock.Clock.key) ?? Context.get(currentDefaultServices, Clock.Clock)

/** Milliseconds since the epoch. */
export const now = (fiber: AnyFiber): number => clockOf(fiber).unsafeCurrentTimeMillis()

export const nanos = (fiber: AnyFiber): bigint => clockOf(fiber).unsafeCurrentTimeNanos()

/** The seconds between two readings of {@link nanos}. */
export const seconds = (from: bigint, to: bigint): number => Number(BigInt.asIntN(64, to - from)) / 1e9

/** Whether the program is run by `Effect.runSync`, which dies of anything that takes time. */
export const isSynchronous = (fiber: AnyFiber): boolean =>
  fiber.currentScheduler instanceof SyncScheduler && !fiber.currentScheduler.deferred
