/**
 * The server of runs and stories, its definition and a client of it.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 */
export * as RunApi from "./RunApi.js"

/**
 * @since 0.1.0
 */
export * as RunClient from "./RunClient.js"

/**
 * @since 0.1.0
 */
export * as RunServer from "./RunServer.js"
