/**
 * How far a story has come, and how many of its stages are remembered.
 */
import type { Progress } from "./FailureReport.js"

/** Most stages of one story that are remembered: the first ones, and the last ones. Those between them are counted. */
export const keptFirst = 50
export const keptLast = 200

/**
 * `min(100, floor(completed * 100 / total))`; 0 of 0 is 0.
 *
 * @since 0.1.0
 * @category progress
 */
export const percent = (completed: number, total: number): number =>
  total <= 0 ? 0 : Math.min(100, Math.floor((completed * 100) / total))

/** `50% (3 / 6)`; nothing of a story that has no stages. */
export const progressLabel = ({ completedStages, percent, totalStages }: Progress): string | undefined =>
  totalStages > 0 ? `${percent}% (${completedStages} / ${totalStages})` : undefined
