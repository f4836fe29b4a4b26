/**
 * Where code that is not Effect is: what a fiber there would have as its context, renderers and switches.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as Runtime from "effect/Runtime"
import * as Tracer from "effect/Tracer"
import { regionIn } from "../narration/region.js"
import { type AnyFiber, withFiber } from "../runtime/fiber.js"
import { idleFiber, refIn, refsOf, runningFiber } from "../runtime/fiberInternals.js"
import * as asyncContext from "../tracing/asyncContext.js"
import type * as Correlation from "../tracing/Correlation.js"
import { askedPlace, currentIn } from "../tracing/correlationScope.js"

export type Place = FiberRefs.FiberRefs

export const contextOf = (place: Place): Context.Context<never> => refIn(place, FiberRef.currentContext)

/** An effect whose plain code knows where it is, also after it has waited for something. */
export const following = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  withFiber((fiber) =>
    asyncContext.isFollowed(fiber.currentTracer)
      ? effect
      : Effect.withTracer(effect, asyncContext.followed(fiber.currentTracer))
  )

/** Where the effects of a runtime begin. */
export const baseOf = (runtime: Runtime.Runtime<never>): Place => Runtime.runSync(runtime, following(refs))

/** What runs effects in a place. */
export const runtimeAt = (place: Place): Runtime.Runtime<never> =>
  Runtime.make({
    context: contextOf(place),
    runtimeFlags: Runtime.defaultRuntimeFlags,
    fiberRefs: place
  })

/** The same place, for work with a correlation. */
export const withCorrelation = (place: Place, correlation: Correlation.Correlation): Place =>
  askedPlace(place, FiberId.unsafeMake(), correlation)

/** Who asked, in a place. */
export const correlationIn = (place: Place): Correlation.Correlation => currentIn(contextOf(place))

const refs: Effect.Effect<Place> = withFiber((fiber) => Effect.succeed(refsOf(fiber)))

/** A fiber in a place, as far as regions read one: it runs nothing. It may work with a correlation. */
export const fiberAt = (place: Place, correlation?: Correlation.Correlation): AnyFiber => {
  anyFiber ??= Effect.runFork(Effect.void)
  const id = FiberId.unsafeMake()
  return idleFiber(anyFiber, id, correlation === undefined ? place : askedPlace(place, id, correlation))
}

let anyFiber: AnyFiber | undefined

/** The fiber in which plain code was entered that has not returned yet. */
let enteredIn: AnyFiber | undefined

/** Calls plain code in a place. */
export const enter = <A>(place: Place, f: () => A): A => {
  const before = enteredIn
  enteredIn = runningFiber()
  try {
    return asyncContext.enter(place, f)
  } finally {
    enteredIn = before
  }
}

/**
 * Where the caller is, if that is known. In a fiber that is not followed it is what holds in that fiber: there the store
 * may be the one of whatever fiber woke it.
 */
export const callerPlace = (): Place | undefined => {
  const fiber = runningFiber()
  if (fiber === undefined) return asyncContext.current()
  const isInside = fiber === enteredIn || asyncContext.isFollowed(fiber.currentTracer)
  return isInside ? asyncContext.current() : refsOf(fiber)
}

/** Where the caller is; outside any story, `base`, in the caller's trace. */
export const here = (base: Place): Place => placeOr(base, callerPlace())

/** Where that code is which runs the current fiber, if this is the first thing that the fiber does. */
export const runnerPlace = (base: Place): Place => {
  const fiber = runningFiber()
  const isInStory = fiber !== undefined && regionIn(fiber.currentContext) !== undefined
  return placeOr(base, isInStory ? refsOf(fiber) : asyncContext.current())
}

const placeOr = (base: Place, place: Place | undefined): Place => {
  if (place === undefined) return base
  const context = contextOf(place)
  return regionIn(context) === undefined ? withCarried(base, context) : place
}

/** A base with what holds outside any story: who asked, and the span. */
const withCarried = (base: Place, from: Context.Context<never>): Place => {
  const span: unknown = from.unsafeMap.get(Tracer.ParentSpan.key)
  const own = contextOf(base)
  if (span === undefined && Array.from(from.unsafeMap.keys()).every((key) => own.unsafeMap.has(key))) return base
  const services = new Map([...from.unsafeMap, ...own.unsafeMap])
  if (span !== undefined) services.set(Tracer.ParentSpan.key, span)
  return withContext(base, Context.unsafeMake(services))
}

const withContext = (place: Place, context: Context.Context<never>): Place => {
  const [[fiberId] = [undefined]] = place.locals.get(FiberRef.currentContext) ?? []
  return fiberId === undefined
    ? place
    : FiberRefs.updateAs(place, { fiberId, fiberRef: FiberRef.currentContext, value: context })
}
