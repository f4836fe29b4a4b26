/**
 * Tells what an Effect program did as a story of stages.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 */
export * as Answer from "./analyzer/Answer.js"

/**
 * @since 0.1.0
 */
export * as AnthropicAnalyzer from "./analyzer/AnthropicAnalyzer.js"

/**
 * @since 0.1.0
 */
export * as OllamaAnalyzer from "./analyzer/OllamaAnalyzer.js"

/**
 * @since 0.1.0
 */
export * as OpenAiCompatibleAnalyzer from "./analyzer/OpenAiCompatibleAnalyzer.js"

/**
 * @since 0.1.0
 */
export * as Prompt from "./analyzer/Prompt.js"

/**
 * @since 0.1.0
 */
export * as RuleBookAnalyzer from "./analyzer/RuleBookAnalyzer.js"

/**
 * @since 0.1.0
 */
export * as Diagnostics from "./diagnostics/Diagnostics.js"

/**
 * @since 0.1.0
 */
export * as RuleBook from "./diagnostics/RuleBook.js"
/**
 * @since 0.1.0
 */
export * as FailureAnalysis from "./FailureAnalysis.js"

/**
 * @since 0.1.0
 */
export * as FailureAnalyzer from "./FailureAnalyzer.js"

/**
 * @since 0.1.0
 */
export * as FailureReport from "./FailureReport.js"
/**
 * @since 0.1.0
 */
export * as IdGenerator from "./IdGenerator.js"
/**
 * @since 0.1.0
 */
export * as Instruments from "./metrics/Instruments.js"

/**
 * @since 0.1.0
 */
export * as NarrativeMetrics from "./metrics/NarrativeMetrics.js"

/**
 * @since 0.1.0
 */
export * as PrometheusRenderer from "./metrics/PrometheusRenderer.js"
/**
 * @since 0.1.0
 */
export * as Narrative from "./Narrative.js"
/**
 * @since 0.1.0
 */
export * as NarrativeEvent from "./NarrativeEvent.js"
/**
 * @since 0.1.0
 */
export * as PlainValue from "./PlainValue.js"
/**
 * @since 0.1.0
 */
export * as Redaction from "./Redaction.js"

/**
 * @since 0.1.0
 */
export * as Renderer from "./Renderer.js"
/**
 * @since 0.1.0
 */
export * as AlertRenderer from "./renderer/AlertRenderer.js"
/**
 * @since 0.1.0
 */
export * as ConsoleRenderer from "./renderer/ConsoleRenderer.js"
/**
 * @since 0.1.0
 */
export * as HtmlReportRenderer from "./renderer/HtmlReportRenderer.js"

/**
 * @since 0.1.0
 */
export * as JsonRenderer from "./renderer/JsonRenderer.js"
/**
 * @since 0.1.0
 */
export * as RotatingJsonRenderer from "./renderer/RotatingJsonRenderer.js"
/**
 * @since 0.1.0
 */
export * as WideEventRenderer from "./renderer/WideEventRenderer.js"

/**
 * @since 0.1.0
 */
export * as Story from "./Story.js"
/**
 * @since 0.1.0
 */
export * as Work from "./Work.js"
