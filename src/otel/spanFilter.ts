/**
 * A tracer that leaves out the spans of some stages. A span that is another one's parent has to be found in the end: so a
 * stage left out by name never has an id of its own, one left out as too short has nothing inside it, and what begins in
 * it after its end has the span around it as its parent.
 */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Tracer from "effect/Tracer"
import * as redactedCause from "../cause/redactedCause.js"
import * as hiddenField from "../plain/hiddenField.js"
import * as PlainValue from "../plain/PlainValue.js"
import { attempt } from "../plain/untrusted.js"
import { redactedLike } from "../tracing/redactedSpan.js"
import { SpanOf } from "../tracing/spans.js"

export interface Filter {
  readonly isExcluded: (stageName: string) => boolean
  /** Shorter stages are left out. */
  readonly minNanos: bigint
  /** Longest text, in UTF-16 code units; infinite where texts are left as they are. */
  readonly maxLength: number
}

export const filtering = (inner: Tracer.Tracer, filter: Filter): Tracer.Tracer =>
  Tracer.make({
    span: (name, parent, context, links, startTime, kind, options) => {
      const isStage = context.unsafeMap.get(SpanOf.key) === "stage"
      const around = Option.map(parent, exportedAround)
      const begin = (links: ReadonlyArray<Tracer.SpanLink>) => {
        const span = inner.span(name, around, context, links, startTime, kind, options)
        return Number.isFinite(filter.maxLength) ? clipped(span, filter.maxLength) : span
      }
      // A stage outside any span would leave what is inside it without a trace.
      if (isStage && Option.isSome(around) && attempt(() => filter.isExcluded(name), false)) {
        return leftOut(around.value, { name, links, startTime, kind, begin })
      }
      const span = isStage ? begin(links) : redactedLike(around, begin(links))
      if (filter.minNanos > 0n)
        Kept.watch(span, Option.getOrUndefined(around), isStage && Option.isSome(around) ? filter.minNanos : 0n)
      return span
    },
    context: (execution, fiber) => inner.context(execution, fiber)
  })

const isFailure = (exit: Exit.Exit<unknown, unknown>): boolean =>
  exit._tag === "Failure" && !Cause.isInterruptedOnly(exit.cause)

const ancestors = hiddenField.make<Tracer.AnySpan, Tracer.AnySpan>()

/** The span a backend knows: the nearest one around the stages that were left out, perhaps after they had ended. */
const exportedAround = (span: Tracer.AnySpan): Tracer.AnySpan => {
  let around = span
  for (let next = ancestors.get(around); next !== undefined; next = ancestors.get(around)) around = next
  return around
}

interface LeftOut {
  readonly name: string
  readonly links: ReadonlyArray<Tracer.SpanLink>
  readonly startTime: bigint
  readonly kind: Tracer.SpanKind
  readonly begin: (links: ReadonlyArray<Tracer.SpanLink>) => Tracer.Span
}

/**
 * A span that is none, unless its stage fails: everything that asks for its identity gets that of the span around it. It
 * inherits from that span, so that a tracer which knows its own spans by their class knows this one too.
 */
const leftOut = (around: Tracer.AnySpan, { begin, kind, links, name, startTime }: LeftOut): Tracer.Span => {
  const attributes = new Map<string, unknown>()
  const events: Array<Parameters<Tracer.Span["event"]>> = []
  const ownLinks = [...links]
  const own: Omit<Tracer.Span, "spanId" | "traceId" | "sampled" | "context"> = {
    _tag: "Span",
    name,
    parent: Option.some(around),
    kind,
    status: { _tag: "Started", startTime },
    attributes,
    links: ownLinks,
    attribute: (key, value) => {
      attributes.set(key, value)
    },
    event: (...event) => {
      events.push(event)
    },
    addLinks: (more) => {
      ownLinks.push(...more)
    },
    end: (endTime, exit) => {
      setEnded(span, startTime, endTime, exit)
      if (!isFailure(exit)) {
        Kept.drop(around)
        return
      }
      const real = begin(ownLinks)
      for (const [key, value] of attributes) real.attribute(key, value)
      for (const event of events) real.event(...event)
      real.end(endTime, exit)
    }
  }
  const span: Tracer.Span = Object.create(around, Object.getOwnPropertyDescriptors(own))
  ancestors.set(span, around)
  // Whether it is exported after all is known at its end: until then the span around it is needed.
  Kept.add(around)
  return span
}

/**
 * Turns a span of the OpenTelemetry SDK into one that is recorded and not exported, and says whether it was one: its
 * processors, which were given its start, are then given its end as well.
 * https://opentelemetry.io/docs/specs/otel/trace/sdk/#recording-sampled-reaction-table
 */
const unsampled = (span: Tracer.Span): boolean => {
  const context = attempt(() => spanContextOf(span), undefined)
  if (!Predicate.hasProperty(context, "traceFlags") || typeof context.traceFlags !== "number") return false
  const flags = context.traceFlags & ~1
  return attempt(() => Object.assign(context, { traceFlags: flags }).traceFlags === flags, false)
}

/** Of the SDK's span behind one of `@effect/opentelemetry`, which gives the same object each time. */
const spanContextOf = (span: Tracer.Span): unknown => {
  const behind: unknown = Reflect.get(span, "span")
  return Predicate.hasProperty(behind, "spanContext") && typeof behind.spanContext === "function"
    ? behind.spanContext()
    : undefined
}

const setEnded = (span: Tracer.Span, startTime: bigint, endTime: bigint, exit: Exit.Exit<unknown, unknown>): void => {
  const status: Tracer.SpanStatus = { _tag: "Ended", startTime, endTime, exit }
  // Read-only to whoever reads a span, and perhaps a getter; whoever ends it sets it.
  Object.defineProperty(span, "status", { value: status, configurable: true, enumerable: true, writable: true })
}

/** Spans whose texts are cut. */
const clipped = (span: Tracer.Span, maxLength: number): Tracer.Span => {
  const text = (text: string) => (text.length <= maxLength ? text : PlainValue.clip(text, maxLength))
  const value = (value: unknown): unknown => {
    if (typeof value === "string") return text(value)
    if (typeof value !== "object" || value === null) return value
    if (Array.isArray(value)) return value.map((value) => (typeof value === "string" ? text(value) : value))
    return text(PlainValue.text(value))
  }
  const { attribute, end, event } = span
  // Set on the span itself: a tracer may look for its own class, or for the span behind it.
  return Object.assign(span, {
    attribute: (key: string, given: unknown) => attribute.call(span, key, value(given)),
    event: (name: string, startTime: bigint, attributes?: Record<string, unknown>) =>
      event.call(span, text(name), startTime, attributes && mapValues(attributes, value)),
    end: (endTime: bigint, exit: Exit.Exit<unknown, unknown>) =>
      end.call(
        span,
        endTime,
        exit._tag === "Success"
          ? exit
          : Exit.failCause(redactedCause.shown(exit.cause, { text, value: PlainValue.from }))
      )
  })
}

const mapValues = (record: Record<string, unknown>, f: (value: unknown) => unknown): Record<string, unknown> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, f(value)]))

/** What becomes of spans that may turn out too short, and of the spans around them. */
class Kept {
  static readonly #all = hiddenField.make<Tracer.AnySpan, Kept>()

  /** Says that something inside a span is kept, or may be. */
  static add(around: Tracer.AnySpan | undefined): void {
    const kept = around === undefined ? undefined : Kept.#all.get(around)
    if (kept !== undefined) kept.#inside += 1
  }

  /** Says that what was added is left out. */
  static drop(around: Tracer.AnySpan | undefined): void {
    const kept = around === undefined ? undefined : Kept.#all.get(around)
    if (kept !== undefined) kept.#inside -= 1
  }

  /** Ends a span only if it took long enough, failed, or has one inside it that is kept or still open. */
  static watch(span: Tracer.Span, parent: Tracer.AnySpan | undefined, minNanos: bigint): void {
    const kept = new Kept()
    Kept.#all.set(span, kept)
    Kept.add(parent)
    const end = span.end
    span.end = (endTime, exit) => {
      const { startTime } = span.status
      if (kept.#inside === 0 && endTime - startTime < minNanos && !isFailure(exit)) {
        Kept.drop(parent)
        // What begins in it from now on belongs to the span around it.
        if (parent !== undefined) ancestors.set(span, parent)
        if (unsampled(span)) end.call(span, endTime, exit)
        else setEnded(span, startTime, endTime, exit)
      } else end.call(span, endTime, exit)
    }
  }

  /** Spans inside that were kept, or whose fate is open. */
  #inside = 0
}
