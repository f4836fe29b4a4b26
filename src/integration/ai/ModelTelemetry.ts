/**
 * Calls of a `LanguageModel` of `@effect/ai` and the tools that it uses, recorded without a change of the code that makes them: each
 * call is a stage of the kind `provider` with its tokens, each tool a stage of the kind `tool` inside it.
 *
 * @example
 * ```ts
 * import { LanguageModel } from "@effect/ai"
 * import { Effect, Layer } from "effect"
 * import { Narrative, Work } from "effect-narrative"
 * import * as ModelTelemetry from "effect-narrative/ModelTelemetry"
 *
 * declare const Model: Layer.Layer<LanguageModel.LanguageModel>
 *
 * const Recorded = Layer.provideMerge(
 *   ModelTelemetry.layer({ provider: "openai", model: "gpt-4o" }),
 *   Layer.merge(Model, Work.layerPrices({ "gpt-4o": { prompt: 2.5, completion: 10 } }))
 * )
 *
 * export const program = LanguageModel.generateText({ prompt: "Why is the sky blue?" }).pipe(
 *   Narrative.story("Answer"),
 *   Effect.provide(Recorded)
 * )
 * ```
 *
 * @since 0.1.0
 */
import * as EmbeddingModel from "@effect/ai/EmbeddingModel"
import * as LanguageModel from "@effect/ai/LanguageModel"
import * as Model from "@effect/ai/Model"
import type * as Response from "@effect/ai/Response"
import type * as Tool from "@effect/ai/Tool"
import type * as Toolkit from "@effect/ai/Toolkit"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { definedBy } from "../../diagnostics/source/callSite.js"
import * as providerStage from "../../narration/providerStage.js"
import * as streamStage from "../../narration/streamStage.js"
import * as toolStage from "../../narration/toolStage.js"
import { propertyOf } from "../../plain/untrusted.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The provider's name in metrics and spans (default: that of the `Model` the program uses, else `unknown`). */
  readonly provider?: string | undefined
  /** The model's name. Without it calls are named after their operation only, and metrics have the model that answered. */
  readonly model?: string | undefined
  /** Whether arguments and results of tools are recorded whole, redacted, beside their summaries (default `false`). */
  readonly captureContent?: boolean | undefined
}

/** What a call says of itself, in the order in which it says it. */
interface Answer {
  usage: Response.Usage | undefined
  modelId: string | undefined
}

const read = (answer: Answer, part: unknown): void => {
  const type = propertyOf(part, "type")
  if (type === "finish") answer.usage = (part as Response.FinishPart).usage
  if (type === "response-metadata") {
    answer.modelId = Option.getOrUndefined((part as Response.ResponseMetadataPart).modelId)
  }
}

const answerOf = (parts: ReadonlyArray<unknown>): Answer => {
  const answer: Answer = { usage: undefined, modelId: undefined }
  for (const part of parts) read(answer, part)
  return answer
}

const tokensOf = ({ usage }: Answer) =>
  usage && {
    prompt: usage.inputTokens,
    completion: usage.outputTokens,
    cached: usage.cachedInputTokens,
    reasoning: usage.reasoningTokens
  }

/**
 * The `LanguageModel` in the context, recorded.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options = {}
): Layer.Layer<LanguageModel.LanguageModel, never, LanguageModel.LanguageModel> =>
  Layer.effect(
    LanguageModel.LanguageModel,
    Effect.map(LanguageModel.LanguageModel, (model) => make(model, options))
  )

/**
 * A `LanguageModel` that is recorded.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (model: LanguageModel.Service, options: Options = {}): LanguageModel.Service => {
  const definedAt = definedBy(make)
  type AnyOptions = LanguageModel.GenerateTextOptions<Record<string, Tool.Any>>
  const call = <A>(provider: string, parts: (answer: A) => Answer): providerStage.CallOptions<A> => ({
    operation: "chat",
    provider,
    model: options.model,
    usage: (answer) => tokensOf(parts(answer)),
    responseModel: (answer) => parts(answer).modelId
  })
  const withTools = <O extends AnyOptions>(given: O): O =>
    given.toolkit === undefined ? given : { ...given, toolkit: recorded(given.toolkit, options) }
  type Content = { readonly content: ReadonlyArray<unknown> }
  const whole =
    <R extends Content>(generate: (given: never) => Effect.Effect<R, unknown, unknown>) =>
    (given: AnyOptions): Effect.Effect<R, unknown, unknown> =>
      Effect.flatMap(providerOf(options), (provider) =>
        providerStage.run(
          Effect.suspend(() => generate(withTools(given) as never)),
          call<R>(provider, ({ content }) => answerOf(content)),
          definedAt
        )
      )
  const streamed = (given: AnyOptions): Stream.Stream<unknown, unknown, unknown> =>
    Stream.unwrap(
      Effect.map(providerOf(options), (provider) => {
        const answer: Answer = { usage: undefined, modelId: undefined }
        const parts = Stream.suspend(() => model.streamText(withTools(given) as never)) as Stream.Stream<unknown>
        return streamStage.run(
          Stream.mapChunks(parts, (chunk) => {
            for (const part of chunk) read(answer, part)
            return chunk
          }),
          // An aborted answer has what was said of it until then.
          (fiber) =>
            providerStage.prepare(
              fiber,
              call<Answer>(provider, (answer) => answer),
              definedAt,
              () => ({ answer })
            )
        )
      })
    )
  // The methods keep the types of those they call; their options decide them, which no wrapper can spell out.
  return {
    generateText: whole(model.generateText as never),
    generateObject: whole(model.generateObject as never),
    streamText: streamed
  } as unknown as LanguageModel.Service
}

/**
 * The `EmbeddingModel` in the context, recorded: `embed` and `embedMany` are each one call, a stage of the kind `provider`. What
 * `@effect/ai` gives of them has no tokens.
 *
 * @example
 * ```ts
 * import { EmbeddingModel } from "@effect/ai"
 * import { Effect, Layer } from "effect"
 * import { Narrative } from "effect-narrative"
 * import * as ModelTelemetry from "effect-narrative/ModelTelemetry"
 *
 * declare const Embeddings: Layer.Layer<EmbeddingModel.EmbeddingModel>
 *
 * const Recorded = Layer.provide(ModelTelemetry.layerEmbedding({ provider: "openai", model: "text-embedding-3-small" }), Embeddings)
 *
 * export const program = Effect.flatMap(EmbeddingModel.EmbeddingModel, (model) => model.embedMany(["sky", "sea"])).pipe(
 *   Narrative.story("Index"),
 *   Effect.provide(Recorded)
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerEmbedding = (
  options: Omit<Options, "captureContent"> = {}
): Layer.Layer<EmbeddingModel.EmbeddingModel, never, EmbeddingModel.EmbeddingModel> =>
  Layer.effect(
    EmbeddingModel.EmbeddingModel,
    Effect.map(EmbeddingModel.EmbeddingModel, (model) => makeEmbedding(model, options))
  )

/**
 * An `EmbeddingModel` that is recorded.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeEmbedding = (
  model: EmbeddingModel.Service,
  options: Omit<Options, "captureContent"> = {}
): EmbeddingModel.Service => {
  const definedAt = definedBy(makeEmbedding)
  const call = <A, E>(embed: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.flatMap(providerOf(options), (provider) =>
      providerStage.run(embed, { operation: "embeddings", provider, model: options.model }, definedAt)
    )
  return {
    embed: (input) => call(Effect.suspend(() => model.embed(input))),
    embedMany: (inputs, given) => call(Effect.suspend(() => model.embedMany(inputs, given)))
  }
}

const providerOf = ({ provider }: Options): Effect.Effect<string> =>
  provider === undefined
    ? Effect.map(Effect.serviceOption(Model.ProviderName), (name) => Option.getOrElse(name, () => "unknown"))
    : Effect.succeed(provider)

/**
 * A toolkit whose tools are recorded, for programs that resolve the calls of a model themselves.
 *
 * @since 0.1.0
 * @category constructors
 */
export const toolkit = <Tools extends Record<string, Tool.Any>>(
  toolkit: Toolkit.WithHandler<Tools>,
  options: Pick<Options, "captureContent"> = {}
): Toolkit.WithHandler<Tools> => {
  const definedAt = definedBy(recorded)
  return {
    ...toolkit,
    handle: (name, params) =>
      Effect.suspend(() => {
        type Result = Tool.HandlerResult<Tools[typeof name]>
        let returned: Result | undefined
        // An error that is returned to the model is the tool's failure, and no failure of the program's.
        const handled = Effect.flatMap(toolkit.handle(name, params), (result) => {
          if (!result.isFailure) return Effect.succeed(result)
          returned = result
          return Effect.fail(result.result as Tool.Failure<Tools[typeof name]>)
        })
        const tool: Tool.Any | undefined = toolkit.tools[name]
        const recorded = toolStage.run(
          handled,
          String(name),
          {
            type: "function",
            description: tool?.description,
            arguments: params,
            output: (result) => result.encodedResult,
            captureContent: options.captureContent
          },
          definedAt
        )
        return Effect.catchAllCause(recorded, (cause) =>
          returned === undefined ? Effect.failCause(cause) : Effect.succeed(returned)
        )
      })
  }
}

type Given = NonNullable<LanguageModel.GenerateTextOptions<Record<string, Tool.Any>>["toolkit"]>

const recorded = (given: Given, options: Options): Given =>
  Effect.isEffect(given) ? Effect.map(given, (resolved) => toolkit(resolved, options)) : toolkit(given, options)
