/**
 * Where in a story a fiber is, and how an event is emitted from there.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import { deliverAll } from "../delivery/dispatch.js"
import type { Renderer } from "../delivery/rendererModel.js"
import { renderersOf } from "../delivery/rendererSet.js"
import type { NarrativeEvent } from "../event/NarrativeEvent.js"
import { mapCopy } from "../plain/mapCopy.js"
import { type PlainRecord, text } from "../plain/PlainValue.js"
import * as redactor from "../redaction/redactor.js"
import type { Redactor } from "../redaction/redactorModel.js"
import { type AnyFiber, isSynchronous, now, withFiber } from "../runtime/fiber.js"
import { isEnabled } from "../runtime/muting.js"
import { innermostRegion } from "../runtime/regionMark.js"
import { inOrder, type Waiting } from "../runtime/waiting.js"
import { warnOnce } from "../runtime/warnOnce.js"
import { areSpansRead } from "../tracing/spans.js"
import type { Stage, Story } from "./Story.js"

/** Where in a story a fiber is. */
export interface Region {
  readonly story: Story
  readonly stage: Stage | undefined
  readonly span: Tracer.Span | undefined
}

const Region = Context.GenericTag<Region>("effect-narrative/Region")

/** The region of a context, unless its story is over: what outlives a story is not part of it. */
export const regionIn = (context: Context.Context<never>): Region | undefined => {
  const region: Region | undefined = context.unsafeMap.get(Region.key)
  return region === undefined || region.story.status !== "running" ? undefined : region
}

/**
 * The region of a fiber. Where its context is another's, as in a cache's lookup, or where another fiber does its work, as for
 * a resolver, the stack or the parent span leads to it.
 */
export const regionFor = (fiber: AnyFiber): Region | undefined => {
  const services = fiber.currentContext.unsafeMap
  let region: Region | undefined = services.get(Region.key)
  if (region === undefined && !services.has(Region.key)) {
    // Only regions are marked, and by this library.
    region = (innermostRegion(fiber) as Region | undefined) ?? regionOfSpan(fiber.currentSpan)
  }
  return region?.story.status === "running" ? region : undefined
}

const storyOfSpan = new WeakMap<Tracer.AnySpan, Story>()

/** What runs under this span is part of this story, even where the context does not say so. */
export const followSpan = (span: Tracer.Span, story: Story): void => void storyOfSpan.set(span, story)

/** Most spans followed up to a story's. */
const maxSpans = 64

const regionOfSpan = (innermost: Tracer.AnySpan | undefined): Region | undefined => {
  const passed = new Set<Tracer.AnySpan>()
  let span = innermost
  while (span !== undefined && passed.size < maxSpans) {
    passed.add(span)
    const story = storyOfSpan.get(span)
    if (story !== undefined) {
      const stage = story.openStages.findLast((open) => open.span !== undefined && passed.has(open.span))
      return { story, stage, span: stage?.span ?? (span as Tracer.Span) }
    }
    span = span._tag === "Span" ? Option.getOrUndefined(span.parent) : undefined
  }
  return undefined
}

/** The context inside a region, or inside a mere span. */
export const contextWith = (
  context: Context.Context<never>,
  region: Region | undefined,
  span: Tracer.Span | undefined
): Context.Context<never> => {
  const services = mapCopy(context.unsafeMap)
  if (region !== undefined) services.set(Region.key, region)
  if (span !== undefined) services.set(Tracer.ParentSpan.key, span)
  return Context.unsafeMake(services)
}

/** Takes a region out of a context again, if it is the one there. */
export const contextWithout = (
  context: Context.Context<never>,
  region: Region,
  outside: Context.Context<never>
): Context.Context<never> => {
  if (context.unsafeMap.get(Region.key) !== region) return context
  const services = mapCopy(context.unsafeMap)
  for (const key of [Region.key, Tracer.ParentSpan.key]) {
    if (outside.unsafeMap.has(key)) services.set(key, outside.unsafeMap.get(key))
    else services.delete(key)
  }
  return Context.unsafeMake(services)
}

/** The context without any region and span: for what belongs to no story and no trace. */
export const contextOutside = (context: Context.Context<never>): Context.Context<never> => {
  const services = mapCopy(context.unsafeMap)
  // Not absent: what is known to belong to no story is not looked for on the stack.
  services.set(Region.key, undefined)
  services.delete(Tracer.ParentSpan.key)
  return Context.unsafeMake(services)
}

/** A text as it may leave. */
export const hide = (fiber: AnyFiber, story: Story, text: string): string => redactorOf(fiber).text(text, story.secrets)

/** Goes on once it is known what is secret, where anything is read. */
export const afterLoading = <A, E, R>(fiber: AnyFiber, next: () => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  redactor.canLoad() && !isSynchronous(fiber) && (areSpansRead(fiber) || renderersOf(fiber).length > 0)
    ? Effect.flatMap(redactor.load, next)
    : next()

export const redactorOf = (fiber: AnyFiber): Redactor => redactor.redactorIn(fiber.currentContext)

const noRecord: PlainRecord = {}

/** Named values as they may leave. */
export const plainRecord = (
  fiber: AnyFiber,
  story: Story | undefined,
  record: Readonly<Record<string, unknown>> | undefined
): PlainRecord => (record === undefined ? noRecord : redactorOf(fiber).record(record, story?.secrets))

/** Emits an event, made only if there is a renderer. */
export const emit = (fiber: AnyFiber, story: Story, make: (timestamp: number) => NarrativeEvent): Waiting =>
  emitTo(renderersOf(fiber), story, () => make(now(fiber)))

/** Emits an event to these renderers. A fault of narration's own is logged instead of thrown. */
export const emitTo = (renderers: ReadonlyArray<Renderer>, story: Story, make: () => NarrativeEvent): Waiting => {
  const deferred = story.deferred
  story.deferred = undefined
  if (renderers.length === 0) return deferred
  try {
    return inOrder(deferred, deliverAll(renderers, make()))
  } catch (defect) {
    return inOrder(deferred, warnOnce(`Narration failed, and left out an event: ${text(defect)}`))
  }
}

/** Does something with the current region; nothing outside a story. */
export const within = (f: (region: Region, fiber: AnyFiber) => Waiting): Effect.Effect<void> =>
  withFiber((fiber) => {
    const region = isEnabled(fiber) ? regionFor(fiber) : undefined
    return region === undefined
      ? Effect.void
      : Effect.uninterruptible(
          // The story may have ended since: this is another operation.
          Effect.suspend(() => (region.story.status === "running" ? f(region, fiber) : undefined) ?? Effect.void)
        )
  })
