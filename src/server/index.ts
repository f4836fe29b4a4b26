/**
 * The server of runs.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 */
export * as RunServer from "./RunServer.js"
