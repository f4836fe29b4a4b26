/**
 * The exact cause of a failure in one plain sentence: what had no value, which key was missing, who refused.
 *
 * It says no more than the error, its line and its variables show. What is not known is said as the error says it.
 */
import * as thrownValue from "../../cause/thrownValue.js"
import * as PlainValue from "../../plain/PlainValue.js"
import { attempt, propertyOf } from "../../plain/untrusted.js"
import { explainAssertion } from "./assertionErrors.js"
import {
  explainConfigError,
  explainGetOrThrow,
  explainInterruption,
  explainMissingService,
  explainNoSuchElement,
  explainTimeout
} from "./effectErrors.js"
import { explainEngineError } from "./engineErrors.js"
import * as failingLine from "./failingLine.js"
import { explainBodyError, explainClientError, explainServerError } from "./httpErrors.js"
import { explainSqlError, explainSystemError } from "./outsideErrors.js"
import { explainParseError } from "./parseErrors.js"
import { explainParser } from "./parserErrors.js"
import { plainly } from "./plainSentence.js"
import { explainSeveral, explainStageGroup, type Inside } from "./severalErrors.js"
import { asItIs, type Show } from "./show.js"

/** What is known beside the error itself. */
export interface Known extends failingLine.Known {
  /** How values of the program's own may be shown; as they are, unless given. */
  readonly show?: Show | undefined
  /** The SQL that was run, if any. */
  readonly statement?: string | undefined
  /** The error and what it came from, outermost first, where that is known. */
  readonly links?: ReadonlyArray<unknown> | undefined
}

/**
 * The exact cause in one sentence of at most 500 characters. Never throws.
 *
 * `locals` are the variables of the failing frame, already redacted, the innermost frame's first. `sourceLine` is the
 * line of the error that {@link rootOf} finds: the line of a wrapper says nothing of what is inside it.
 */
export const explain = (error: unknown, known: Known): string => {
  const about: About = {
    line: attempt(() => failingLine.make(known), failingLine.empty),
    show: known.show ?? asItIs,
    statement: known.statement
  }
  const sentence = attempt(() => sentenceOf(known.links ?? thrownValue.linksOf(error, maxLinks), about, 0), undefined)
  return asSentence(sentence ?? attempt(() => plainly(error, about.show), undefined) ?? thrownValue.typeOf(error))
}

/** The error of a chain whose own place matters: the innermost that says anything. Never throws. */
export const rootOf = (error: unknown): unknown =>
  thrownValue.linksOf(error, maxLinks).findLast((link) => thrownValue.messageOf(link) !== "") ?? error

/** Longest sentence, in UTF-16 code units. */
const maxSentence = 500
/** Most errors followed to the innermost one. */
const maxLinks = 100
/** Deepest nesting of sentences in sentences: a request that failed since several connections failed. */
const maxDepth = 3

const asSentence = (text: string): string => {
  const plain = text.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, " ").trim()
  return plain.length <= maxSentence ? plain : PlainValue.clip(plain, maxSentence - 40)
}

/** What a rule may look at. */
interface About {
  readonly line: failingLine.FailingLine
  readonly show: Show
  readonly statement: string | undefined
}

const sentenceOf = (links: ReadonlyArray<unknown>, about: About, depth: number): string | undefined => {
  const inside = (inner: unknown) =>
    depth < maxDepth ? sentenceOf(thrownValue.linksOf(inner, maxLinks), about, depth + 1) : plainly(inner, about.show)
  for (const link of links) {
    const sentence = firstOf(outerRules, link, inside)
    if (sentence !== undefined) return sentence
  }
  for (let i = links.length - 1; i >= 0; i--) {
    const sentence = firstOf(innerRules, links[i], about)
    if (sentence !== undefined) return sentence
  }
  return undefined
}

type RuleFor<A> = (error: unknown, known: A) => string | undefined

/** What the first rule says that has something to say. */
const firstOf = <A>(rules: ReadonlyArray<RuleFor<A>>, error: unknown, known: A): string | undefined => {
  for (const rule of rules) {
    try {
      const sentence = rule(error, known)
      if (sentence !== undefined) return sentence
    } catch {
      // The program's own values threw: another rule may ask less of them.
    }
  }
  return undefined
}

// The platform knows the path where Node's own error does not: reading a folder says only `read`.
const explainPlatformError = (error: unknown): string | undefined => {
  if (propertyOf(error, "_tag") !== "SystemError") return undefined
  const path = propertyOf(error, "pathOrDescriptor")
  return explainSystemError(propertyOf(error, "cause"), typeof path === "string" ? { path } : {})
}

/** What holds other errors, and says of them what there is to say: the outermost is asked first. */
const outerRules: ReadonlyArray<RuleFor<Inside>> = [
  explainServerError,
  explainClientError,
  explainBodyError,
  explainStageGroup,
  explainSeveral,
  explainPlatformError
]

/** What says of itself all there is: the innermost is asked first. */
const innerRules: ReadonlyArray<RuleFor<About>> = [
  (error, { show }) => explainParseError(error, show),
  (error, { show }) => explainConfigError(error, show),
  (error, { line }) => explainTimeout(error, line),
  (error, { line }) => explainNoSuchElement(error, line),
  (error, { line }) => explainGetOrThrow(error, line),
  (error, { line, show }) => explainParser(error, line, show),
  explainMissingService,
  explainInterruption,
  (error, { line, statement }) => explainSqlError(error, line, statement),
  (error) => explainSystemError(error),
  (error, { show }) => explainAssertion(error, show),
  (error, { line }) => explainEngineError(error, line),
  (error, { show }) => plainly(error, show)
]
