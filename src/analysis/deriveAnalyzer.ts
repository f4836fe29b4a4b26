/**
 * Asking an analyzer, which may be anybody's and do anything, and wrapping one in another.
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type { FailureAnalysis } from "../event/FailureAnalysis.js"
import type { FailureReport } from "../event/FailureReport.js"
import { text } from "../plain/PlainValue.js"
import { attempt, isObject, propertyOf, textOf } from "../plain/untrusted.js"
import { AnalyzerError } from "./AnalyzerError.js"
import type { BackgroundAnalyses } from "./backgroundAnalyses.js"
import type { Analyzer, FailureAnalyzer } from "./FailureAnalyzer.js"

/** What an analysis is asked for with, and what may come of it. */
export type Answer = Effect.Effect<Option.Option<FailureAnalysis>, AnalyzerError>

/** Asks an analyzer. What it throws is a defect, and whatever it answers that is no answer an error. */
export const ask = (analyzer: Analyzer, report: FailureReport): Answer =>
  Effect.suspend(() => {
    if (typeof propertyOf(analyzer, "analyze") !== "function") {
      return nonsense(analyzer, "nothing, since it has no function analyze")
    }
    const asked: unknown = analyzer.analyze(report)
    if (Effect.isEffect(asked)) return asked as Answer
    if (Predicate.isPromiseLike(asked)) return Effect.promise(() => Promise.resolve(asked))
    return nonsense(analyzer, `${text(asked)}, where an Effect is expected`)
  }).pipe(
    Effect.flatMap((answer: unknown) =>
      Option.isOption(answer)
        ? Effect.succeed(answer as Option.Option<FailureAnalysis>)
        : nonsense(analyzer, `${text(answer)}, where an Option of an analysis is expected`)
    )
  )

/** From an analyzer that does not keep to its types. */
export const nonsense = (analyzer: Analyzer, what: string): AnalyzerError =>
  errorOf(analyzer, { reason: "InvalidAnswer", description: `it answered ${what}`, advice: "Mend the analyzer" })

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
  (propertyOf(analyzer, TraitsId) as Traits | undefined) ?? noTraits

/** Who an analyzer is, for those who have to name it. */
export const identityOf = (analyzer: Analyzer) => ({
  analyzer: textOf(analyzer, "name") ?? "failure analyzer",
  model: textOf(analyzer, "model") ?? null,
  endpoint: textOf(analyzer, "endpoint") ?? null
})

/** An analyzer that asks another one in its own way, and stands for it. */
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

/** An error of what stands around an analyzer, in its name. */
export const errorOf = (
  analyzer: Analyzer,
  error: Pick<AnalyzerError, "reason" | "description" | "advice"> & Partial<Pick<AnalyzerError, "retryAfter">>
): AnalyzerError => new AnalyzerError({ ...identityOf(analyzer), ...error })

/** The analyzer, if it is one: what is wrong with it is told where it was given. */
export const checked = (given: unknown, where: string): Analyzer => {
  if (isObject(given) && typeof attempt(() => Reflect.get(given, "analyze"), undefined) === "function") {
    return given as Analyzer
  }
  throw new TypeError(`${where} takes an analyzer, an object with a function analyze; it was given ${text(given)}`)
}

/** Either way to have an analyzer. */
export type AnyAnalyzer = Analyzer | Layer.Layer<FailureAnalyzer, unknown, unknown>

/** Changes an analyzer, or the one that a layer provides whenever it is built. */
export const change = (
  self: AnyAnalyzer,
  tag: Context.Tag<FailureAnalyzer, Analyzer>,
  change: (analyzer: Analyzer) => Analyzer
): AnyAnalyzer =>
  Layer.isLayer(self)
    ? Layer.map(self as Layer.Layer<FailureAnalyzer, unknown, unknown>, (context) =>
        Context.add(context, tag, change(Context.get(context, tag)))
      )
    : change(self as Analyzer)

/** Has nothing to say about anything, and is not even asked. */
export const silent: Analyzer = { name: "none", analyze: () => Effect.succeedNone }
