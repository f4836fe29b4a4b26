/**
 * What a story needs to have its failure analysed, apart from what does it: that is loaded with `FailureAnalyzer`, or
 * when the first analyzer is met.
 */
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Tracer from "effect/Tracer"
import type { Renderer } from "../delivery/rendererModel.js"
import type { FailureAnalysis } from "../event/FailureAnalysis.js"
import type { FailureReport } from "../event/FailureReport.js"
import type { AnyFiber } from "../runtime/fiber.js"
import type { Waiting } from "../runtime/waiting.js"

/** The key of the service `FailureAnalyzer` in a context. */
export const key = "effect-narrative/FailureAnalyzer"

export interface AnalysisRequest {
  /** The service of that key. */
  readonly analyzer: unknown
  readonly report: FailureReport
  /** The fiber that failed. */
  readonly fiber: AnyFiber
  /** What the analyzer runs with. */
  readonly services: Context.Context<never>
  /** Redacts what the analyzer is given, answers and fails with, as is in force where the story failed. */
  readonly hide: (text: string) => string
}

export interface Analyses {
  /** Adds an analysis, asked for at `askedNanos`, to the trace of its story. */
  readonly trace: (
    fiber: AnyFiber,
    span: Tracer.Span | undefined,
    analysis: FailureAnalysis,
    askedNanos: bigint,
    nanos: bigint
  ) => void
  /** An analysis as one text. */
  readonly textOf: (analysis: FailureAnalysis) => string
  /** Whether there is no point in asking. */
  readonly isSilent: (analyzer: unknown) => boolean
  readonly isInBackground: (analyzer: unknown) => boolean
  /**
   * Asks, and waits for the answer: to be run in an uninterruptible region. Whatever the analyzer does, this succeeds;
   * an interruption of the program ends the wait at once. `isWanted` says whether the answer is still of use then.
   */
  readonly answer: (request: AnalysisRequest, isWanted: () => boolean) => Effect.Effect<FailureAnalysis | null>
  /** Asks in the background. `emit` gets the answer, and those of the renderers that are still open. */
  readonly answerLater: (
    request: AnalysisRequest,
    renderers: ReadonlyArray<Renderer>,
    emit: (renderers: ReadonlyArray<Renderer>, analysis: FailureAnalysis) => Waiting
  ) => Waiting
}

let current: Analyses | undefined

/** Called once they are loaded. */
export const set = (analyses: Analyses): void => {
  current = analyses
}

/** `undefined` until they are loaded. */
export const get = (): Analyses | undefined => current
