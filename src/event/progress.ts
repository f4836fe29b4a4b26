/**
 * How far a story has come.
 */

/**
 * `min(100, floor(completed * 100 / total))`; 0 of 0 is 0.
 *
 * @since 0.1.0
 * @category progress
 */
export const percent = (completed: number, total: number): number =>
  total <= 0 ? 0 : Math.min(100, Math.floor((completed * 100) / total))
