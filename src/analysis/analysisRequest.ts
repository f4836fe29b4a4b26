/**
 * Asks an analyzer why a story failed: in a fiber of its own, which neither narrates nor traces, and cannot hurt the
 * story.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Option from "effect/Option"
import { analysisText } from "../event/analysisText.js"
import type { FailureAnalysis } from "../event/FailureAnalysis.js"
import { polled } from "../runtime/deadline.js"
import { type AnyFiber, isSynchronous } from "../runtime/fiber.js"
import { withoutNarration } from "../runtime/muting.js"
import { addAnalysis } from "../tracing/analysisSpan.js"
import type { Analyzer } from "./Analyzer.js"
import { countsOf } from "./analysisCounts.js"
import * as deriveAnalyzer from "./deriveAnalyzer.js"
import { redactedAnalysis } from "./redactedAnalysis.js"
import { redactedReport } from "./redactedReport.js"
import type { Analyses, AnalysisRequest } from "./requests.js"
import { askInTime } from "./timeLimit.js"

// Whatever a program provides as an analyzer is asked as one; what is wrong with it is found out then.
const analyzerOf = ({ analyzer }: AnalysisRequest): Analyzer => analyzer as Analyzer

const isSilent: Analyses["isSilent"] = (analyzer) => analyzer === deriveAnalyzer.silent

const isInBackground: Analyses["isInBackground"] = (analyzer) =>
  deriveAnalyzer.traitsOf(analyzer as Analyzer).background !== undefined

const answer: Analyses["answer"] = (request, isWanted) => {
  const counts = countsOf(analyzerOf(request))
  const analysis = analysisOf(request)
  return Effect.suspend(() => {
    counts.ask()
    return waitFor(analysis, request.fiber)
  }).pipe(
    Effect.flatMap((answered) => {
      if (answered === undefined) {
        const lost = isSynchronous(request.fiber)
          ? counts.lose("abandoned", 1, "which takes time: run the program with Effect.runPromise, not Effect.runSync")
          : counts.end("abandoned")
        return Effect.as(lost ?? Effect.void, null)
      }
      if (Exit.isFailure(answered)) return Effect.as(counts.fail(answered.cause, request.hide) ?? Effect.void, null)
      counts.end(answered.value === undefined ? "none" : isWanted() ? "ready" : "abandoned")
      return Effect.succeed(answered.value ?? null)
    })
  )
}

const answerLater: Analyses["answerLater"] = (request, renderers, emit) => {
  const analyzer = analyzerOf(request)
  return deriveAnalyzer.traitsOf(analyzer).background?.accept({
    renderers,
    analysis: analysisOf(request),
    emit,
    counts: countsOf(analyzer),
    hide: request.hide
  })
}

export const analyses: Analyses = {
  isSilent,
  isInBackground,
  answer,
  answerLater,
  trace: addAnalysis,
  textOf: analysisText
}

/** As it may be emitted; `undefined` where there is nothing to say. Fails and dies as the analyzer does. */
const analysisOf = (request: AnalysisRequest): Effect.Effect<FailureAnalysis | undefined, unknown> => {
  const { hide, report, services } = request
  const analyzer = analyzerOf(request)
  return Effect.suspend(() => askInTime(analyzer, redactedReport(report, hide))).pipe(
    Effect.flatMap((answer) => {
      if (Option.isNone(answer)) return Effect.succeed(undefined)
      const shown = redactedAnalysis(answer.value, hide)
      return Either.isRight(shown)
        ? Effect.succeed(shown.right)
        : deriveAnalyzer.invalidAnswer(analyzer, `an Option of what is no analysis: ${shown.left.message}`)
    }),
    Effect.withTracerEnabled(false),
    Effect.locally(FiberRef.currentContext, services),
    withoutNarration
  )
}

/** What became of an effect in a fiber of its own; `undefined` when this fiber was interrupted first. */
const waitFor = <A, E>(self: Effect.Effect<A, E>, here: AnyFiber): Effect.Effect<Exit.Exit<A, E> | undefined> => {
  const wait = Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.forkDaemon(Effect.exit(Effect.interruptible(self))), (fiber) =>
      (isSynchronous(here) ? polled(fiber) : restore(Fiber.await(fiber))).pipe(
        Effect.map((exit) => (exit !== undefined && Exit.isSuccess(exit) ? exit.value : undefined)),
        Effect.ensuring(Fiber.interruptFork(fiber))
      )
    )
  )
  return Effect.map(Effect.exit(Effect.interruptible(wait)), (exit) => (Exit.isSuccess(exit) ? exit.value : undefined))
}
