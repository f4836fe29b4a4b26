/**
 * How long something took, as people read it.
 */

/** `0.012s`; below a millisecond `340µs`, where `micro` is what the output can show for the sign. */
export const seconds = (duration: number, micro = "µ"): string => {
  const micros = Math.round(duration * 1_000_000)
  return micros < 1_000 ? `${micros}${micro}s` : `${duration.toFixed(3)}s`
}
