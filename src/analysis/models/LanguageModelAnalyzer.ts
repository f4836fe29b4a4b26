/**
 * Explains failures by any `LanguageModel` of `@effect/ai`: OpenAI, Anthropic, Google, Amazon Bedrock, or one of the
 * program's own.
 *
 * @since 0.1.0
 */
import type * as AiError from "@effect/ai/AiError"
import * as LanguageModel from "@effect/ai/LanguageModel"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import { messageOf } from "../../cause/thrownValue.js"
import * as redirects from "../../outbound/redirects.js"
import { retryAfterOf } from "../../outbound/retry.js"
import { builtIn as redactor } from "../../redaction/builtInRedactor.js"
import type { AnalyzerError } from "../AnalyzerError.js"
import { type Analyzer, FailureAnalyzer } from "../FailureAnalyzer.js"
import * as Answer from "../prompt/Answer.js"
import { cut } from "../prompt/promptText.js"
import { reasonOf } from "./httpFault.js"
import { type Asked, type Complaint, complaint, make as makeAnalyzer, type Reply } from "./modelAnalyzer.js"
import { type ModelOptions, settingsOf } from "./modelSettings.js"

/**
 * The model, its key and its temperature are those of the `LanguageModel`. `model` is the name that an analysis carries
 * where the provider does not give its own; without one, that in `RUNTIME_NARRATIVE_MODEL`, else none.
 *
 * @since 0.1.0
 * @category models
 */
export interface LanguageModelOptions extends ModelOptions {}

/**
 * The analyzer as a value.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: LanguageModelOptions = {}
): Effect.Effect<Analyzer, AnalyzerError, LanguageModel.LanguageModel> =>
  Effect.gen(function* () {
    const service = yield* LanguageModel.LanguageModel
    const settings = yield* settingsOf(name, options)
    const asked: Asked = { analyzer: name, model: settings.model, endpoint: null }
    return makeAnalyzer(asked, settings, ({ system, user }) =>
      service
        .generateObject({
          objectName: "failure_analysis",
          schema: Answer.Form,
          prompt: [
            { role: "system", content: system },
            { role: "user", content: [{ type: "text", text: user }] }
          ]
        })
        .pipe(
          redirects.refused,
          Effect.flatMap((response) =>
            response.finishReason === "content-filter" && response.text.trim() === ""
              ? Effect.fail(complaint(asked, declined))
              : Effect.succeed(replyOf(response))
          ),
          Effect.catchIf(isAiError, (error) => withoutForm(asked, error))
        )
    )
  })

/**
 * Stories that it is provided to explain their failures by the `LanguageModel` in its context.
 *
 * @example
 * ```ts
 * import { LanguageModel } from "@effect/ai"
 * import { Effect, Layer } from "effect"
 * import { Narrative } from "effect-narrative"
 * import { LanguageModelAnalyzer } from "effect-narrative/ai"
 *
 * declare const Model: Layer.Layer<LanguageModel.LanguageModel>
 *
 * const Analyzer = LanguageModelAnalyzer.layer({ timeout: "30 seconds" }).pipe(Layer.provide(Model))
 *
 * export const program = Effect.fail("no rows").pipe(Narrative.story("Import Customers"), Effect.provide(Analyzer))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options?: LanguageModelOptions
): Layer.Layer<FailureAnalyzer, AnalyzerError, LanguageModel.LanguageModel> =>
  Layer.effect(FailureAnalyzer, make(options))

/**
 * The same with options from a `Config`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  options: Config.Config.Wrap<LanguageModelOptions>
): Layer.Layer<FailureAnalyzer, AnalyzerError | ConfigError.ConfigError, LanguageModel.LanguageModel> =>
  Layer.effect(FailureAnalyzer, Effect.flatMap(Config.unwrap(options), make))

const name = "language-model"

const declined: Complaint = {
  reason: "Refused",
  description: "the model, or a filter before it, declined to answer",
  advice: "Ask another model"
}

const replyOf = (
  response: Pick<LanguageModel.GenerateTextResponse<Record<string, never>>, "content" | "text">
): Reply => {
  const metadata = response.content.find((part) => part.type === "response-metadata")
  return {
    text: response.text,
    model: metadata === undefined ? undefined : Option.getOrUndefined(metadata.modelId)
  }
}

const isAiError = (error: AiError.AiError | AnalyzerError): error is AiError.AiError => error._tag !== "AnalyzerError"

/** An answer that is not in the form is read as any other is; everything else is an error. */
const withoutForm = (asked: Asked, error: AiError.AiError): Effect.Effect<Reply, AnalyzerError> => {
  const text = error._tag === "MalformedOutput" ? answerIn(error.cause) : undefined
  if (text !== undefined) return Effect.succeed({ text })
  return Effect.flatMap(Clock.currentTimeMillis, (now) => complaint(asked, complaintOf(error, now)))
}

/** What the model said, in the error of the schema that did not take it. */
const answerIn = (cause: unknown): string | undefined =>
  ParseResult.isParseError(cause) && typeof cause.issue.actual === "string" ? cause.issue.actual : undefined

const complaintOf = (error: AiError.AiError, now: number): Complaint => {
  switch (error._tag) {
    case "HttpRequestError":
      return {
        reason: error.reason === "Transport" ? "Unreachable" : "Misconfigured",
        description: error.reason === "Transport" ? "no connection" : `the request cannot be sent (${error.reason})`,
        advice: "Check the address that the provider's client asks, and that it can be reached from here"
      }
    case "HttpResponseError": {
      const { headers, status } = error.response
      const retryAfter = retryAfterOf(headers, now)
      if (error.reason !== "StatusCode") {
        return {
          reason: "InvalidAnswer",
          description: "the answer cannot be read",
          advice: "See the provider's client"
        }
      }
      return {
        reason: reasonOf(status),
        status,
        description: `status ${status}${saying(error.description)}`,
        advice:
          status === 401 || status === 403 ? "Check the provider's key" : "See what the provider says of this status",
        ...(retryAfter === undefined ? {} : { retryAfter })
      }
    }
    case "MalformedOutput":
      return {
        reason: "InvalidAnswer",
        description: `the model gave no answer${saying(error.description)}`,
        advice: "Let it say more (the provider's token limit), or ask another model"
      }
    default:
      return {
        reason: "Unknown",
        description: `the provider failed${saying(error.description ?? (error.cause === undefined ? undefined : messageOf(error.cause)))}`,
        advice: "See the provider's client"
      }
  }
}

const saying = (description: string | undefined): string => {
  const text = redactor
    .text((description ?? "").slice(0, 4_000))
    .replace(/\s+/g, " ")
    .trim()
  return text === "" ? "" : `: ${cut(text, 300)}`
}
