/**
 * Records what an Effect program did as stories of stages, and reports each failure once, with its line and its values.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 */
export * as FailureAnalyzer from "./analysis/FailureAnalyzer.js"

/**
 * @since 0.1.0
 */
export * as RuleBookAnalyzer from "./analysis/RuleBookAnalyzer.js"
/**
 * @since 0.1.0
 */
export * as Renderer from "./delivery/Renderer.js"
/**
 * @since 0.1.0
 */
export * as Diagnostics from "./diagnostics/Diagnostics.js"
/**
 * @since 0.1.0
 */
export * as ErrorSummary from "./diagnostics/ErrorSummary.js"
/**
 * @since 0.1.0
 */
export * as RuleBook from "./diagnostics/rules/RuleBook.js"
/**
 * @since 0.1.0
 */
export * as FailureAnalysis from "./event/FailureAnalysis.js"
/**
 * @since 0.1.0
 */
export * as FailureReport from "./event/FailureReport.js"
/**
 * @since 0.1.0
 */
export * as NarrativeEvent from "./event/NarrativeEvent.js"
/**
 * @since 0.1.0
 */
export * as Instrument from "./instrument/Instrument.js"
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
export * as CircuitBreaker from "./narration/CircuitBreaker.js"
/**
 * @since 0.1.0
 */
export * as EventSink from "./narration/EventSink.js"
/**
 * @since 0.1.0
 */
export * as IdGenerator from "./narration/IdGenerator.js"
/**
 * @since 0.1.0
 */
export * as Interceptor from "./narration/Interceptor.js"
/**
 * @since 0.1.0
 */
export * as Log from "./narration/Log.js"
/**
 * @since 0.1.0
 */
export * as ProviderCallLogger from "./narration/ProviderCallLogger.js"
/**
 * @since 0.1.0
 */
export * as Story from "./narration/Story.js"
/**
 * @since 0.1.0
 */
export * as StreamTelemetry from "./narration/StreamTelemetry.js"
/**
 * @since 0.1.0
 */
export * as InvalidOption from "./plain/InvalidOption.js"
/**
 * @since 0.1.0
 */
export * as PlainValue from "./plain/PlainValue.js"
/**
 * @since 0.1.0
 */
export * as Redaction from "./redaction/Redaction.js"
/**
 * @since 0.1.0
 */
export * as AlertRenderer from "./renderer/alert/AlertRenderer.js"
/**
 * @since 0.1.0
 */
export * as ConsoleRenderer from "./renderer/console/ConsoleRenderer.js"
/**
 * @since 0.1.0
 */
export * as HtmlReportRenderer from "./renderer/html/HtmlReportRenderer.js"
/**
 * @since 0.1.0
 */
export * as JsonRenderer from "./renderer/json/JsonRenderer.js"
/**
 * @since 0.1.0
 */
export * as RotatingJsonRenderer from "./renderer/json/RotatingJsonRenderer.js"
/**
 * @since 0.1.0
 */
export * as RunLogger from "./renderer/run/RunLogger.js"
/**
 * @since 0.1.0
 */
export * as SubStories from "./renderer/run/SubStories.js"
/**
 * @since 0.1.0
 */
export * as ErrorTracker from "./renderer/tracker/ErrorTracker.js"
/**
 * @since 0.1.0
 */
export * as WideEventRenderer from "./renderer/wide/WideEventRenderer.js"
/**
 * @since 0.1.0
 */
export * as NarrativeSpans from "./spans/NarrativeSpans.js"
/**
 * @since 0.1.0
 */
export * as Correlation from "./tracing/Correlation.js"
/**
 * @since 0.1.0
 */
export * as Work from "./Work.js"
