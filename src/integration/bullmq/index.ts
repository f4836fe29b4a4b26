/**
 * Jobs of BullMQ as stories.
 *
 * @since 0.1.0
 */
export * from "./processor.js"
export * from "./telemetry.js"
