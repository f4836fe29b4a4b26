/**
 * Stories of the calls that a server of `@effect/rpc` answers.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 */
export * as NarrativeRpc from "./NarrativeRpc.js"
