/**
 * What an analyzer answered, as it may be emitted: of the right form, without secrets, and of bounded size.
 */
import * as Either from "effect/Either"
import type { ParseError } from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type { Citation, Evidence } from "../event/FailureAnalysis.js"
import * as FailureAnalysis from "../event/FailureAnalysis.js"
import { clipHidden } from "../plain/plainCopy.js"

/** Longest text of an analysis that came as text, and, four times, of the parts of any other, in UTF-16 code units. */
const maxText = 32_000
const maxPart = maxText / 4
const maxName = 256
const maxEvidence = 50
const maxCites = 20

const validate = Schema.validateEither(FailureAnalysis.FailureAnalysis)

/** `undefined` where it says nothing; an error where it is no analysis. */
export const redactedAnalysis = (
  answer: unknown,
  hide: (text: string) => string
): Either.Either<FailureAnalysis.FailureAnalysis | undefined, ParseError> =>
  Either.map(validate(answer), (analysis) => {
    const shown = shownParts(analysis, hide)
    return FailureAnalysis.format(shown).trim() === "" ? undefined : shown
  })

const shownParts = (
  analysis: FailureAnalysis.FailureAnalysis,
  hide: (text: string) => string
): FailureAnalysis.FailureAnalysis => {
  const { analyzer, codeChanges, droppedCitations, evidence, exactWhy, model, rawText, targetedFix } = analysis
  const name = (text: string) => clipHidden(text, maxName, hide)
  const part = (text: string) => clipHidden(text, maxPart, hide)
  return {
    analyzer: name(analyzer),
    model: model === null ? null : name(model),
    exactWhy: part(exactWhy),
    evidence: shownEvidence(evidence, hide),
    targetedFix: part(targetedFix),
    codeChanges: part(codeChanges),
    rawText: rawText === null ? null : clipHidden(rawText, maxText, hide),
    droppedCitations
  }
}

const shownEvidence = (evidence: ReadonlyArray<Evidence>, hide: (text: string) => string): ReadonlyArray<Evidence> => {
  let room = maxPart
  const text = (text: string) => {
    const shown = clipHidden(text, room, hide)
    room = Math.max(0, room - shown.length)
    return shown
  }
  const cite = ({ id, text: cited }: Citation): Citation => ({ id: clipHidden(id, maxName, hide), text: text(cited) })
  const out: Array<Evidence> = []
  for (const { cites, text: observed } of evidence.slice(0, maxEvidence)) {
    if (room === 0) break
    out.push({ text: text(observed), cites: cites.slice(0, maxCites).map(cite) })
  }
  return out
}
