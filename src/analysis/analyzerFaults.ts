/**
 * What is said of an analyzer that gives no answer: a warning at its 1st, 2nd, 4th, 8th, … fault, not one a failure.
 */
import * as Cause from "effect/Cause"
import type * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { prettyCause } from "../cause/prettyCause.js"
import { clip } from "../plain/PlainValue.js"
import { attempt, textOf } from "../plain/untrusted.js"
import { isDue } from "../runtime/warningCadence.js"
import { warning } from "../runtime/warnOnce.js"
import { type Analyzer, identityOf } from "./Analyzer.js"

/** Longest account of a fault, in UTF-16 code units. */
const maxAccount = 4_000

export class AnalyzerFaults {
  #count = 0

  constructor(
    readonly analyzer: Analyzer,
    /** What became of the failure, as the beginning of a sentence. */
    readonly outcome: string
  ) {}

  /** The warning that is due with this fault, if one is. */
  report(cause: Cause.Cause<unknown>, hide: (text: string) => string): Effect.Effect<void> | undefined {
    this.#count += 1
    if (!isDue(this.#count)) return undefined
    const often = this.#count === 1 ? "" : ` (fault ${this.#count})`
    return warning(`${this.outcome}${often}. ${clip(hide(accountOf(this.analyzer, cause)), maxAccount)}`)
  }
}

/** An `AnalyzerError` says it itself; anything else is shown with its stack, for whoever wrote the analyzer. */
const accountOf = (analyzer: Analyzer, cause: Cause.Cause<unknown>): string => {
  const failure = Option.getOrUndefined(attempt(() => Cause.failureOption(cause), Option.none()))
  const message = textOf(failure, "_tag") === "AnalyzerError" ? textOf(failure, "message") : undefined
  return message ?? `${identityOf(analyzer).analyzer} broke: ${prettyCause(cause, "<unreadable cause>")}`
}
