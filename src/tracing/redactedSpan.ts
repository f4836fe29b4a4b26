/**
 * What others than narration put on a span: attributes, and the log lines that Effect's own logger writes on the span it
 * finds. It leaves as everything else of the story does: redacted.
 */
import type * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import type * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import { firstOf } from "../cause/causeLeaves.js"
import * as redactedCause from "../cause/redactedCause.js"
import * as hiddenField from "../plain/hiddenField.js"
import type { Redactor } from "../redaction/redactorModel.js"
import type { Secrets } from "../redaction/secrets.js"

/** With what the texts of a span are redacted. */
export interface SpanRedaction {
  readonly redactor: Redactor
  /** What the story has hidden so far. */
  readonly secrets: () => Secrets | undefined
}

const redactions = hiddenField.make<Tracer.AnySpan, SpanRedaction>()

/** Most failures of a cause that a tracer is given. */
const maxFailures = 10

/** Redacts the attributes and the events of a span from now on. */
export const redactSpan = (span: Tracer.Span, redaction: SpanRedaction): void => {
  redactions.set(span, redaction)
  const { redactor, secrets } = redaction
  const { attribute, event } = span
  span.attribute = (key, value) => {
    const isText = typeof value === "string" || typeof value === "object"
    // What narration says itself is redacted, and a number is to stay as exact as it is.
    const isShown = key.startsWith("narrative.") || !(isText || redactor.isSecretName(key))
    attribute.call(span, key, isShown ? value : redactor.record({ [key]: value }, secrets())[key])
  }
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
  redactSpan(span, redaction)
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
