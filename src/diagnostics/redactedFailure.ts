/**
 * The last look at a failure before it leaves.
 */
import type { ErrorDetails, Failure, Location } from "../event/FailureReport.js"
import { extended } from "../plain/extended.js"
import type { PlainRecord } from "../plain/PlainValue.js"
import * as PlainValue from "../plain/PlainValue.js"
import type { Redactor } from "../redaction/redactorModel.js"
import type { Secrets } from "../redaction/secrets.js"
import { maxFactText } from "./errorFacts.js"

/** A failure with every text of it as it may leave. Locals and attributes are redacted already. */
export const redacted = (failure: Failure, redactor: Redactor, secrets: Secrets): Failure => {
  const text = (value: string) => redactor.text(value, secrets)
  const lines = (snippet: Failure["snippet"]) => sourceLines(snippet, redactor, secrets)
  const place = (location: Location | null, snippet: Failure["snippet"] = []): Location | null => {
    if (location === null || location.sourceLine === null) return location
    // A literal may be on the line behind its name: with the lines around it, it is known.
    const known = snippet.find(({ line }) => line === location.line)
    const sourceLine = known?.text ?? redactor.source(location.sourceLine, secrets)
    return sourceLine === location.sourceLine ? location : extended(location, { sourceLine })
  }
  const snippet = lines(failure.snippet)
  // What is hidden in a line of source is hidden in the texts after it.
  const shown = extended(failure, {
    location: place(failure.location, snippet),
    snippet,
    ownLocation: place(failure.ownLocation),
    spans: failure.spans.map((span) => extended(span, { name: text(span.name), location: place(span.location) })),
    causes: failure.causes.map((cause) =>
      extended(cause, { location: place(cause.location), snippet: lines(cause.snippet) })
    ),
    facts: factsOf(failure.facts, text),
    details: failure.details === null ? null : detailsOf(failure.details, text),
    exactCause: ""
  })
  shown.exactCause = text(failure.exactCause)
  if (secrets.version === 0) return shown
  return extended(shown, {
    errorMessage: text(failure.errorMessage),
    stackText: text(failure.stackText),
    exceptionChain: text(failure.exceptionChain),
    causes: shown.causes.map((cause) => extended(cause, { errorMessage: text(cause.errorMessage) }))
  })
}

const detailsOf = (details: ErrorDetails, text: (value: string) => string): ErrorDetails => {
  const optional = (value: string | null) => (value === null ? null : text(value))
  return {
    code: optional(details.code),
    help: optional(details.help),
    url: optional(details.url),
    labels: factsOf(details.labels, text)
  }
}

const factsOf = (facts: PlainRecord, text: (value: string) => string): PlainRecord => {
  const entries = Object.entries(facts)
  if (entries.length === 0) return facts
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      typeof value === "string" ? PlainValue.clip(text(value), maxFactText - 30) : value
    ])
  )
}

/** Lines that follow each other, redacted as one text. */
const sourceLines = (snippet: Failure["snippet"], redactor: Redactor, secrets: Secrets): Failure["snippet"] => {
  const whole = snippet.map(({ text }) => text).join("\n")
  const redacted = redactor.source(whole, secrets)
  if (redacted === whole) return snippet
  const shown = redacted.split("\n")
  return snippet.map((line, i) =>
    extended(line, {
      text: (shown.length === snippet.length ? shown[i] : undefined) ?? redactor.source(line.text, secrets)
    })
  )
}
