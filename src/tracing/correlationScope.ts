/**
 * How a correlation becomes that of an effect, or of a fiber: its context, its log lines, the parent of its spans.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import * as fields from "../event/correlationFields.js"
import { extended } from "../plain/extended.js"
import { redactorIn } from "../redaction/redactor.js"
import { Secrets } from "../redaction/secrets.js"
import { type AnyFiber, withFiber } from "../runtime/fiber.js"
import { withRefs } from "../runtime/fiberInternals.js"
import { askerOf } from "./correlationAttributes.js"
import { Asker, askerIn } from "./currentCorrelation.js"
import { visibleParent } from "./spans.js"

type Correlation = fields.Correlation

/** What was said in a context, without the ids of the span in it. */
export const correlationIn = (context: Context.Context<never>): Correlation =>
  askerIn(context)?.correlation ?? fields.none

export const contextWith = <R>(context: Context.Context<R>, asker: Asker | undefined): Context.Context<R> =>
  asker === undefined
    ? (Context.omit(Asker)(context as Context.Context<R | Asker>) as Context.Context<R>)
    : (Context.add(context, Asker, asker) as unknown as Context.Context<R>)

/** The correlation of a context, with the ids of the span in it. */
export const currentIn = (context: Context.Context<never>): Correlation => {
  const said = correlationIn(context)
  const span = visibleParent(context.unsafeMap.get(Tracer.ParentSpan.key))
  if (span === undefined || !fields.isTraceId(span.traceId) || !fields.isSpanId(span.spanId)) return said
  if (span.traceId === said.traceId && span.spanId === said.spanId) return said
  const parent = span._tag === "Span" ? Option.getOrUndefined(span.parent)?.spanId : undefined
  const inSpan = {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: parent,
    sampled: span.sampled,
    traceState: span.traceId === said.traceId ? said.traceState : undefined
  }
  return fields.make(extended(said, inSpan))
}

export const merged = (before: Correlation, given: Correlation): Correlation => {
  const said = fields.make(given)
  if (before === fields.none) return said
  // A span, and a state, belong to their trace.
  const around = said.traceId === undefined ? before : extended(before, noTrace)
  const members = {
    baggage: { ...before.baggage, ...said.baggage },
    extra: { ...before.extra, ...said.extra }
  }
  return fields.make(extended(extended(around, said), members))
}

const noTrace = { spanId: undefined, parentSpanId: undefined, sampled: undefined, traceState: undefined }

/**
 * What a server does with what a request says: as `with`, but the span that a framework has made for the request stays the parent,
 * where it is in the trace that asked.
 */
export const askedBy = <A, E, R>(self: Effect.Effect<A, E, R>, given: Correlation): Effect.Effect<A, E, R> =>
  withFiber((fiber) => {
    const before = correlationIn(fiber.currentContext)
    const around = visibleParent(fiber.currentSpan)
    const isServers = around?._tag === "Span" && around.traceId === given.traceId
    const next = merged(before, given)
    return enter(self, fiber, before, next, isServers ? undefined : parentSpan(fiber.currentContext, before, next))
  })

export const enter = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  fiber: AnyFiber,
  before: Correlation,
  next: Correlation,
  parent = parentSpan(fiber.currentContext, before, next)
): Effect.Effect<A, E, R> => {
  const asker = askerOf(next)
  return self.pipe(
    Effect.locallyWith(FiberRef.currentLogAnnotations, annotating(fiber.currentContext, before, asker)),
    Effect.mapInputContext((context: Context.Context<R>) => {
      const inside = contextWith(context, asker)
      return parent === undefined ? inside : (Context.add(inside, Tracer.ParentSpan, parent) as Context.Context<R>)
    })
  )
}

/** What `with` does, for plain code: the place of a fiber of this id that works with a correlation. */
export const askedPlace = (
  place: FiberRefs.FiberRefs,
  id: FiberId.Runtime,
  given: Correlation
): FiberRefs.FiberRefs => {
  const context = FiberRefs.getOrDefault(place, FiberRef.currentContext)
  const before = correlationIn(context)
  const next = merged(before, given)
  const parent = parentSpan(context, before, next)
  const asker = askerOf(next)
  const annotate = annotating(context, before, asker)
  const inside = contextWith(context, asker)
  return withRefs(
    place,
    id,
    [FiberRef.currentLogAnnotations, annotate(FiberRefs.getOrDefault(place, FiberRef.currentLogAnnotations))],
    [FiberRef.currentContext, parent === undefined ? inside : Context.add(inside, Tracer.ParentSpan, parent)]
  )
}

/** From what log lines said of one correlation to what they say of the next. */
const annotating = (
  context: Context.Context<never>,
  before: Correlation,
  asker: Asker | undefined
): ((annotations: HashMap.HashMap<string, unknown>) => HashMap.HashMap<string, unknown>) => {
  const known = asker?.shown(redactorIn(context), () => new Secrets())
  const shown = annotationsOf(known?.correlation ?? fields.none)
  const stale = before === fields.none ? [] : Object.keys(annotationsOf(before))
  return (annotations) => {
    let all = annotations
    for (const name of stale) if (!(name in shown)) all = HashMap.remove(all, name)
    for (const name in shown) all = HashMap.set(all, name, shown[name])
    return all
  }
}

/** The span that asked, unless that is the one around already. */
const parentSpan = (
  context: Context.Context<never>,
  before: Correlation,
  { sampled, spanId, traceId }: Correlation
): Tracer.AnySpan | undefined => {
  if (traceId === undefined || spanId === undefined) return undefined
  if (traceId === before.traceId && spanId === before.spanId) return undefined
  const around = visibleParent(context.unsafeMap.get(Tracer.ParentSpan.key))
  if (around?.traceId === traceId && around.spanId === spanId) return undefined
  return Tracer.externalSpan({ traceId, spanId, sampled: sampled !== false })
}

/** What log lines say of it, once it is redacted. */
const annotationsOf = (correlation: Correlation): Record<string, string> => {
  // An empty literal where it can be: one of a spread has a hidden class of its own.
  const said: Record<string, string> = correlation.extra === undefined ? {} : { ...correlation.extra }
  for (const field of fields.idFieldNames) {
    const id = correlation[field]
    if (id !== undefined) said[fields.idFields[field]] = id
  }
  return said
}
