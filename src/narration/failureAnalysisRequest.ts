/**
 * A story asks why it failed: in a fiber of its own, which neither narrates nor traces, and cannot hurt the story.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import { countsOf } from "../analysis/analysisCounts.js"
import type { BackgroundAnalyses } from "../analysis/backgroundAnalyses.js"
import * as deriveAnalyzer from "../analysis/deriveAnalyzer.js"
import { type Analyzer, FailureAnalyzer } from "../analysis/FailureAnalyzer.js"
import { shownAnalysis } from "../analysis/redactedAnalysis.js"
import { askedReport } from "../analysis/redactedReport.js"
import { askInTime } from "../analysis/timeLimit.js"
import type { Renderer } from "../delivery/Renderer.js"
import type { FailureAnalysis } from "../event/FailureAnalysis.js"
import type { FailureReport } from "../event/FailureReport.js"
import { isSynchronous, polled } from "../runtime/deadline.js"
import { type AnyFiber, currentFiber, nanos, now, seconds } from "../runtime/fiber.js"
import { withoutNarration } from "../runtime/muting.js"
import type { Waiting } from "../runtime/waiting.js"
import * as spans from "../tracing/spans.js"
import * as eventFactory from "./eventFactory.js"
import { contextOutside, emitTo, redactorOf } from "./region.js"
import type { Story } from "./Story.js"

/** What is asked, and who is going to hear of it. */
export interface Inquiry {
  readonly analyzer: Analyzer
  readonly report: FailureReport
  readonly story: Story
  readonly span: Tracer.Span | undefined
  /** The fiber that failed. */
  readonly fiber: AnyFiber
  readonly listeners: ReadonlyArray<Renderer>
}

/** Who is to be asked here, if anybody. A dry run asks nobody. */
export const analyzerOf = (fiber: AnyFiber, story: Story): Analyzer | undefined => {
  const analyzer: Analyzer | undefined = fiber.currentContext.unsafeMap.get(FailureAnalyzer.key)
  return analyzer === undefined || analyzer === deriveAnalyzer.silent || story.dryRun ? undefined : analyzer
}

/**
 * Asks, and waits for the answer: to be run in an uninterruptible region. Whatever the analyzer does, this succeeds;
 * an interruption of the program ends the wait at once. `isWanted` says whether the answer is still to be told then.
 */
export const answer = (inquiry: Inquiry, isWanted: () => boolean): Effect.Effect<FailureAnalysis | null> => {
  const counts = countsOf(inquiry.analyzer)
  const hide = hiding(inquiry)
  const analysis = analysisOf(inquiry, hide)
  return Effect.suspend(() => {
    counts.ask()
    return waitFor(analysis, inquiry.fiber)
  }).pipe(
    Effect.flatMap((answered) => {
      if (answered === undefined) {
        const lost = isSynchronous(inquiry.fiber)
          ? counts.lose("abandoned", 1, "which takes time: run the program with Effect.runPromise, not Effect.runSync")
          : counts.end("abandoned")
        return Effect.as(lost ?? Effect.void, null)
      }
      if (Exit.isFailure(answered)) return Effect.as(counts.fail(answered.cause, hide) ?? Effect.void, null)
      counts.end(answered.value === undefined ? "none" : isWanted() ? "ready" : "abandoned")
      return Effect.succeed(answered.value ?? null)
    })
  )
}

/** Has the answer told as an `AnalysisReady` when it is there. */
export const answerLater = (inquiry: Inquiry, background: BackgroundAnalyses): Waiting => {
  const { analyzer, fiber, listeners, report, span, story } = inquiry
  const askedAt = nanos(fiber)
  const hide = hiding(inquiry)
  return background.accept({
    listeners,
    analysis: analysisOf(inquiry, hide),
    tell: (listeners, analysis) => {
      const here = currentFiber(fiber)
      const readyAt = nanos(here)
      spans.explain(fiber, span, analysis, askedAt, readyAt)
      return emitTo(listeners, story, () => {
        const { stageName } = report.failures[0]
        return eventFactory.analysisReady(story, now(here), span, stageName, analysis, seconds(askedAt, readyAt))
      })
    },
    counts: countsOf(analyzer),
    hide
  })
}

/** With what is in force as the story fails. */
const hiding = ({ fiber, story }: Inquiry): ((text: string) => string) => {
  const redactor = redactorOf(fiber)
  return (text) => redactor.text(text, story.secrets)
}

/** As it may be told; `undefined` where there is nothing to say. Fails and dies as the analyzer does. */
const analysisOf = (
  { analyzer, fiber, report }: Inquiry,
  hide: (text: string) => string
): Effect.Effect<FailureAnalysis | undefined, unknown> => {
  return Effect.suspend(() => askInTime(analyzer, askedReport(report, hide))).pipe(
    Effect.flatMap((answer) => {
      if (Option.isNone(answer)) return Effect.succeed(undefined)
      const shown = shownAnalysis(answer.value, hide)
      return Either.isRight(shown)
        ? Effect.succeed(shown.right)
        : deriveAnalyzer.nonsense(analyzer, `an Option of what is no analysis: ${shown.left.message}`)
    }),
    Effect.withTracerEnabled(false),
    Effect.locally(FiberRef.currentContext, contextOutside(fiber.currentContext)),
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
