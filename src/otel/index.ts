/**
 * Stories in OpenTelemetry: traces and logs.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 */
export * as CountedSpanProcessor from "./CountedSpanProcessor.js"

/**
 * @since 0.1.0
 */
export * as NarrativeTracing from "./NarrativeTracing.js"

/**
 * @since 0.1.0
 */
export * as OtelLogRenderer from "./OtelLogRenderer.js"
