/**
 * The span that Effect's server has for a request: it is given the whole URL and all headers, but for four of them. What leaves
 * with it is redacted as everything else is.
 */
import type * as Tracer from "effect/Tracer"
import { attempt } from "../../plain/untrusted.js"
import type { Redactor, Secrets } from "../../redaction/Redaction.js"

const header = /^http\.(?:request|response)\.header\.(.+)$/

/** Redacts what the span has, and what it is given from now on. */
export const redactAttributes = (
  span: Tracer.AnySpan | undefined,
  redactor: Redactor,
  secrets: () => Secrets
): void => {
  if (span?._tag !== "Span" || span.kind !== "server" || !span.attributes.has("http.request.method")) return
  const { attribute } = span
  const shown = (name: string, value: unknown): unknown => {
    if (typeof value !== "string") return value
    const [, field] = header.exec(name) ?? []
    return field === undefined
      ? redactor.text(value, secrets())
      : (redactor.record({ [field]: value }, secrets())[field] ?? value)
  }
  // A tracer's span may refuse to be changed.
  attempt(() => {
    for (const [name, value] of Array.from(span.attributes)) {
      const safe = shown(name, value)
      if (safe !== value) attribute.call(span, name, safe)
    }
    span.attribute = (name, value) => attribute.call(span, name, shown(name, value))
  }, undefined)
}
