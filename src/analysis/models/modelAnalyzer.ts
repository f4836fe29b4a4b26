/**
 * An analyzer that asks a model: makes the prompt, waits no longer than it may, reads the answer, and never dies.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Analyzer } from "../Analyzer.js"
import { AnalyzerError, type AnalyzerErrorReason } from "../AnalyzerError.js"
import { variable as timeoutVariable } from "../analyzerTimeout.js"
import * as deriveAnalyzer from "../deriveAnalyzer.js"
import * as Answer from "../prompt/Answer.js"
import * as Prompt from "../prompt/Prompt.js"
import { cut } from "../prompt/promptText.js"
import type { ModelSettings } from "./modelSettings.js"

/** Whom an analyzer asks. */
export interface Asked {
  readonly analyzer: string
  /** The model's name; `null` where it is not known. */
  readonly model: string | null
  /** The address as it may be shown; `null` without one. */
  readonly endpoint: string | null
}

/** What a model said; `model` is its own name for itself, if it is one. */
export interface Reply {
  readonly text: string
  readonly model?: unknown
}

export interface Complaint {
  readonly reason: AnalyzerErrorReason
  readonly description: string
  readonly advice: string
  readonly status?: number | undefined
  readonly retryAfter?: Duration.Duration | undefined
  readonly cause?: unknown
}

export const complaint = (asked: Asked, { advice, description, reason, ...rest }: Complaint): AnalyzerError =>
  new AnalyzerError({ ...asked, reason, description, advice, ...rest })

export const make = (
  asked: Asked,
  settings: ModelSettings,
  ask: (prompt: Prompt.Prompt) => Effect.Effect<Reply, AnalyzerError>
): Analyzer => {
  const answerTo: Analyzer["analyze"] = Effect.fnUntraced(function* (report) {
    const prompt = yield* Prompt.make(report, { maxContextChars: settings.maxContextChars })
    const reply = yield* ask(prompt)
    const answer = Answer.decode(reply.text, {
      analyzer: asked.analyzer,
      model: nameOf(reply.model) ?? asked.model,
      index: prompt.index
    })
    if (Option.isSome(answer)) return answer
    return yield* complaint(asked, {
      reason: "InvalidAnswer",
      description: "the answer says nothing",
      advice: "Let it say more (`maxTokens`), or ask another model"
    })
  })
  const late = () =>
    complaint(asked, {
      reason: "Timeout",
      description: `no answer within ${Duration.format(settings.timeout)}`,
      advice: `Give it longer with ${timeoutVariable} or \`timeout\`, or analyze in the background`
    })
  const analyze: Analyzer["analyze"] = (report) =>
    deriveAnalyzer.atMost(answerTo(report), settings.timeout, late).pipe(
      Effect.catchAllCause((cause) => withoutDefect(asked, cause)),
      // Neither its spans nor its trace context are the program's.
      Effect.withTracerEnabled(false)
    )
  const { analyzer: name, endpoint, model } = asked
  return deriveAnalyzer.derive({ name, model, endpoint, analyze }, analyze, { bounded: true })
}

const nameOf = (model: unknown): string | undefined => {
  const name = typeof model === "string" ? cut(model.slice(0, 1_000).trim(), 200) : ""
  return name === "" ? undefined : name
}

const withoutDefect = (asked: Asked, cause: Cause.Cause<AnalyzerError>): Effect.Effect<never, AnalyzerError> => {
  const failure = Cause.failureOption(cause)
  if (Option.isSome(failure)) return Effect.fail(failure.value)
  if (Cause.isInterruptedOnly(cause)) return Effect.failCause(cause)
  return complaint(asked, {
    reason: "Unknown",
    description: "asking broke off with a defect",
    advice: "See its cause",
    cause: Cause.squash(cause)
  })
}
