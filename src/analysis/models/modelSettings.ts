/**
 * The options of every analyzer that asks a model, and the environment variables that replace them.
 */
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { AnalyzerError } from "../AnalyzerError.js"
import * as analyzerTimeout from "../analyzerTimeout.js"
import { defaultContextChars, minContextChars } from "../prompt/Prompt.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface ModelOptions {
  /** The model's name. Without one, that in `RUNTIME_NARRATIVE_MODEL`. */
  readonly model?: string | undefined
  /**
   * How long one question may take, its answer read to the end. Without it, as many seconds as
   * `RUNTIME_NARRATIVE_ANALYZER_TIMEOUT_SECONDS` says, else 12.
   */
  readonly timeout?: Duration.DurationInput | undefined
  /** Most characters of a prompt, all messages together (default 8,000, at least 2,500). */
  readonly maxContextChars?: number | undefined
}

export interface ModelSettings {
  readonly model: string | null
  readonly timeout: Duration.Duration
  readonly maxContextChars: number
}

export const modelVariable = "RUNTIME_NARRATIVE_MODEL"

/** A setting that is missing or cannot be used. */
export const misconfigured = (analyzer: string, description: string, advice: string): AnalyzerError =>
  new AnalyzerError({ reason: "Misconfigured", analyzer, model: null, endpoint: null, description, advice })

/** The settings in force, decoded once. Fails with an error that names the setting and the values it takes. */
export const settingsOf = (analyzer: string, options: ModelOptions): Effect.Effect<ModelSettings, AnalyzerError> =>
  Effect.all({
    model: modelOf(options.model),
    timeout: timeoutOf(analyzer, options.timeout),
    maxContextChars: contextOf(analyzer, options.maxContextChars)
  })

/** A text of the environment; one of blanks only is none. */
export const fromEnvironment = (name: string): Effect.Effect<string | null> =>
  Config.string(name).pipe(
    Effect.map((text) => (text.trim() === "" ? null : text.trim())),
    // Missing, or held as something that is no text.
    Effect.orElseSucceed(() => null)
  )

const modelOf = (model: string | undefined): Effect.Effect<string | null> =>
  model === undefined || model.trim() === "" ? fromEnvironment(modelVariable) : Effect.succeed(model.trim())

const timeoutOf = (
  analyzer: string,
  timeout: Duration.DurationInput | undefined
): Effect.Effect<Duration.Duration, AnalyzerError> =>
  Effect.gen(function* () {
    if (timeout !== undefined) {
      const given = Option.filter(Duration.decodeUnknown(timeout), (value) => Duration.toMillis(value) > 0)
      return yield* Effect.mapError(given, () =>
        misconfigured(analyzer, "timeout is no duration above zero", 'Give one such as "12 seconds"')
      )
    }
    return yield* Effect.mapError(analyzerTimeout.orElse(usualTimeout), (error) =>
      misconfigured(analyzer, ConfigError.isInvalidData(error) ? error.message : String(error), "Correct or unset it")
    )
  })

/** For one answer of a model; a story waits longer for an analyzer that it knows nothing of. */
const usualTimeout = Duration.seconds(12)

const contextOf = (analyzer: string, chars: number | undefined): Effect.Effect<number, AnalyzerError> => {
  if (chars === undefined) return Effect.succeed(defaultContextChars)
  return Number.isSafeInteger(chars) && chars >= minContextChars
    ? Effect.succeed(chars)
    : misconfigured(
        analyzer,
        `maxContextChars is ${String(chars)}`,
        `It takes a whole number of characters, at least ${minContextChars}`
      )
}
