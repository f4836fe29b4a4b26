/**
 * Analyzers that ask a model, and what an analyzer of your own may use of them.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 */
export * as AnthropicAnalyzer from "./models/AnthropicAnalyzer.js"
/**
 * @since 0.1.0
 */
export * as OllamaAnalyzer from "./models/OllamaAnalyzer.js"
/**
 * @since 0.1.0
 */
export * as OpenAiCompatibleAnalyzer from "./models/OpenAiCompatibleAnalyzer.js"
/**
 * @since 0.1.0
 */
export * as Answer from "./prompt/Answer.js"
/**
 * @since 0.1.0
 */
export * as Prompt from "./prompt/Prompt.js"
