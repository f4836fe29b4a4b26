/**
 * Spans as `Effect.withSpan` makes them, minus its gap: an interruption cannot come between the start of a span and the
 * handler that ends it, because the caller holds the fiber uninterruptible.
 *
 * What a tracer is given is what leaves: texts are redacted here, as they are in events.
 */
import type * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Exit from "effect/Exit"
import * as FiberRef from "effect/FiberRef"
import { globalValue } from "effect/GlobalValue"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import { type CauseLeaf, firstOf, leavesOf } from "../cause/causeLeaves.js"
import * as redactedCause from "../cause/redactedCause.js"
import { messageOf, typeOf } from "../cause/thrownValue.js"
import { text } from "../plain/PlainValue.js"
import { attempt, textOf } from "../plain/untrusted.js"
import { redactorIn } from "../redaction/redactor.js"
import type { Secrets } from "../redaction/secrets.js"
import { type AnyFiber, repairTracerLogger, spanToTrace } from "../runtime/fiberInternals.js"
import { muted } from "../runtime/muting.js"
import { isOn } from "../runtime/switches.js"
import { LocalSpan, localSpan } from "./localSpan.js"
import { redactSpan } from "./redactedSpan.js"

/** What a span is the span of, for a tracer that wants to know: it is in the span's context. */
export const SpanOf = Context.GenericTag<"story" | "stage">("effect-narrative/SpanOf")

const contexts = {
  story: Context.make(SpanOf, "story") as Context.Context<never>,
  stage: Context.make(SpanOf, "stage") as Context.Context<never>
}

/** `undefined` when tracing or narration is switched off here. */
export const start = (
  fiber: AnyFiber,
  of: "story" | "stage",
  name: string,
  kind: string,
  parent: Tracer.AnySpan | undefined,
  startNanos: bigint
): Tracer.Span | undefined => {
  if (!fiber.getFiberRef(FiberRef.currentTracerEnabled) || isOn(fiber.getFiberRef(muted))) return undefined
  repairTracerLogger(text)
  const visible = visibleParent(parent)
  const links = fiber.getFiberRef(FiberRef.currentTracerSpanLinks)
  const tracer = fiber.currentTracer
  const make = isEffects(tracer) ? localSpan : tracer.span
  try {
    return make.call(
      tracer,
      name,
      visible === undefined ? Option.none() : Option.some(visible),
      contexts[of],
      // An array of its own: a span may add to it.
      Chunk.isEmpty(links) ? [] : Chunk.toReadonlyArray(links).slice(),
      fiber.getFiberRef(FiberRef.currentTracerTimingEnabled) ? startNanos : 0n,
      spanKinds.get(kind) ?? "internal"
    )
  } catch {
    // A tracer that cannot make a span must not fail what it traces.
    return undefined
  }
}

// Of the kinds of stories and stages, those that OpenTelemetry has a word for.
const spanKinds: ReadonlyMap<string, Tracer.SpanKind> = new Map([
  ["request", "server"],
  ["rpc", "server"],
  ["message", "consumer"],
  ["job", "consumer"],
  ["provider", "client"],
  ["http-client", "client"],
  ["rpc-client", "client"]
])

/** The span, or the nearest around it that may be shown as a parent. */
export const visibleParent = (span: Tracer.AnySpan | undefined): Tracer.AnySpan | undefined => {
  let visible = span
  while (visible !== undefined && isHidden(visible)) {
    visible = visible._tag === "Span" ? Option.getOrUndefined(visible.parent) : undefined
  }
  return visible
}

// Most spans are ours, or have no context of their own.
const isHidden = ({ context }: Tracer.AnySpan): boolean =>
  context !== contexts.stage &&
  context !== contexts.story &&
  context.unsafeMap.size > 0 &&
  Context.get(context, Tracer.DisablePropagation)

/** Most links of one span to its sub-stories, as in OpenTelemetry's own limits. */
const maxLinks = 128

const linkCounts = new WeakMap<Tracer.Span, number>()

/**
 * Ties two spans of different traces to each other: a story, and its sub-story that began in a trace of its own. A story
 * that runs for days has any number of those: beyond the most there may be, its links are counted, and the sub-story's
 * own link still leads to it.
 */
export const link = (outer: Tracer.Span, inner: Tracer.Span): void => {
  if (outer.traceId === inner.traceId) return
  const tie = (from: Tracer.Span, to: Tracer.Span, what: string) => {
    // Its ids only: the span itself would keep its attributes in memory.
    const { sampled, spanId, traceId } = to
    const span = Tracer.externalSpan({ spanId, traceId, sampled })
    attempt(() => from.addLinks([{ _tag: "SpanLink", span, attributes: { "narrative.link": what } }]), undefined)
  }
  tie(inner, outer, "parent-story")
  const count = (linkCounts.get(outer) ?? 0) + 1
  linkCounts.set(outer, count)
  if (count <= maxLinks) tie(outer, inner, "sub-story")
  else attempt(() => outer.attribute("narrative.links.dropped", count - maxLinks), undefined)
}

const nativeTracer = Context.get(DefaultServices.liveServices, Tracer.Tracer)

const wrapsNative = globalValue("effect-narrative/wrapsNative", () => new WeakSet<Tracer.Tracer>())

/** Notes that what one tracer makes are the spans of another one. */
export const wraps = (tracer: Tracer.Tracer, inner: Tracer.Tracer): void => {
  if (isNative(inner)) wrapsNative.add(tracer)
}

/** Whether a tracer is Effect's own: what it makes stays in the process. */
export const isEffects = (tracer: Tracer.Tracer): boolean => tracer === nativeTracer

/** The same, also where it is wrapped. */
export const isNative = (tracer: Tracer.Tracer): boolean => tracer === nativeTracer || wrapsNative.has(tracer)

/**
 * Says on a span what its fiber annotates spans with. On one that is exported, this and whatever others than narration put
 * on it is redacted, as its story is.
 */
export const redact = (fiber: AnyFiber, span: Tracer.Span, story: { readonly secrets: Secrets } | undefined): void => {
  if (isRead(fiber, span)) redactRead(fiber, span, story)
  const annotations = fiber.getFiberRef(FiberRef.currentTracerSpanAnnotations)
  if (HashMap.size(annotations) > 0) annotate(span, Object.fromEntries(annotations))
}

const redactRead = (fiber: AnyFiber, span: Tracer.Span, story: { readonly secrets: Secrets } | undefined): void => {
  const redactor = redactorIn(fiber.currentContext)
  // A tracer's span may refuse to be changed.
  attempt(() => redactSpan(span, { redactor, secrets: () => story?.secrets }), undefined)
}

/** Puts attributes on a span, given as names and values by turns. */
export const putAll = (span: Tracer.Span, list: Array<unknown>): void => {
  if (span instanceof LocalSpan) span.addAll(list)
  else for (let i = 0; i < list.length; i += 2) span.attribute(String(list[i]), list[i + 1])
}

/** Whether spans that are made here may leave the process. */
export const areSpansRead = (fiber: AnyFiber): boolean =>
  !isNative(fiber.currentTracer) && fiber.getFiberRef(FiberRef.currentTracerEnabled)

/** Whether a span leaves the process: Effect's own tracer keeps its spans to itself. */
export const isRead = (fiber: AnyFiber, span: Tracer.Span | undefined): span is Tracer.Span =>
  span?.sampled === true && !isNative(fiber.currentTracer)

/** Adds attributes to a span that may refuse them. */
export const annotate = (span: Tracer.Span, attributes: Readonly<Record<string, unknown>>): void => {
  for (const key in attributes) attempt(() => span.attribute(key, attributes[key]), undefined)
}

/** What a story knows when one of its spans ends. */
export interface Ending {
  readonly definedAt: { readonly stack?: string } | undefined
  /** What was hidden so far. */
  readonly secrets: Secrets | undefined
}

/** Ends a span once, with the place it was written and every failure when it failed. */
export const end = (
  fiber: AnyFiber,
  span: Tracer.Span,
  endNanos: bigint,
  exit: Exit.Exit<unknown, unknown>,
  ending: Ending
): void => {
  if (span.status._tag === "Ended") return
  try {
    let shown = exit
    if (exit._tag === "Failure") {
      const place = firstFrame(ending.definedAt?.stack)
      if (place !== undefined) {
        spanToTrace.set(span, () => place)
        span.attribute("code.stacktrace", place)
      }
      if (isRead(fiber, span)) shown = Exit.failCause(failed(fiber, span, endNanos, exit.cause, ending.secrets))
    }
    span.end(fiber.getFiberRef(FiberRef.currentTracerTimingEnabled) ? endNanos : 0n, shown)
  } catch {
    // Nor must one that cannot end it.
  }
}

/** Most failures of one cause that become exception events. */
const maxExceptions = 10

/** Adds what failed to the span, and gives the cause as it may be read. */
const failed = (
  fiber: AnyFiber,
  span: Tracer.Span,
  endNanos: bigint,
  cause: Cause.Cause<unknown>,
  secrets: Secrets | undefined
): Cause.Cause<unknown> => {
  const redactor = redactorIn(fiber.currentContext)
  const bounded = firstOf(cause, maxExceptions)
  const safe = redactedCause.shown(bounded.cause, {
    text: (text) => redactor.text(text, secrets),
    value: (value) => redactor.value(value, secrets)
  })
  // Whatever ends the span adds the first as an exception.
  const [first, ...others] = leavesOf(safe)
  if (first === undefined) return safe
  span.attribute("error.type", typeOf(first.error))
  for (const leaf of others) span.event("exception", endNanos, exception(leaf))
  if (bounded.count > 1) span.attribute("narrative.failures", bounded.count)
  return safe
}

const exception = ({ error }: CauseLeaf): Record<string, unknown> => ({
  "exception.type": typeOf(error),
  "exception.message": messageOf(error),
  "exception.stacktrace": textOf(error, "stack") ?? ""
})

const firstFrame = (stack: string | undefined): string | undefined => /^\s*(at .+)$/m.exec(stack ?? "")?.[1]
