/**
 * What is said on a span by others than narration, such as Effect's own logger, which writes every log line on the span it
 * finds. It leaves as everything else of the story does: redacted.
 */
import type * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import type * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import { firstOf } from "../cause/causeLeaves.js"
import * as redactedCause from "../cause/redactedCause.js"
import type { Redactor } from "../redaction/redactorModel.js"
import type { Secrets } from "../redaction/secrets.js"

/** With what the texts of a span are redacted. */
export interface SpanRedaction {
  readonly redactor: Redactor
  /** What the story has hidden so far. */
  readonly secrets: () => Secrets | undefined
}

const redactions = new WeakMap<Tracer.AnySpan, SpanRedaction>()

/** Most failures of a cause that a tracer is given. */
const maxFailures = 10

/** Redacts the events of a span from now on. */
export const redactEvents = (span: Tracer.Span, redaction: SpanRedaction): void => {
  redactions.set(span, redaction)
  const { redactor, secrets } = redaction
  const { event } = span
  span.event = (name, startTime, attributes) => {
    // Attributes first: what they hide may be in the text.
    const shown = attributes === undefined ? undefined : redactor.record(attributes, secrets())
    event.call(span, redactor.text(name, secrets()), startTime, shown)
  }
}

/** A span of a program's own inside a story is redacted as that story is: its events, and what it fails with. */
export const redactedLike = (parent: Option.Option<Tracer.AnySpan>, span: Tracer.Span): Tracer.Span => {
  const redaction = parent._tag === "Some" ? redactions.get(parent.value) : undefined
  if (redaction === undefined) return span
  redactEvents(span, redaction)
  const { redactor, secrets } = redaction
  const redacted = (all: Cause.Cause<unknown>): Cause.Cause<unknown> => {
    const { cause, count } = firstOf(all, maxFailures)
    if (count > maxFailures) span.attribute("narrative.failures", count)
    return redactedCause.shown(cause, {
      text: (text) => redactor.text(text, secrets()),
      value: (value) => redactor.value(value, secrets())
    })
  }
  const { end } = span
  span.end = (endTime, exit) =>
    end.call(span, endTime, Exit.isFailure(exit) ? Exit.failCause(redacted(exit.cause)) : exit)
  return span
}
