/**
 * What became of the failures an analyzer was asked about. The law:
 * asked = ready + none + failed + abandoned + dropped + pending.
 */
import type * as Cause from "effect/Cause"
import type * as Effect from "effect/Effect"
import { isObject } from "../plain/untrusted.js"
import { isDue } from "../runtime/warningCadence.js"
import { warning } from "../runtime/warnOnce.js"
import { type Analyzer, type AnalyzerStats, identityOf } from "./Analyzer.js"
import { AnalyzerFaults } from "./analyzerFaults.js"

/** How a question ended. */
export type Outcome = "ready" | "none" | "failed" | "abandoned" | "dropped"

/** Counts of one analyzer. Mutable on purpose. */
export class AnalysisCounts {
  #pending = 0
  readonly #ended: Record<Outcome, number> = { ready: 0, none: 0, failed: 0, abandoned: 0, dropped: 0 }
  readonly #faults: AnalyzerFaults

  constructor(readonly analyzer: Analyzer) {
    this.#faults = new AnalyzerFaults(analyzer, "A failure was reported without an analysis")
  }

  ask(): void {
    this.#pending += 1
  }

  end(outcome: Outcome): undefined {
    this.#pending -= 1
    this.#ended[outcome] += 1
  }

  /** Ends a question that failed. */
  fail(cause: Cause.Cause<unknown>, hide: (text: string) => string): Effect.Effect<void> | undefined {
    this.end("failed")
    return this.#faults.report(cause, hide)
  }

  /** Ends `count` questions whose answer is not going to be delivered, with a warning at the 1st, 2nd, 4th, 8th, … loss. */
  lose(outcome: "abandoned" | "dropped", count: number, why: string): Effect.Effect<void> | undefined {
    const before = this.#ended[outcome]
    const lost = before + count
    this.#pending -= count
    this.#ended[outcome] = lost
    if (!isDue(lost, before)) return undefined
    const { analyzer } = identityOf(this.analyzer)
    return warning(`Failures were reported without an analysis: ${analyzer} ${outcome} ${lost}, ${why}`)
  }

  get current(): AnalyzerStats {
    const ended = this.#ended
    const sum = ended.ready + ended.none + ended.failed + ended.abandoned + ended.dropped
    return { asked: sum + this.#pending, ...ended, pending: this.#pending }
  }
}

const counts = new WeakMap<object, AnalysisCounts>()

/** For what is no object at all, and so no analyzer. */
const noAnalyzer = {}

export const countsOf = (analyzer: Analyzer): AnalysisCounts => {
  const key = isObject(analyzer) ? analyzer : noAnalyzer
  let found = counts.get(key)
  if (found === undefined) {
    found = new AnalysisCounts(analyzer)
    counts.set(key, found)
  }
  return found
}
