/**
 * When what happens again and again is logged: at the 1st, 2nd, 4th, 8th, … time.
 */

/** Whether such a time was reached or passed on the way from `before` to `count` times. */
export const isDue = (count: number, before = count - 1): boolean => Math.clz32(count) < Math.clz32(before)
