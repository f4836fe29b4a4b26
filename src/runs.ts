/**
 * Runs that survive: a journal and a database of what agents, pipelines and jobs did.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 */
export * as Run from "./Run.js"

/**
 * @since 0.1.0
 */
export * as RunRecord from "./runs/RunRecord.js"
