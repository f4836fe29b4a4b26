/**
 * Effects of a runtime that plain code runs, in the story of that code, by nothing but a Layer.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberRefs from "effect/FiberRefs"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Supervisor from "effect/Supervisor"
import * as rendererSet from "../delivery/rendererSet.js"
import { contextWith, regionIn } from "../narration/region.js"
import type { AnyFiber } from "../runtime/fiber.js"
import { setContext, setRef } from "../runtime/fiberInternals.js"
import * as asyncContext from "../tracing/asyncContext.js"
import { callerPlace, contextOf } from "./places.js"

/** Puts a fiber that plain code starts where that code is. */
class Continuing extends Supervisor.AbstractSupervisor<void> {
  override readonly value = Effect.void

  override onStart<A, E, R>(
    _context: Context.Context<R>,
    _effect: Effect.Effect<A, E, R>,
    parent: Option.Option<AnyFiber>,
    fiber: AnyFiber
  ): void {
    if (Option.isSome(parent) || regionIn(fiber.currentContext) !== undefined) return
    const place = callerPlace()
    if (place === undefined) return
    const around = contextOf(place)
    const region = regionIn(around)
    if (region === undefined) return
    // The services of its own runtime are those it was written for.
    const services = Context.merge(around, fiber.currentContext)
    setContext(fiber, contextWith(services, region, region.span))
    const own = fiber.getFiberRef(rendererSet.current)
    const more = FiberRefs.getOrDefault(place, rendererSet.current).filter((renderer) => !own.includes(renderer))
    if (more.length > 0) setRef(fiber, rendererSet.current, [...more, ...own])
  }
}

/** @internal */
export const layerAsyncContext: Layer.Layer<never> = Layer.merge(
  asyncContext.layerForeign,
  Supervisor.addSupervisor(new Continuing())
)
