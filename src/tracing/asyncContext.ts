/**
 * `AsyncLocalStorage` as the place of code that is not Effect: a fiber is in it while one of its operations runs, and what
 * an operation calls or starts is in it, too.
 *
 * A fiber itself never reads it: one that another fiber woke finds the other one's store there.
 */
import { AsyncLocalStorage } from "node:async_hooks"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import type * as FiberRefs from "effect/FiberRefs"
import { globalValue } from "effect/GlobalValue"
import * as Layer from "effect/Layer"
import * as Tracer from "effect/Tracer"
import { refIn, refsOf } from "../runtime/fiberInternals.js"
import { localSpan } from "./localSpan.js"
import { isEffects, wraps } from "./spans.js"

// One for all copies of the library in a process.
const storage = globalValue("effect-narrative/asyncContext", () => new AsyncLocalStorage<FiberRefs.FiberRefs>())

/** The context that holds here. */
export const currentContext = (): Context.Context<never> | undefined => {
  const place = current()
  return place && refIn(place, FiberRef.currentContext)
}

// Looking it up takes longer than a short function does: it is not done in a program that has no such places.
const used = globalValue("effect-narrative/asyncContextUsed", () => ({ isUsed: false }))

/** All that holds here: in a fiber whose tracer is {@link followed}, or in code that was entered. */
export const current = (): FiberRefs.FiberRefs | undefined => (used.isUsed ? storage.getStore() : undefined)

/** Calls a function in a place. Whatever it starts is there, too. */
export const enter = <A>(place: FiberRefs.FiberRefs, f: () => A): A => {
  used.isUsed = true
  return storage.run(place, f)
}

const followedTracers = globalValue("effect-narrative/followedTracers", () => new WeakSet<Tracer.Tracer>())

export const isFollowed = (tracer: Tracer.Tracer): boolean => followedTracers.has(tracer)

/** A tracer whose fibers enter their own place with each of their operations. */
export const followed = (tracer: Tracer.Tracer): Tracer.Tracer => {
  if (followedTracers.has(tracer)) return tracer
  const following = Tracer.make({
    span: isEffects(tracer) ? localSpan : (...args) => tracer.span(...args),
    context: (execution, fiber) => {
      const place = refsOf(fiber)
      return storage.getStore() === place
        ? tracer.context(execution, fiber)
        : enter(place, () => tracer.context(execution, fiber))
    }
  })
  followedTracers.add(following)
  wraps(following, tracer)
  return following
}

/** Follows the fibers whose tracer it is: provide it inside the layer of an SDK. */
export const layerForeign: Layer.Layer<never> = /* @__PURE__ */ Layer.unwrapEffect(
  Effect.map(Effect.tracer, (tracer) => Layer.setTracer(followed(tracer)))
)
