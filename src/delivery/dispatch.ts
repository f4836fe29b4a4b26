/**
 * How an event reaches renderers without ever hurting the fiber that emits it.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Predicate from "effect/Predicate"
import type { NarrativeEvent } from "../event/NarrativeEvent.js"
import { withoutNarration } from "../runtime/muting.js"
import { inOrder, type Waiting } from "../runtime/waiting.js"
import { Delivery } from "./deliveryCounts.js"
import { type Deliver, ownDeliveryOf, type Renderer, type Route, routeOf } from "./rendererModel.js"

/** What a handler returned, as far as it has to be waited for: an Effect, or the promise of an async function. */
export const toWaitFor = (returned: unknown): Waiting => {
  // Whatever the types say of its errors, those who run it treat it as an effect that may fail.
  if (Effect.isEffect(returned)) return returned as Effect.Effect<void>
  if (!Predicate.isPromiseLike(returned)) return undefined
  const settled = Promise.resolve(returned as PromiseLike<void>)
  // Another renderer may have to be waited for first. A rejection meanwhile must not end the process.
  settled.catch(() => undefined)
  return Effect.promise(() => settled)
}

const deliveries = new WeakMap<Renderer, Delivery>()

const deliveryOf = (renderer: Renderer): Delivery => {
  const own = ownDeliveryOf(renderer) ?? deliveries.get(renderer)
  if (own !== undefined) return own
  const delivery = new Delivery(renderer.name)
  deliveries.set(renderer, delivery)
  return delivery
}

/** The counts of every renderer that does the work itself, below the given ones, each once. */
export const countsBelow = (renderers: ReadonlyArray<Renderer>): ReadonlyArray<Delivery> => {
  const found = new Set<Delivery>()
  for (const renderer of renderers) {
    const route = routeOf(renderer)
    if (route === undefined) found.add(deliveryOf(renderer))
    else for (const delivery of countsBelow(route.parts)) found.add(delivery)
  }
  return Array.from(found)
}

/** How deep the synchronous part of a renderer is running: what it logs there is not narrated. */
let handling = 0
export const isHandling = (): boolean => handling > 0

/**
 * Delivers one event to one renderer. Whatever the renderer does, this returns: nothing, or an effect that waits for it,
 * never fails, and has to be run in an uninterruptible region.
 */
export const deliver: Deliver = (renderer, event) => {
  const route = routeOf(renderer)
  if (route !== undefined) return deliverRouted(route, event)
  if (ownDeliveryOf(renderer) !== undefined) return deliverCounting(renderer, event)
  return deliverTo(deliveryOf(renderer), renderer, event)
}

/** Delivers one value to whatever handles it, and counts what becomes of it, as {@link deliver} does an event. */
export const deliverTo = <A>(delivery: Delivery, to: { readonly handle: (value: A) => unknown }, value: A): Waiting => {
  delivery.emitted += 1
  handling += 1
  let waiting: Waiting
  try {
    waiting = toWaitFor(to.handle(value))
  } catch (defect) {
    return warned(delivery.fail(Cause.die(defect)))
  } finally {
    handling -= 1
  }
  if (waiting === undefined) {
    delivery.delivered += 1
    return undefined
  }
  return settle(waiting, delivery)
}

const deliverRouted = (route: Route, event: NarrativeEvent): Waiting => {
  try {
    return route.send(event, deliver)
  } catch (defect) {
    // The combinator's own function threw: each renderer below should have had the event.
    let waiting: Waiting
    for (const delivery of countsBelow(route.parts)) {
      delivery.emitted += 1
      waiting = inOrder(waiting, warned(delivery.fail(Cause.die(defect))))
    }
    return waiting
  }
}

const deliverCounting = (renderer: Renderer, event: NarrativeEvent): Waiting => {
  const waiting = renderer.handle(event)
  return Effect.isEffect(waiting) ? Effect.asVoid(Effect.exit(withoutNarration(waiting))) : undefined
}

/**
 * Runs what a renderer returned in a fiber of its own: there its timeouts and races work, and an interruption of the
 * program cannot tear an event that it has already been given.
 */
const settle = (waiting: Effect.Effect<void>, delivery: Delivery): Effect.Effect<void> => {
  delivery.pending += 1
  return waiting.pipe(
    Effect.interruptible,
    Effect.forkDaemon,
    Effect.flatMap(Fiber.await),
    withoutNarration,
    Effect.flatMap((exit) => {
      delivery.pending -= 1
      if (exit._tag === "Success") {
        delivery.delivered += 1
        return Effect.void
      }
      return warned(delivery.fail(exit.cause)) ?? Effect.void
    })
  )
}

const warned = (warning: Waiting): Waiting => (warning === undefined ? undefined : withoutNarration(warning))

/** Delivers one event to several renderers, in their order. */
export const deliverAll = (renderers: ReadonlyArray<Renderer>, event: NarrativeEvent): Waiting => {
  let waiting: Waiting
  for (let i = 0; i < renderers.length; i++) {
    waiting = inOrder(waiting, deliver(renderers[i] as Renderer, event))
  }
  return waiting
}
