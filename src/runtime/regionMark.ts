/**
 * Which stage or story a continuation belongs to: a failing fiber's stack says by it what the failure leaves on its way.
 */

/** What Effect 3.22 has on each of its operations, and does not use itself. */
interface Marked {
  trace?: unknown
}

/** Marks the operation that waits for the end of a stage or a story. */
export const markRegion = <T extends object>(operation: T, region: object | undefined): T => {
  const marked: Marked = operation
  marked.trace = region
  return operation
}

/** The stage or story that is left with this operation. */
export const regionOf = (operation: object): object | undefined => {
  const { trace }: Marked = operation
  return typeof trace === "object" && trace !== null ? trace : undefined
}
