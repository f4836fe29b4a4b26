/**
 * The renderers a fiber narrates to, and how an event reaches them without ever hurting the fiber.
 */
import * as Cause from "effect/Cause"
import * as Differ from "effect/Differ"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import { globalValue } from "effect/GlobalValue"
import * as HashSet from "effect/HashSet"
import type * as Logger from "effect/Logger"
import * as Predicate from "effect/Predicate"
import * as Scope from "effect/Scope"
import type { Span } from "effect/Tracer"
import type { NarrativeEvent } from "../event/NarrativeEvent.js"
import type { Instrument } from "../metrics/Instruments.js"
import type { Story } from "../narration/Story.js"
import * as switches from "../runtime/switches.js"
import { Delivery } from "./deliveryCounts.js"
import type { Renderer } from "./Renderer.js"

/** Stands for "nobody chose a renderer", so that adding one can tell it from a choice. */
const byDefault: Renderer = { name: "default", handle: () => {} }

type Renderers = ReadonlyArray<Renderer>

interface RenderersPatch {
  readonly removed: Renderers
  readonly added: Renderers
}

const without = (self: Renderers, that: Renderers): Renderers =>
  that.length === 0 ? self : self.filter((renderer) => !that.includes(renderer))

/** How many scopes hold each renderer that a layer added. */
const holders = new WeakMap<Renderer, number>()

const hold = (renderer: Renderer | undefined, change: 1 | -1): void => {
  if (renderer !== undefined) holders.set(renderer, (holders.get(renderer) ?? 0) + change)
}

const isGone = (renderer: Renderer): boolean => holders.get(renderer) === 0

/** Those that leave the default one in its place. */
const companions = new WeakSet<Renderer>()

/**
 * Without the renderers whose layer was closed. `Effect.addFinalizer` runs a finalizer with the fiber refs of its
 * acquisition: where layers are closed at once, what the fibers that close them join back knows nothing of what was
 * taken out meanwhile.
 */
const alive = (self: Renderers): Renderers => {
  if (!self.some(isGone)) return self
  const left = self.filter((renderer) => !isGone(renderer))
  // The last one that had the default's place is gone.
  return left.every((renderer) => companions.has(renderer)) ? [byDefault, ...left] : left
}

const applyPatch = (patch: RenderersPatch, before: Renderers): Renderers => {
  const self = alive(before)
  const added = patch.added.some(isGone) ? patch.added.filter((renderer) => !isGone(renderer)) : patch.added
  // Nobody took the default's place after all.
  const removed = added.length === 0 && patch.added.length > 0 ? without(patch.removed, unset) : patch.removed
  if (added.length === 0 && removed.length === 0) return self.length === 1 && self[0] === byDefault ? unset : self
  const patched = [...without(without(self, removed), added), ...added]
  if (!patched.includes(byDefault)) return patched
  return patched.length === 1 ? unset : [byDefault, ...without(patched, unset)]
}

/** @internal */
export const unset: Renderers = [byDefault]

/** @internal */
export const differ: Differ.Differ<Renderers, RenderersPatch> = Differ.make<Renderers, RenderersPatch>({
  empty: { removed: [], added: [] },
  combine: (first, second) => ({
    removed: [...without(first.removed, second.removed), ...second.removed],
    added: [...without(without(first.added, second.removed), second.added), ...second.added]
  }),
  diff: (from, to) => ({ removed: without(from, to), added: without(to, from) }),
  patch: applyPatch
})

/** @internal */
export const current: FiberRef.FiberRef<Renderers> = globalValue("effect-narrative/currentRenderers", () =>
  FiberRef.unsafeMakePatch(unset, {
    differ,
    // What a child changes reaches its parent on join only as the change itself, as with Effect's loggers.
    fork: differ.empty as RenderersPatch
  })
)

/** Whether narration is switched off here. */
export const muted = switches.make("effect-narrative/muted")

/** Whether log lines are told here. */
export const logging = switches.make("effect-narrative/logging")

/** Whether nobody chose a place to read stories in: whatever else is there accompanies the default one. */
export const isByDefault = (self: Renderers): boolean => self[0] === byDefault

/** Those that are there besides the default one. */
export const accompanying = (self: Renderers): Renderers => without(self, unset)

/** Adds a renderer that leaves the default one in its place. */
export const accompany = (self: Renderers, renderer: Renderer): Renderers => {
  companions.add(renderer)
  return applyPatch({ removed: [], added: [renderer] }, self)
}

/** @internal */
export const add = (self: Renderers, renderer: Renderer): Renderers =>
  applyPatch({ removed: [byDefault], added: [renderer] }, self)

/**
 * Changes a fiber ref until the scope is closed. `Effect.locallyScoped` would do, were it not that its finalizer runs
 * with the fiber refs of its acquisition: closing merged layers, in parallel, then joins back what it should have undone.
 */
const changeScoped = <A>(
  ref: FiberRef.FiberRef<A>,
  change: (value: A) => { readonly after: A; readonly undo: (value: A) => A }
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.uninterruptible(
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const { after, undo } = change(yield* FiberRef.get(ref))
      yield* FiberRef.set(ref, after)
      yield* Scope.addFinalizer(scope, FiberRef.update(ref, undo))
    })
  )

/**
 * Makes the renderers a fiber ref of this fiber's own, as it must be before anything with a finalizer is acquired here:
 * what is not among the fiber refs of an acquisition is taken out while its finalizer runs, and comes back as new.
 */
export const owned: Effect.Effect<void> = FiberRef.update(current, (renderers) => renderers)

/**
 * Changes the renderers until the scope is closed, of which `added` is the one that comes. `atEnd` runs first of all then,
 * while everything that a renderer made in this scope stands on is still open.
 *
 * @internal
 */
export const changeRenderers = (
  change: (self: Renderers) => Renderers,
  atEnd: Effect.Effect<void> = Effect.void,
  added?: Renderer
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.zipRight(
    changeScoped(current, (before) => {
      hold(added, 1)
      const after = change(before)
      const undo = differ.diff(after, before)
      return {
        after,
        undo: (self) => {
          hold(added, -1)
          return applyPatch(undo, self)
        }
      }
    }),
    // Not by `Effect.addFinalizer`: see `changeScoped`.
    Effect.flatMap(Effect.scope, (scope) => Scope.addFinalizer(scope, atEnd))
  )

/** Narrates nothing until the scope is closed. */
export const mute: Effect.Effect<void, never, Scope.Scope> = changeScoped(muted, switches.hold)

/**
 * Adds the logger until the scope is closed. Among Effect's loggers it may be left behind by what fibers join back: it
 * listens only where it is switched on.
 */
export const addLogger = (logger: Logger.Logger<unknown, unknown>): Effect.Effect<void, never, Scope.Scope> =>
  Effect.zipRight(
    changeScoped(logging, switches.hold),
    changeScoped(FiberRef.currentLoggers, (loggers) => ({
      after: HashSet.add(loggers, logger),
      undo: HashSet.remove(logger)
    }))
  )

const RouteId: unique symbol = Symbol.for("effect-narrative/Renderer/route")
const DeliveryId: unique symbol = Symbol.for("effect-narrative/Renderer/delivery")
const MeterId: unique symbol = Symbol.for("effect-narrative/Renderer/meter")

/** Hands an event to one of the renderers below, and brings back what to wait for. */
export type Tell = (renderer: Renderer, event: NarrativeEvent) => Effect.Effect<void> | undefined

interface Route {
  readonly parts: Renderers
  readonly send: (event: NarrativeEvent, tell: Tell) => Effect.Effect<void> | undefined
}

interface Known extends Renderer {
  readonly [RouteId]?: Route
  readonly [DeliveryId]?: Delivery
  readonly [MeterId]?: Meter
}

/** Takes measurements that are no event. It never throws. */
export interface Meter {
  /** `labels` are the values of the instrument's labels, in their order. */
  readonly record: (
    instrument: Instrument,
    labels: ReadonlyArray<string>,
    value: number,
    at: { readonly story: Story | undefined; readonly span: Span | undefined; readonly timestamp: number }
  ) => void
}

/** A renderer that takes measurements, too. */
export const metering = (renderer: Renderer, meter: Meter): Renderer => {
  const known: Known = { ...renderer, [MeterId]: meter }
  return known
}

/** The meters among some renderers. */
export const metersOf = (renderers: Renderers): ReadonlyArray<Meter> =>
  (renderers as ReadonlyArray<Known>).flatMap((renderer) => renderer[MeterId] ?? [])

/** A renderer that hands events on to others: they do the counting. */
export const routed = (name: string, parts: Renderers, send: Route["send"]): Renderer => {
  const renderer: Known = { name, handle: (event) => handOver(send, event), [RouteId]: { parts, send } }
  return renderer
}

/**
 * What a combinator does where it is called as a renderer like any other, by a buffer say: every part gets the event,
 * and what goes wrong in any of them is for the caller to count.
 */
const handOver = (send: Route["send"], event: NarrativeEvent): Effect.Effect<void> | undefined => {
  let faults: Cause.Cause<never> = Cause.empty
  const blame = (cause: Cause.Cause<never>): void => {
    faults = Cause.sequential(faults, cause)
  }
  const verdict = Effect.suspend(() => (Cause.isEmpty(faults) ? Effect.void : Effect.failCause(faults)))
  const waiting = send(event, (renderer, event) => {
    try {
      const waiting = toWaitFor(renderer.handle(event))
      return waiting && Effect.catchAllCause(waiting, (cause) => Effect.sync(() => blame(cause)))
    } catch (defect) {
      blame(Cause.die(defect))
      return undefined
    }
  })
  return waiting === undefined && Cause.isEmpty(faults) ? undefined : inOrder(waiting, verdict)
}

/** What a handler returned, as far as it has to be waited for: an Effect, or the promise of an async function. */
const toWaitFor = (returned: unknown): Effect.Effect<void> | undefined => {
  // Whatever the types say of its errors, those who run it take it for an effect that may fail.
  if (Effect.isEffect(returned)) return returned as Effect.Effect<void>
  return Predicate.isPromiseLike(returned)
    ? Effect.promise(() => Promise.resolve(returned as Promise<void>))
    : undefined
}

/** A renderer that counts for itself, because it knows more than its caller: a buffer. */
export const selfCounting = (renderer: Renderer, delivery: Delivery): Renderer => {
  const known: Known = { ...renderer, [DeliveryId]: delivery }
  return known
}

const deliveries = new WeakMap<Renderer, Delivery>()

const deliveryOf = (renderer: Known): Delivery => {
  const own = renderer[DeliveryId] ?? deliveries.get(renderer)
  if (own !== undefined) return own
  const delivery = new Delivery(renderer.name)
  deliveries.set(renderer, delivery)
  return delivery
}

/** The counts of every renderer that does the work itself, below the given ones, each once. */
export const leaves = (renderers: Renderers): ReadonlyArray<Delivery> => {
  const found = new Set<Delivery>()
  for (const renderer of renderers as ReadonlyArray<Known>) {
    const route = renderer[RouteId]
    if (route === undefined) found.add(deliveryOf(renderer))
    else for (const delivery of leaves(route.parts)) found.add(delivery)
  }
  return Array.from(found)
}

/** Takes the place of others, and hands events to nobody. One a layer, so that it is known when it is gone. */
export const none = (): Renderer => routed("none", [], () => undefined)

/** Whether nobody hears. */
export const isNone = (self: Renderers): boolean => (self as ReadonlyArray<Known>).every(hearsNothing)

const hearsNothing = (renderer: Known): boolean => renderer[RouteId]?.parts.length === 0

/** How deep the synchronous part of a renderer is running: what it logs there is not narrated. */
let handling = 0
export const isHandling = (): boolean => handling > 0

/** Runs an effect of narration's own: it narrates nothing, so it cannot come back to itself. */
export const aside = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.locally(effect, muted, switches.on)

/**
 * Hands one event to one renderer. Whatever the renderer does, this returns: nothing, or an effect that waits for it,
 * never fails, and has to be run in an uninterruptible region.
 */
export const tell: Tell = (renderer, event) => {
  const known: Known = renderer
  const route = known[RouteId]
  if (route !== undefined) return tellRoute(route, event)
  if (known[DeliveryId] !== undefined) return tellCounting(known, event)
  const delivery = deliveryOf(renderer)
  delivery.emitted += 1
  handling += 1
  let waiting: Effect.Effect<void> | undefined
  try {
    waiting = toWaitFor(renderer.handle(event))
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

const tellRoute = (route: Route, event: NarrativeEvent): Effect.Effect<void> | undefined => {
  try {
    return route.send(event, tell)
  } catch (defect) {
    // The combinator's own function threw: each renderer below was owed the event.
    let waiting: Effect.Effect<void> | undefined
    for (const delivery of leaves(route.parts)) {
      delivery.emitted += 1
      waiting = inOrder(waiting, warned(delivery.fail(Cause.die(defect))))
    }
    return waiting
  }
}

const tellCounting = (renderer: Renderer, event: NarrativeEvent): Effect.Effect<void> | undefined => {
  const waiting = renderer.handle(event)
  return Effect.isEffect(waiting) ? Effect.asVoid(Effect.exit(aside(waiting))) : undefined
}

/**
 * Runs what a renderer returned in a fiber of its own: there its timeouts and races work, and an interruption of the
 * program cannot tear an event it has already been told of.
 */
const settle = (waiting: Effect.Effect<void>, delivery: Delivery): Effect.Effect<void> => {
  delivery.pending += 1
  return waiting.pipe(
    Effect.interruptible,
    Effect.forkDaemon,
    Effect.flatMap(Fiber.await),
    aside,
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

const warned = (warning: Effect.Effect<void> | undefined): Effect.Effect<void> | undefined =>
  warning === undefined ? undefined : aside(warning)

/** One effect after another, where either may be missing. */
export const inOrder = (
  first: Effect.Effect<void> | undefined,
  second: Effect.Effect<void> | undefined
): Effect.Effect<void> | undefined =>
  first === undefined ? second : second === undefined ? first : Effect.zipRight(first, second)

/** Hands one event to several renderers, in their order. */
export const tellAll = (renderers: Renderers, event: NarrativeEvent): Effect.Effect<void> | undefined => {
  let waiting: Effect.Effect<void> | undefined
  for (let i = 0; i < renderers.length; i++) {
    waiting = inOrder(waiting, tell(renderers[i] as Renderer, event))
  }
  return waiting
}
