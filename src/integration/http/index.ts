/**
 * Stories of the requests that a server of `@effect/platform` answers, and stages of those that its client sends.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 */
export * as NarrativeHttp from "./NarrativeHttp.js"
