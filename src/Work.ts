/**
 * What a program records of its work: tokens, cost, quality, items, agents and calls of providers. It is part of the story
 * ({@link Work}), and in metrics where `NarrativeMetrics.layer` or `PrometheusRenderer.layer` is there; nothing here
 * asks for either.
 *
 * A wrong value is left out, and logged once as a warning; the good values beside it count.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Tracer from "effect/Tracer"
import * as Instruments from "./metrics/Instruments.js"
import type { CircuitBreakerOpenError } from "./narration/CircuitBreaker.js"
import { stageInit, withSettings } from "./narration/combinators.js"
import { Prices } from "./narration/prices.js"
import * as providerStage from "./narration/providerStage.js"
import * as stageRegion from "./narration/stageRegion.js"
import * as workContext from "./narration/workContext.js"
import {
  addCost,
  addTokens,
  errorTypeOf,
  isCount,
  nameIn,
  record,
  refused,
  storyNameOf,
  unknown,
  wholeNumbers
} from "./narration/workRecording.js"
import { attempt } from "./plain/untrusted.js"
import { withFiber } from "./runtime/fiber.js"
import { inOrder, type Waiting } from "./runtime/waiting.js"
import { present } from "./tracing/spanAttributes.js"

export {
  /**
   * @since 0.1.0
   * @category getters
   */
  costUsd,
  /**
   * @since 0.1.0
   * @category models
   */
  ModelUse,
  /**
   * @since 0.1.0
   * @category getters
   */
  summary,
  /**
   * @since 0.1.0
   * @category getters
   */
  tokens,
  /**
   * @since 0.1.0
   * @category models
   */
  Work
} from "./event/WorkSummary.js"

export {
  /**
   * @since 0.1.0
   * @category models
   */
  type Tool,
  /**
   * @since 0.1.0
   * @category models
   */
  type ToolRef,
  /**
   * @since 0.1.0
   * @category stages
   */
  tool,
  /**
   * @since 0.1.0
   * @category recording
   */
  toolDenied,
  /**
   * @since 0.1.0
   * @category recording
   */
  toolUndone,
  /**
   * @since 0.1.0
   * @category stages
   */
  undo
} from "./narration/toolCombinators.js"

/**
 * Tokens of one use of a model, whole numbers of 0 or more. `cached` ones are part of `prompt`, `reasoning` ones of
 * `completion`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Tokens {
  readonly prompt?: number | undefined
  readonly completion?: number | undefined
  readonly cached?: number | undefined
  readonly reasoning?: number | undefined
}

/**
 * How many items of work there were, whole numbers of 0 or more.
 *
 * @since 0.1.0
 * @category models
 */
export interface Items {
  readonly discovered?: number | undefined
  readonly succeeded?: number | undefined
  readonly failed?: number | undefined
  readonly skipped?: number | undefined
}

/**
 * - `operation`: as OpenTelemetry names it: `chat`, `embeddings`, `text_completion`, …
 * - `provider`: `openai`, `anthropic`, …
 * - `usage`, `cost`: read the tokens and the US dollars out of the answer; the same as `recordTokens` and `recordCost`
 *   inside the call.
 * - `circuitBreaker`: `true` has the `CircuitBreaker` in the context refuse the call while its circuit is open.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProviderCall<in A = unknown> {
  readonly operation: string
  readonly provider: string
  readonly model: string
  readonly usage?: ((answer: A) => Tokens | undefined) | undefined
  readonly cost?: ((answer: A) => number | undefined) | undefined
  readonly circuitBreaker?: false | undefined
}

/**
 * - `id`: what metrics know it by; one of few. `name`: what people call it, the name of its stage (default: its id).
 * - `provider`, `model`: what it runs on, as in {@link ProviderCall}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Agent {
  readonly id: string
  readonly name?: string | undefined
  readonly provider?: string | undefined
  readonly model?: string | undefined
}

/**
 * Counts tokens of a model, for the story and the call of a provider that this is in.
 *
 * @since 0.1.0
 * @category recording
 */
export const recordTokens = (model: string, tokens: Tokens): Effect.Effect<void> =>
  record((fiber) => addTokens(fiber, workContext.placeOf(fiber), model, tokens))

/**
 * Counts a cost in US dollars, 0 or more.
 *
 * @since 0.1.0
 * @category recording
 */
export const recordCost = (model: string, usd: number): Effect.Effect<void> =>
  record((fiber) => addCost(fiber, workContext.placeOf(fiber), model, usd))

/**
 * Records how good a result is, from 0 to 1, by one metric: `coherence`, `logic`, …
 *
 * @since 0.1.0
 * @category recording
 */
export const recordQuality = (metric: string, score: number): Effect.Effect<void> =>
  record((fiber) => {
    if (typeof score !== "number" || !(score >= 0 && score <= 1)) {
      return refused("recordQuality", "a score from 0 to 1", "score", score)
    }
    const place = workContext.placeOf(fiber)
    const shown = nameIn(fiber, metric)
    workContext.tally(place.story, (tally) => tally.score(shown, score))
    workContext.measure(fiber, place, Instruments.qualityScore, [storyNameOf(place), shown], score)
    return undefined
  })

/**
 * Counts items of work.
 *
 * @since 0.1.0
 * @category recording
 */
export const recordItems = (items: Items): Effect.Effect<void> =>
  record((fiber) => {
    const place = workContext.placeOf(fiber)
    let waiting: Waiting
    for (const result of ["discovered", "succeeded", "failed", "skipped"] as const) {
      const count: unknown = attempt(() => items[result], Number.NaN)
      if (isCount(count)) {
        workContext.tally(place.story, (tally) => tally.items(result, count))
        workContext.measure(fiber, place, Instruments.items, [storyNameOf(place), result], count)
      } else if (count !== undefined) {
        waiting = inOrder(waiting, refused("recordItems", wholeNumbers, result, count))
      }
    }
    return waiting
  })

/**
 * Runs a call of a provider as a stage of the kind `provider`: its latency, its outcome, and the tokens recorded inside it.
 * Its span is a client's, and says all that by the names of OpenTelemetry's conventions for generative AI. Outside any
 * story it is counted too.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Narrative, Work } from "effect-narrative"
 *
 * declare const ask: Effect.Effect<{ readonly text: string; readonly usage: { prompt: number; completion: number } }>
 *
 * export const answer = ask.pipe(
 *   Work.providerCall({
 *     operation: "chat",
 *     provider: "openai",
 *     model: "gpt-4o",
 *     usage: (answer) => answer.usage
 *   }),
 *   Narrative.story("Answer")
 * )
 * ```
 *
 * @since 0.1.0
 * @category stages
 */
export const providerCall: {
  <A>(
    call: Omit<ProviderCall<NoInfer<A>>, "circuitBreaker"> & { readonly circuitBreaker: true }
  ): <E, R>(
    self: Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | CircuitBreakerOpenError, Exclude<R, Tracer.ParentSpan>>
  <A, E, R>(
    self: Effect.Effect<A, E, R>,
    call: Omit<ProviderCall<A>, "circuitBreaker"> & { readonly circuitBreaker: true }
  ): Effect.Effect<A, E | CircuitBreakerOpenError, Exclude<R, Tracer.ParentSpan>>
  <A>(
    call: ProviderCall<NoInfer<A>>
  ): <E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>
  <A, E, R>(self: Effect.Effect<A, E, R>, call: ProviderCall<A>): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>
} = withSettings(
  (call: providerStage.CallOptions<unknown>, _: undefined, definedAt) => ({ call, definedAt }),
  (self, { call, definedAt }) => providerStage.run(self, call, definedAt)
)

/**
 * Runs an agent as a stage of the kind `agent`, named after it: its duration and its outcome. What is recorded inside it of
 * calls, cost and retries counts as its own.
 *
 * @since 0.1.0
 * @category stages
 */
export const agent: {
  (agent: Agent): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>
  <A, E, R>(self: Effect.Effect<A, E, R>, agent: Agent): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>
} = withSettings(
  (agent: Agent, _: undefined, definedAt) => ({ agent, definedAt }),
  (self, { agent, definedAt }) =>
    withFiber((fiber) => {
      const id = nameIn(fiber, agent.id)
      const given = (name: string | undefined) => (name === undefined ? undefined : nameIn(fiber, name))
      const name = given(agent.name)
      const provider = given(agent.provider)
      const model = given(agent.model)
      const attributes = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.id": id,
        ...present({ "gen_ai.agent.name": name, "gen_ai.provider.name": provider, "gen_ai.request.model": model })
      }
      return stageRegion.run(Effect.provideService(self, workContext.WorkContext, { agentId: id, call: undefined }), {
        ...stageInit<unknown>(name ?? id, { kind: "agent", attributes }, definedAt),
        ended: (fiber, place, exit, durationSeconds) => {
          const errorType = errorTypeOf(fiber, exit)
          workContext.measure(fiber, place, Instruments.agentDuration, [id, model ?? unknown], durationSeconds)
          if (errorType !== undefined) workContext.measure(fiber, place, Instruments.agentErrors, [id, errorType], 1)
          return undefined
        }
      })
    })
)

/**
 * What a model's tokens cost, in US dollars for a million of them. `cached` is the price of those of the prompt that were read from
 * a cache (default: as `prompt`), `reasoning` of those of the completion that were thought (default: as `completion`).
 *
 * @since 0.1.0
 * @category models
 */
export interface Price {
  readonly prompt: number
  readonly completion: number
  readonly cached?: number | undefined
  readonly reasoning?: number | undefined
}

/**
 * A table of prices by model: a call of a provider that says its tokens and not its cost has the cost they come to. A model has
 * the price of its own name, else of the longest name it begins with: that of `gpt-4o` is also that of `gpt-4o-2024-08-06`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerPrices = (prices: { readonly [model: string]: Price }): Layer.Layer<never> =>
  // Nothing asks for the service by its type: it is looked up where a call ends.
  Layer.succeed(Prices, prices) as Layer.Layer<never>
