/**
 * The analyzer that asks a `LanguageModel` of `@effect/ai`, which has to be installed.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 */
export * as LanguageModelAnalyzer from "./models/LanguageModelAnalyzer.js"
