/**
 * Asking an analyzer, which may be a user's own and do anything, and wrapping one in another.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type { FailureAnalysis } from "../event/FailureAnalysis.js"
import type { FailureReport } from "../event/FailureReport.js"
import * as options from "../plain/options.js"
import { text } from "../plain/PlainValue.js"
import { propertyOf } from "../plain/untrusted.js"
import { type Analyzer, type Answer, errorOf, identityOf } from "./Analyzer.js"
import type { AnalyzerError } from "./AnalyzerError.js"
import type { BackgroundAnalyses } from "./backgroundAnalyses.js"

/** Asks an analyzer. What it throws is a defect, and whatever it answers that is no answer an error. */
export const ask = (analyzer: Analyzer, report: FailureReport): Answer =>
  Effect.suspend(() => {
    if (typeof propertyOf(analyzer, "analyze") !== "function") {
      return invalidAnswer(analyzer, "nothing, since it has no function analyze")
    }
    const asked: unknown = analyzer.analyze(report)
    // What it gives, the next step looks at.
    if (Effect.isEffect(asked)) return asked as Answer
    if (Predicate.isPromiseLike(asked)) return Effect.promise(() => Promise.resolve(asked))
    return invalidAnswer(analyzer, `${text(asked)}, where an Effect is expected`)
  }).pipe(
    Effect.flatMap((answer: unknown) =>
      Option.isOption(answer)
        ? // What is inside, the story that asks decodes.
          Effect.succeed(answer as Option.Option<FailureAnalysis>)
        : invalidAnswer(analyzer, `${text(answer)}, where an Option of an analysis is expected`)
    )
  )

/** From an analyzer that does not keep to its types. */
export const invalidAnswer = (analyzer: Analyzer, what: string): AnalyzerError =>
  errorOf(analyzer, { reason: "InvalidAnswer", description: `it answered ${what}`, advice: "Correct the analyzer" })

/** What the story that asks has to know of an analyzer. */
interface Traits {
  /** Whether it ends by itself, so that the default limit is not needed. */
  readonly bounded: boolean
  /** Where its analyses are made, if not in the fiber that failed. */
  readonly background: BackgroundAnalyses | undefined
}

const TraitsId: unique symbol = Symbol.for("effect-narrative/FailureAnalyzer/traits")

const noTraits: Traits = { bounded: false, background: undefined }

export const traitsOf = (analyzer: Analyzer): Traits =>
  // Only `derive` sets it.
  (propertyOf(analyzer, TraitsId) as Traits | undefined) ?? noTraits

/** An analyzer that asks another one in its own way, under that one's name. */
export const derive = (
  self: Analyzer,
  analyze: (report: FailureReport) => Answer,
  traits: Partial<Traits> = {}
): Analyzer => {
  const { analyzer: name, endpoint, model } = identityOf(self)
  const derived: Analyzer & { readonly [TraitsId]: Traits } = {
    name,
    model,
    endpoint,
    analyze,
    [TraitsId]: { ...traitsOf(self), ...traits }
  }
  return derived
}

/** Ends at its time even where the effect cannot be interrupted: that one is left behind. */
export const atMost = (self: Answer, duration: Duration.Duration, onTimeout: () => AnalyzerError): Answer =>
  Effect.timeoutFail(Effect.disconnect(self), { duration, onTimeout })

/** Throws an `InvalidOption` for what is no analyzer: the place where it was given is the one to change. */
export const checked = (given: Analyzer, where: string): Analyzer => {
  options.decodeOrThrow(where, Analyzable)({ analyze: propertyOf(given, "analyze") as Analyzer["analyze"] })
  return given
}

const Analyzable = Schema.Struct({ analyze: options.functionOf<Analyzer["analyze"]>("a function of a report") })

/** Has nothing to say about anything, and is not even asked. */
export const silent: Analyzer = { name: "none", analyze: () => Effect.succeedNone }
