/**
 * The queryable past of narrated programs.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 */
export * as History from "./History.js"

/**
 * @since 0.1.0
 */
export * as HistoryError from "./HistoryError.js"

/**
 * @since 0.1.0
 */
export * as HistoryFilter from "./HistoryFilter.js"

/**
 * @since 0.1.0
 */
export * as HistoryRenderer from "./HistoryRenderer.js"

/**
 * @since 0.1.0
 */
export * as HistoryStats from "./HistoryStats.js"

/**
 * @since 0.1.0
 */
export * as StoryRecord from "./StoryRecord.js"
