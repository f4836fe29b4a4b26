/**
 * The spans that a failure passed on its way to its story, and where each is made.
 */
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import type { PassedSpan } from "../../event/FailureReport.js"
import * as PlainValue from "../../plain/PlainValue.js"
import { attempt } from "../../plain/untrusted.js"
import { spanToTrace } from "../../runtime/fiberInternals.js"
import { isApp } from "./failureLocation.js"
import { locationOf } from "./frameSource.js"
import * as stackFrames from "./stackFrames.js"

export interface SpanWithFrame extends Omit<PassedSpan, "location" | "attributes"> {
  readonly span: Tracer.Span
  /** The app's line where it is made; `undefined` where it is not known, or not the app's. */
  readonly frame: stackFrames.Frame | undefined
}

/** Most spans that are shown. */
const maxSpans = 12
/** Longest name of a span. */
const maxName = 200

/** The spans around a failure, innermost first, up to the story's own. */
export const passedSpans = (
  innermost: Option.Option<Tracer.AnySpan>,
  read: stackFrames.StackReader
): ReadonlyArray<SpanWithFrame> => {
  const spans: Array<SpanWithFrame> = []
  let current = innermost
  while (spans.length < maxSpans && Option.isSome(current) && current.value._tag === "Span") {
    const span = current.value
    const of = attempt(() => span.context.unsafeMap.get(spanOfKey), undefined)
    if (of === "story") break
    spans.push({
      span,
      name: PlainValue.clip(String(span.name), maxName),
      kind: of === "stage" ? "stage" : "span",
      frame: attempt(() => frameOf(span, read), undefined)
    })
    current = span.parent
  }
  return spans
}

/** The key under which a span of ours says what it is the span of; see `tracing/spans.ts`, which is not loaded for this. */
const spanOfKey = "effect-narrative/SpanOf"

// `Effect.fn` gives two lines: where it is defined, then where it was called.
const frameOf = (span: Tracer.Span, read: stackFrames.StackReader): stackFrames.Frame | undefined => {
  const trace: unknown = spanToTrace.get(span)
  const stack: unknown = typeof trace === "function" ? trace() : undefined
  return typeof stack === "string" ? read(stack).find(isApp) : undefined
}

export const shownSpans = (
  spans: ReadonlyArray<SpanWithFrame>,
  record: (attributes: Readonly<Record<string, unknown>>) => PlainValue.PlainRecord
): ReadonlyArray<PassedSpan> =>
  spans.map(({ frame, kind, name, span }) => ({
    name,
    kind,
    location: frame === undefined ? null : locationOf(named(frame, name)),
    // Those of a stage are the failure's own, and a library's span says what its error says.
    attributes: frame === undefined || kind === "stage" ? {} : record(attributesOf(span))
  }))

/** Most attributes shown of one span. */
const maxAttributes = 16

const attributesOf = ({ attributes }: Tracer.Span): Readonly<Record<string, unknown>> =>
  attempt(
    () =>
      Object.fromEntries(
        Array.from(attributes)
          .filter(([name]) => !ofTracers.test(name))
          .slice(0, maxAttributes)
      ),
    {}
  )

/** What tracers and this library say of a span themselves. */
const ofTracers = /^(?:code|narrative|exception|thread)\./

/** The frame with a span's name where V8 knows none: it was not called there, but made. */
export const named = (frame: stackFrames.Frame, name: string): stackFrames.Frame =>
  frame.shown.function === stackFrames.anonymous ? { ...frame, shown: { ...frame.shown, function: name } } : frame
