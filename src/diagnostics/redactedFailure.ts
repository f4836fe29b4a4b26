/**
 * The last look at a failure before it leaves.
 */
import type { ErrorDetails, Failure, Location } from "../event/FailureReport.js"
import type { PlainRecord } from "../plain/PlainValue.js"
import * as PlainValue from "../plain/PlainValue.js"
import type { Redactor } from "../redaction/redactorModel.js"
import type { Secrets } from "../redaction/secrets.js"
import { maxFactText } from "./errorFacts.js"

/** A failure with every text of it as it may leave. Locals and attributes are redacted already. */
export const redacted = (failure: Failure, redactor: Redactor, secrets: Secrets): Failure => {
  const text = (value: string) => redactor.text(value, secrets)
  const source = (line: string) => {
    const shown = redactor.source(line, secrets)
    // A literal that is hidden in the source may stand in a message as well.
    if (shown !== line) secrets.add(hiddenIn(line, shown))
    return shown
  }
  const place = (location: Location | null): Location | null =>
    location === null || location.sourceLine === null
      ? location
      : { ...location, sourceLine: source(location.sourceLine) }
  const lines = (snippet: Failure["snippet"]) => snippet.map((line) => ({ ...line, text: source(line.text) }))
  // What is hidden in a line of source is hidden in the texts after it.
  const shown: Failure = {
    ...failure,
    location: place(failure.location),
    snippet: lines(failure.snippet),
    ownLocation: place(failure.ownLocation),
    spans: failure.spans.map((span) => ({ ...span, name: text(span.name), location: place(span.location) })),
    causes: failure.causes.map((cause) => ({
      ...cause,
      location: place(cause.location),
      snippet: lines(cause.snippet)
    })),
    facts: factsOf(failure.facts, text),
    details: failure.details === null ? null : detailsOf(failure.details, text)
  }
  const exactCause = text(failure.exactCause)
  if (secrets.version === 0) return { ...shown, exactCause }
  return {
    ...shown,
    exactCause,
    errorMessage: text(failure.errorMessage),
    stackText: text(failure.stackText),
    exceptionChain: text(failure.exceptionChain),
    causes: shown.causes.map((cause) => ({ ...cause, errorMessage: text(cause.errorMessage) }))
  }
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

/** What was taken out of a line: all between its first and its last difference, without the quotes around it. */
const hiddenIn = (line: string, shown: string): string => {
  let start = 0
  while (start < shown.length && line[start] === shown[start]) start += 1
  let end = 0
  while (end < shown.length - start && line.at(-1 - end) === shown.at(-1 - end)) end += 1
  return line.slice(start, line.length - end).replace(/^["'`]|["'`]$/g, "")
}
