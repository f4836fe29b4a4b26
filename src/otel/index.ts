/**
 * Stories in OpenTelemetry: traces.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 */
export * as NarrativeTracing from "./NarrativeTracing.js"
