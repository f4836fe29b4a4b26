/**
 * How long an analyzer may take that sets no limit of its own.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as AnalyzerTimeout from "../analyzer/AnalyzerTimeout.js"
import { messageOf } from "../diagnostics/ThrownValue.js"
import type { Analyzer } from "../FailureAnalyzer.js"
import type { FailureReport } from "../FailureReport.js"
import * as analyzers from "./analyzers.js"
import { once } from "./notice.js"

/** Asks an analyzer, and waits no longer than it says itself, else than the settings in force where it is asked say. */
export const askInTime = (analyzer: Analyzer, report: FailureReport): analyzers.Answer => {
  const asked = analyzers.ask(analyzer, report)
  return analyzers.traitsOf(analyzer).bounded
    ? asked
    : Effect.flatMap(usualLimit, (limit) => within(limit, analyzer, asked))
}

const usualLimit: Effect.Effect<Duration.Duration> = Effect.catchAllCause(AnalyzerTimeout.fromEnvironment, (cause) => {
  const problem = `Analyzers may take ${Duration.format(AnalyzerTimeout.usual)}: ${messageOf(Cause.squash(cause))}`
  return Effect.as(once(problem) ?? Effect.void, AnalyzerTimeout.usual)
})

const within = (limit: Duration.Duration, analyzer: Analyzer, asked: analyzers.Answer): analyzers.Answer =>
  analyzers.atMost(asked, limit, () =>
    analyzers.errorOf(analyzer, {
      reason: "Timeout",
      description: `no answer within ${Duration.format(limit)}`,
      advice: `Allow more by ${AnalyzerTimeout.variable} or FailureAnalyzer.withTimeout`
    })
  )
