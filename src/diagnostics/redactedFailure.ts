/**
 * The last look at a failure before it leaves.
 */
import type { Failure } from "../event/FailureReport.js"
import type { PlainRecord } from "../plain/PlainValue.js"
import * as PlainValue from "../plain/PlainValue.js"
import type { Redactor, Secrets } from "../redaction/Redaction.js"
import { maxFactText } from "./errorFacts.js"
import { fingerprint } from "./fingerprint.js"
import * as RuleBook from "./rules/RuleBook.js"

/** A failure with every text of it as it may leave. Locals and attributes are redacted already. */
export const redacted = (failure: Failure, redactor: Redactor, secrets: Secrets): Failure => {
  const text = (value: string) => redactor.text(value, secrets)
  const source = (line: string) => {
    const shown = redactor.source(line, secrets)
    // A literal that is hidden in the source may stand in a message as well.
    if (shown !== line) secrets.add(hiddenIn(line, shown))
    return shown
  }
  const { location } = failure
  const sourceLine = location === null || location.sourceLine === null ? null : source(location.sourceLine)
  const snippet = failure.snippet.map((line) => ({ ...line, text: source(line.text) }))
  const shown: Failure = {
    ...failure,
    location: location === null ? null : { ...location, sourceLine },
    snippet,
    facts: factsOf(failure.facts, text),
    exactCause: text(failure.exactCause)
  }
  if (secrets.version === 0) return finished(shown)
  return finished({
    ...shown,
    errorMessage: text(failure.errorMessage),
    stackText: text(failure.stackText),
    exceptionChain: text(failure.exceptionChain)
  })
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

/** By what may be shown: a hash of a secret could be looked for, and a rule repeats what it reads. */
const finished = (failure: Failure): Failure => {
  const found = RuleBook.builtIn.consult(failure)
  return {
    ...failure,
    fingerprint: fingerprint(failure),
    exactCause: found?.why ?? failure.exactCause,
    hint: found?.hint ?? null,
    rule: found?.rule.id ?? null
  }
}

/** What was taken out of a line: all between its first and its last difference, without the quotes around it. */
const hiddenIn = (line: string, shown: string): string => {
  let start = 0
  while (start < shown.length && line[start] === shown[start]) start += 1
  let end = 0
  while (end < shown.length - start && line.at(-1 - end) === shown.at(-1 - end)) end += 1
  return line.slice(start, line.length - end).replace(/^["'`]|["'`]$/g, "")
}
