/**
 * The stage of a call of a provider: its latency, its outcome, its tokens and its cost, whether it answers at once or as a
 * stream.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as uuid from "uuid"
import { leavesOf } from "../cause/causeLeaves.js"
import * as errorSummary from "../cause/errorSummary.js"
import type { DefinedAt } from "../diagnostics/source/callSite.js"
import { idsOf } from "../event/correlationFields.js"
import * as Instruments from "../metrics/Instruments.js"
import { attempt } from "../plain/untrusted.js"
import { type AnyFiber, withFiber } from "../runtime/fiber.js"
import { inOrder, type Waiting } from "../runtime/waiting.js"
import { present } from "../tracing/spanAttributes.js"
import { protect } from "./CircuitBreaker.js"
import { type CallStart, callLoggerIn, isolated } from "./callLog.js"
import { stageInit } from "./combinators.js"
import { costOf } from "./prices.js"
import { redactorOf } from "./region.js"
import * as stageRegion from "./stageRegion.js"
import * as workContext from "./workContext.js"
import { addCost, addTokens, errorTypeOf, nameIn, type Tokens, unknown } from "./workRecording.js"

/** `A`: its answer, or what is kept of the parts of a streamed one. */
export interface CallOptions<in A> {
  readonly operation: string
  readonly provider: string
  /** `undefined` where only the answer says it. */
  readonly model: string | undefined
  readonly usage?: ((answer: A) => Tokens | undefined) | undefined
  readonly cost?: ((answer: A) => number | undefined) | undefined
  /** Whether the circuit of its operation and provider may refuse it. */
  readonly circuitBreaker?: boolean | undefined
  /** The model that answered. */
  readonly responseModel?: ((answer: A) => string | undefined) | undefined
}

/** A call that is about to begin. */
export interface Prepared<B> {
  readonly init: stageRegion.StageInit<B>
  /** What its work records its tokens in. */
  readonly work: workContext.WorkContext
}

export const run = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  call: CallOptions<A>,
  definedAt: DefinedAt
): Effect.Effect<A, E, R> =>
  withFiber((fiber) => {
    // A call that asks for it may be refused: its type says so.
    const called: Effect.Effect<A, E, R> = call.circuitBreaker === true ? (protect(self, call) as typeof self) : self
    const { init, work } = prepare<A, A>(fiber, call, definedAt, (exit) =>
      exit._tag === "Success" ? { answer: exit.value } : undefined
    )
    return stageRegion.run(Effect.provideService(called, workContext.WorkContext, work), init)
  })

/** `answered`: what there is of an answer when the call has ended. */
export const prepare = <A, B>(
  fiber: AnyFiber,
  call: CallOptions<A>,
  definedAt: DefinedAt,
  answered: (exit: Exit.Exit<B, unknown>) => { readonly answer: A } | undefined
): Prepared<B> => {
  const requested = call.model === undefined ? undefined : nameIn(fiber, call.model)
  const operation = nameIn(fiber, call.operation)
  const provider = nameIn(fiber, call.provider)
  const agentId = workContext.workContextOf(fiber).agentId
  const used: workContext.Call = { prompt: 0, completion: 0, cached: 0, reasoning: 0, costUsd: undefined }
  const attributes = {
    "gen_ai.operation.name": operation,
    "gen_ai.provider.name": provider,
    ...present({ "gen_ai.request.model": requested, "gen_ai.agent.id": agentId })
  }
  const name = requested === undefined ? operation : `${operation} ${requested}`
  const log = loggedCall(fiber, { operation, provider, modelId: requested ?? null })
  return {
    work: { agentId, call: used },
    init: {
      ...stageInit<B>(name, { kind: "provider", attributes }, definedAt),
      began: log?.began ?? (() => undefined),
      ended: (fiber, place, exit, durationSeconds) => {
        const answer = answered(exit)
        const responded =
          answer === undefined ? undefined : attempt(() => call.responseModel?.(answer.answer), undefined)
        const model = requested ?? (responded === undefined ? unknown : nameIn(fiber, responded))
        measureCall(fiber, place, exit, durationSeconds, [model, provider, operation])
        const waiting = answer === undefined ? undefined : readAnswer(fiber, place, call, model, answer.answer, used)
        if (responded !== undefined) addAttributes(place, { "gen_ai.response.model": nameIn(fiber, responded) })
        const counted = inOrder(waiting, endUsage(fiber, place, model, used))
        return log === undefined ? counted : inOrder(counted, log.ended(fiber, place, exit, durationSeconds, used))
      }
    }
  }
}

const measureCall = (
  fiber: AnyFiber,
  place: workContext.Place,
  exit: Exit.Exit<unknown, unknown>,
  durationSeconds: number,
  labels: ReadonlyArray<string>
): void => {
  const errorType = errorTypeOf(fiber, exit)
  workContext.tally(place.story, (tally) => tally.call(errorType !== undefined))
  workContext.measure(fiber, place, Instruments.apiCalls, [...labels, workContext.agentIdOf(fiber)], 1)
  workContext.measure(fiber, place, Instruments.apiCallDuration, labels, durationSeconds)
  if (errorType !== undefined) workContext.measure(fiber, place, Instruments.apiErrors, [...labels, errorType], 1)
}

/** What the answer of a call says of tokens and cost; a reader that throws is left out. */
const readAnswer = <A>(
  fiber: AnyFiber,
  place: workContext.Place,
  { cost, usage }: CallOptions<A>,
  model: string,
  answer: A,
  used: workContext.Call
): Waiting => {
  const tokens = usage === undefined ? undefined : attempt(() => usage(answer), { prompt: Number.NaN })
  const usd = cost === undefined ? undefined : attempt(() => cost(answer), Number.NaN)
  return inOrder(
    tokens === undefined || tokens === null ? undefined : addTokens(fiber, place, model, tokens, used),
    usd === undefined ? undefined : addCost(fiber, place, model, usd, used)
  )
}

/** The tokens that a call used, on its stage and its span; and its cost, where nothing said it but there is a price. */
const endUsage = (fiber: AnyFiber, place: workContext.Place, model: string, used: workContext.Call): Waiting => {
  if (used.prompt === 0 && used.completion === 0) return undefined
  addAttributes(place, {
    "gen_ai.usage.input_tokens": used.prompt,
    "gen_ai.usage.output_tokens": used.completion,
    ...(used.cached > 0 ? { "gen_ai.usage.cache_read.input_tokens": used.cached } : {}),
    ...(used.reasoning > 0 ? { "gen_ai.usage.reasoning.output_tokens": used.reasoning } : {})
  })
  const usd = used.costUsd !== undefined ? undefined : costOf(fiber, model, used)
  return usd === undefined ? undefined : addCost(fiber, place, model, usd, used)
}

export const addAttributes = (place: workContext.Place, added: Readonly<Record<string, string | number>>): void => {
  for (const [name, value] of Object.entries(added)) place.span?.attribute(name, value)
  if (place.stage !== undefined) place.stage.attributes = { ...place.stage.attributes, ...added }
}

/** What is logged of a call; `undefined` where no one logs calls. */
const loggedCall = (fiber: AnyFiber, call: Omit<CallStart, "context">) => {
  const logger = callLoggerIn(fiber.currentContext)
  if (logger === undefined) return undefined
  let callId = ""
  return {
    began: (fiber: AnyFiber, place: workContext.Place): Waiting =>
      Effect.suspend(() => {
        callId = uuid.v7()
        const start = { ...call, context: ofPlace(fiber, place) }
        return Effect.map(
          isolated(() => logger.logCallStart(start), callId),
          (id) => {
            callId = id
          }
        )
      }),
    ended: (
      fiber: AnyFiber,
      { story }: workContext.Place,
      exit: Exit.Exit<unknown, unknown>,
      durationSeconds: number,
      used: workContext.Call
    ): Waiting => {
      const isCancelled = exit._tag === "Failure" && Cause.isInterruptedOnly(exit.cause)
      const end = {
        success: exit._tag === "Success",
        latencyMs: Math.round(durationSeconds * 1_000),
        error: exit._tag === "Success" ? null : errorOf(fiber, story, exit.cause),
        metrics: {
          prompt_tokens: used.prompt,
          completion_tokens: used.completion,
          cached_tokens: used.cached,
          reasoning_tokens: used.reasoning,
          ...(used.costUsd === undefined ? {} : { cost_usd: used.costUsd }),
          ...(isCancelled ? { cancelled: true } : {})
        }
      }
      return isolated(() => logger.logCallEnd(callId, end), undefined)
    }
  }
}

const errorOf = (fiber: AnyFiber, story: workContext.Place["story"], cause: Cause.Cause<unknown>): string => {
  if (Cause.isInterruptedOnly(cause)) return "CANCELLED: interrupted"
  return redactorOf(fiber).text(errorSummary.format(errorSummary.summarize(leavesOf(cause)[0]?.error)), story?.secrets)
}

const ofPlace = (fiber: AnyFiber, { span, stage, story }: workContext.Place): CallStart["context"] => ({
  ...present({
    pipeline_run_id: story?.id,
    pipeline_name: story?.name,
    stage: stage?.parent?.name,
    agent_id: workContext.workContextOf(fiber).agentId,
    trace_id: span?.traceId
  }),
  ...(story?.correlation ? Object.fromEntries(idsOf(story.correlation)) : {})
})
