/**
 * Where in a story a fiber is, and how an event is emitted from there.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { globalValue } from "effect/GlobalValue"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import { deliverAll } from "../delivery/dispatch.js"
import type { Renderer } from "../delivery/rendererModel.js"
import { renderersOf } from "../delivery/rendererSet.js"
import type { NarrativeEvent } from "../event/NarrativeEvent.js"
import * as hiddenField from "../plain/hiddenField.js"
import { mapCopy } from "../plain/mapCopy.js"
import { type PlainRecord, text } from "../plain/PlainValue.js"
import * as redactor from "../redaction/redactor.js"
import type { Redactor } from "../redaction/redactorModel.js"
import { type AnyFiber, currentFiber, isSynchronous, now, withFiber } from "../runtime/fiber.js"
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
  /** The parent span of what happens here. */
  readonly at: Tracer.AnySpan | undefined
  /** Its span is the program's own: what is exported of it stays as it is. */
  readonly isOwn?: true
  /** What happens here is counted, and becomes no stage. */
  readonly isCounted?: true
}

const Region = Context.GenericTag<Region>("effect-narrative/Region")

/** The region of a context, unless its story is over: what outlives a story is not part of it. */
export const regionIn = (context: Context.Context<never>): Region | undefined => runningOf(placeIn(context))

/** The region of a fiber, unless its story is over. */
export const regionFor = (fiber: AnyFiber): Region | undefined => runningOf(placeOf(fiber))

/**
 * The region of a fiber, whether or not its story is over. Where its context is another's, as in a cache's lookup, or where
 * another fiber does its work, as for a resolver, the parent span or the stack leads to it.
 */
export const placeOf = (fiber: AnyFiber): Region | undefined => {
  const place = placeIn(fiber.currentContext)
  return runningOf(place) === undefined && !fiber.currentContext.unsafeMap.has(Region.key)
    ? // Only regions are marked, and by this library.
      ((innermostRegion(fiber) as Region | undefined) ?? place)
    : place
}

const runningOf = (region: Region | undefined): Region | undefined =>
  region?.story.status === "running" ? region : undefined

/** The region that a context says it is in, or that its parent span, which may be a stage itself, leads to. */
const placeIn = (context: Context.Context<never>): Region | undefined => {
  const region: Region | undefined = context.unsafeMap.get(Region.key)
  return regionAbove(context.unsafeMap.get(Tracer.ParentSpan.key), region) ?? region
}

/** The region of the nearest span that has one; `around` is the region of whoever starts it. */
export const regionAbove = (parent: Tracer.AnySpan | undefined, around: Region | undefined): Region | undefined => {
  for (let span = parent; span !== undefined; span = aroundOf(span)) {
    const region = span === around?.at ? around : regionOf(span)
    if (region !== undefined) return region
  }
  return undefined
}

const aroundOf = (span: Tracer.AnySpan): Tracer.AnySpan | undefined =>
  span._tag === "Span" ? Option.getOrUndefined(span.parent) : undefined

// One for all copies of the library in a process.
const noted = globalValue("effect-narrative/regionsOfSpans", () => hiddenField.make<Tracer.AnySpan, Region>())

/** The region that was noted on a span. */
export const regionOf: (span: Tracer.AnySpan) => Region | undefined = noted.get

/** Notes the region of a span, so that whatever has it as its parent finds its story. */
export const mark = (span: Tracer.AnySpan | undefined, region: Region): void => {
  if (span !== undefined) noted.set(span, region)
}

/** The region of a story or stage that begins here, in its span where it has one. */
export const newRegion = (
  fiber: AnyFiber,
  story: Story,
  stage: Stage | undefined,
  span: Tracer.Span | undefined
): Region => {
  const region = { story, stage, span, at: span ?? fiber.currentSpan }
  mark(span, region)
  return region
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
export const afterLoading = <A, E, R>(
  fiber: AnyFiber,
  next: (here: AnyFiber) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  isToLoad(fiber) ? Effect.flatMap(redactor.load, () => next(currentFiber(fiber))) : next(fiber)

export const isToLoad = (fiber: AnyFiber): boolean =>
  redactor.canLoad() && !isSynchronous(fiber) && (areSpansRead(fiber) || renderersOf(fiber).length > 0)

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
  const before = beforeEvent(story)
  if (renderers.length === 0) return before
  try {
    return inOrder(before, deliverAll(renderers, make()))
  } catch (defect) {
    return inOrder(before, warnOnce(`Narration failed, and left out an event: ${text(defect)}`))
  }
}

/** What comes before an event that there is no renderer for, too. */
const beforeEvent = (story: Story): Waiting => {
  story.announce?.()
  const { deferred } = story
  story.deferred = undefined
  return deferred
}

/** Emits the start or the success of a stage: {@link emit}, without a function for an event that is not made. */
export const emitOfStage = (
  fiber: AnyFiber,
  make: (story: Story, stage: Stage, timestamp: number, span: Tracer.Span | undefined) => NarrativeEvent,
  story: Story,
  stage: Stage,
  span: Tracer.Span | undefined
): Waiting => {
  const renderers = renderersOf(fiber)
  return renderers.length === 0 ? beforeEvent(story) : emitTo(renderers, story, made(fiber, make, story, stage, span))
}

const made =
  (
    fiber: AnyFiber,
    make: Parameters<typeof emitOfStage>[1],
    story: Story,
    stage: Stage,
    span: Tracer.Span | undefined
  ) =>
  () =>
    make(story, stage, now(fiber), span)

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
