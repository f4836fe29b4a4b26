/**
 * Explains failures by a Claude model, through Anthropic's Messages API.
 *
 * @since 0.1.0
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { AnalyzerError } from "../AnalyzerError.js"
import { type Analyzer, FailureAnalyzer } from "../FailureAnalyzer.js"
import * as httpModel from "./httpModel.js"
import { fromEnvironment, misconfigured, modelVariable } from "./modelSettings.js"

/**
 * Without a `model`, that in `RUNTIME_NARRATIVE_MODEL` is asked, else `claude-haiku-4-5-20251001`. The `endpoint` is
 * `https://api.anthropic.com` by default; `/v1/messages` is added where it is missing.
 *
 * @since 0.1.0
 * @category models
 */
export interface AnthropicOptions extends httpModel.HttpModelOptions {
  /** Without one, that in `ANTHROPIC_API_KEY`. */
  readonly apiKey?: Redacted.Redacted | undefined
}

/**
 * The analyzer as a value. A setting that is missing or wrong fails here, with `Misconfigured`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: AnthropicOptions = {}): Effect.Effect<Analyzer, AnalyzerError, HttpClient.HttpClient> =>
  Effect.gen(function* () {
    const key =
      options.apiKey === undefined ? yield* fromEnvironment(keyVariable) : Redacted.value(options.apiKey).trim()
    if (key === null || key === "") {
      return yield* misconfigured(name, "there is no API key", `Set ${keyVariable}, or give \`apiKey\``)
    }
    return yield* httpModel.make(apiOf(Redacted.make(key)), options)
  })

/**
 * Stories that it is provided to explain their failures by this model.
 *
 * @example
 * ```ts
 * import { FetchHttpClient } from "@effect/platform"
 * import { Config, Effect, Layer } from "effect"
 * import { Narrative } from "effect-narrative"
 * import { AnthropicAnalyzer } from "effect-narrative/analysis"
 *
 * // The key is that in ANTHROPIC_API_KEY.
 * export const Analyzer = AnthropicAnalyzer.layer({ timeout: "30 seconds" }).pipe(Layer.provide(FetchHttpClient.layer))
 *
 * // Or that in a setting of the program's own.
 * export const Configured = AnthropicAnalyzer.layerConfig({ apiKey: Config.redacted("SHOP_CLAUDE_KEY") }).pipe(
 *   Layer.provide(FetchHttpClient.layer)
 * )
 *
 * export const program = Effect.fail("no rows").pipe(Narrative.story("Import Customers"), Effect.provide(Analyzer))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: AnthropicOptions): Layer.Layer<FailureAnalyzer, AnalyzerError, HttpClient.HttpClient> =>
  Layer.effect(FailureAnalyzer, make(options))

/**
 * The same with options from a `Config`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  options: Config.Config.Wrap<AnthropicOptions>
): Layer.Layer<FailureAnalyzer, AnalyzerError | ConfigError.ConfigError, HttpClient.HttpClient> =>
  Layer.effect(FailureAnalyzer, Effect.flatMap(Config.unwrap(options), make))

const name = "anthropic"
const keyVariable = "ANTHROPIC_API_KEY"
const path = "/v1/messages"

const apiOf = (key: Redacted.Redacted): httpModel.HttpApi => ({
  analyzer: name,
  defaultEndpoint: "https://api.anthropic.com",
  defaultModel: "claude-haiku-4-5-20251001",
  exampleModel: "claude-haiku-4-5-20251001",
  pathOf: (given) => (given.endsWith(path) ? given : `${given.replace(/\/v1$/, "")}${path}`),
  headers: { "x-api-key": key, "anthropic-version": "2023-06-01" },
  bodyOf: ({ maxTokens, model, prompt, temperature }) => ({
    model,
    max_tokens: maxTokens,
    temperature,
    system: prompt.system,
    messages: [{ role: "user", content: prompt.user }]
  }),
  replyOf: (body) =>
    Either.match(decode(body), {
      onLeft: () =>
        Either.left({
          reason: "InvalidAnswer",
          description: "the answer is no message",
          advice: "Check that `endpoint` is that of the Messages API"
        }),
      onRight: ({ content, model, stop_reason }) =>
        stop_reason === "refusal"
          ? Either.left({
              reason: "Refused",
              description: "the model declined to answer",
              advice: `Ask another model (${modelVariable} or \`model\`)`
            })
          : Either.right({
              // What it thought is not what it answers.
              text: content.map(({ text, type }) => (type === "text" && typeof text === "string" ? text : "")).join(""),
              model
            })
    }),
  adviceOf: (reason, model) => {
    switch (reason) {
      case "Unauthorized":
        return `Check the key in ${keyVariable} or \`apiKey\`, and what it may do`
      case "NotFound":
        return `There may be no model "${model}": check ${modelVariable} or \`model\`, else \`endpoint\``
      default:
        return undefined
    }
  }
})

const decode = Schema.decodeUnknownEither(
  Schema.Struct({
    content: Schema.Array(Schema.Struct({ type: Schema.String, text: Schema.optional(Schema.Unknown) })),
    model: Schema.optional(Schema.Unknown),
    stop_reason: Schema.optional(Schema.Unknown)
  })
)
