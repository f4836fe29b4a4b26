/**
 * How a span, a scope and an event meet inside a fiber. What touches Effect's runtime internals is here and in
 * `spans.ts`, and nowhere else.
 *
 * A region is entered in one step of an uninterruptible fiber and left in another, so between its start and its end no
 * interruption can come; the effect inside runs as interruptible as it was outside.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as Tracer from "effect/Tracer"
import type { Renderer } from "../delivery/Renderer.js"
import * as rendererSet from "../delivery/rendererSet.js"
import type { NarrativeEvent } from "../event/NarrativeEvent.js"
import { type PlainRecord, text } from "../plain/PlainValue.js"
import type { Redactor } from "../redaction/Redaction.js"
import { redactorIn } from "../redaction/redactor.js"
import * as defaultRenderer from "../renderer/defaultRenderer.js"
import * as switches from "../runtime/switches.js"
import { once } from "../runtime/warnOnce.js"
import type { Stage, Story } from "./Story.js"

/** Where in a story a fiber is. */
export interface Region {
  readonly story: Story
  readonly stage: Stage | undefined
  readonly span: Tracer.Span | undefined
}

const Region = Context.GenericTag<Region>("effect-narrative/Region")

export type AnyFiber = Fiber.RuntimeFiber<unknown, unknown>

/** `Effect.withFiberRuntime`, for what asks nothing of the fiber's types. */
export const withFiber = <A, E, R>(f: (fiber: AnyFiber) => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withFiberRuntime<A, E, R>(f)

/** Something to wait for, in an uninterruptible region; it never fails. */
export type Waiting = Effect.Effect<void> | undefined

/** The stack of a definition, formatted only when it is read. */
export type DefinedAt = { readonly stack?: string } | undefined

export const isEnabled = (fiber: AnyFiber): boolean => !switches.isOn(fiber.getFiberRef(rendererSet.muted))

/** The region a context stands in, unless its story is over: what outlives a story is no part of it. */
export const regionIn = (context: Context.Context<never>): Region | undefined => {
  const region: Region | undefined = context.unsafeMap.get(Region.key)
  return region === undefined || region.story.status !== "running" ? undefined : region
}

/** With request batching a continuation may run in another fiber than its start did. */
export const currentFiber = (otherwise: AnyFiber): AnyFiber => {
  const fiber = Fiber.getCurrentFiber()
  return fiber._tag === "Some" ? fiber.value : otherwise
}

// On every fiber of 3.22, but missing from its public interface.
interface Internals {
  readonly _fiberRefs: FiberRefs.FiberRefs
  setFiberRefs(refs: FiberRefs.FiberRefs): void
}

const internalsOf = (fiber: AnyFiber): Internals => fiber as unknown as Internals

const refsOf = (fiber: AnyFiber): FiberRefs.FiberRefs => internalsOf(fiber)._fiberRefs

/**
 * Sets the context of a fiber, as `FiberRefs.updateAs` would but for its comparison of the two contexts, which hashes
 * both: they always differ.
 */
export const setContext = (fiber: AnyFiber, context: Context.Context<never>): void => {
  const locals = new Map(refsOf(fiber).locals)
  const values = locals.get(FiberRef.currentContext)
  const own = [fiber.id(), context] as const
  const isOwn = values !== undefined && Equal.equals(values[0][0], fiber.id())
  locals.set(FiberRef.currentContext, values === undefined ? [own] : [own, ...(isOwn ? values.slice(1) : values)])
  internalsOf(fiber).setFiberRefs(FiberRefs.unsafeMake(locals))
}

/** A context that was set in a fiber, and can be taken back. */
export interface Entered {
  readonly outside: Context.Context<never>
  readonly before: FiberRefs.FiberRefs
  readonly after: FiberRefs.FiberRefs
}

export const enterContext = (fiber: AnyFiber, context: Context.Context<never>): Entered => {
  const outside = fiber.currentContext
  const before = refsOf(fiber)
  setContext(fiber, context)
  return { outside, before, after: refsOf(fiber) }
}

export const leaveContext = (fiber: AnyFiber, { after, before, outside }: Entered): void => {
  // Mostly nothing else was set meanwhile.
  if (refsOf(fiber) === after) internalsOf(fiber).setFiberRefs(before)
  else setContext(fiber, outside)
}

/** The context inside a region, or inside a mere span. */
export const contextWith = (
  context: Context.Context<never>,
  region: Region | undefined,
  span: Tracer.Span | undefined
): Context.Context<never> => {
  const services = new Map(context.unsafeMap)
  if (region !== undefined) services.set(Region.key, region)
  if (span !== undefined) services.set(Tracer.ParentSpan.key, span)
  return Context.unsafeMake(services)
}

/** Takes a region out of a context again, if it is the one that stands there. */
export const contextWithout = (
  context: Context.Context<never>,
  region: Region,
  outside: Context.Context<never>
): Context.Context<never> => {
  if (context.unsafeMap.get(Region.key) !== region) return context
  const services = new Map(context.unsafeMap)
  for (const key of [Region.key, Tracer.ParentSpan.key]) {
    if (outside.unsafeMap.has(key)) services.set(key, outside.unsafeMap.get(key))
    else services.delete(key)
  }
  return Context.unsafeMake(services)
}

/** The context without any region and span: for what belongs to no story and no trace. */
export const contextOutside = (context: Context.Context<never>): Context.Context<never> => {
  const services = new Map(context.unsafeMap)
  services.delete(Region.key)
  services.delete(Tracer.ParentSpan.key)
  return Context.unsafeMake(services)
}

const clockOf = (fiber: AnyFiber): Clock.Clock => Context.get(fiber.currentDefaultServices, Clock.Clock)

export const now = (fiber: AnyFiber): number => clockOf(fiber).unsafeCurrentTimeMillis()

export const nanos = (fiber: AnyFiber): bigint => clockOf(fiber).unsafeCurrentTimeNanos()

export const seconds = (from: bigint, to: bigint): number => Number(to - from) / 1e9

const nobody: ReadonlyArray<Renderer> = []

/** Who hears of an event, by the two settings that decide it. */
export const listenersAmong = (muted: switches.Switch, current: ReadonlyArray<Renderer>): ReadonlyArray<Renderer> =>
  switches.isOn(muted) || rendererSet.isNone(current)
    ? nobody
    : rendererSet.isByDefault(current)
      ? withDefault(current)
      : current

const accompanied = new WeakMap<ReadonlyArray<Renderer>, ReadonlyArray<Renderer>>()

/** The default renderer, and those that accompany it. */
const withDefault = (current: ReadonlyArray<Renderer>): ReadonlyArray<Renderer> => {
  if (current === rendererSet.unset) return defaultRenderer.current()
  const known = accompanied.get(current)
  if (known !== undefined) return known
  const all = [...defaultRenderer.current(), ...rendererSet.accompanying(current)]
  accompanied.set(current, all)
  return all
}

export const listenersOf = (fiber: AnyFiber): ReadonlyArray<Renderer> =>
  listenersAmong(fiber.getFiberRef(rendererSet.muted), fiber.getFiberRef(rendererSet.current))

/** A text as it may leave. */
export const hide = (fiber: AnyFiber, story: Story, text: string): string => redactorOf(fiber).text(text, story.secrets)

export const redactorOf = (fiber: AnyFiber): Redactor => redactorIn(fiber.currentContext)

const noRecord: PlainRecord = {}

/** Named values as they may leave. */
export const plainRecord = (
  fiber: AnyFiber,
  story: Story | undefined,
  record: Readonly<Record<string, unknown>> | undefined
): PlainRecord => (record === undefined ? noRecord : redactorOf(fiber).record(record, story?.secrets))

/** Makes an event if anybody listens, and tells it. */
export const tell = (fiber: AnyFiber, story: Story, make: (timestamp: number) => NarrativeEvent): Waiting =>
  tellTo(listenersOf(fiber), story, () => make(now(fiber)))

/** Tells an event to these listeners. A fault of narration's own is told of instead of thrown. */
export const tellTo = (listeners: ReadonlyArray<Renderer>, story: Story, make: () => NarrativeEvent): Waiting => {
  const owed = story.owed
  story.owed = undefined
  if (listeners.length === 0) return owed
  try {
    return rendererSet.inOrder(owed, rendererSet.tellAll(listeners, make()))
  } catch (defect) {
    return rendererSet.inOrder(owed, once(`Narration failed, and left out an event: ${text(defect)}`))
  }
}

/** Does something with the current region; nothing outside a story. */
export const within = (f: (region: Region, fiber: AnyFiber) => Waiting): Effect.Effect<void> =>
  withFiber((fiber) => {
    const region = isEnabled(fiber) ? regionIn(fiber.currentContext) : undefined
    return region === undefined
      ? Effect.void
      : Effect.uninterruptible(
          // The story may have ended since: this is another operation.
          Effect.suspend(() => (region.story.status === "running" ? f(region, fiber) : undefined) ?? Effect.void)
        )
  })
