/**
 * Stories of the calls that a gRPC server answers, and stages of those that a client makes.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 */
export * as NarrativeGrpc from "./NarrativeGrpc.js"
