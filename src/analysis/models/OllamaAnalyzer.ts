/**
 * Explains failures by a model of a local Ollama.
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
import * as Schema from "effect/Schema"
import type { AnalyzerError } from "../AnalyzerError.js"
import { type Analyzer, FailureAnalyzer } from "../FailureAnalyzer.js"
import * as Answer from "../prompt/Answer.js"
import * as httpModel from "./httpModel.js"
import { modelVariable } from "./modelSettings.js"

/**
 * `endpoint` is `http://localhost:11434` by default; `/api/generate` is added where it is missing. `model` has
 * no default: it is given here or in `RUNTIME_NARRATIVE_MODEL`. With `body: { think: false }` a model that thinks answers
 * at once.
 *
 * @since 0.1.0
 * @category models
 */
export interface OllamaOptions extends httpModel.HttpModelOptions {}

/**
 * The analyzer as a value. A setting that is missing or wrong fails here, with `Misconfigured`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: OllamaOptions = {}): Effect.Effect<Analyzer, AnalyzerError, HttpClient.HttpClient> =>
  httpModel.make(api, options)

/**
 * Stories that it is provided to explain their failures by this model.
 *
 * @example
 * ```ts
 * import { FetchHttpClient } from "@effect/platform"
 * import { Effect, Layer } from "effect"
 * import { Narrative } from "effect-narrative"
 * import { OllamaAnalyzer } from "effect-narrative/analysis"
 *
 * const Analyzer = OllamaAnalyzer.layer({ model: "llama3" }).pipe(Layer.provide(FetchHttpClient.layer))
 *
 * export const program = Effect.fail("no rows").pipe(
 *   Narrative.stage("Load CSV"),
 *   Narrative.story("Import Customers"),
 *   Effect.provide(Analyzer)
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: OllamaOptions): Layer.Layer<FailureAnalyzer, AnalyzerError, HttpClient.HttpClient> =>
  Layer.effect(FailureAnalyzer, make(options))

/**
 * The same with options from a `Config`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  options: Config.Config.Wrap<OllamaOptions>
): Layer.Layer<FailureAnalyzer, AnalyzerError | ConfigError.ConfigError, HttpClient.HttpClient> =>
  Layer.effect(FailureAnalyzer, Effect.flatMap(Config.unwrap(options), make))

const path = "/api/generate"

const api: httpModel.HttpApi = {
  analyzer: "ollama",
  defaultEndpoint: "http://localhost:11434",
  defaultModel: null,
  exampleModel: "llama3",
  pathOf: (given) => (given.endsWith(path) ? given : `${given.replace(/\/api$/, "")}${path}`),
  headers: {},
  bodyOf: ({ maxContextChars, maxTokens, model, prompt, temperature }) => ({
    model,
    system: prompt.system,
    prompt: prompt.user,
    stream: false,
    format: JSONSchema.make(Answer.Form),
    options: { temperature, num_predict: maxTokens, ...contextOf(maxContextChars, maxTokens) }
  }),
  replyOf: (body) =>
    Either.match(decode(body), {
      onLeft: () =>
        Either.left({
          reason: "InvalidAnswer",
          description: "the answer has no `response`",
          advice: "Check that `endpoint` is that of Ollama"
        }),
      onRight: ({ model, response }) => Either.right({ text: response, model })
    }),
  adviceOf: (reason, model, message) => {
    switch (reason) {
      case "NotFound":
        return `Run \`ollama pull ${model}\`, or set ${modelVariable} to a model that \`ollama list\` shows`
      case "Unreachable":
        return "Start Ollama (`ollama serve`), or set `endpoint` to where it runs"
      case "Refused":
        return /memory/i.test(message) ? `Set ${modelVariable} to a smaller model` : undefined
      default:
        return undefined
    }
  }
}

const decode = Schema.decodeUnknownEither(
  Schema.Struct({ response: Schema.String, model: Schema.optional(Schema.Unknown) })
)

/** Ollama cuts a prompt that is longer than its context without a word: 4,096 tokens, of three characters or more. */
const contextOf = (maxContextChars: number, maxTokens: number): { readonly num_ctx?: number } => {
  const needed = Math.ceil(maxContextChars / 3) + maxTokens
  return needed <= 4_096 ? {} : { num_ctx: Math.ceil(needed / 1_024) * 1_024 }
}
