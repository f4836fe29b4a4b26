/**
 * How a correlation becomes that of an effect, or of a fiber: its context, its log lines, the parent of its spans.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import type * as FiberRefs from "effect/FiberRefs"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import * as fields from "../event/correlationFields.js"
import { extended } from "../plain/extended.js"
import { mapCopy } from "../plain/mapCopy.js"
import { redactorIn } from "../redaction/redactor.js"
import { Secrets } from "../redaction/secrets.js"
import type { AnyFiber } from "../runtime/fiber.js"
import { enterRefs, refIn, refsOf, type Settings, withRefs } from "../runtime/fiberInternals.js"
import { withLocalRefs } from "../runtime/localRefs.js"
import { askerOf } from "./correlationAttributes.js"
import { Asker, askerIn } from "./currentCorrelation.js"
import { visibleParent } from "./spans.js"

type Correlation = fields.Correlation

/** What was said in a context, without the ids of the span in it. */
export const correlationIn = (context: Context.Context<never>): Correlation =>
  askerIn(context)?.correlation ?? fields.none

export const contextWith = <R>(
  context: Context.Context<R>,
  asker: Asker | undefined,
  parent?: Tracer.AnySpan
): Context.Context<R> => {
  const services = mapCopy(context.unsafeMap)
  if (asker === undefined) services.delete(Asker.key)
  else services.set(Asker.key, asker)
  if (parent !== undefined) services.set(Tracer.ParentSpan.key, parent)
  return Context.unsafeMake(services)
}

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
  withLocalRefs(self, (fiber) => enterRefs(fiber, askedIn(fiber, given)))

/** The same, as what is to be set in a fiber. */
export const askedIn = (fiber: AnyFiber, given: Correlation): Asked => {
  const place = refsOf(fiber)
  const before = correlationIn(fiber.currentContext)
  const next = merged(before, given)
  const around = visibleParent(fiber.currentSpan)
  const isServers = around?._tag === "Span" && around.traceId === given.traceId
  return asking(place, before, next, isServers ? undefined : parentSpan(fiber.currentContext, before, next))
}

/** Runs an effect with the correlation that follows the one around it. */
export const enter = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  follow: (before: Correlation) => Correlation
): Effect.Effect<A, E, R> =>
  withLocalRefs(self, (fiber) => {
    const before = correlationIn(fiber.currentContext)
    const next = follow(before)
    const parent = parentSpan(fiber.currentContext, before, next)
    return enterRefs(fiber, asking(refsOf(fiber), before, next, parent))
  })

/** What `with` does, for plain code: the place of a fiber of this id that works with a correlation. */
export const askedPlace = (
  place: FiberRefs.FiberRefs,
  id: FiberId.Runtime,
  given: Correlation
): FiberRefs.FiberRefs => {
  const context = refIn(place, FiberRef.currentContext)
  const before = correlationIn(context)
  const next = merged(before, given)
  return withRefs(place, id, asking(place, before, next, parentSpan(context, before, next)))
}

type Asked = Settings<[HashMap.HashMap<string, unknown>, Context.Context<never>]>

/** What log lines say, and the context, where one correlation held and the next is to hold. */
const asking = (
  place: FiberRefs.FiberRefs,
  before: Correlation,
  next: Correlation,
  parent: Tracer.AnySpan | undefined
): Asked => {
  const context = refIn(place, FiberRef.currentContext)
  const asker = askerOf(next)
  const annotations = refIn(place, FiberRef.currentLogAnnotations)
  return [
    [FiberRef.currentLogAnnotations, annotated(annotations, context, before, asker)],
    [FiberRef.currentContext, contextWith(context, asker, parent)]
  ]
}

/** What log lines say, from what they said of one correlation to what they say of the next. */
const annotated = (
  annotations: HashMap.HashMap<string, unknown>,
  context: Context.Context<never>,
  before: Correlation,
  asker: Asker | undefined
): HashMap.HashMap<string, unknown> => {
  const known = asker?.shown(redactorIn(context), () => new Secrets())
  const shown = annotationsOf(known?.correlation ?? fields.none)
  let all = annotations
  if (before !== fields.none) {
    for (const name of Object.keys(annotationsOf(before))) if (!(name in shown)) all = HashMap.remove(all, name)
  }
  for (const name in shown) all = HashMap.set(all, name, shown[name])
  return all
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
