/**
 * Explains failures by any model that speaks OpenAI's chat completions: hosted ones, vLLM, llama.cpp, LM Studio.
 *
 * @since 0.1.0
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as JSONSchema from "effect/JSONSchema"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { AnalyzerError } from "../AnalyzerError.js"
import { type Analyzer, FailureAnalyzer } from "../FailureAnalyzer.js"
import * as Answer from "../prompt/Answer.js"
import * as httpModel from "./httpModel.js"
import type { Complaint, Reply } from "./modelAnalyzer.js"
import { misconfigured, modelVariable } from "./modelSettings.js"

/**
 * The `endpoint` is `http://localhost:8000/v1/chat/completions` by default. What is missing of the path is added, so that
 * `https://api.openai.com` and `https://api.groq.com/openai/v1` will do. The `model` has no default.
 *
 * A model that refuses one of the usual fields takes it by another name: `body: { max_tokens: undefined,
 * max_completion_tokens: 1024 }`.
 *
 * @since 0.1.0
 * @category models
 */
export interface OpenAiCompatibleOptions extends httpModel.HttpModelOptions {
  /** Sent as `Authorization: Bearer …`. Many local servers want none. */
  readonly apiKey?: Redacted.Redacted | undefined
  /** Holds the model to the JSON Schema of the answer (`response_format`), where the server can do that. */
  readonly structured?: boolean | undefined
}

/**
 * The analyzer as a value. A setting that is missing or wrong fails here, with `Misconfigured`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: OpenAiCompatibleOptions = {}
): Effect.Effect<Analyzer, AnalyzerError, HttpClient.HttpClient> => {
  const key = options.apiKey === undefined ? undefined : Redacted.value(options.apiKey).trim()
  return key === ""
    ? misconfigured(name, "apiKey is empty", "Give one, or leave `apiKey` out for a server that wants none")
    : httpModel.make(apiOf(key, options.structured === true), options)
}

/**
 * Stories that it is provided to explain their failures by this model.
 *
 * @example
 * ```ts
 * import { FetchHttpClient } from "@effect/platform"
 * import { Config, Layer } from "effect"
 * import { OpenAiCompatibleAnalyzer } from "effect-narrative/analysis"
 *
 * export const Local = OpenAiCompatibleAnalyzer.layer({ model: "llama3", endpoint: "http://localhost:8000" }).pipe(
 *   Layer.provide(FetchHttpClient.layer)
 * )
 *
 * export const Hosted = OpenAiCompatibleAnalyzer.layerConfig({
 *   endpoint: Config.string("MODEL_URL"),
 *   apiKey: Config.redacted("MODEL_KEY"),
 *   structured: Config.succeed(true)
 * }).pipe(Layer.provide(FetchHttpClient.layer))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options?: OpenAiCompatibleOptions
): Layer.Layer<FailureAnalyzer, AnalyzerError, HttpClient.HttpClient> => Layer.effect(FailureAnalyzer, make(options))

/**
 * The same with options from a `Config`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  options: Config.Config.Wrap<OpenAiCompatibleOptions>
): Layer.Layer<FailureAnalyzer, AnalyzerError | ConfigError.ConfigError, HttpClient.HttpClient> =>
  Layer.effect(FailureAnalyzer, Effect.flatMap(Config.unwrap(options), make))

const name = "openai-compatible"
const path = "/chat/completions"

const apiOf = (key: string | undefined, isStructured: boolean): httpModel.HttpApi => ({
  analyzer: name,
  defaultEndpoint: "http://localhost:8000",
  defaultModel: null,
  exampleModel: "llama3",
  pathOf: (given) => (given.endsWith(path) ? given : `${given === "" ? "/v1" : given}${path}`),
  headers: key === undefined ? {} : { authorization: Redacted.make(`Bearer ${key}`) },
  bodyOf: ({ maxTokens, model, prompt, temperature }) => ({
    model,
    messages: [
      { role: "system", content: prompt.system },
      { role: "user", content: prompt.user }
    ],
    temperature,
    max_tokens: maxTokens,
    stream: false,
    ...(isStructured ? { response_format: responseFormat } : {})
  }),
  replyOf: (body) =>
    Either.match(decode(body), {
      onLeft: () => Either.left(notOfTheApi),
      onRight: ({ choices, model }) => replyOf(choices, model)
    }),
  adviceOf: (reason, model) => {
    switch (reason) {
      case "Unauthorized":
        return "Check `apiKey` and `headers`, and what that key may do"
      case "NotFound":
        return `There may be no model "${model}": check ${modelVariable} or \`model\`, else \`endpoint\``
      default:
        return undefined
    }
  }
})

const responseFormat = {
  type: "json_schema",
  json_schema: { name: "failure_analysis", strict: true, schema: JSONSchema.make(Answer.Form) }
}

const notOfTheApi: Complaint = {
  reason: "InvalidAnswer",
  description: "the answer has no choice with a message",
  advice: "Check that `endpoint` is that of chat completions"
}

/** Content is a text, or parts of which those with a text count. */
const Content = Schema.NullOr(
  Schema.Union(
    Schema.String,
    Schema.Array(Schema.Struct({ text: Schema.optional(Schema.Unknown), refusal: Schema.optional(Schema.Unknown) }))
  )
)

const Choice = Schema.Struct({
  message: Schema.Struct({
    content: Schema.optional(Content),
    refusal: Schema.optional(Schema.Unknown)
  }),
  finish_reason: Schema.optional(Schema.Unknown)
})

const decode = Schema.decodeUnknownEither(
  Schema.Struct({ choices: Schema.Array(Choice), model: Schema.optional(Schema.Unknown) })
)

const replyOf = ([choice]: ReadonlyArray<typeof Choice.Type>, model: unknown): Either.Either<Reply, Complaint> => {
  if (choice === undefined) return Either.left(notOfTheApi)
  const { content, refusal } = choice.message
  const text = textOf(content ?? "")
  const isDeclined = choice.finish_reason === "content_filter" || typeof refusal === "string" || isRefusal(content)
  return isDeclined && text.trim() === ""
    ? Either.left({
        reason: "Refused",
        description: "the model, or a filter before it, declined to answer",
        advice: `Ask another model (${modelVariable} or \`model\`)`
      })
    : Either.right({ text, model })
}

const textOf = (content: NonNullable<typeof Content.Type>): string =>
  typeof content === "string" ? content : content.map(({ text }) => (typeof text === "string" ? text : "")).join("")

const isRefusal = (content: typeof Content.Type | undefined): boolean =>
  Array.isArray(content) && content.some(({ refusal }) => typeof refusal === "string")
