/**
 * How long an analyzer may take that sets no limit of its own.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { messageOf } from "../cause/thrownValue.js"
import type { FailureReport } from "../event/FailureReport.js"
import { warnOnce } from "../runtime/warnOnce.js"
import { type Analyzer, type Answer, errorOf } from "./Analyzer.js"
import * as analyzerTimeout from "./analyzerTimeout.js"
import * as deriveAnalyzer from "./deriveAnalyzer.js"

/** Asks an analyzer, and waits no longer than it says itself, else than the settings in force where it is asked say. */
export const askInTime = (analyzer: Analyzer, report: FailureReport): Answer => {
  const asked = deriveAnalyzer.ask(analyzer, report)
  return deriveAnalyzer.traitsOf(analyzer).bounded
    ? asked
    : Effect.flatMap(usualLimit, (limit) => within(limit, analyzer, asked))
}

const usualLimit: Effect.Effect<Duration.Duration> = Effect.catchAllCause(analyzerTimeout.fromEnvironment, (cause) => {
  const problem = `Analyzers may take ${Duration.format(analyzerTimeout.usual)}: ${messageOf(Cause.squash(cause))}`
  return Effect.as(warnOnce(problem) ?? Effect.void, analyzerTimeout.usual)
})

const within = (limit: Duration.Duration, analyzer: Analyzer, asked: Answer): Answer =>
  deriveAnalyzer.atMost(asked, limit, () =>
    errorOf(analyzer, {
      reason: "Timeout",
      description: `no answer within ${Duration.format(limit)}`,
      advice: `Allow more by ${analyzerTimeout.variable} or FailureAnalyzer.withTimeout`
    })
  )
